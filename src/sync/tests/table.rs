//! A destination in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use crate::destinations::{self, Destination, Erasure, Kind};
use crate::model::cursor::{Checkpoint, Commit, Owner, StreamId};
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};

/// Rows in memory, with a fuse: a commit may fail before or after it has happened.
#[derive(Default)]
pub(super) struct Table {
    pub(super) state: Mutex<Rows>,
    pub(super) fuse: Mutex<Option<(usize, bool)>>,
    /// How often it was asked to fold.
    pub(super) folds: AtomicUsize,
}

#[derive(Default, Clone)]
pub(super) struct Rows {
    pub(super) rows: BTreeMap<RecordKey, (Option<i64>, u64)>,
    pub(super) commit: Option<Commit>,
}

impl Table {
    pub(super) fn live(&self) -> BTreeMap<String, i64> {
        let state = self.state.lock().unwrap();
        let live = state
            .rows
            .iter()
            .filter_map(|(key, (size, _))| Some((key.id.clone(), (*size)?)));
        live.collect()
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        self.state
            .lock()
            .unwrap()
            .commit
            .clone()
            .unwrap()
            .checkpoint
    }
}

fn broken(kind: Kind) -> destinations::Error {
    destinations::Error {
        kind,
        operation: "commit",
        meaning: String::new(),
        remedy: String::new(),
        source: None,
    }
}

#[async_trait]
impl Destination for Table {
    async fn check(&self) -> Result<(), destinations::Error> {
        Ok(())
    }

    async fn last_commit(&self, _: &StreamId) -> Result<Option<Commit>, destinations::Error> {
        Ok(self.state.lock().unwrap().commit.clone())
    }

    async fn commit(
        &self,
        _: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), destinations::Error> {
        let mut fuse = self.fuse.lock().unwrap();
        let blown = fuse
            .as_mut()
            .and_then(|(left, after)| match left.checked_sub(1) {
                Some(less) => {
                    *left = less;
                    None
                }
                None => Some(*after),
            });
        if blown == Some(false) {
            return Err(broken(Kind::DestinationUnreachable));
        }
        let mut state = self.state.lock().unwrap();
        let last = state.commit.as_ref().map_or(0, |commit| commit.sequence);
        if commit.sequence != last + 1 {
            return Err(broken(Kind::DestinationContested));
        }
        for change in changes {
            let size = match &change {
                Change::Upsert(_, Record::Message(message)) => message.size,
                _ => None,
            };
            state
                .rows
                .insert(change.key().clone(), (size, commit.checkpoint.generation));
        }
        state.commit = Some(commit.clone());
        if blown == Some(true) {
            Err(broken(Kind::DestinationUnreachable))
        } else {
            Ok(())
        }
    }

    async fn stale(
        &self,
        _: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, destinations::Error> {
        let state = self.state.lock().unwrap();
        let stale = state
            .rows
            .iter()
            .filter(|(_, (size, of))| size.is_some() && *of < generation);
        Ok(stale.take(limit).map(|(key, _)| key.clone()).collect())
    }

    async fn count(&self, _: &StreamId) -> Result<u64, destinations::Error> {
        Ok(self.live().len() as u64)
    }

    async fn erase_stream(&self, _: &StreamId) -> Result<Erasure, destinations::Error> {
        *self.state.lock().unwrap() = Rows::default();
        Ok(Erasure::default())
    }

    async fn erase(&self, _: &Owner) -> Result<Erasure, destinations::Error> {
        Ok(Erasure::default())
    }

    async fn compact(&self, _: &StreamId) -> Result<(), destinations::Error> {
        self.folds.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
