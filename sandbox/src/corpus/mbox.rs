//! Mailbox files.

/// The messages of an mbox file, byte for byte; quoted `>From ` lines lose one `>` (mboxrd).
pub(crate) fn messages(file: &[u8]) -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut blank = true;
    for line in file.split_inclusive(|byte| *byte == b'\n') {
        if blank && line.starts_with(b"From ") {
            messages.push(Vec::new());
        } else if let Some(message) = messages.last_mut() {
            message.extend_from_slice(unquoted(line));
        }
        blank = line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
    }
    for message in &mut messages {
        trim_separator(message);
    }
    messages
}

fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|byte| **byte == b'>').count();
    let from = quotes > 0
        && line
            .get(quotes..)
            .is_some_and(|rest| rest.starts_with(b"From "));
    line.get(usize::from(from)..).unwrap_or(line)
}

/// The empty line before the next message belongs to the file, not to the message.
fn trim_separator(message: &mut Vec<u8>) {
    for separator in [&b"\r\n\r\n"[..], b"\n\n"] {
        if message.ends_with(separator) {
            message.truncate(message.len() - separator.len() / 2);
            return;
        }
    }
}

/// Labels of a message out of a Google Takeout, by name.
pub(crate) fn takeout_labels(headers: &[(String, String)]) -> Option<Vec<String>> {
    let (_, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("X-Gmail-Labels"))?;
    let names = value
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && *name != "Opened" && *name != "Archived");
    Some(names.map(label_id).collect())
}

fn label_id(name: &str) -> String {
    let upper = name.to_uppercase().replace(' ', "_");
    let system = [
        "INBOX",
        "SENT",
        "DRAFT",
        "TRASH",
        "SPAM",
        "UNREAD",
        "STARRED",
        "IMPORTANT",
        "CHAT",
    ];
    match upper.as_str() {
        "DRAFTS" => "DRAFT".to_owned(),
        "CATEGORY_PURCHASES" => "CATEGORY_UPDATES".to_owned(),
        _ if system.contains(&upper.as_str()) || upper.starts_with("CATEGORY_") => upper,
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_split_at_from_lines_after_blank_ones() {
        let file = b"From a@x Mon\nSubject: 1\n\nbody\nFrom here on\n\n>From quoted\n>>From twice\n\nFrom b@x Tue\nSubject: 2\n\n\xff\xfe\n";
        let messages = messages(file);
        assert_eq!(messages.len(), 2);
        assert_eq!(
            messages[0],
            b"Subject: 1\n\nbody\nFrom here on\n\nFrom quoted\n>From twice\n"
        );
        assert_eq!(messages[1], b"Subject: 2\n\n\xff\xfe\n");
        assert!(super::messages(b"no mbox at all\n").is_empty());
    }

    #[test]
    fn takeout_labels_become_ids() {
        let header = |value: &str| vec![("X-Gmail-Labels".to_owned(), value.to_owned())];
        let labels = takeout_labels(&header(
            "Inbox,Category Promotions,Opened,Drafts,Meine Liste",
        ))
        .unwrap();
        assert_eq!(
            labels,
            ["INBOX", "CATEGORY_PROMOTIONS", "DRAFT", "Meine Liste"]
        );
        assert_eq!(takeout_labels(&[]), None);
    }
}
