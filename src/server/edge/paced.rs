//! A connection whose client must take what it is sent, and that fast enough.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use crate::server::pace::{Pace, TooSlow};

/// A stream that fails with `TimedOut` once the other side takes too little of what is written.
pub(super) struct Paced<S> {
    stream: S,
    pace: Pace,
    stall: Option<Stall>,
}

/// A write that waits for the client.
struct Stall {
    since: Instant,
    until: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            pace: Pace::default(),
            stall: None,
        }
    }
}

impl<S: AsyncWrite + Unpin> Paced<S> {
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = written else {
            return self.wait(context).map(Err);
        };
        let stall = self.stall.take();
        let waited = stall.map(|stall| stall.since.elapsed()).unwrap_or_default();
        let bytes = written.as_ref().map_or(0, |bytes| *bytes as u64);
        Poll::Ready(self.pace.note(waited, bytes).map_err(slow).and(written))
    }

    /// Ends with what is wrong, once the client has been waited for too long.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            let patience = self.pace.patience();
            let stall = self.stall.get_or_insert_with(|| Stall {
                since: Instant::now(),
                until: Box::pin(sleep(patience)),
            });
            ready!(stall.until.as_mut().poll(context));
            let waited = stall.since.elapsed();
            self.stall = None;
            if let Err(fault) = self.pace.note(waited, 0) {
                return Poll::Ready(slow(fault));
            }
        }
    }
}

fn slow(fault: TooSlow) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, fault)
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}
