//! From the vendor's message to the record.

use serde_json::json;

use super::wire::{EmailAddress, Participant, WireBody, WireMessage};
use crate::model::privacy::{MailLevel, Privacy};
use crate::model::record::Message;

/// A message as far as the level goes, and what decides whether it is wanted.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// The record.
    pub(super) message: Message,
    /// Whether a participant or a category keeps it out.
    pub(super) excluded: bool,
}

/// Makes the record, with nothing beyond the level, whatever the vendor sent. Labels are the folder's id and the
/// categories' names.
pub(super) fn read(wire: WireMessage, privacy: &Privacy) -> Read {
    let excluded = is_excluded(&wire, privacy);
    let vendor = json!({
        "isRead": wire.is_read, "isDraft": wire.is_draft, "importance": wire.importance,
    });
    let (body_text, body_html) = match wire.body {
        Some(body) if privacy.mail >= MailLevel::Full => bodies(body),
        _ => (None, None),
    };
    let sender = wire.from.or(wire.sender).and_then(named);
    let message = Message {
        thread_id: wire.conversation_id,
        labels: wire
            .parent_folder_id
            .into_iter()
            .chain(wire.categories)
            .collect(),
        received_at: wire.received_date_time,
        sent_at: wire.sent_date_time,
        sender,
        recipients: addresses(wire.to_recipients),
        cc: addresses(wire.cc_recipients),
        bcc: addresses(wire.bcc_recipients),
        internet_message_id: wire.internet_message_id.filter(|id| !id.is_empty()),
        subject: wire.subject.filter(|_| privacy.mail >= MailLevel::Subject),
        body_text,
        body_html,
        vendor: Some(vendor),
        ..Message::default()
    };
    Read { message, excluded }
}

fn is_excluded(wire: &WireMessage, privacy: &Privacy) -> bool {
    let lists = [
        &wire.to_recipients,
        &wire.cc_recipients,
        &wire.bcc_recipients,
    ];
    let all = wire.from.iter().chain(&wire.sender);
    let all = all.chain(lists.into_iter().flatten());
    let by_address = all
        .filter_map(|one| one.email_address.as_ref()?.address.as_deref())
        .any(|address| privacy.excludes_address(address));
    let mut categories = wire.categories.iter();
    by_address || categories.any(|category| is_excluded_label(category, privacy))
}

/// Returns whether a folder's or category's name keeps a message out; as with people's labels, capitals do not count.
pub(super) fn is_excluded_label(name: &str, privacy: &Privacy) -> bool {
    let name = name.to_lowercase();
    let mut excluded = privacy.exclude_labels.iter();
    excluded.any(|label| label.to_lowercase() == name)
}

fn bodies(body: WireBody) -> (Option<String>, Option<String>) {
    let is_html = body
        .content_type
        .is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
    if is_html {
        (None, body.content)
    } else {
        (body.content, None)
    }
}

fn addresses(list: Vec<Participant>) -> Vec<String> {
    let address = |one: Participant| one.email_address?.address;
    list.into_iter().filter_map(address).collect()
}

/// The address, with the display name where it says more.
fn named(one: Participant) -> Option<String> {
    let EmailAddress { name, address } = one.email_address?;
    match (name.filter(|name| !name.is_empty()), address) {
        (Some(name), Some(address)) if name != address => Some(format!("{name} <{address}>")),
        (_, Some(address)) => Some(address),
        (name, None) => name,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    fn person(name: &str, address: &str) -> Value {
        json!({"emailAddress": {"name": name, "address": address}})
    }

    fn sample() -> Value {
        json!({
            "id": "AAk1", "parentFolderId": "inbox-id", "conversationId": "c1",
            "receivedDateTime": "2026-01-01T10:00:00Z", "sentDateTime": "2026-01-01T09:59:58Z",
            "from": person("Jameson, J.", "jjj@bugle.example"), "sender": person("Desk", "desk@bugle.example"),
            "toRecipients": [person("Peter", "peter@acme.example")], "ccRecipients": [person("", "mj@acme.example")],
            "bccRecipients": [], "internetMessageId": "<1@bugle.example>", "isRead": false, "isDraft": false,
            "importance": "normal", "categories": ["Press"], "subject": "Photos", "bodyPreview": "never kept",
            "body": {"contentType": "html", "content": "<p>hi</p>"},
        })
    }

    fn at(level: MailLevel) -> Privacy {
        Privacy {
            mail: level,
            ..Privacy::default()
        }
    }

    fn read_at(level: MailLevel) -> Message {
        read(serde_json::from_value(sample()).unwrap(), &at(level)).message
    }

    #[test]
    fn every_level_adds_its_own_and_no_more() {
        let metadata = Message {
            thread_id: Some("c1".into()),
            labels: vec!["inbox-id".into(), "Press".into()],
            received_at: Some("2026-01-01T10:00:00Z".parse().unwrap()),
            sent_at: Some("2026-01-01T09:59:58Z".parse().unwrap()),
            sender: Some("Jameson, J. <jjj@bugle.example>".into()),
            recipients: vec!["peter@acme.example".into()],
            cc: vec!["mj@acme.example".into()],
            internet_message_id: Some("<1@bugle.example>".into()),
            vendor: Some(json!({"isRead": false, "isDraft": false, "importance": "normal"})),
            ..Message::default()
        };
        assert_eq!(read_at(MailLevel::Metadata), metadata);
        let subject = Message {
            subject: Some("Photos".into()),
            ..metadata
        };
        assert_eq!(read_at(MailLevel::Subject), subject);
        let full = Message {
            body_html: Some("<p>hi</p>".into()),
            ..subject
        };
        assert_eq!(read_at(MailLevel::Full), full);
    }

    #[rstest]
    #[case(json!({"excludeDomain": "bugle.example"}), true)]
    #[case(json!({"excludeDomain": "acme.example"}), true)]
    #[case(json!({"excludeDomain": "lawyers.example"}), false)]
    #[case(json!({"excludeLabel": "press"}), true)]
    #[case(json!({"excludeLabel": "Personal"}), false)]
    fn a_participant_or_category_can_keep_it_out(#[case] rule: Value, #[case] excluded: bool) {
        let list = |name: &str| -> Vec<String> {
            rule[name].as_str().map(str::to_owned).into_iter().collect()
        };
        let privacy = Privacy {
            exclude_domains: list("excludeDomain"),
            exclude_labels: list("excludeLabel"),
            ..Privacy::default()
        };
        let read = read(serde_json::from_value(sample()).unwrap(), &privacy);
        assert_eq!(read.excluded, excluded);
    }

    #[test]
    fn a_draft_of_hardly_anything_is_a_message() {
        let wire = serde_json::from_value(json!({"id": "1", "from": {}})).unwrap();
        let read = read(wire, &at(MailLevel::Full));
        assert_eq!(read.message.sender, None);
        assert!(read.message.labels.is_empty());
        let text = json!({"body": {"contentType": "text", "content": "hi"}});
        let read = super::read(serde_json::from_value(text).unwrap(), &at(MailLevel::Full));
        assert_eq!(read.message.body_text.as_deref(), Some("hi"));
    }
}
