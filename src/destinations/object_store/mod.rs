//! Parquet files in a folder or a bucket.
//!
//! One commit is one file, put only if there is none of that name: rows, cursor and fence in one atomic step. The
//! commit travels in the footer, as JSON under `deputy.commit`. A file is never changed; `compact` folds small ones
//! into bigger ones.
//!
//! # Reading
//!
//! Every row that was ever committed may be there, once or twice, until it is folded away. The newest row of a key is
//! the one with the highest `sequence`; a record is there if that row is not `deleted`. In `DuckDB`:
//!
//! ```sql
//! SELECT * EXCLUDE (generation, sequence, deleted) FROM (
//!   FROM read_parquet('data/team/corp/mail/*/*.parquet', union_by_name = true,
//!                     hive_partitioning = true, hive_types = {'user': VARCHAR})
//!   QUALIFY row_number() OVER (PARTITION BY "user", container, id ORDER BY sequence DESC) = 1
//! ) WHERE NOT deleted;
//! ```
//!
//! A reader that has listed the folder may find a file gone that was folded in the meantime: list again.
//!
//! # Durability
//!
//! Buckets keep what they confirm. In a folder, a file and its directory entry are flushed to the disk before a
//! commit returns, so a commit survives a loss of power as well as a killed process.

mod check;
mod codes;
mod columns;
mod commit;
mod compact;
mod connect;
mod encode;
mod erase;
mod errors;
#[cfg(test)]
mod faults;
mod finding;
mod folder;
mod layout;
mod listing;
mod quarantine;
mod read;
mod rights;
mod scan;
mod settings;
mod stamp;
#[cfg(test)]
mod tests;
mod tiers;
mod upload;

use std::sync::Arc;

use ::object_store::ObjectStore;
use ::object_store::path::Path;
use async_trait::async_trait;

use self::errors::Place;
use self::folder::Folder;
use super::quarantine::Quarantine;
use super::spec::ObjectStoreSpec;
use super::{Destination, Erasure, Error, Kind};
use crate::model::cursor::{Commit, Owner, StreamId};
use crate::model::row::{Change, RecordKey};
use crate::model::secret::Credentials;

/// A folder or a bucket with a stream in each of its folders.
pub struct ParquetFolder {
    store: Arc<dyn ObjectStore>,
    /// What is before every path.
    prefix: Path,
    /// The folder on this machine, where it is one.
    folder: Option<Folder>,
    place: Place,
    limits: Limits,
}

/// When to fold, and how much to hold.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// How many files of about one size are folded.
    width: usize,
    /// How many keys are held at once.
    keys_per_pass: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            width: tiers::WIDTH,
            keys_per_pass: scan::KEYS_PER_PASS,
        }
    }
}

impl ParquetFolder {
    /// Opens the folder or bucket that `spec` names. Makes no request.
    pub fn open(spec: &ObjectStoreSpec, credentials: Option<&Credentials>) -> Result<Self, Error> {
        connect::connect(spec, credentials)
    }

    /// Returns how much of a file is sent at a time.
    fn part_bytes(&self) -> usize {
        match &self.folder {
            Some(_) => upload::LOCAL_PART_BYTES,
            None => upload::PART_BYTES,
        }
    }

    /// Fails where the folder is gone: it would be made anew, and its emptiness taken for an empty stream.
    fn present(&self, operation: &'static str) -> Result<(), Error> {
        match &self.folder {
            Some(folder) if !folder.exists() => Err(self.place.missing(operation)),
            _ => Ok(()),
        }
    }

    /// Tells a folder that is gone from a file in it that another writer took away: each looks like the other.
    fn judged<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        let (Err(error), Some(folder)) = (&result, &self.folder) else {
            return result;
        };
        let operation = error.operation;
        match (error.kind, folder.exists()) {
            (Kind::DestinationContested, false) => Err(self.place.missing(operation)),
            (Kind::DestinationNotFound, true) => {
                let meaning = "a file went that was there a moment ago";
                Err(self.place.contested(operation, meaning))
            }
            _ => result,
        }
    }
}

#[async_trait]
impl Destination for ParquetFolder {
    async fn check(&self) -> Result<(), Error> {
        self.probe().await
    }

    async fn last_commit(&self, stream: &StreamId) -> Result<Option<Commit>, Error> {
        self.judged(self.newest_commit(stream).await)
    }

    async fn commit(
        &self,
        stream: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), Error> {
        self.judged(self.put_commit(stream, commit, changes).await)
    }

    async fn stale(
        &self,
        stream: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, Error> {
        self.judged(self.stale_keys(stream, generation, limit).await)
    }

    async fn count(&self, stream: &StreamId) -> Result<u64, Error> {
        self.judged(self.count_live(stream).await)
    }

    async fn erase_stream(&self, stream: &StreamId) -> Result<Erasure, Error> {
        self.erase_folder(&layout::stream_folder(&self.prefix, stream))
            .await
    }

    async fn erase(&self, owner: &Owner) -> Result<Erasure, Error> {
        self.judged(self.erase_owner(owner).await)
    }

    async fn compact(&self, stream: &StreamId) -> Result<(), Error> {
        self.judged(self.fold(stream).await)
    }

    fn quarantine(&self, namespace: &str, connection: &str) -> Option<Arc<dyn Quarantine>> {
        Some(Arc::new(self.quarantine_of(namespace, connection)))
    }
}
