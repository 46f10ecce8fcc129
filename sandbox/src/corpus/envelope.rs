//! What a message says about itself, the way mail programs show it. Nothing is refused: damaged mail is mail.

use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _};

/// Somebody's name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) address: String,
}

/// The outside of a message.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    pub(crate) subject: String,
    pub(crate) from: Option<Person>,
    pub(crate) sender: Option<Person>,
    pub(crate) to: Vec<Person>,
    pub(crate) cc: Vec<Person>,
    pub(crate) bcc: Vec<Person>,
    pub(crate) reply_to: Vec<Person>,
    /// With its angle brackets.
    pub(crate) message_id: String,
    /// The messages that it refers to, the newest first.
    pub(crate) references: Vec<String>,
    /// Milliseconds since 1970.
    pub(crate) sent: Option<i64>,
    /// `low`, `normal` or `high`.
    pub(crate) importance: &'static str,
    /// The beginning of the text.
    pub(crate) preview: String,
    pub(crate) attachments: bool,
}

/// A message's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    Text(String),
    Html(String),
}

/// A file that came with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) content: Vec<u8>,
}

fn parse(raw: &[u8]) -> Option<Message<'_>> {
    MessageParser::default()
        .parse(raw)
        .filter(|message| !message.parts.is_empty())
}

impl Envelope {
    pub(crate) fn of(raw: &[u8]) -> Self {
        let Some(message) = parse(raw) else {
            return Self {
                importance: "normal",
                ..Self::default()
            };
        };
        let from = people(message.from()).into_iter().next();
        Self {
            subject: message.subject().unwrap_or_default().to_owned(),
            sender: people(message.sender()).into_iter().next().or(from.clone()),
            from,
            to: people(message.to()),
            cc: people(message.cc()),
            bcc: people(message.bcc()),
            reply_to: people(message.reply_to()),
            message_id: message.message_id().map(bracketed).unwrap_or_default(),
            references: references(&message),
            sent: message
                .date()
                .filter(|date| date.is_valid())
                .map(|date| date.to_timestamp().saturating_mul(1000)),
            importance: importance(&message),
            preview: preview(&message.body_text(0).unwrap_or_default()),
            attachments: message.attachment_count() > 0,
        }
    }
}

fn people(address: Option<&Address<'_>>) -> Vec<Person> {
    let each = address.into_iter().flat_map(Address::iter);
    let person = each.filter_map(|one| {
        let address = one.address()?.to_owned();
        let name = one.name().unwrap_or(&address).to_owned();
        Some(Person { name, address })
    });
    person.collect()
}

fn bracketed(id: &str) -> String {
    format!("<{}>", id.trim_matches(['<', '>', ' ']))
}

fn references(message: &Message<'_>) -> Vec<String> {
    let ids = |value: &HeaderValue<'_>| -> Vec<String> {
        match value {
            HeaderValue::Text(id) => vec![bracketed(id)],
            HeaderValue::TextList(ids) => ids.iter().rev().map(|id| bracketed(id)).collect(),
            _ => Vec::new(),
        }
    };
    let mut all = ids(message.in_reply_to());
    all.extend(ids(message.references()));
    all
}

fn importance(message: &Message<'_>) -> &'static str {
    let text = |name: &'static str| {
        let raw = message.header_raw(name)?;
        Some(raw.trim().to_lowercase())
    };
    let priority = text("X-Priority").and_then(|text| text.chars().next());
    match (text("Importance").as_deref(), priority) {
        (Some("high"), _) | (None, Some('1' | '2')) => "high",
        (Some("low"), _) | (None, Some('4' | '5')) => "low",
        _ => "normal",
    }
}

/// The first 255 characters with white space collapsed.
pub(crate) fn preview(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(255).collect();
    words.join(" ").chars().take(255).collect()
}

/// The text of a message; HTML where it has any.
pub(crate) fn body(raw: &[u8], prefer_text: bool) -> Body {
    let Some(message) = parse(raw) else {
        return Body::Text(String::new());
    };
    let is_html = message.html_part(0).is_some_and(MessagePart::is_text_html);
    if is_html && !prefer_text {
        return Body::Html(message.body_html(0).unwrap_or_default().into_owned());
    }
    Body::Text(message.body_text(0).unwrap_or_default().into_owned())
}

/// The files that came with a message.
pub(crate) fn attachments(raw: &[u8]) -> Vec<Attachment> {
    let Some(message) = parse(raw) else {
        return Vec::new();
    };
    let found = message.attachments().map(|part| {
        let kind = part.content_type().map(|kind| {
            let sub = kind.subtype().unwrap_or("octet-stream");
            format!("{}/{sub}", kind.ctype()).to_lowercase()
        });
        Attachment {
            name: part.attachment_name().unwrap_or("untitled").to_owned(),
            mime_type: kind.unwrap_or_else(|| "application/octet-stream".to_owned()),
            content: part.contents().to_vec(),
        }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[u8] = b"From: =?utf-8?q?M=C3=BCller,_J?= <j@x.example>\r\nTo: \"O'Brien, Pat\" <pat@y.example>, z@y.example\r\n\
Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\nMessage-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\nReferences: <0@x> <1@x>\r\nImportance: High\r\n\
Date: Tue, 3 Nov 2026 10:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hi <b>you</b></p>\r\n\
--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nAAEC\r\n--b--\r\n";

    #[test]
    fn an_envelope_is_what_a_mail_program_shows() {
        let envelope = Envelope::of(MIXED);
        let from = envelope.from.unwrap();
        assert_eq!(
            (from.name.as_str(), from.address.as_str()),
            ("Müller, J", "j@x.example")
        );
        assert_eq!(envelope.to.len(), 2);
        assert_eq!(envelope.to[1].name, "z@y.example");
        assert_eq!(envelope.subject, "Grüße");
        assert_eq!(envelope.references, ["<1@x>", "<1@x>", "<0@x>"]);
        assert_eq!((envelope.importance, envelope.attachments), ("high", true));
        assert_eq!(envelope.sent, Some(1_793_700_000_000));
        assert!(envelope.preview.starts_with("Hi"));
    }

    #[test]
    fn bodies_are_html_where_there_is_any() {
        assert!(matches!(body(MIXED, false), Body::Html(html) if html.contains("<b>you</b>")));
        assert!(matches!(body(MIXED, true), Body::Text(text) if !text.contains('<')));
        let plain = body(b"Subject: x\r\n\r\nhello", false);
        assert!(matches!(plain, Body::Text(text) if text == "hello"));
        assert_eq!(attachments(MIXED)[0].content, [0, 1, 2]);
    }

    #[test]
    fn damaged_mail_is_mail() {
        for raw in [
            &b""[..],
            b"\xff\xfe\x00",
            b"Subject: =?utf-8?B?broken\r\nDate: yesterday\r\n\r\n\xff",
        ] {
            let envelope = Envelope::of(raw);
            assert_eq!((envelope.importance, envelope.sent), ("normal", None));
            assert!(attachments(raw).is_empty());
        }
    }
}
