//! Reply bodies, right and wrong ones.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// How long the start of a cut body has to reach the wire before the connection is torn down.
const FLUSH: Duration = Duration::from_millis(20);

/// A reply's body.
pub(crate) enum ReplyBody {
    /// Everything, at once.
    Whole(Option<Bytes>),
    /// Promises `length` bytes and breaks the connection after `head`.
    Cut {
        head: Option<Bytes>,
        length: u64,
        pause: Pin<Box<Sleep>>,
    },
    /// A JSON array that never ends.
    Endless { started: bool, chunk: Bytes },
}

impl ReplyBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn cut(bytes: &Bytes, after: usize) -> Self {
        let head = bytes.slice(..after.min(bytes.len().saturating_sub(1)));
        let length = bytes.len() as u64;
        Self::Cut {
            head: Some(head),
            length: length.max(1),
            pause: Box::pin(sleep(FLUSH)),
        }
    }

    pub(crate) fn endless() -> Self {
        Self::Endless {
            started: false,
            chunk: Bytes::from(r#""again","#.repeat(512)),
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Cut { head, pause, .. } => match head.take().filter(|head| !head.is_empty()) {
                Some(head) => Poll::Ready(Some(Ok(Frame::data(head)))),
                None => pause
                    .as_mut()
                    .poll(context)
                    .map(|()| Some(Err(io::Error::other("cut")))),
            },
            Self::Endless { started, chunk } => {
                let opening = !std::mem::replace(started, true);
                let data = if opening {
                    Bytes::from_static(b"{\"items\":[")
                } else {
                    chunk.clone()
                };
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64))
            }
            Self::Cut { length, .. } => SizeHint::with_exact(*length),
            Self::Endless { .. } => SizeHint::default(),
        }
    }
}

/// The connection is to be closed without a reply.
#[derive(Debug)]
pub(crate) struct Severed;

impl std::fmt::Display for Severed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("closed by a fault")
    }
}

impl std::error::Error for Severed {}

impl From<Infallible> for Severed {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
