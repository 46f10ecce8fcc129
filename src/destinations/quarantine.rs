//! A place for files from strangers, apart from everything that is read as rows.
//!
//! ```text
//! <place>/_quarantine/<namespace>/<connection>/<upload>/1, 2, …        the files, named by number alone
//! <place>/_quarantine/<namespace>/<connection>/<upload>/manifest.json  put last: without it there is no upload
//! <place>/_quarantine/<namespace>/<connection>/<upload>/notified       the webhook was told
//! ```
//!
//! No namespace begins with an underscore, so that no table of rows is ever in the way. What a sender calls a file is in
//! the manifest and nowhere else: no path is made of it.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::Error;
use crate::model::upload::UploadId;

/// The files that one connection was sent. Cheap to share.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Begins a file, which is there once it is finished, whole or not at all.
    async fn begin(&self, upload: &UploadId, number: u32) -> Result<Box<dyn Arrival>, Error>;

    /// Writes the manifest down, which makes the files an upload.
    async fn seal(&self, upload: &UploadId, manifest: Bytes) -> Result<(), Error>;

    /// Notes that whoever is to be told of an upload was told. Idempotent.
    async fn note_notified(&self, upload: &UploadId) -> Result<(), Error>;

    /// Lists all that has begun, complete or not, the oldest first.
    async fn uploads(&self) -> Result<Vec<UploadId>, Error>;

    /// Reads a manifest, at most `most` bytes of it. None where there is none, because the upload is not complete or is gone.
    async fn manifest(&self, upload: &UploadId, most: u64) -> Result<Option<Bytes>, Error>;

    /// Returns whether it was noted that somebody was told.
    async fn is_notified(&self, upload: &UploadId) -> Result<bool, Error>;

    /// Opens a file. None where there is none.
    async fn read(&self, upload: &UploadId, number: u32) -> Result<Option<Content>, Error>;

    /// Removes an upload, complete or not: first what makes it one, then the rest. Idempotent, and safe to crash in.
    async fn remove(&self, upload: &UploadId) -> Result<(), Error>;
}

/// A file on its way in. Dropping it leaves at most what [`Quarantine::remove`] takes away.
#[async_trait]
pub trait Arrival: Send {
    /// Takes the next piece. Waits while too much is on its way, so that memory stays flat.
    async fn write(&mut self, piece: Bytes) -> Result<(), Error>;

    /// Ends the file. After an `Ok` it survives any crash.
    async fn finish(&mut self) -> Result<(), Error>;

    /// Gives up, and leaves nothing.
    async fn abort(&mut self);
}

/// A file on its way out.
pub struct Content {
    /// Its size.
    pub bytes: u64,
    /// What is in it.
    pub pieces: BoxStream<'static, Result<Bytes, Error>>,
}
