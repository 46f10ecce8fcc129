//! HTTP/1.1 with one client, which has to hurry in all that it does, and the end of a connection that takes no answer with it.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::time::Duration;

use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Body, PATIENCE};

/// How long it is read on and thrown away what a client sends that was refused: it looks for the answer only then.
const LINGER: Duration = Duration::from_secs(30);
/// How long a client may be silent in that time.
const LINGER_IDLE: Duration = Duration::from_secs(2);

/// Answers a client's requests, one after the other, until it goes, dawdles or `closing`.
pub(super) async fn talk<S, A, F>(stream: S, answer: A, closing: &CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Body>>,
{
    let answer = service_fn(|request| {
        let answered = answer(request);
        Box::pin(async move { Ok::<_, Infallible>(answered.await) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(32 * 1024)
        .serve_connection(TokioIo::new(stream), answer);
    // What a client does wrong with its own connection is its own affair.
    let served = tokio::select! {
        served = poll_fn(|context| connection.poll_without_shutdown(context)) => served,
        () = closing.cancelled() => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    if served.is_ok() {
        linger(connection.into_parts().io.into_inner()).await;
    }
}

/// Ends the own half of a connection, and reads on for a while. Closed with bytes unread, the system would tell the client to forget
/// the connection with the answer on it.
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let drained = async {
        let mut sink = vec![0; 16 * 1024];
        stream.shutdown().await?;
        while let Ok(read) = timeout(LINGER_IDLE, stream.read(&mut sink)).await {
            if read? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    // However it ends, it has ended.
    let _ = timeout(LINGER, drained).await;
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::{StreamExt as _, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use tokio::io::{DuplexStream, duplex};
    use tokio::time::{Instant, sleep};

    use super::super::paced::Paced;
    use super::super::{BoxError, bare};
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// An answer that goes on for ever.
    fn endless() -> Response<Body> {
        let piece = || Ok::<_, BoxError>(Frame::data(Bytes::from_static(&[0; 4096])));
        let frames = stream::repeat_with(piece);
        Response::new(Body::new(StreamBody::new(frames.boxed())))
    }

    /// Serves a client that does this, and returns how long it had its place. It is the server that ends it: the client would hold on
    /// for ever.
    async fn place_of<F: Future<Output = ()>>(
        client: impl FnOnce(DuplexStream) -> F,
        answer: fn() -> Response<Body>,
    ) -> Duration {
        let (near, far) = duplex(16 * 1024);
        let closing = CancellationToken::new();
        let (began, answer) = (Instant::now(), async |_| answer());
        tokio::select! {
            biased;
            ended = timeout(24 * HOUR, talk(Paced::new(near), answer, &closing)) => {
                ended.expect("the place is free within a day");
                began.elapsed()
            }
            () = client(far) => unreachable!("the client never ends"),
        }
    }

    fn not_found() -> Response<Body> {
        bare(axum::http::StatusCode::NOT_FOUND)
    }

    /// Sends this at once and then a byte now and then, and takes no notice of what comes.
    async fn drip(mut stream: DuplexStream, first: &[u8], every: Duration) {
        let _ = stream.write_all(first).await;
        loop {
            sleep(every).await;
            let _ = stream.write_all(b"a").await;
        }
    }

    /// Asks, and takes so many bytes of the answer so often.
    async fn take(mut stream: DuplexStream, bytes: usize, every: Duration) {
        stream.write_all(GET).await.unwrap();
        let mut taken = vec![0; bytes];
        loop {
            sleep(every).await;
            let _ = stream.read_exact(&mut taken).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_says_nothing_or_little_loses_the_place() {
        let silent = place_of(|stream| drip(stream, b"", HOUR), not_found).await;
        let idle = place_of(|stream| drip(stream, GET, HOUR), not_found).await;
        let second = Duration::from_secs(1);
        let head = b"GET / HTTP/1.1\r\nHost: ";
        let slow = place_of(|stream| drip(stream, head, second), not_found).await;
        for place in [silent, idle, slow] {
            assert!(place <= PATIENCE + LINGER, "{place:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_nobody_reads_holds_no_place() {
        let post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
        for every in [Duration::from_secs(1), HOUR] {
            let place = place_of(|stream| drip(stream, post, every), not_found).await;
            assert!(place <= PATIENCE + LINGER, "{place:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_or_little_loses_the_place() {
        let nothing = place_of(|stream| drip(stream, GET, HOUR), endless).await;
        assert_eq!(nothing, Duration::from_secs(30));
        let little = place_of(|stream| take(stream, 500, Duration::from_secs(1)), endless).await;
        assert!(little <= Duration::from_mins(2), "{little:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_enough_keeps_the_place() {
        let steady = place_of(
            |stream| take(stream, 2_000, Duration::from_secs(1)),
            endless,
        );
        assert!(timeout(HOUR, steady).await.is_err(), "it is ended");
    }
}
