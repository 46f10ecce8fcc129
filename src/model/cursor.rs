//! Where a stream stands, and whose it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::UserId;
use super::dataset::Dataset;
use super::privacy::{CalendarLevel, MailLevel, Privacy};
use super::row::FailedItem;

/// Where to go on. Only the provider that made it can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub serde_json::Value);

/// The place of a stream in a destination: user × dataset × connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamId {
    /// The connection's namespace.
    pub namespace: String,
    /// The connection's name.
    pub connection: String,
    /// The kind of data.
    pub dataset: Dataset,
    /// The person's immutable id.
    pub user: UserId,
}

/// The place of everything that one connection keeps of one person: what is erased together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The connection's namespace.
    pub namespace: String,
    /// The connection's name.
    pub connection: String,
    /// The person's immutable id.
    pub user: UserId,
}

/// Whose data it is and what it was read with. Data of another lineage is never added to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// The provider's name.
    pub provider: String,
    /// The vendor's id of the company.
    pub tenant: String,
    /// The person's immutable id.
    pub user: UserId,
    /// What was asked for.
    pub query: Query,
}

/// What shapes a read: change any of it and what is stored no longer is what would be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    /// The level of mail.
    pub mail: MailLevel,
    /// The level of events.
    pub calendar: CalendarLevel,
    /// Participants' domains that are kept out, sorted.
    pub exclude_domains: Vec<String>,
    /// Labels that are kept out, sorted.
    pub exclude_labels: Vec<String>,
    /// Nothing older than this day, UTC.
    pub since: Option<jiff::civil::Date>,
}

impl Query {
    /// Makes the query of one dataset: what does not bear on it is left at its default, so that, say, a new level
    /// for mail does not read the calendar anew.
    pub fn of(dataset: Dataset, privacy: &Privacy, since: Option<jiff::civil::Date>) -> Self {
        let mut query = Self {
            mail: MailLevel::None,
            calendar: CalendarLevel::None,
            exclude_domains: Vec::new(),
            exclude_labels: Vec::new(),
            since,
        };
        match dataset {
            Dataset::Mail => {
                query.mail = privacy.mail;
                query.exclude_domains = sorted(&privacy.exclude_domains);
                query.exclude_labels = sorted(&privacy.exclude_labels);
            }
            Dataset::Calendar => {
                query.calendar = privacy.calendar;
                query.exclude_domains = sorted(&privacy.exclude_domains);
            }
            Dataset::Packages | Dataset::Activity => {
                query.exclude_domains = sorted(&privacy.exclude_domains);
            }
            Dataset::Drive => {}
        }
        query
    }

    /// Returns whether something that `older` admitted is no longer admitted: then it must not stay stored.
    pub fn is_tighter_than(&self, older: &Self) -> bool {
        let grew = |new: &[String], old: &[String]| new.iter().any(|entry| !old.contains(entry));
        self.mail < older.mail
            || self.calendar < older.calendar
            || grew(&self.exclude_domains, &older.exclude_domains)
            || grew(&self.exclude_labels, &older.exclude_labels)
    }
}

fn sorted(list: &[String]) -> Vec<String> {
    let mut list = list.to_vec();
    list.sort();
    list.dedup();
    list
}

/// What a stream is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
pub enum Phase {
    /// Everything is read once.
    Listing,
    /// Everything was read; what an earlier generation left behind and this one did not see is deleted once the vendor's present
    /// state is reached.
    Sweeping,
    /// Only changes are read.
    Following,
}

/// A durable state of a stream, stored with the rows that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// Whose it is.
    pub lineage: Lineage,
    /// Which full listing the rows belong to, from 1.
    pub generation: u64,
    /// What comes next.
    pub phase: Phase,
    /// Where to go on.
    pub cursor: Cursor,
    /// Items that are still to be fetched. At most [`MAX_FAILED_ITEMS`].
    pub failed: Vec<FailedItem>,
    /// The `resync-requested-at` annotation that this generation answers, so that a restart does not answer it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resync: Option<String>,
}

/// How many failed items a checkpoint may carry. A run that would pass this stops before its cursor does.
pub const MAX_FAILED_ITEMS: usize = 1_000;

/// The last commit of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Grows by one with every commit, from 1. Of two writers with the same number one loses.
    pub sequence: u64,
    /// The state that it led to.
    pub checkpoint: Checkpoint,
    /// When it was made.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_bears_on_a_dataset_is_part_of_its_query() {
        let loose = Privacy {
            mail: MailLevel::Full,
            ..Privacy::default()
        };
        let tight = Privacy {
            mail: MailLevel::Metadata,
            ..Privacy::default()
        };
        let of = |dataset, privacy: &Privacy| Query::of(dataset, privacy, None);
        assert_eq!(of(Dataset::Calendar, &loose), of(Dataset::Calendar, &tight));
        assert!(of(Dataset::Mail, &tight).is_tighter_than(&of(Dataset::Mail, &loose)));
        assert!(!of(Dataset::Mail, &loose).is_tighter_than(&of(Dataset::Mail, &tight)));
    }

    #[test]
    fn a_new_exclusion_is_tighter() {
        let before = Query::of(Dataset::Mail, &Privacy::default(), None);
        let excluding = Privacy {
            exclude_labels: vec!["Personal".into()],
            ..Privacy::default()
        };
        let after = Query::of(Dataset::Mail, &excluding, None);
        assert!(after.is_tighter_than(&before));
        assert!(!before.is_tighter_than(&after));
    }
}
