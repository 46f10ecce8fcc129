//! Where a mailbox stands: a link for each folder.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use jiff::Timestamp;

use crate::model::dataset::Dataset;
use crate::providers::microsoft365::NAME;
use crate::providers::microsoft365::api::Link;
use crate::providers::microsoft365::export::quiet::Seen;
use crate::providers::reading::cursor::Place;

/// Most folders of one mailbox. The cursor holds a link of each and is stored with every commit.
pub(super) const MOST_FOLDERS: usize = 1_000;

/// A place in the stream of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum MailPlace {
    /// Nothing is read at this privacy level.
    Off,
    /// In or between rounds over all folders.
    At(Box<Mailbox>),
    /// The mailbox is full: in or after a plain listing.
    Plain(Box<Plain>),
}

impl Place for MailPlace {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = Dataset::Mail;
}

/// How far a full mailbox is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plain {
    /// The page to read next; none from the start, and at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<Link>,
    /// What was seen before the listing.
    pub(super) seen: Seen,
    /// When it was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) listed: Option<Timestamp>,
}

/// How far a mailbox is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Mailbox {
    /// Where the changes of the folder tree go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tree: Option<Link>,
    /// Every folder that is known, by its id.
    pub(super) folders: BTreeMap<String, Folder>,
    /// The first round was completed.
    pub(super) listed: bool,
    /// A round is under way.
    pub(super) open: bool,
    /// Messages that have left a folder in this round: deleted, or moved to a folder that is still to be read.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) left: BTreeSet<String>,
    /// What was seen before the last completed round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<Seen>,
    /// What was seen before the round that is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen_now: Option<Seen>,
}

/// A folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Folder {
    /// The folder that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<String>,
    /// Its own name keeps its messages out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) out: bool,
    /// Where it is read next; none from its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Link>,
    /// It is read to its end in this round.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) done: bool,
    /// A message of it may be stored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) held: bool,
}

impl Mailbox {
    /// Returns whether the messages of a folder are kept out, by its own name or that of one above it.
    pub(super) fn is_out(&self, id: &str) -> bool {
        let mut next = Some(id);
        // A tree has no loops; a reply that has one is not followed for ever.
        for _ in 0..MOST_FOLDERS {
            let Some(folder) = next.and_then(|id| self.folders.get(id)) else {
                return false;
            };
            if folder.out {
                return true;
            }
            next = folder.parent.as_deref();
        }
        false
    }

    /// Returns up to `most` folders that are still to be read in this round.
    pub(super) fn unread(&self, most: usize) -> Vec<String> {
        let unread = self.folders.iter().filter(|(_, folder)| !folder.done);
        let unread = unread.map(|(id, _)| id).filter(|id| !self.is_out(id));
        unread.take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::reading::cursor;

    #[test]
    fn a_cursor_is_small_and_reads_back() {
        let mut mailbox = Mailbox::default();
        let inbox = Folder {
            held: true,
            ..Folder::default()
        };
        mailbox.folders.insert("inbox".into(), inbox);
        mailbox.left.insert("m1".into());
        let place = MailPlace::At(Box::new(mailbox));
        let cursor = cursor::write(&place).unwrap();
        let expected = json!({"version": 1, "dataset": "mail", "place": {"at": {
            "folders": {"inbox": {"held": true}}, "listed": false, "open": false, "left": ["m1"],
        }}});
        assert_eq!(cursor.0, expected);
        assert_eq!(cursor::read::<MailPlace>(cursor).unwrap(), place);
    }

    #[test]
    fn a_folder_goes_with_the_one_above_it() {
        let folder = |parent: &str, out| Folder {
            parent: Some(parent.into()),
            out,
            ..Folder::default()
        };
        let mut mailbox = Mailbox::default();
        for (id, parent, out) in [
            ("private", "root", true),
            ("taxes", "private", false),
            ("inbox", "root", false),
            ("loop", "loop", false),
        ] {
            mailbox.folders.insert(id.into(), folder(parent, out));
        }
        assert!(mailbox.is_out("private") && mailbox.is_out("taxes"));
        assert!(!mailbox.is_out("inbox") && !mailbox.is_out("loop"));
        assert_eq!(mailbox.unread(9), ["inbox", "loop"]);
        assert_eq!(mailbox.unread(1), ["inbox"]);
    }
}
