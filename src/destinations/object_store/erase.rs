//! Erasure: everything of a person, whatever it is called, and a receipt.
//!
//! A mark goes first and goes away last. Whoever finds it knows that what is left counts for nothing and ends the work:
//! a crash in the middle never leaves half a mailbox that looks like a whole one.

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::ParquetFolder;
use super::layout::{self, ERASING, Named};
use super::listing::StoredFile;
use super::rights::Access;
use crate::destinations::{Erasure, Error};
use crate::model::cursor::Owner;

const ERASE: &str = "erase";

/// How often it is looked again whether something came in late, such as a commit whose caller had given up waiting.
const ROUNDS: usize = 3;

impl ParquetFolder {
    /// Removes everything of a person that a connection keeps.
    pub(super) async fn erase_owner(&self, owner: &Owner) -> Result<Erasure, Error> {
        self.present(ERASE)?;
        let folder = layout::owner_folder(&self.prefix, owner);
        let listed = self.store.list_with_delimiter(Some(&folder)).await;
        let datasets = listed
            .map_err(|error| self.place.store(ERASE, &error))?
            .common_prefixes;
        let mut erased = Erasure::default();
        for dataset in datasets {
            erased += self
                .erase_folder(&layout::user_folder(&dataset, &owner.user))
                .await?;
        }
        Ok(erased)
    }

    /// Removes a stream's folder with all that is in it.
    pub(super) async fn erase_folder(&self, folder: &Path) -> Result<Erasure, Error> {
        self.present(ERASE)?;
        let mark = folder.clone().join(ERASING);
        let mut erased = Erasure::default();
        for _ in 0..ROUNDS {
            let objects = self.objects_in(folder).await?;
            if objects.iter().all(|object| object.location == mark) {
                break;
            }
            let put = self.store.put(&mark, "".into()).await;
            put.map_err(|error| self.place.store(ERASE, &error))?;
            erased += self.erase_objects(&mark, objects).await?;
        }
        self.delete(ERASE, &mark).await?;
        if let Some(local) = &self.folder {
            let removed = local.remove(folder).await;
            removed.map_err(|error| self.place.file_system(ERASE, &error))?;
        }
        Ok(erased)
    }

    async fn objects_in(&self, folder: &Path) -> Result<Vec<ObjectMeta>, Error> {
        let objects: Result<Vec<ObjectMeta>, _> = self.store.list(Some(folder)).try_collect().await;
        let mut objects = objects.map_err(|error| self.place.store(ERASE, &error))?;
        // Oldest first: the newest checkpoint goes last.
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(objects)
    }

    async fn erase_objects(&self, mark: &Path, objects: Vec<ObjectMeta>) -> Result<Erasure, Error> {
        let mut erased = Erasure::default();
        let mut paths = Vec::with_capacity(objects.len());
        for object in objects
            .into_iter()
            .filter(|object| object.location != *mark)
        {
            erased.objects += 1;
            paths.push(Ok(object.location.clone()));
            erased.rows += self.rows_of(object).await;
        }
        let mut deletions = self
            .store
            .delete_stream(futures::stream::iter(paths).boxed());
        while let Some(deleted) = deletions.next().await {
            match deleted {
                Ok(_) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(self.place.refused(ERASE, Access::Delete, &error)),
            }
        }
        Ok(erased)
    }

    /// Returns how many rows an object has. What cannot be read counts as none: it is erased all the same.
    async fn rows_of(&self, object: ObjectMeta) -> u64 {
        let name = object.location.filename().unwrap_or_default();
        let Named::Commits(span) = Named::parse(name) else {
            return 0;
        };
        let file = StoredFile {
            path: object.location,
            size: object.size,
            span,
        };
        self.open_file(ERASE, &file)
            .await
            .map_or(0, |open| open.rows())
    }
}
