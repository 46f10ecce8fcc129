//! Where a run stands between its commits. Pure.

use std::collections::HashSet;

use crate::model::cursor::{Checkpoint, Commit, Cursor, Lineage, MAX_FAILED_ITEMS, Phase};
use crate::model::row::{Change, FailedItem, RecordKey};

use super::error::Error;

/// After so many attempts an item is kept and told of, but no longer asked for in every run: a full re-sync does.
pub const MAX_ATTEMPTS: u32 = 10;

/// Where a run stands.
#[derive(Debug, Clone)]
pub struct Progress {
    lineage: Lineage,
    /// The number of the last commit; 0 where there is none.
    pub sequence: u64,
    /// From 1.
    pub generation: u64,
    /// What comes next.
    pub phase: Phase,
    /// Where to go on; none at the start of a listing.
    pub cursor: Option<Cursor>,
    failed: Vec<FailedItem>,
    resync: Option<String>,
}

impl Progress {
    /// Stands before the first listing.
    pub fn begin(lineage: Lineage, resync: Option<&str>) -> Self {
        Self {
            lineage,
            sequence: 0,
            generation: 1,
            phase: Phase::Listing,
            cursor: None,
            failed: Vec::new(),
            resync: resync.map(Into::into),
        }
    }

    /// Stands where the last commit does. `lineage` is the one that is wanted: the same, or better known by now. What it
    /// does not know and the commit does stays known, or the next stranger would not be told from the owner.
    pub fn resume(last: Commit, mut lineage: Lineage) -> Self {
        let Checkpoint {
            lineage: stored,
            generation,
            phase,
            cursor,
            failed,
            resync,
        } = last.checkpoint;
        if lineage.tenant.is_empty() {
            lineage.tenant = stored.tenant;
        }
        Self {
            lineage,
            sequence: last.sequence,
            generation,
            phase,
            cursor: Some(cursor),
            failed,
            resync,
        }
    }

    /// Goes to the start of a new generation's listing, which will see every item that failed again.
    pub fn begin_anew(&mut self, resync: Option<&str>) {
        self.generation += 1;
        self.phase = Phase::Listing;
        self.cursor = None;
        self.failed.clear();
        if let Some(resync) = resync {
            self.resync = Some(resync.into());
        }
    }

    /// Returns what the next commit stores, at `cursor`.
    pub fn checkpoint(&self, cursor: Cursor) -> Checkpoint {
        Checkpoint {
            lineage: self.lineage.clone(),
            generation: self.generation,
            phase: self.phase,
            cursor,
            failed: self.failed.clone(),
            resync: self.resync.clone(),
        }
    }

    /// Returns the items that are to be asked for again.
    pub fn retries(&self) -> Vec<RecordKey> {
        let due = self
            .failed
            .iter()
            .filter(|item| item.attempts < MAX_ATTEMPTS);
        due.map(|item| item.key.clone()).collect()
    }

    /// Returns how many items wait.
    pub fn failed_items(&self) -> usize {
        self.failed.len()
    }

    /// Takes out the items that wait: whether they are still there is not known before they can be read.
    pub fn without_failed(&self, mut keys: Vec<RecordKey>) -> Vec<RecordKey> {
        let failed: HashSet<_> = self.failed.iter().map(|item| &item.key).collect();
        keys.retain(|key| !failed.contains(key));
        keys
    }

    /// Takes in what became of some items: those with a change are no longer failed, those in `failed` are, with one more
    /// attempt than before.
    ///
    /// # Errors
    /// [`Error::TooManyFailedItems`] where they no longer fit a checkpoint: the cursor must not pass them.
    pub fn note(&mut self, changes: &[Change], failed: Vec<FailedItem>) -> Result<(), Error> {
        if !self.failed.is_empty() {
            let done: HashSet<_> = changes.iter().map(Change::key).collect();
            self.failed.retain(|item| !done.contains(&item.key));
        }
        for item in failed {
            self.note_failed(item);
        }
        if self.failed.len() > MAX_FAILED_ITEMS {
            let last = self
                .failed
                .last()
                .map_or_else(String::new, |item| item.why.clone());
            return Err(Error::TooManyFailedItems(self.failed.len(), last));
        }
        Ok(())
    }

    fn note_failed(&mut self, item: FailedItem) {
        match self.failed.iter_mut().find(|known| known.key == item.key) {
            Some(known) => {
                known.attempts = known.attempts.saturating_add(1);
                known.why = item.why;
            }
            None => self.failed.push(FailedItem {
                attempts: 1,
                ..item
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::UserId;
    use crate::model::cursor::Query;
    use crate::model::dataset::Dataset;
    use crate::model::privacy::Privacy;

    fn progress() -> Progress {
        let lineage = Lineage {
            provider: "vendor".into(),
            tenant: "acme.example".into(),
            user: UserId::new("1"),
            query: Query::of(Dataset::Mail, &Privacy::default(), None),
        };
        Progress::begin(lineage, None)
    }

    #[test]
    fn a_tenant_that_was_known_stays_known() {
        let known = progress();
        let last = |tenant: &str| Commit {
            sequence: 1,
            checkpoint: Checkpoint {
                lineage: Lineage {
                    tenant: tenant.into(),
                    ..known.lineage.clone()
                },
                ..known.checkpoint(Cursor(serde_json::json!(1)))
            },
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        for (stored, wanted, kept) in [
            ("acme.example", "", "acme.example"),
            ("", "acme.example", "acme.example"),
            ("", "", ""),
        ] {
            let wanted = Lineage {
                tenant: wanted.into(),
                ..known.lineage.clone()
            };
            let resumed = Progress::resume(last(stored), wanted);
            assert_eq!(resumed.lineage.tenant, kept);
        }
    }

    fn failed(id: &str) -> FailedItem {
        FailedItem {
            key: RecordKey::plain(id),
            attempts: 0,
            why: "500".into(),
        }
    }

    #[test]
    fn a_failed_item_stays_until_it_has_a_change() {
        let mut progress = progress();
        progress.note(&[], vec![failed("a"), failed("b")]).unwrap();
        progress
            .note(&[Change::Delete(RecordKey::plain("a"))], vec![failed("b")])
            .unwrap();
        let checkpoint = progress.checkpoint(Cursor(serde_json::json!(1)));
        assert_eq!(
            checkpoint.failed,
            vec![FailedItem {
                attempts: 2,
                ..failed("b")
            }]
        );
    }

    #[test]
    fn an_item_that_always_fails_is_kept_but_no_longer_asked_for() {
        let mut progress = progress();
        for _ in 0..MAX_ATTEMPTS {
            assert_eq!(
                progress.retries().len(),
                usize::from(progress.failed_items() > 0)
            );
            progress.note(&[], vec![failed("a")]).unwrap();
        }
        assert_eq!((progress.retries().len(), progress.failed_items()), (0, 1));
        progress.begin_anew(None);
        assert_eq!(
            progress.failed_items(),
            0,
            "a full listing asks for everything"
        );
    }

    #[test]
    fn the_cursor_may_not_pass_more_failures_than_can_be_kept() {
        let mut progress = progress();
        let many = (0..=MAX_FAILED_ITEMS)
            .map(|n| failed(&n.to_string()))
            .collect();
        assert!(matches!(
            progress.note(&[], many),
            Err(Error::TooManyFailedItems(1001, _))
        ));
    }
}
