//! A file on its way into the store, in parts, so that it need not be held whole.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use parquet::arrow::async_writer::AsyncFileWriter;
use parquet::errors::Result as ParquetResult;

use super::read::external;

/// The size of a part, in bytes, where parts are requests: the smallest that S3 takes.
///
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>, read 2026-11-22.
pub(super) const PART_BYTES: usize = 5 << 20;

/// The size of a part, in bytes, where parts are writes to a file.
pub(super) const LOCAL_PART_BYTES: usize = 256 << 10;

/// How many parts may be under way while the next one fills.
const PARTS_UNDER_WAY: usize = 1;

/// Puts a file under its name when it is complete, and replaces one of that name.
pub(super) struct Upload {
    store: Arc<dyn ObjectStore>,
    path: Path,
    part_bytes: usize,
    state: State,
}

enum State {
    /// So far it is small enough for one request.
    Small { pieces: Vec<Bytes>, bytes: usize },
    /// It goes in parts.
    Parts(WriteMultipart),
    /// It is done, or was given up.
    Done,
}

impl Upload {
    /// Begins. Makes no request yet. `part_bytes` is what is held of the file, twice while a part is under way.
    pub(super) fn new(store: Arc<dyn ObjectStore>, path: Path, part_bytes: usize) -> Self {
        Self {
            store,
            path,
            part_bytes,
            state: State::Small {
                pieces: Vec::new(),
                bytes: 0,
            },
        }
    }

    /// Gives up, and leaves nothing behind as far as the store lets itself be reached.
    pub(super) async fn abort(&mut self) {
        if let State::Parts(parts) = mem::replace(&mut self.state, State::Done) {
            // What is left of it is the store's to tidy up; the cause of giving up is what matters.
            let _ = parts.abort().await;
        }
    }

    /// Takes the next piece; waits while too many parts are under way.
    pub(super) async fn push(&mut self, piece: Bytes) -> object_store::Result<()> {
        match &mut self.state {
            State::Small { pieces, bytes } => {
                *bytes += piece.len();
                pieces.push(piece);
                if *bytes > self.part_bytes {
                    let pieces = mem::take(pieces);
                    self.begin_parts(pieces).await?;
                }
            }
            State::Parts(parts) => {
                parts.wait_for_capacity(PARTS_UNDER_WAY).await?;
                parts.put(piece);
            }
            State::Done => {}
        }
        Ok(())
    }

    async fn begin_parts(&mut self, pieces: Vec<Bytes>) -> object_store::Result<()> {
        let upload = self.store.put_multipart(&self.path).await?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, self.part_bytes);
        for piece in pieces {
            parts.put(piece);
        }
        self.state = State::Parts(parts);
        Ok(())
    }

    /// Puts what is left, and the file under its name.
    pub(super) async fn finish(&mut self) -> object_store::Result<()> {
        match mem::replace(&mut self.state, State::Done) {
            State::Small { pieces, .. } => {
                let payload: PutPayload = pieces.into_iter().collect();
                self.store.put(&self.path, payload).await?;
            }
            State::Parts(parts) => {
                parts.finish().await?;
            }
            State::Done => {}
        }
        Ok(())
    }
}

impl AsyncFileWriter for Upload {
    fn write(&mut self, piece: Bytes) -> BoxFuture<'_, ParquetResult<()>> {
        async move { self.push(piece).await.map_err(external) }.boxed()
    }

    fn complete(&mut self) -> BoxFuture<'_, ParquetResult<()>> {
        async move { self.finish().await.map_err(external) }.boxed()
    }
}
