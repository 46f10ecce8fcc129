//! What was seen of a list: enough to tell what of it is new, and whether all of it is as it was.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::kind::Head;
use crate::providers::reading::items::Item;

/// The newest part of a list, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// When the newest row was changed, by the vendor's own time.
    newest: Option<Timestamp>,
    /// The rows of the newest part: when each was changed, and a digest of it.
    seen: BTreeMap<String, (Option<Timestamp>, u64)>,
}

/// All rows of a list, as one number: it differs where any row does, in whatever order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Sum {
    count: u64,
    total: u64,
}

impl Mark {
    /// Returns where the newest part begins.
    pub(super) fn begins(&self, look_back: SignedDuration) -> Option<Timestamp> {
        let newest = self.newest?;
        Some(newest.saturating_sub(look_back).unwrap_or(newest))
    }

    /// Returns the digest of a row as it was seen; none where it was not.
    pub(super) fn seen(&self, head: &Head) -> Option<u64> {
        let (_, digest) = self.seen.get(&head.id)?;
        Some(*digest)
    }

    /// Returns the rows that are here and were not met when the same part was read again.
    pub(super) fn without<'a>(
        &'a self,
        met: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a String> {
        let is_gone = |id: &&String| !met.contains(*id);
        self.seen.keys().filter(is_gone)
    }

    /// Notes a row, and forgets those that no longer belong to the newest part.
    pub(super) fn note(&mut self, head: &Head, digest: u64, look_back: SignedDuration) {
        self.seen.insert(head.id.clone(), (head.at, digest));
        if head.at > self.newest {
            self.newest = head.at;
            self.forget(look_back);
        } else if let (Some(at), Some(begins)) = (head.at, self.begins(look_back))
            && at < begins
        {
            self.seen.remove(&head.id);
        }
    }

    /// Takes over the time of an earlier mark where that was later: a row may have gone.
    pub(super) fn not_before(&mut self, earlier: &Self, look_back: SignedDuration) {
        if earlier.newest > self.newest {
            self.newest = earlier.newest;
            self.forget(look_back);
        }
    }

    fn forget(&mut self, look_back: SignedDuration) {
        if let Some(begins) = self.begins(look_back) {
            self.seen
                .retain(|_, (at, _)| at.is_none_or(|at| at >= begins));
        }
    }
}

impl Sum {
    /// Counts a row in.
    pub(super) fn add(&mut self, head: &Head, digest: u64) {
        self.count = self.count.wrapping_add(1);
        let named = of_bytes(format!("{}\n{digest}", head.id).as_bytes());
        self.total = self.total.wrapping_add(named);
    }
}

/// Returns a digest of a row, whatever the order of its fields.
pub(super) fn digest(item: &Item) -> u64 {
    match serde_json::from_str::<Value>(item.get()) {
        Ok(value) => of_bytes(sorted(&value).as_bytes()),
        Err(_) => of_bytes(item.get().as_bytes()),
    }
}

/// Returns the text of a value in which the fields of every object are in order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name, sorted(value)));
            let fields: BTreeMap<&String, String> = fields.collect();
            format!("{fields:?}")
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(sorted).collect();
            format!("{values:?}")
        }
        single => single.to_string(),
    }
}

/// Returns an id in a form that tells nothing of it.
pub(super) fn of_id(id: &str) -> u64 {
    of_bytes(id.as_bytes())
}

fn of_bytes(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    let first = digest.iter().take(8);
    first.fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn head(id: &str, at: &str) -> Head {
        Head {
            id: id.to_owned(),
            at: at.parse().ok(),
        }
    }

    #[test]
    fn the_newest_part_is_remembered_in_whatever_order_rows_come() {
        let rows = [
            head("new", "2026-11-27T10:00:00Z"),
            head("edge", "2026-11-26T10:00:00Z"),
            head("old", "2026-11-26T09:59:59Z"),
            head("timeless", ""),
        ];
        let marked = |rows: &[&Head]| {
            let mut mark = Mark::default();
            for row in rows {
                mark.note(row, 7, DAY);
            }
            mark
        };
        let [a, b, c, d] = &rows;
        let mark = marked(&[a, b, c, d]);
        assert_eq!(mark, marked(&[d, c, b, a]));
        let known = rows.iter().filter(|row| mark.seen(row) == Some(7));
        assert_eq!(
            known.map(|row| row.id.as_str()).collect::<Vec<_>>(),
            ["new", "edge", "timeless"]
        );
    }

    #[test]
    fn a_sum_tells_rows_apart_and_not_their_order() {
        let sum = |rows: &[(&str, u64)]| {
            let mut sum = Sum::default();
            for (id, digest) in rows {
                sum.add(&head(id, ""), *digest);
            }
            sum
        };
        assert_eq!(sum(&[("a", 1), ("b", 2)]), sum(&[("b", 2), ("a", 1)]));
        assert_ne!(sum(&[("a", 1), ("b", 2)]), sum(&[("a", 2), ("b", 1)]));
        assert_ne!(sum(&[("a", 1)]), sum(&[("a", 1), ("b", 2)]));
    }

    #[test]
    fn a_digest_does_not_mind_the_order_of_fields() {
        let item = |text: &str| -> Item { serde_json::from_str(text).unwrap() };
        assert_eq!(
            digest(&item(r#"{"a": 1, "b": 2}"#)),
            digest(&item(r#"{"b":2,"a":1}"#))
        );
        assert_ne!(digest(&item(r#"{"a": 1}"#)), digest(&item(r#"{"a": 2}"#)));
    }
}
