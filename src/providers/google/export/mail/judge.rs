//! Which of the fetched messages are wanted, and the changes that follow.

use jiff::Timestamp;

use super::fetch::Fetched;
use super::labels::ExcludedLabels;
use super::record::Read;
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::google::export::window;

/// What is to become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    /// It arrived before the first day that is wanted. It always did, so it was never stored.
    TooOld,
    /// A label or a participant keeps it out. That may be new, so it may be stored.
    Excluded,
}

/// Whether what is not wanted has to be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwanted {
    /// Nothing of this listing is stored yet: leave it out.
    Omit,
    /// It may be stored: delete it.
    Delete,
}

/// What decides whether a message is wanted.
pub(super) struct Judge<'a> {
    /// The first instant that is wanted.
    pub(super) start: Option<Timestamp>,
    /// Labels that keep a message out.
    pub(super) labels: &'a ExcludedLabels,
}

impl Judge<'_> {
    /// Returns whether all messages of a page are too old. Of an empty page nothing can be said.
    pub(super) fn all_too_old(&self, fetched: &Fetched) -> bool {
        !fetched.read.is_empty()
            && fetched.read.iter().all(|read| self.is_too_old(read))
            && fetched.failed.is_empty()
    }

    /// Returns a change for each message that was fetched or is gone.
    pub(super) fn changes(
        &self,
        read: Vec<Read>,
        gone: Vec<String>,
        unwanted: Unwanted,
    ) -> Vec<Change> {
        let gone = gone
            .into_iter()
            .map(|id| Change::Delete(RecordKey::plain(id)));
        let read = read
            .into_iter()
            .filter_map(|read| self.change(read, unwanted));
        gone.chain(read).collect()
    }

    fn change(&self, read: Read, unwanted: Unwanted) -> Option<Change> {
        let verdict = self.verdict(&read);
        let key = RecordKey::plain(read.id);
        match (verdict, unwanted) {
            (Verdict::Keep, _) => {
                let record = Record::Message(Box::new(read.message));
                Some(Change::Upsert(key, record))
            }
            (Verdict::Excluded, Unwanted::Delete) => Some(Change::Delete(key)),
            (Verdict::Excluded, Unwanted::Omit) | (Verdict::TooOld, _) => None,
        }
    }

    fn verdict(&self, read: &Read) -> Verdict {
        if self.is_too_old(read) {
            Verdict::TooOld
        } else if read.excluded || self.labels.keep_out(&read.message.labels) {
            Verdict::Excluded
        } else {
            Verdict::Keep
        }
    }

    fn is_too_old(&self, read: &Read) -> bool {
        window::is_before(read.message.received_at, self.start)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::record::Message;

    fn read(millis: i64, label: &str, excluded: bool) -> Read {
        let message = Message {
            received_at: Timestamp::from_millisecond(millis).ok(),
            labels: vec![label.into()],
            ..Message::default()
        };
        Read {
            id: "1".into(),
            message,
            excluded,
        }
    }

    #[rstest]
    #[case(read(20, "INBOX", false), "upsert", "upsert")]
    #[case(read(20, "SPAM", false), "", "delete")]
    #[case(read(20, "INBOX", true), "", "delete")]
    #[case(read(9, "INBOX", false), "", "")]
    #[case(read(9, "SPAM", false), "", "")]
    fn what_is_not_wanted_is_omitted_or_deleted(
        #[case] read: Read,
        #[case] listing: &str,
        #[case] following: &str,
    ) {
        let judge = Judge {
            start: Timestamp::from_millisecond(10).ok(),
            labels: &ExcludedLabels::new(&["SPAM".into()]),
        };
        let name = |change: Option<Change>| match change {
            Some(Change::Upsert(..)) => "upsert",
            Some(Change::Delete(..)) => "delete",
            None => "",
        };
        let again = Read {
            message: read.message.clone(),
            id: read.id.clone(),
            excluded: read.excluded,
        };
        assert_eq!(name(judge.change(read, Unwanted::Omit)), listing);
        assert_eq!(name(judge.change(again, Unwanted::Delete)), following);
    }
}
