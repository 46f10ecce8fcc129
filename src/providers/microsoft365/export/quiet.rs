//! One cheap look that tells whether anything has happened in a mailbox, so that a quiet poll is one request rather than
//! one a folder, and leaves the vendor's chains as they are.
//!
//! ```text
//! how many there are, and which was changed last ─► the same as before the last round: nothing has happened
//! ```
//!
//! Arrivals, moves and most changes make an item the one that was changed last, and a deletion makes one fewer. The
//! vendor's times are in seconds, so that a look counts only if the last change was a while before it. What it could
//! still overlook, such as a renamed folder or a flag that leaves the time of the last change as it is, is found by the full
//! round once an hour.
//!
//! Source: learn.microsoft.com/graph/api/user-list-messages and …/query-parameters, read 2026-11-22; that marking a message
//! as read changes no time: github.com/alcionai/corso pull 1867, read 2026-11-27.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ask::{Ask, Source};
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::{Error, Reason};

/// How long before a look the last change must have been for the look to count.
const SETTLED: SignedDuration = SignedDuration::from_secs(30);
/// A full round is made at least this often.
const FULL_ROUND: SignedDuration = SignedDuration::from_hours(1);

/// What a look has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// How many items there are.
    count: u64,
    /// The one that was changed last, and its state.
    last: Option<Last>,
    /// When it was looked.
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Last {
    id: String,
    change_key: Option<String>,
    #[serde(rename = "lastModifiedDateTime")]
    modified: Timestamp,
}

#[derive(Deserialize)]
struct Looked {
    #[serde(rename = "@odata.count")]
    count: Option<u64>,
    value: Vec<Last>,
}

impl Seen {
    /// Returns whether nothing has happened between this look, made before a round, and a later one.
    pub(super) fn is_all(&self, later: &Self) -> bool {
        self.is_settled() && self.is_like(later) && later.at.duration_since(self.at) < FULL_ROUND
    }

    /// Returns whether a later look sees the same, however much later it is.
    pub(super) fn is_like(&self, later: &Self) -> bool {
        self.count == later.count && self.last == later.last
    }

    /// Returns whether the last change was long enough ago for another one to show.
    pub(super) fn is_settled(&self) -> bool {
        self.last
            .as_ref()
            .is_none_or(|last| self.at.duration_since(last.modified) >= SETTLED)
    }
}

/// Looks. None where the vendor does not answer such a question, and then the round itself is the answer.
pub(super) async fn look<A: Ask>(source: Source<'_, A>) -> Result<Option<Seen>, Error> {
    let at = source.clock.now();
    let path = source.path("messages");
    let query = [
        ("$top", "1"),
        ("$count", "true"),
        ("$orderby", "lastModifiedDateTime desc"),
        ("$select", "id,changeKey,lastModifiedDateTime"),
    ];
    let looked = source.get::<Looked>(Method::MessagesList, Target::Path(&path, &query));
    match looked.await {
        Ok(looked) => Ok(looked.count.map(|count| Seen {
            count,
            last: looked.value.into_iter().next(),
            at,
        })),
        Err(error)
            if matches!(
                error.reason,
                Reason::RequestRefused | Reason::MalformedReply
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(count: u64, change_key: &str, modified: &str, at: &str) -> Seen {
        Seen {
            count,
            last: Some(Last {
                id: "1".into(),
                change_key: Some(change_key.into()),
                modified: modified.parse().unwrap(),
            }),
            at: at.parse().unwrap(),
        }
    }

    #[test]
    fn the_same_look_means_that_nothing_has_happened() {
        let noon = "2026-11-22T12:00:00Z";
        let first = seen(7, "a", "2026-11-22T11:00:00Z", noon);
        let later = |count, key: &str, at: &str| seen(count, key, "2026-11-22T11:00:00Z", at);
        assert!(first.is_all(&later(7, "a", "2026-11-22T12:59:00Z")));
        assert!(!first.is_all(&later(6, "a", "2026-11-22T12:01:00Z")));
        assert!(!first.is_all(&later(7, "b", "2026-11-22T12:01:00Z")));
        assert!(
            !first.is_all(&later(7, "a", "2026-11-22T13:00:00Z")),
            "an hour later"
        );
        let fresh = seen(7, "a", "2026-11-22T11:59:45Z", noon);
        let same = seen(7, "a", "2026-11-22T11:59:45Z", "2026-11-22T12:01:00Z");
        assert!(
            !fresh.is_all(&same),
            "another change of that second would look the same"
        );
    }
}
