//! Whether the place can do what a stream needs: list, put only if absent, get, delete.

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::ParquetFolder;
use super::rights::Access;
use super::stamp::random;
use crate::destinations::{Error, Kind};

const CHECK: &str = "check";

/// The folder of what is written to see whether it can be. No namespace begins with an underscore.
const FOLDER: &str = "_deputy";

const PROBE: Bytes = Bytes::from_static(b"deputy");

impl ParquetFolder {
    /// Writes, reads and deletes an object.
    pub(super) async fn probe(&self) -> Result<(), Error> {
        self.present(CHECK)?;
        let folder = self.prefix.clone().join(FOLDER);
        let path = folder.clone().join(format!("check-{:016x}", random()));
        let tried = self.put_twice(&path).await;
        let read = match tried {
            Ok(()) => self.read_probe(&folder, &path).await,
            Err(error) => Err(error),
        };
        let deleted = self.delete(CHECK, &path).await;
        read.and(deleted)
    }

    /// Puts an object and sees that nobody could put another one of its name.
    async fn put_twice(&self, path: &Path) -> Result<(), Error> {
        let create = || PutOptions::from(PutMode::Create);
        let first = self.store.put_opts(path, PROBE.into(), create()).await;
        first.map_err(|error| self.place.refused(CHECK, Access::Write, &error))?;
        match self.store.put_opts(path, PROBE.into(), create()).await {
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(()),
            Err(error) => Err(self.place.refused(CHECK, Access::Write, &error)),
            Ok(_) => Err(Error::new(
                Kind::DestinationInvalid,
                CHECK,
                format!(
                    "{} replaces an object that was to be put only if there is none.",
                    self.place.url
                ),
                "Use a store, or a version of it, that honours If-None-Match: without it two writers overwrite each other.",
            )),
        }
    }

    async fn read_probe(&self, folder: &Path, path: &Path) -> Result<(), Error> {
        let failed = |access| move |error| self.place.refused(CHECK, access, &error);
        let read = self.store.get(path).await.map_err(failed(Access::Read))?;
        let read = read.bytes().await.map_err(failed(Access::Read))?;
        let listed = self
            .store
            .list(Some(folder))
            .map_ok(|object| object.location);
        let found = listed.try_any(|location| async move { location == *path });
        if read == PROBE && found.await.map_err(failed(Access::List))? {
            Ok(())
        } else {
            Err(self
                .place
                .corrupt(CHECK, path.as_ref(), "it does not come back as it was put"))
        }
    }
}
