//! Files from strangers in a folder or a bucket, apart from all rows.
//!
//! What a killed process was just sending to a bucket in parts is the bucket's to tidy up: a lifecycle rule that aborts
//! incomplete multipart uploads after a day. In a folder it is removed with the upload that it was of.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::ParquetFolder;
use super::errors::Place;
use super::folder::Folder;
use super::layout;
use super::rights::Access;
use super::upload::Upload;
use crate::destinations::quarantine::{Arrival, Content, Quarantine};
use crate::destinations::{Error, Kind};
use crate::model::upload::UploadId;

const MANIFEST: &str = "manifest.json";
const NOTIFIED: &str = "notified";

const BEGIN: &str = "quarantine.begin";
const WRITE: &str = "quarantine.write";
const SEAL: &str = "quarantine.seal";
const LIST: &str = "quarantine.list";
const READ: &str = "quarantine.read";
const REMOVE: &str = "quarantine.remove";

/// The files that one connection was sent.
pub(super) struct QuarantineFolder {
    store: Arc<dyn ObjectStore>,
    root: Path,
    folder: Option<Folder>,
    place: Place,
    part_bytes: usize,
}

impl ParquetFolder {
    /// Opens what a connection was sent. Makes no request.
    pub(super) fn quarantine_of(&self, namespace: &str, connection: &str) -> QuarantineFolder {
        QuarantineFolder {
            store: Arc::clone(&self.store),
            root: layout::quarantine_folder(&self.prefix, namespace, connection),
            folder: self.folder.clone(),
            place: self.place.clone(),
            part_bytes: self.part_bytes(),
        }
    }
}

impl QuarantineFolder {
    fn folder_of(&self, upload: &UploadId) -> Path {
        self.root.clone().join(upload.as_str())
    }

    fn file(&self, upload: &UploadId, number: u32) -> Path {
        self.folder_of(upload).join(number.to_string())
    }

    /// Fails where a folder is gone: it would be made anew on another disk.
    fn present(&self, operation: &'static str) -> Result<(), Error> {
        match &self.folder {
            Some(folder) if !folder.exists() => Err(self.place.missing(operation)),
            _ => Ok(()),
        }
    }

    async fn put(&self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        self.present(SEAL)?;
        let options = PutOptions::from(PutMode::Create);
        match self.store.put_opts(path, bytes.into(), options).await {
            // The reply to an own put may be lost, and it is put again then. Nobody else has this upload's name.
            Ok(_) | Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                Ok(())
            }
            Err(error) => Err(self.place.refused(SEAL, Access::Write, &error)),
        }
    }

    /// Opens an object; none where there is none.
    async fn open(&self, path: &Path) -> Result<Option<object_store::GetResult>, Error> {
        self.present(READ)?;
        match self.store.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.place.refused(READ, Access::Read, &error)),
        }
    }

    async fn delete(&self, path: &Path) -> Result<(), Error> {
        match self.store.delete(path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.place.refused(REMOVE, Access::Delete, &error)),
        }
    }
}

#[async_trait]
impl Quarantine for QuarantineFolder {
    async fn begin(&self, upload: &UploadId, number: u32) -> Result<Box<dyn Arrival>, Error> {
        self.present(BEGIN)?;
        let store = Arc::clone(&self.store);
        Ok(Box::new(ArrivingFile {
            upload: Upload::new(store, self.file(upload, number), self.part_bytes),
            place: self.place.clone(),
        }))
    }

    async fn seal(&self, upload: &UploadId, manifest: Bytes) -> Result<(), Error> {
        self.put(&self.folder_of(upload).join(MANIFEST), manifest)
            .await
    }

    async fn note_notified(&self, upload: &UploadId) -> Result<(), Error> {
        self.put(&self.folder_of(upload).join(NOTIFIED), Bytes::new())
            .await
    }

    async fn uploads(&self) -> Result<Vec<UploadId>, Error> {
        self.present(LIST)?;
        // Folders, and not objects: the store does not show what a killed process had begun.
        let listed = self.store.list_with_delimiter(Some(&self.root)).await;
        let listed = listed.map_err(|error| self.place.refused(LIST, Access::List, &error))?;
        let folders = listed.common_prefixes.iter();
        let ids = folders.filter_map(|folder| folder.filename()?.parse().ok());
        let mut ids: Vec<UploadId> = ids.collect();
        ids.sort();
        Ok(ids)
    }

    async fn manifest(&self, upload: &UploadId, most: u64) -> Result<Option<Bytes>, Error> {
        let path = self.folder_of(upload).join(MANIFEST);
        let Some(found) = self.open(&path).await? else {
            return Ok(None);
        };
        if found.meta.size > most {
            return Err(self.place.corrupt(READ, path.as_ref(), "it is too large"));
        }
        let read = found.bytes().await;
        read.map(Some)
            .map_err(|error| self.place.store(READ, &error))
    }

    async fn is_notified(&self, upload: &UploadId) -> Result<bool, Error> {
        let path = self.folder_of(upload).join(NOTIFIED);
        Ok(self.open(&path).await?.is_some())
    }

    async fn read(&self, upload: &UploadId, number: u32) -> Result<Option<Content>, Error> {
        let Some(found) = self.open(&self.file(upload, number)).await? else {
            return Ok(None);
        };
        let place = self.place.clone();
        Ok(Some(Content {
            bytes: found.meta.size,
            pieces: found
                .into_stream()
                .map_err(move |error| place.store(READ, &error))
                .boxed(),
        }))
    }

    async fn remove(&self, upload: &UploadId) -> Result<(), Error> {
        self.present(REMOVE)?;
        let folder = self.folder_of(upload);
        self.delete(&folder.clone().join(MANIFEST)).await?;
        let objects: Result<Vec<_>, _> = self.store.list(Some(&folder)).try_collect().await;
        for object in objects.map_err(|error| self.place.store(REMOVE, &error))? {
            self.delete(&object.location).await?;
        }
        if let Some(local) = &self.folder {
            let removed = local.remove(&folder).await;
            removed.map_err(|error| self.place.file_system(REMOVE, &error))?;
        }
        Ok(())
    }
}

/// A file on its way in.
struct ArrivingFile {
    upload: Upload,
    place: Place,
}

impl ArrivingFile {
    fn failed(&self, error: &StoreError) -> Error {
        let error = self.place.refused(WRITE, Access::Write, error);
        match error.kind {
            // The folder of the upload is made on the way, so what is not found is what it is in.
            Kind::DestinationNotFound => self.place.missing(WRITE),
            _ => error,
        }
    }
}

#[async_trait]
impl Arrival for ArrivingFile {
    async fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        let pushed = self.upload.push(piece).await;
        pushed.map_err(|error| self.failed(&error))
    }

    async fn finish(&mut self) -> Result<(), Error> {
        let finished = self.upload.finish().await;
        finished.map_err(|error| self.failed(&error))
    }

    async fn abort(&mut self) {
        self.upload.abort().await;
    }
}
