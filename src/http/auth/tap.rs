//! A connection that keeps the start of what it reads, and reads no more than a bound.
//!
//! The library that exchanges assertions for tokens throws the status and the headers of a reply away and reads bodies
//! of any size. Both are mended from below, where it brings the connection but we make it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use crate::http::client::seconds;
use crate::http::error::{Kind, Mark};

/// The most that one connection may read, bytes: a token reply has less than four thousand.
const MAX_READ: usize = 256 * 1024;
/// The most that is kept of it, bytes.
const MAX_HEAD: usize = 16 * 1024;

/// The first line and the headers of a reply, as far as they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Head(Arc<Mutex<Vec<u8>>>);

impl Head {
    /// Returns the status.
    pub(super) fn status(&self) -> Option<u16> {
        let text = self.text();
        let mut words = text.lines().next()?.split(' ');
        let version = words.next()?;
        let status = words.next()?.parse().ok()?;
        version.starts_with("HTTP/1.").then_some(status)
    }

    /// Returns the vendor's clock.
    pub(super) fn date(&self) -> Option<jiff::Timestamp> {
        let date = jiff::fmt::rfc2822::parse(&self.header("date")?).ok()?;
        Some(date.timestamp())
    }

    /// Returns how long the vendor asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        seconds(&self.header("retry-after")?)
    }

    fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let headers = text.lines().skip(1).take_while(|line| !line.is_empty());
        headers
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    }

    fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }

    /// Keeps what belongs to the head; what follows it may be a token.
    fn keep(&self, read: &[u8]) {
        const END: &[u8] = b"\r\n\r\n";
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.ends_with(END) {
            return;
        }
        for byte in read.iter().take(MAX_HEAD.saturating_sub(kept.len())) {
            kept.push(*byte);
            if kept.ends_with(END) {
                return;
            }
        }
    }
}

/// Makes connections that keep the head of what they read.
#[derive(Debug, Clone)]
pub(super) struct TapConnector<C> {
    inner: C,
    head: Head,
}

impl<C> TapConnector<C> {
    pub(super) fn new(inner: C, head: Head) -> Self {
        Self { inner, head }
    }
}

impl<C> Service<::http::Uri> for TapConnector<C>
where
    C: Service<::http::Uri>,
    C::Future: Send + 'static,
    C::Response: Send,
{
    type Response = TokioIo<Tap<C::Response>>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, to: ::http::Uri) -> Self::Future {
        let connecting = self.inner.call(to);
        let head = self.head.clone();
        Box::pin(async move {
            Ok(TokioIo::new(Tap {
                inner: TokioIo::new(connecting.await?),
                head,
                left: MAX_READ,
            }))
        })
    }
}

/// One such connection.
#[derive(Debug)]
pub(super) struct Tap<S> {
    inner: TokioIo<S>,
    head: Head,
    left: usize,
}

impl<S: Connection> Connection for Tap<S> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

impl<S> AsyncRead for Tap<S>
where
    TokioIo<S>: AsyncRead + Unpin,
    S: Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        match self.left.checked_sub(read.len()) {
            Some(left) => self.left = left,
            None => {
                return Poll::Ready(Err(io::Error::other(Mark {
                    kind: Kind::TooLarge,
                    detail: "more than 256 KiB where a token was expected",
                })));
            }
        }
        self.head.keep(read);
        Poll::Ready(Ok(()))
    }
}

impl<S> AsyncWrite for Tap<S>
where
    TokioIo<S>: AsyncWrite + Unpin,
    S: Unpin,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_kept_and_the_token_is_not() {
        let head = Head::default();
        head.keep(b"HTTP/1.1 503 Busy\r\nDate: Sun, 22 Nov 2026 07:00:00 GMT\r\nRetry-Aft");
        head.keep(b"er: 7\r\n\r\n{\"access_token\":\"canary\"}");
        head.keep(b"canary");
        assert_eq!(head.status(), Some(503));
        assert_eq!(head.date(), "2026-11-22T07:00:00Z".parse().ok());
        assert_eq!(head.retry_after(), Some(Duration::from_secs(7)));
        assert!(!head.text().contains("canary"));
    }

    #[test]
    fn what_is_no_reply_has_no_status() {
        for bytes in [
            &b""[..],
            b"SSH-2.0",
            b"HTTP/1.1",
            b"HTTP/1.1 abc\r\n",
            b"\xff\xfe",
        ] {
            let head = Head::default();
            head.keep(bytes);
            assert_eq!(head.status(), None);
            assert_eq!(head.date(), None);
        }
    }
}
