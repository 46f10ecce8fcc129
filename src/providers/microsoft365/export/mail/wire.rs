//! Mail's JSON, as far as it is read, and what is asked for.
//!
//! Source: learn.microsoft.com/graph/api/resources/message, …/mailfolder, …/message-delta and …/mailfolder-delta, read
//! 2026-11-22.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::privacy::MailLevel;
use crate::providers::reading::items::Item;

/// What is asked of a folder.
pub(super) const FOLDER_FIELDS: &str = "id,displayName,parentFolderId";
/// What is asked of a folder in a list, which shows one floor of the tree.
pub(super) const LISTED_FIELDS: &str = "id,displayName,parentFolderId,childFolderCount";

/// What is asked of a message at every level: who wrote to whom and when. Never the preview, which leaks the body.
const METADATA: &str = "id,parentFolderId,conversationId,receivedDateTime,sentDateTime,from,sender,toRecipients,\
     ccRecipients,bccRecipients,internetMessageId,isRead,isDraft,importance,categories";

/// Returns what is asked of a message. What a level excludes does not leave the vendor.
///
/// Neither the size (`PidTagMessageSize`) nor In-Reply-To (`PidTagInReplyToId`) is a property: both are extended properties,
/// which `Mail.ReadBasic.All` hides, and which have to be named in a filter within `$expand`, which change tracking refuses.
/// They could only be had with a request for each message and a wider role, so that the columns stay empty.
///
/// Source: learn.microsoft.com/graph/permissions-reference and …/api/singlevaluelegacyextendedproperty-get,
/// github.com/microsoftgraph/msgraph-sdk-dotnet issue 2678, microsoft-graph-docs issues 1993 and 2270, read 2026-11-27.
pub(super) fn message_fields(level: MailLevel) -> String {
    let more = match level {
        MailLevel::None | MailLevel::Metadata => "",
        MailLevel::Subject => ",subject",
        MailLevel::Full => ",subject,body",
    };
    format!("{METADATA}{more}")
}

/// A page of a delta query.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    /// May be empty with more to follow.
    pub(super) value: Vec<Item>,
    /// More follows.
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
    /// Where the next round begins.
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta_link: Option<String>,
}

/// What every item has.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) id: String,
    /// The item has left the folder, by deletion or by a move: the reason says neither.
    #[serde(rename = "@removed")]
    pub(super) removed: Option<IgnoredAny>,
    /// Every message has it. Where it is missing, only a part of the message was told: after a change of a flag the vendor
    /// sometimes tells the flag and nothing else of what was selected.
    ///
    /// Source: github.com/microsoftgraph/microsoft-graph-docs issue 7776, read 2026-11-27.
    #[serde(rename = "receivedDateTime")]
    pub(super) received: Option<IgnoredAny>,
}

impl Head {
    /// Returns whether only a part of the message was told.
    pub(super) fn is_partial(&self) -> bool {
        self.removed.is_none() && self.received.is_none()
    }
}

/// A folder.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireFolder {
    pub(super) id: String,
    #[serde(rename = "@removed")]
    pub(super) removed: Option<IgnoredAny>,
    pub(super) display_name: Option<String>,
    pub(super) parent_folder_id: Option<String>,
    pub(super) child_folder_count: Option<u64>,
}

/// A message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireMessage {
    pub(super) parent_folder_id: Option<String>,
    pub(super) conversation_id: Option<String>,
    pub(super) received_date_time: Option<Timestamp>,
    pub(super) sent_date_time: Option<Timestamp>,
    pub(super) from: Option<Participant>,
    pub(super) sender: Option<Participant>,
    #[serde(default)]
    pub(super) to_recipients: Vec<Participant>,
    #[serde(default)]
    pub(super) cc_recipients: Vec<Participant>,
    #[serde(default)]
    pub(super) bcc_recipients: Vec<Participant>,
    pub(super) internet_message_id: Option<String>,
    pub(super) is_read: Option<bool>,
    pub(super) is_draft: Option<bool>,
    pub(super) importance: Option<String>,
    #[serde(default)]
    pub(super) categories: Vec<String>,
    pub(super) subject: Option<String>,
    pub(super) body: Option<WireBody>,
}

/// Somebody who takes part.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Participant {
    pub(super) email_address: Option<EmailAddress>,
}

/// An address with its display name.
#[derive(Debug, Deserialize)]
pub(super) struct EmailAddress {
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

/// A body, in one form: the vendor keeps no other.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireBody {
    /// `text` or `html`.
    pub(super) content_type: Option<String>,
    pub(super) content: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_not_asked_for_below_its_level() {
        let asks = |level, field: &str| {
            let fields = message_fields(level);
            fields.split(',').any(|one| one == field)
        };
        for (level, subject, body) in [
            (MailLevel::Metadata, false, false),
            (MailLevel::Subject, true, false),
            (MailLevel::Full, true, true),
        ] {
            assert_eq!(asks(level, "subject"), subject, "{level:?}");
            assert_eq!(asks(level, "body"), body, "{level:?}");
            assert!(!asks(level, "bodyPreview") && asks(level, "bccRecipients"));
        }
    }
}
