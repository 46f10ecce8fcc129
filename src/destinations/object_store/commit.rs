//! One commit: one file, put only where there is none.
//!
//! The name is the fence, as long as it is taken. Folding frees names, so a writer who slept through a take-over
//! could take one again. That is why a commit looks around after it has put its file: a folded file that holds the
//! same commit was there first, and the late file goes again.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode, PutOptions};

use super::ParquetFolder;
use super::encode;
use super::layout::{self, Span};
use super::listing::StoredFile;
use super::rights::Access;
use super::stamp::Stamp;
use crate::destinations::{Error, Kind};
use crate::model::apart::apart;
use crate::model::cursor::{Commit, StreamId};
use crate::model::row::Change;

const COMMIT: &str = "commit";
const LAST_COMMIT: &str = "last_commit";

impl ParquetFolder {
    /// Reads the newest commit of a stream. Ends an erasure that was begun.
    pub(super) async fn newest_commit(&self, stream: &StreamId) -> Result<Option<Commit>, Error> {
        let listing = self.list(LAST_COMMIT, stream).await?;
        if listing.erasing {
            self.erase_folder(&layout::stream_folder(&self.prefix, stream))
                .await?;
        }
        match listing.files.last() {
            None => Ok(None),
            Some(newest) => {
                let stamp = self.read_stamp(LAST_COMMIT, newest).await?;
                Ok(Some(stamp.into_commit()))
            }
        }
    }

    /// Stores a commit.
    pub(super) async fn put_commit(
        &self,
        stream: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), Error> {
        self.present(COMMIT)?;
        let stamp = Stamp::new(commit);
        let folder = layout::stream_folder(&self.prefix, stream);
        let path = folder
            .clone()
            .join(Span::single(commit.sequence).file_name());
        let bytes = self.encode(stream, commit, &stamp, changes).await?;
        let size = bytes.len() as u64;
        let options = PutOptions::from(PutMode::Create);
        match self.store.put_opts(&path, bytes.into(), options).await {
            Ok(_) => {}
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                self.recognise(&path, size, commit.sequence, &stamp).await?;
            }
            Err(error) => return Err(self.place.refused(COMMIT, Access::Write, &error)),
        }
        self.look_around(&folder, &path, commit.sequence).await
    }

    async fn encode(
        &self,
        stream: &StreamId,
        commit: &Commit,
        stamp: &Stamp,
        changes: Vec<Change>,
    ) -> Result<Bytes, Error> {
        let (dataset, commit, stamp) = (stream.dataset, commit.clone(), stamp.clone());
        let encoded = apart(move || encode::encode(dataset, &commit, &stamp, changes)).await;
        encoded.map_err(|error| self.place.parquet(COMMIT, "to be written", &error))
    }

    /// Tells an own file, whose reply was lost and which was put twice, from another writer's.
    async fn recognise(
        &self,
        path: &Path,
        size: u64,
        sequence: u64,
        own: &Stamp,
    ) -> Result<(), Error> {
        let taken = || {
            let meaning = format!("commit {sequence} is taken");
            self.place.contested(COMMIT, &meaning)
        };
        let found = match self.store.head(path).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Err(taken()),
            Err(error) => return Err(self.place.store(COMMIT, &error)),
        };
        if found.size != size {
            return Err(taken());
        }
        let file = StoredFile {
            path: path.clone(),
            size,
            span: Span::single(sequence),
        };
        match self.read_stamp(COMMIT, &file).await {
            Ok(stamp) if stamp.writer == own.writer => Ok(()),
            Ok(_) => Err(taken()),
            Err(error) if error.kind == Kind::DestinationCorrupt => Err(taken()),
            Err(error) => Err(error),
        }
    }

    /// Takes the file away again where the commit had been made before, or where what it builds on is gone.
    async fn look_around(&self, folder: &Path, own: &Path, sequence: u64) -> Result<(), Error> {
        let spans = self
            .spans_from(COMMIT, folder, sequence.saturating_sub(1))
            .await?;
        let this = Span::single(sequence);
        let before = Span::single(sequence.saturating_sub(1));
        let late = spans.iter().any(|span| *span != this && span.covers(this));
        let follows = sequence <= 1 || spans.iter().any(|span| span.covers(before));
        if !late && follows {
            return Ok(());
        }
        self.delete(COMMIT, own).await?;
        let meaning = format!("commit {sequence} does not follow the newest one");
        Err(self.place.contested(COMMIT, &meaning))
    }

    /// Deletes an object. One that is gone already is as good.
    pub(super) async fn delete(&self, operation: &'static str, path: &Path) -> Result<(), Error> {
        match self.store.delete(path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.place.refused(operation, Access::Delete, &error)),
        }
    }
}
