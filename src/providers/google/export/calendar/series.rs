//! Series that were deleted, with what was left out of them.

use std::collections::HashSet;

use super::record::Read;
use crate::model::row::{Change, RecordKey};

/// How many ids are remembered of one run of changes. Beyond that a cancelled instance of a dead series stays, which
/// says nothing wrong.
const MOST: usize = 10_000;

/// A cancelled instance is a record as long as its series lives. A deleted series takes its instances along, and the
/// vendor reports both as cancelled, in any order and on any page.
#[derive(Debug, Default)]
pub(super) struct DeadSeries {
    dead: HashSet<String>,
    /// Cancelled instances, with their series.
    left_out: Vec<(String, RecordKey)>,
}

impl DeadSeries {
    /// Notes an event and returns whether its series is known to be dead.
    pub(super) fn took_along(&mut self, key: &RecordKey, read: &Read) -> bool {
        match &read.event.series_id {
            _ if !read.is_cancelled() => false,
            Some(series) if self.dead.contains(series) => true,
            Some(series) => {
                if self.left_out.len() < MOST {
                    self.left_out.push((series.clone(), key.clone()));
                }
                false
            }
            None => {
                if self.dead.len() < MOST {
                    self.dead.insert(read.id.clone());
                }
                false
            }
        }
    }

    /// Returns deletions of the instances that came before their series was seen to be dead.
    pub(super) fn bury(&mut self) -> Vec<Change> {
        let (dead, alive) = std::mem::take(&mut self.left_out)
            .into_iter()
            .partition(|(series, _)| self.dead.contains(series));
        self.left_out = alive;
        let dead: Vec<(String, RecordKey)> = dead;
        dead.into_iter()
            .map(|(_, key)| Change::Delete(key))
            .collect()
    }
}
