//! A folder of this machine: what the object store's view of it does not show.

use std::io;
use std::path::{Path as FilePath, PathBuf};

use object_store::path::Path;

use crate::model::apart::apart;

/// The root folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Wraps a folder that exists.
    pub(super) fn new(root: PathBuf) -> Self {
        Self(root)
    }

    /// Returns whether it is still there.
    pub(super) fn exists(&self) -> bool {
        self.0.is_dir()
    }

    /// Removes what a killed process left half written in `folder`. The store neither lists nor reads such files.
    pub(super) async fn remove_unfinished(&self, folder: &Path) -> io::Result<()> {
        let folder = self.resolve(folder);
        apart(move || {
            let entries = match std::fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                entries => entries?,
            };
            for entry in entries {
                let path = entry?.path();
                if is_unfinished(&path) {
                    ignore_missing(std::fs::remove_file(path))?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Removes `folder` with all that is in it, and the folders above it that are empty then.
    pub(super) async fn remove(&self, folder: &Path) -> io::Result<()> {
        let (root, folder) = (self.0.clone(), self.resolve(folder));
        apart(move || {
            ignore_missing(std::fs::remove_dir_all(&folder))?;
            let above = folder.ancestors().skip(1);
            for parent in above.take_while(|parent| *parent != root && parent.starts_with(&root)) {
                if std::fs::remove_dir(parent).is_err() {
                    break;
                }
            }
            Ok(())
        })
        .await
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        let mut resolved = self.0.clone();
        resolved.extend(path.parts().map(|part| part.as_ref().to_owned()));
        resolved
    }
}

/// The store writes to `<name>#<number>` first and then links it to its name.
fn is_unfinished(path: &FilePath) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.rsplit_once(".parquet#"))
        .is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
