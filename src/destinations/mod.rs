//! Where the rows go: rows and cursor in one atomic step, or not at all.

mod certificate;
mod changes;
pub mod error;
pub mod object_store;
mod open;
pub mod postgres;
pub mod quarantine;
mod redact;
pub mod spec;

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::cursor::{Commit, Owner, StreamId};
use crate::model::row::{Change, RecordKey};

pub use error::{Error, Kind};
pub use open::open;
use quarantine::Quarantine;

/// What an erasure removed: the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erasure {
    /// How many rows went, superseded and deleted ones included.
    pub rows: u64,
    /// How many objects (files, tables' partitions) went; 0 where rows are not kept in objects.
    pub objects: u64,
}

impl std::ops::AddAssign for Erasure {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.objects += other.objects;
    }
}

/// A place that keeps rows. Cheap to share.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Proves that the place can be read and written, without leaving anything behind.
    async fn check(&self) -> Result<(), Error>;

    /// Returns the newest commit of a stream, or none where it has no rows yet.
    ///
    /// # Errors
    /// [`Kind::DestinationCorrupt`] where something is there that cannot be read: never taken for an empty stream.
    async fn last_commit(&self, stream: &StreamId) -> Result<Option<Commit>, Error>;

    /// Stores changes and checkpoint in one atomic step. After an `Ok` both survive any crash.
    ///
    /// Of several changes of one key the last wins. Rows carry `commit.checkpoint.generation`.
    ///
    /// # Errors
    /// [`Kind::DestinationContested`] where `commit.sequence` is taken or does not follow the newest one: another writer
    /// was first, and nothing of this commit is read by anybody. After any other error it is not known whether the
    /// commit happened: ask [`Self::last_commit`] before going on.
    ///
    /// # Cancel
    /// Safe to drop: the commit happened whole or not at all. It may still happen for as long as a request takes, so
    /// wait for it before an erasure.
    async fn commit(
        &self,
        stream: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), Error>;

    /// Returns up to `limit` keys whose newest row is live and older than `generation`, in no particular order.
    async fn stale(
        &self,
        stream: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, Error>;

    /// Returns how many live rows a stream has.
    async fn count(&self, stream: &StreamId) -> Result<u64, Error>;

    /// Removes everything of a stream: rows, superseded rows, tombstones, checkpoint. Idempotent. Once it has begun, nobody
    /// takes what is left for a stream: the next [`Self::last_commit`] ends what a crash broke off, and returns none.
    async fn erase_stream(&self, stream: &StreamId) -> Result<Erasure, Error>;

    /// Removes everything of a person, all kinds of data. Idempotent, and safe to crash in like [`Self::erase_stream`].
    async fn erase(&self, owner: &Owner) -> Result<Erasure, Error>;

    /// Folds what has piled up into less, where that is worth it. Never changes what a reader sees; safe to crash
    /// in, safe to call at any time by the stream's one writer.
    async fn compact(&self, stream: &StreamId) -> Result<(), Error>;

    /// Returns where files that a connection is sent are kept apart; none where the place keeps rows alone.
    fn quarantine(&self, _namespace: &str, _connection: &str) -> Option<Arc<dyn Quarantine>> {
        None
    }
}
