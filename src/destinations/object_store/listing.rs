//! What is in a stream's folder.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use super::ParquetFolder;
use super::layout::{self, Named, Span};
use super::rights::Access;
use crate::destinations::Error;
use crate::model::cursor::StreamId;

/// A file of commits.
#[derive(Debug, Clone)]
pub(super) struct StoredFile {
    pub(super) path: Path,
    pub(super) size: u64,
    pub(super) span: Span,
}

impl StoredFile {
    /// Returns the name without the folder.
    pub(super) fn name(&self) -> &str {
        self.path.filename().unwrap_or_default()
    }
}

/// The files of a stream.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Those that count, oldest first. No one is within another.
    pub(super) files: Vec<StoredFile>,
    /// Those whose rows are in a folded file too: left over from a crash, or written by somebody who was late.
    pub(super) covered: Vec<StoredFile>,
    /// An erasure was begun.
    pub(super) erasing: bool,
}

impl Listing {
    fn sort_out(mut found: Vec<StoredFile>, erasing: bool) -> Self {
        // Newest end first and, among equals, the widest first: then a file is covered if and only if an earlier one
        // reaches back as far.
        found.sort_by(|a, b| {
            b.span
                .last
                .cmp(&a.span.last)
                .then(a.span.first.cmp(&b.span.first))
        });
        let mut listing = Self {
            erasing,
            ..Self::default()
        };
        let mut reach = u64::MAX;
        for file in found {
            if file.span.first < reach {
                reach = file.span.first;
                listing.files.push(file);
            } else {
                listing.covered.push(file);
            }
        }
        listing.files.reverse();
        listing.covered.reverse();
        listing
    }

    /// Returns the first commit that ought to be there and is not.
    fn gap(&self) -> Option<u64> {
        let mut next = 1;
        for file in &self.files {
            if file.span.first > next {
                return Some(next);
            }
            next = file.span.last + 1;
        }
        None
    }
}

impl ParquetFolder {
    /// Lists the files of a stream. Of an erasure that was begun nothing is left as far as anybody can tell.
    ///
    /// # Errors
    /// `DestinationCorrupt` where a file is in the way that is not ours, or one of ours is missing.
    pub(super) async fn list(
        &self,
        operation: &'static str,
        stream: &StreamId,
    ) -> Result<Listing, Error> {
        self.present(operation)?;
        let folder = layout::stream_folder(&self.prefix, stream);
        let objects = self.store.list(Some(&folder));
        let (mut files, mut erasing) = (Vec::new(), false);
        let mut objects = std::pin::pin!(objects);
        while let Some(object) = self.next_object(operation, &mut objects).await? {
            let Some(name) = name_in(&folder, &object.location) else {
                continue;
            };
            match Named::parse(&name) {
                Named::Commits(span) => files.push(stored(object, span)),
                Named::Erasing => erasing = true,
                Named::Foreign => {
                    return Err(self
                        .place
                        .corrupt(operation, &name, "Deputy did not write it"));
                }
                Named::Other => {}
            }
        }
        if erasing {
            return Ok(Listing {
                erasing,
                ..Listing::default()
            });
        }
        let listing = Listing::sort_out(files, erasing);
        match listing.gap() {
            None => Ok(listing),
            Some(lost) => {
                let name = Span::single(lost).file_name();
                Err(self.place.corrupt(
                    operation,
                    &name,
                    "it, or the one it was folded into, is gone",
                ))
            }
        }
    }

    /// Lists the spans of the files whose newest commit is `sequence` or newer.
    pub(super) async fn spans_from(
        &self,
        operation: &'static str,
        folder: &Path,
        sequence: u64,
    ) -> Result<Vec<Span>, Error> {
        // Every name begins with the newest commit, and this is before all names that begin so.
        let offset = folder.clone().join(format!("{sequence:020}"));
        let objects = self.store.list_with_offset(Some(folder), &offset);
        let mut objects = std::pin::pin!(objects);
        let mut spans = Vec::new();
        while let Some(object) = self.next_object(operation, &mut objects).await? {
            let name = name_in(folder, &object.location);
            if let Some(Named::Commits(span)) = name.map(|name| Named::parse(&name)) {
                spans.push(span);
            }
        }
        Ok(spans)
    }

    async fn next_object(
        &self,
        operation: &'static str,
        objects: &mut (impl TryStreamExt<Ok = ObjectMeta, Error = object_store::Error> + Unpin),
    ) -> Result<Option<ObjectMeta>, Error> {
        objects
            .try_next()
            .await
            .map_err(|error| self.place.refused(operation, Access::List, &error))
    }
}

fn stored(object: ObjectMeta, span: Span) -> StoredFile {
    StoredFile {
        path: object.location,
        size: object.size,
        span,
    }
}

/// Returns the name of an object that lies directly in `folder`.
fn name_in(folder: &Path, location: &Path) -> Option<String> {
    let mut parts = location.prefix_match(folder)?;
    let name = parts.next()?;
    parts.next().is_none().then(|| name.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(spans: &[(u64, u64)]) -> Listing {
        let file = |&(first, last): &(u64, u64)| StoredFile {
            path: Path::default(),
            size: 1,
            span: Span { last, first },
        };
        Listing::sort_out(spans.iter().map(file).collect(), false)
    }

    fn spans(files: &[StoredFile]) -> Vec<(u64, u64)> {
        files
            .iter()
            .map(|file| (file.span.first, file.span.last))
            .collect()
    }

    #[test]
    fn what_a_folded_file_holds_does_not_count_twice() {
        let listing = listing(&[(1, 1), (2, 2), (1, 3), (3, 3), (4, 4), (2, 3)]);
        assert_eq!(spans(&listing.files), [(1, 3), (4, 4)]);
        assert_eq!(spans(&listing.covered), [(1, 1), (2, 2), (3, 3), (2, 3)]);
    }

    #[test]
    fn a_missing_commit_is_noticed() {
        assert_eq!(listing(&[(1, 3), (4, 4)]).gap(), None);
        assert_eq!(listing(&[(1, 3), (2, 5)]).gap(), None);
        assert_eq!(listing(&[(1, 3), (5, 5)]).gap(), Some(4));
        assert_eq!(listing(&[(2, 2)]).gap(), Some(1));
        assert_eq!(listing(&[]).gap(), None);
    }
}
