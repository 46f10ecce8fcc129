//! Reading files by ranges: the footer, or some columns, never the whole.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::ParquetFolder;
use super::listing::StoredFile;
use super::stamp::Stamp;
use crate::destinations::Error;

/// How much of a file's end is fetched at first, in bytes: enough for the footer of most.
const FOOTER_GUESS: usize = 32 << 10;

/// The most rows that are decoded at once.
pub(super) const BATCH_ROWS: usize = 1_000;

/// A file with its footer read.
pub(super) struct OpenFile {
    reader: RangeReader,
    pub(super) metadata: ArrowReaderMetadata,
}

impl OpenFile {
    /// Returns how many rows the file has.
    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// Begins to read.
    pub(super) fn stream(&self) -> ParquetRecordBatchStreamBuilder<RangeReader> {
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(
            self.reader.clone(),
            self.metadata.clone(),
        );
        builder.with_batch_size(BATCH_ROWS)
    }
}

impl ParquetFolder {
    /// Reads a file's footer.
    pub(super) async fn open_file(
        &self,
        operation: &'static str,
        file: &StoredFile,
    ) -> Result<OpenFile, Error> {
        let mut reader = RangeReader {
            store: Arc::clone(&self.store),
            path: file.path.clone(),
            size: file.size,
        };
        let metadata = async {
            let footer = reader.get_metadata(None).await?;
            ArrowReaderMetadata::try_new(footer, ArrowReaderOptions::new())
        };
        let metadata = metadata
            .await
            .map_err(|error| self.place.parquet(operation, file.name(), &error))?;
        Ok(OpenFile { reader, metadata })
    }

    /// Reads the commit in a file's footer.
    pub(super) async fn read_stamp(
        &self,
        operation: &'static str,
        file: &StoredFile,
    ) -> Result<Stamp, Error> {
        let open = self.open_file(operation, file).await?;
        Stamp::read(open.metadata.metadata().file_metadata(), file.span)
            .map_err(|error| self.place.corrupt(operation, file.name(), error))
    }
}

/// Fetches ranges of one object.
#[derive(Clone)]
pub(super) struct RangeReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for RangeReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        async move {
            self.store
                .get_range(&self.path, range)
                .await
                .map_err(external)
        }
        .boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            self.store
                .get_ranges(&self.path, &ranges)
                .await
                .map_err(external)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER_GUESS));
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}

/// Wraps a store's failure so that it can be told from a broken file.
pub(super) fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
