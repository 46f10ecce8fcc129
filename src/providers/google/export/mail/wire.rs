//! Gmail's JSON, as far as it is read.
//!
//! Source: developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages, …/users.history,
//! …/users.labels and …/users/getProfile, read 2026-11-22.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

/// Where the mailbox of the person that the token acts for is.
pub(super) const MESSAGES: &str = "gmail/v1/users/me/messages";
/// Its changes.
pub(super) const HISTORY: &str = "gmail/v1/users/me/history";
/// Its labels.
pub(super) const LABELS: &str = "gmail/v1/users/me/labels";
/// What it says of itself.
pub(super) const PROFILE: &str = "gmail/v1/users/me/profile";

/// The answer of `getProfile`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    /// The present end of the history.
    pub(super) history_id: String,
}

/// The answer of `messages.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Listed {
    /// Newest first. Absent where a page is empty.
    pub(super) messages: Vec<MessageRef>,
    /// Absent on the last page.
    pub(super) next_page_token: Option<String>,
    /// Always there, which tells an empty mailbox from a reply that is none.
    pub(super) result_size_estimate: Option<u64>,
}

/// A message by its id.
#[derive(Debug, Deserialize)]
pub(super) struct MessageRef {
    /// The id, unique in the mailbox.
    pub(super) id: String,
}

/// The answer of `history.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Happenings {
    /// In order of time. Absent where a page has none, though more pages may follow.
    pub(super) history: Vec<Happening>,
    /// Absent on the last page.
    pub(super) next_page_token: Option<String>,
    /// The present end of the history, always there: good as a cursor only from the last page.
    pub(super) history_id: Option<String>,
}

/// One record of the history. Its `messages` only repeat the typed lists and are not asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Happening {
    /// Grows with time, with gaps.
    pub(super) id: String,
    #[serde(default)]
    pub(super) messages_added: Vec<Touched>,
    /// Deleted for ever. What is moved to the bin gets the label TRASH instead.
    #[serde(default)]
    pub(super) messages_deleted: Vec<Touched>,
    #[serde(default)]
    pub(super) labels_added: Vec<Touched>,
    #[serde(default)]
    pub(super) labels_removed: Vec<Touched>,
}

/// A message that something happened to.
#[derive(Debug, Deserialize)]
pub(super) struct Touched {
    pub(super) message: MessageRef,
}

/// The answer of `labels.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Labels {
    pub(super) labels: Vec<Label>,
}

/// A label. System labels have the same text as id and name.
#[derive(Debug, Deserialize)]
pub(super) struct Label {
    pub(super) id: String,
    pub(super) name: String,
}

/// The answer of `messages.get`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireMessage {
    pub(super) id: String,
    pub(super) thread_id: Option<String>,
    #[serde(default)]
    pub(super) label_ids: Vec<String>,
    /// Milliseconds since 1970, as text.
    pub(super) internal_date: Option<String>,
    pub(super) size_estimate: Option<i64>,
    #[serde(default)]
    pub(super) payload: Part,
}

/// A MIME part. The outermost one has the message's own headers.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Part {
    pub(super) mime_type: String,
    /// Only an attachment has one.
    pub(super) filename: String,
    pub(super) headers: Vec<Header>,
    pub(super) body: Body,
    pub(super) parts: Vec<Part>,
}

/// What a part holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    /// In base64url, the transfer encoding taken off. Absent from an attachment, which has an id instead.
    pub(super) data: String,
}

/// A header, unfolded; non-ASCII text may or may not be decoded.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    pub(super) name: HeaderName,
    #[serde(default)]
    pub(super) value: String,
}

/// The headers that are read. The vendor keeps the sender's way of writing their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderName {
    From,
    To,
    Cc,
    Bcc,
    Date,
    MessageId,
    InReplyTo,
    Subject,
    ContentType,
    ContentDisposition,
    Other,
}

impl HeaderName {
    const READ: [(&'static str, Self); 10] = [
        ("From", Self::From),
        ("To", Self::To),
        ("Cc", Self::Cc),
        ("Bcc", Self::Bcc),
        ("Date", Self::Date),
        ("Message-ID", Self::MessageId),
        ("In-Reply-To", Self::InReplyTo),
        ("Subject", Self::Subject),
        ("Content-Type", Self::ContentType),
        ("Content-Disposition", Self::ContentDisposition),
    ];

    fn of(name: &str) -> Self {
        Self::READ
            .iter()
            .find(|(read, _)| read.eq_ignore_ascii_case(name))
            .map_or(Self::Other, |(_, header)| *header)
    }
}

impl<'de> Deserialize<'de> for HeaderName {
    /// Names are compared where they lie, since most of a message's headers are not read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = HeaderName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a header")
            }

            fn visit_str<E>(self, name: &str) -> Result<HeaderName, E> {
                Ok(HeaderName::of(name))
            }
        }
        deserializer.deserialize_str(Name)
    }
}
