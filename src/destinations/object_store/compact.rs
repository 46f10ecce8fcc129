//! Folding: many files become one, and nobody who reads sees a difference.
//!
//! ```text
//! 1. what an earlier fold left behind is deleted: files whose commits are in a folded file too
//! 2. neighbours of about one size are chosen
//! 3. of every key the newest row among them is found, in passes
//! 4. those rows, with the sequence they have, and the newest commit go into one new file
//! 5. the old files are deleted, oldest first
//! ```
//!
//! Between 4 and 5 a row may be there twice, with one key and one sequence, which readers tolerate. A crash there is
//! mended by the next 1. A deletion stays as a row, unless the fold reaches back to the very first commit: then there
//! is nothing left that it could hide. Oldest first in 5, so that a deletion never goes before what it hides.
//!
//! The same files folded twice give the same rows, so it does no harm to replace a folded file.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow_schema::SchemaRef;
use futures::TryStreamExt;
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::errors::{ParquetError, Result as ParquetResult};

use super::layout::{self, Span};
use super::listing::{Listing, StoredFile};
use super::read::OpenFile;
use super::upload::Upload;
use super::{ParquetFolder, columns, tiers};
use crate::destinations::Error;
use crate::model::cursor::StreamId;
use crate::model::dataset::Dataset;

const COMPACT: &str = "compact";

/// The files that become one.
struct Fold<'a> {
    dataset: Dataset,
    files: &'a [StoredFile],
    span: Span,
    /// Nothing older is left: deletions have nothing to hide.
    reaches_back: bool,
}

impl ParquetFolder {
    /// Folds the files of a stream as long as it is worth it.
    pub(super) async fn fold(&self, stream: &StreamId) -> Result<(), Error> {
        self.tidy(stream).await?;
        loop {
            let listing = self.list(COMPACT, stream).await?;
            let sizes: Vec<u64> = listing.files.iter().map(|file| file.size).collect();
            let chosen = tiers::choose(&sizes, self.limits.width)
                .and_then(|run| Fold::new(stream, &listing, run));
            let Some(fold) = chosen else {
                return Ok(());
            };
            if !self.fold_files(stream, &fold).await? {
                return Ok(());
            }
        }
    }

    /// Deletes what crashes left behind.
    async fn tidy(&self, stream: &StreamId) -> Result<(), Error> {
        let listing = self.list(COMPACT, stream).await?;
        for file in &listing.covered {
            self.delete(COMPACT, &file.path).await?;
        }
        if let Some(local) = &self.folder {
            let folder = layout::stream_folder(&self.prefix, stream);
            let removed = local.remove_unfinished(&folder).await;
            removed.map_err(|error| self.place.file_system(COMPACT, &error))?;
        }
        Ok(())
    }

    /// Folds some files and returns whether it could.
    async fn fold_files(&self, stream: &StreamId, fold: &Fold<'_>) -> Result<bool, Error> {
        let Some(newest) = fold.files.last() else {
            return Ok(false);
        };
        if !self.all_columns_known(fold).await? {
            return Ok(false);
        }
        let keep = self.winners(fold).await?;
        let stamp = self.read_stamp(COMPACT, newest).await?;
        let stamp = stamp.of_folded(keep.live);
        let folder = layout::stream_folder(&self.prefix, stream);
        let path = folder.clone().join(fold.span.file_name());
        let entry = stamp
            .to_entry()
            .map_err(|error| self.place.corrupt(COMPACT, newest.name(), error))?;
        let upload = Upload::new(Arc::clone(&self.store), path.clone(), self.part_bytes());
        let properties = columns::properties(fold.dataset, entry);
        let mut writer =
            AsyncArrowWriter::try_new(upload, columns::schema(fold.dataset), Some(properties))
                .map_err(|error| self.place.parquet(COMPACT, newest.name(), &error))?;
        if let Err(error) = self.copy_winners(fold, &keep.rows, &mut writer).await {
            writer.into_inner().abort().await;
            return Err(error);
        }
        self.replace(&folder, fold, &path).await?;
        Ok(true)
    }

    /// Deletes what was folded; or the folded file, where somebody else has folded more in the meantime.
    async fn replace(
        &self,
        folder: &object_store::path::Path,
        fold: &Fold<'_>,
        own: &object_store::path::Path,
    ) -> Result<(), Error> {
        let spans = self.spans_from(COMPACT, folder, fold.span.last).await?;
        if spans
            .iter()
            .any(|span| *span != fold.span && span.covers(fold.span))
        {
            self.delete(COMPACT, own).await?;
            return Err(self
                .place
                .contested(COMPACT, "files were folded elsewhere too"));
        }
        for file in fold.files {
            self.delete(COMPACT, &file.path).await?;
        }
        Ok(())
    }

    /// Returns whether every column is one that would be written again. A newer Deputy may have added some.
    async fn all_columns_known(&self, fold: &Fold<'_>) -> Result<bool, Error> {
        let schema = columns::schema(fold.dataset);
        for file in fold.files {
            let open = self.open_file(COMPACT, file).await?;
            let known = |name: &str, kind| {
                schema
                    .field_with_name(name)
                    .is_ok_and(|field| field.data_type() == kind)
            };
            let fields = open.metadata.schema().fields();
            if !fields
                .iter()
                .all(|field| known(field.name(), field.data_type()))
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Finds the rows that stay.
    async fn winners(&self, fold: &Fold<'_>) -> Result<Winners, Error> {
        let passes = self.passes(COMPACT, fold.files, 0).await?;
        let mut keep = Winners::default();
        for pass in 0..passes.count() {
            for row in self.pass(&passes, pass).await? {
                keep.live += u64::from(row.is_live());
                if row.is_live() || !fold.reaches_back {
                    keep.rows.insert(row.row());
                }
            }
        }
        Ok(keep)
    }

    /// Writes the rows that stay, in the order in which they are.
    async fn copy_winners(
        &self,
        fold: &Fold<'_>,
        keep: &Rows,
        writer: &mut AsyncArrowWriter<Upload>,
    ) -> Result<(), Error> {
        let schema = columns::schema(fold.dataset);
        let mut first = 0;
        for file in fold.files {
            let open = self.open_file(COMPACT, file).await?;
            copy_file(&open, first, keep, &schema, writer)
                .await
                .map_err(|error| self.place.parquet(COMPACT, file.name(), &error))?;
            first += open.rows();
        }
        let finished = writer.finish().await;
        finished.map_err(|error| self.place.parquet(COMPACT, &fold.span.file_name(), &error))?;
        Ok(())
    }
}

impl<'a> Fold<'a> {
    fn new(stream: &StreamId, listing: &'a Listing, run: std::ops::Range<usize>) -> Option<Self> {
        let files = listing.files.get(run.clone())?;
        let span = Span {
            first: files.first()?.span.first,
            last: files.last()?.span.last,
        };
        let newer = listing.files.get(run.end..)?;
        Some(Self {
            dataset: stream.dataset,
            files,
            span,
            reaches_back: run.start == 0 && newer.iter().all(|file| file.span.first > span.last),
        })
    }
}

/// Copies the rows of one file that stay, one row group at a time.
async fn copy_file(
    open: &OpenFile,
    first: u64,
    keep: &Rows,
    schema: &SchemaRef,
    writer: &mut AsyncArrowWriter<Upload>,
) -> ParquetResult<()> {
    let mut next = first;
    for (index, group) in open.metadata.metadata().row_groups().iter().enumerate() {
        let rows = next..next + u64::try_from(group.num_rows()).unwrap_or(0);
        next = rows.end;
        let selected: Vec<bool> = rows.map(|row| keep.contains(row)).collect();
        if !selected.contains(&true) {
            continue;
        }
        let selection = RowSelection::from_filters(&[BooleanArray::from(selected)]);
        let builder = open
            .stream()
            .with_row_groups(vec![index])
            .with_row_selection(selection);
        let mut batches = builder.build()?;
        while let Some(batch) = batches.try_next().await? {
            writer.write(&conform(&batch, schema)?).await?;
        }
    }
    Ok(())
}

/// Gives rows the present columns: one that was added since is empty.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> ParquetResult<RecordBatch> {
    let column = |field: &Arc<arrow_schema::Field>| -> ArrayRef {
        batch.column_by_name(field.name()).map_or_else(
            || new_null_array(field.data_type(), batch.num_rows()),
            Arc::clone,
        )
    };
    let columns = schema.fields().iter().map(column).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(ParquetError::from)
}

/// The newest row of every key.
#[derive(Default)]
struct Winners {
    rows: Rows,
    /// How many of them are no deletions.
    live: u64,
}

/// A set of row numbers, one bit each.
#[derive(Default)]
struct Rows(Vec<u64>);

impl Rows {
    fn insert(&mut self, row: u64) {
        let word = usize::try_from(row / 64).unwrap_or(usize::MAX);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(word) {
            *bits |= 1 << (row % 64);
        }
    }

    fn contains(&self, row: u64) -> bool {
        let word = usize::try_from(row / 64).unwrap_or(usize::MAX);
        self.0
            .get(word)
            .is_some_and(|bits| bits >> (row % 64) & 1 == 1)
    }
}
