//! From Gmail's message to the record.

use jiff::Timestamp;
use mail_parser::DateTime;

use super::addresses::{self, Participant};
use super::body;
use super::header;
use super::wire::{Header, HeaderName, Part, WireMessage};
use crate::model::privacy::{MailLevel, Privacy};
use crate::model::record::Message;

/// Why a message is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Misread {
    /// Its body is not base64.
    Body,
    /// Its time of arrival is no number.
    Date,
}

impl Misread {
    /// Returns what to say of it, without anything of the message.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Body => "messages.get: the body is not base64",
            Self::Date => "messages.get: internalDate is not a number of milliseconds",
        }
    }
}

/// A message as far as the level goes, and what decides whether it is wanted.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// The id.
    pub(super) id: String,
    /// The record.
    pub(super) message: Message,
    /// Whether a participant keeps it out.
    pub(super) excluded: bool,
}

/// Makes the record, with nothing beyond the level, whatever the vendor sent.
pub(super) fn read(wire: WireMessage, privacy: &Privacy) -> Result<Read, Misread> {
    let mut message = Message {
        received_at: received_at(wire.internal_date.as_deref())?,
        thread_id: wire.thread_id,
        labels: wire.label_ids,
        size: wire.size_estimate,
        ..Message::default()
    };
    read_bodies(&mut message, &wire.payload, privacy.mail)?;
    let excluded = read_headers(&mut message, wire.payload.headers, privacy);
    Ok(Read {
        id: wire.id,
        message,
        excluded,
    })
}

fn received_at(millis: Option<&str>) -> Result<Option<Timestamp>, Misread> {
    let read = |millis: &str| -> Option<Timestamp> {
        Timestamp::from_millisecond(millis.parse().ok()?).ok()
    };
    millis
        .map(|millis| read(millis).ok_or(Misread::Date))
        .transpose()
}

fn read_bodies(message: &mut Message, payload: &Part, level: MailLevel) -> Result<(), Misread> {
    if level < MailLevel::Full {
        return Ok(());
    }
    let bodies = body::read(payload).map_err(|body::NotBase64| Misread::Body)?;
    message.body_text = bodies.text;
    message.body_html = bodies.html;
    Ok(())
}

/// Fills in what the headers say and returns whether a participant keeps the message out.
fn read_headers(message: &mut Message, headers: Vec<Header>, privacy: &Privacy) -> bool {
    let mut excluded = false;
    let mut participants = |value: &str| {
        let list = addresses::parse(value);
        excluded |= list
            .iter()
            .any(|one| privacy.excludes_address(&one.address));
        list
    };
    for Header { name, value } in headers {
        match name {
            HeaderName::From => message.sender = sender(&participants(&value)),
            HeaderName::To => message.recipients.extend(only(participants(&value))),
            HeaderName::Cc => message.cc.extend(only(participants(&value))),
            HeaderName::Bcc => message.bcc.extend(only(participants(&value))),
            HeaderName::Date => message.sent_at = sent_at(&value),
            HeaderName::MessageId => message.internet_message_id = unfold(&value),
            HeaderName::InReplyTo => message.in_reply_to = unfold(&value),
            HeaderName::Subject if privacy.mail >= MailLevel::Subject => {
                message.subject = Some(header::text(value));
            }
            _ => {}
        }
    }
    excluded
}

fn only(participants: Vec<Participant>) -> impl Iterator<Item = String> {
    participants.into_iter().map(|one| one.address)
}

fn sender(participants: &[Participant]) -> Option<String> {
    let texts: Vec<String> = participants.iter().map(Participant::text).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// Reads the Date header. Senders write what they like there, so what is no date is left out.
fn sent_at(value: &str) -> Option<Timestamp> {
    let date = DateTime::parse_rfc822(value).filter(DateTime::is_valid)?;
    Timestamp::from_second(date.to_timestamp()).ok()
}

fn unfold(value: &str) -> Option<String> {
    let value = value.trim();
    (!value.is_empty()).then(|| value.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn sample() -> Value {
        json!({
            "id": "18c2f0a1b2c3d4e5", "threadId": "18c2f0a1b2c3d4e0", "labelIds": ["INBOX", "UNREAD"],
            "snippet": "never kept", "historyId": "4711", "internalDate": "1700000000123", "sizeEstimate": 5120,
            "payload": {"mimeType": "text/plain", "headers": [
                {"name": "Delivered-To", "value": "spidey@acme.example"},
                {"name": "from", "value": "\"Jameson, J.\" <jjj@bugle.example>"},
                {"name": "To", "value": "Peter <peter@acme.example>, mj@acme.example"},
                {"name": "To", "value": "gwen@acme.example"},
                {"name": "Cc", "value": "robbie@bugle.example"},
                {"name": "Date", "value": "Tue, 14 Nov 2023 23:13:10 +0100"},
                {"name": "Message-Id", "value": "<1@bugle.example>"},
                {"name": "In-Reply-To", "value": " <0@acme.example>"},
                {"name": "Subject", "value": "=?utf-8?B?UGhvdG9zIPCfk7c=?="}
            ], "body": {"size": 2, "data": "aGk="}}
        })
    }

    fn at(level: MailLevel, domains: &[&str]) -> Privacy {
        Privacy {
            mail: level,
            exclude_domains: domains.iter().map(|&it| it.to_owned()).collect(),
            ..Privacy::default()
        }
    }

    fn read_at(level: MailLevel) -> Message {
        let wire = serde_json::from_value(sample()).unwrap();
        read(wire, &at(level, &[])).unwrap().message
    }

    #[test]
    fn every_level_adds_its_own_and_no_more() {
        let metadata = Message {
            thread_id: Some("18c2f0a1b2c3d4e0".into()),
            labels: vec!["INBOX".into(), "UNREAD".into()],
            received_at: Some("2023-11-14T22:13:20.123Z".parse().unwrap()),
            sent_at: Some("2023-11-14T22:13:10Z".parse().unwrap()),
            sender: Some("Jameson, J. <jjj@bugle.example>".into()),
            recipients: ["peter@acme.example", "mj@acme.example", "gwen@acme.example"]
                .map(String::from)
                .to_vec(),
            cc: vec!["robbie@bugle.example".into()],
            internet_message_id: Some("<1@bugle.example>".into()),
            in_reply_to: Some("<0@acme.example>".into()),
            size: Some(5120),
            ..Message::default()
        };
        assert_eq!(read_at(MailLevel::Metadata), metadata);
        let subject = Message {
            subject: Some("Photos 📷".into()),
            ..metadata
        };
        assert_eq!(read_at(MailLevel::Subject), subject);
        let full = Message {
            body_text: Some("hi".into()),
            ..subject
        };
        assert_eq!(read_at(MailLevel::Full), full);
    }

    #[rstest]
    #[case("bugle.example", true)]
    #[case("acme.example", true)]
    #[case("lawyers.example", false)]
    fn any_participant_can_keep_it_out(#[case] domain: &str, #[case] excluded: bool) {
        let wire = serde_json::from_value(sample()).unwrap();
        let read = read(wire, &at(MailLevel::Metadata, &[domain])).unwrap();
        assert_eq!(read.excluded, excluded);
    }

    #[test]
    fn a_message_of_hardly_anything_is_a_message() {
        let wire: WireMessage = serde_json::from_value(json!({"id": "1"})).unwrap();
        let read = read(wire, &at(MailLevel::Full, &[])).unwrap();
        assert_eq!(read.message, Message::default());
        for no_id in [json!({}), json!({"id": 7}), json!([])] {
            assert!(serde_json::from_value::<WireMessage>(no_id).is_err());
        }
    }

    #[rstest]
    #[case("internalDate", json!("yesterday"), Misread::Date)]
    #[case("internalDate", json!("99999999999999999"), Misread::Date)]
    #[case("payload", json!({"mimeType": "text/html", "body": {"data": "*"}}), Misread::Body)]
    fn what_cannot_be_read_is_said(
        #[case] field: &str,
        #[case] value: Value,
        #[case] why: Misread,
    ) {
        let mut sample = sample();
        sample[field] = value;
        let wire = serde_json::from_value(sample).unwrap();
        assert_eq!(read(wire, &at(MailLevel::Full, &[])), Err(why));
    }

    #[rstest]
    #[case("Thu, 1 Jan 1970 00:00:10 GMT", Some(10))]
    #[case("1 Jan 70 00:00:10 -0100", Some(3610))]
    #[case("soon", None)]
    #[case("", None)]
    fn a_date_is_one_or_none(#[case] value: &str, #[case] seconds: Option<i64>) {
        assert_eq!(sent_at(value).map(Timestamp::as_second), seconds);
    }
}
