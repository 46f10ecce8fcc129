//! A store that fails when it is told to, for tests.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

const WORKS: i64 = -1;
const DOWN: i64 = -2;

/// Wraps a store in memory. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Faulty {
    pub(super) inner: Arc<InMemory>,
    /// Operations until one fails, and with it all later ones, as after a crash; or `WORKS`; or `DOWN`.
    left: Arc<AtomicI64>,
    /// Whether the operation at which it fails still takes effect: the reply is lost.
    pub(super) after: bool,
    /// The error number of the operating system that it fails with.
    pub(super) errno: i32,
    /// How many bytes were read.
    pub(super) read: Arc<AtomicU64>,
}

impl Faulty {
    /// Makes a store that works.
    pub(super) fn new() -> Self {
        Self {
            inner: Arc::new(InMemory::new()),
            left: Arc::new(AtomicI64::new(WORKS)),
            after: false,
            errno: 104,
            read: Arc::default(),
        }
    }

    /// Makes a store of its own that holds the same.
    pub(super) fn fork(&self) -> Self {
        Self {
            inner: Arc::new(self.inner.fork()),
            ..Self::new()
        }
    }

    /// Lets `operations` succeed and then none; none means it works again.
    pub(super) fn fail_after(&self, operations: Option<u32>) {
        let left = operations.map_or(WORKS, i64::from);
        self.left.store(left, Ordering::SeqCst);
    }

    /// Returns an error if it is time, and whether the operation is to be done nevertheless.
    fn step(&self) -> (Result<()>, bool) {
        match self.left.load(Ordering::SeqCst) {
            WORKS => (Ok(()), true),
            DOWN => (Err(self.error()), false),
            0 => {
                self.left.store(DOWN, Ordering::SeqCst);
                (Err(self.error()), self.after)
            }
            left => {
                self.left.store(left - 1, Ordering::SeqCst);
                (Ok(()), true)
            }
        }
    }

    fn error(&self) -> Error {
        Error::Generic {
            store: "faulty",
            source: Box::new(std::io::Error::from_raw_os_error(self.errno)),
        }
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let (outcome, effect) = self.step();
        if !effect {
            return Err(self.error());
        }
        let put = self.inner.put_opts(location, payload, options).await;
        outcome.and(put)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.step().0?;
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.step().0?;
        let got = self.inner.get_opts(location, options).await?;
        self.read
            .fetch_add(got.range.end - got.range.start, Ordering::SeqCst);
        Ok(got)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.step().0?;
        let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        self.read.fetch_add(bytes, Ordering::SeqCst);
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let this = self.clone();
        let guarded = locations.map(move |location| this.step().0.and(location));
        self.inner.delete_stream(guarded.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.step().0 {
            Ok(()) => self.inner.list(prefix),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.step().0?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.step().0?;
        self.inner.copy_opts(from, to, options).await
    }
}
