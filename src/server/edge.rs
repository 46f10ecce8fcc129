//! The listener for clients outside of the cluster, with everything about them bounded: how many, how long, how slow.
//!
//! ```text
//! accept (at most so many) ─► TLS ─► HTTP/1.1 ─► Scim
//! ```

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::scim::Scim;
use super::tls::{Tls, TlsFiles};

/// How many clients may be connected; the others wait to be accepted.
const MOST_CLIENTS: usize = 256;
/// How long a client may take for its half of the TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a request may take, its body included.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);
/// How long what is under way at the end may take.
const CLOSING: Duration = Duration::from_secs(3);
/// How long to wait after the system had no socket to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(200);

/// Where and how clients outside of the cluster are served.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The certificate. None: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Plain HTTP is meant, also where others than this machine can hear it: something before it does the TLS.
    pub is_plain_meant: bool,
    /// What clients' URLs begin with. None: what each of them says in its `Host`.
    pub url: Option<Url>,
}

/// A server that is bound, and answers once it is run.
pub struct Edge {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    tls: Option<Tls>,
    url: Option<Url>,
    scim: Scim,
    closing: CancellationToken,
}

impl Edge {
    /// Binds the address.
    ///
    /// # Errors
    /// Where keys would travel in the open and nobody has said that this is meant, or the certificate cannot be used.
    pub async fn bind(settings: EdgeSettings, scim: Scim) -> io::Result<Self> {
        let is_heard = settings.tls.is_none() && !settings.listen.ip().is_loopback();
        if is_heard && !settings.is_plain_meant {
            return Err(io::Error::other(
                "keys would travel in the open: give --tls-cert and --tls-key, or say --scim-plain-http where something before it does the TLS",
            ));
        }
        let tls = settings.tls.map(Tls::read).transpose()?;
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        tracing::info!(scim.address = %address, scim.tls = tls.is_some(), "serving /scim/v2");
        let shared = Arc::new(Shared {
            tls,
            url: settings.url,
            scim,
            closing: CancellationToken::new(),
        });
        Ok(Self {
            listener,
            address,
            shared,
        })
    }

    /// Returns the address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `closing`.
    pub async fn run(self, closing: CancellationToken) -> io::Result<()> {
        let places = Arc::new(Semaphore::new(MOST_CLIENTS));
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = closing.cancelled() => break,
                (stream, peer, place) = accept(&self.listener, &places) => {
                    let shared = Arc::clone(&self.shared);
                    clients.spawn(async move { shared.serve(stream, peer.ip(), place).await });
                }
                Some(_) = clients.join_next() => {}
            }
        }
        self.shared.closing.cancel();
        let ended = async { while clients.join_next().await.is_some() {} };
        let _ = timeout(CLOSING, ended).await;
        Ok(())
    }
}

/// Waits for a place, and for a client to take it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there always is a place in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                tracing::warn!(%error, "a client could not be accepted");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }
}

impl Shared {
    async fn serve(&self, stream: TcpStream, peer: IpAddr, place: Option<OwnedSemaphorePermit>) {
        match &self.tls {
            None => self.speak(stream, peer).await,
            Some(tls) => {
                let handshake = TlsAcceptor::from(tls.config()).accept(stream);
                if let Ok(Ok(stream)) = timeout(PATIENCE, handshake).await {
                    self.speak(stream, peer).await;
                }
            }
        }
        drop(place);
    }

    async fn speak(&self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: IpAddr) {
        let answer = service_fn(|request| async move {
            Ok::<_, std::convert::Infallible>(self.answer(peer, request).await)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(32 * 1024)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = std::pin::pin!(connection);
        // What a client does wrong with its own connection is its own affair.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }

    async fn answer(
        &self,
        peer: IpAddr,
        request: Request<Incoming>,
    ) -> axum::http::Response<Full<bytes::Bytes>> {
        let origin = self.origin(&request);
        let answered = timeout(LONGEST_REQUEST, self.scim.answer(peer, &origin, request)).await;
        answered.unwrap_or_else(|_| {
            let mut response = axum::http::Response::default();
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            response
        })
    }

    /// Returns what the client's URLs begin with, without the slash.
    fn origin(&self, request: &Request<Incoming>) -> String {
        if let Some(url) = &self.url {
            return url.as_str().trim_end_matches('/').to_owned();
        }
        let host = request.headers().get(header::HOST);
        let host = host
            .and_then(|host| host.to_str().ok())
            .filter(|host| is_host(host));
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", host.unwrap_or("localhost"))
    }
}

/// Nothing else of a client's gets into what it is answered.
fn is_host(host: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".:-[]_".contains(c);
    !host.is_empty() && host.len() <= 260 && host.chars().all(is_part)
}
