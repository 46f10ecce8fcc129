//! The listener for clients outside of the cluster, with everything about them bounded: how many, how long, how slow.
//!
//! ```text
//! accept (at most so many) ─► Paced ─► TLS ─► talk: HTTP/1.1 ─► Proxies ─┬─ /dropzone/… ─► Dropzone
//!                                                                        └─ the rest ───► Scim
//! ```

mod paced;
mod proxies;
mod talk;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::paced::Paced;
pub use self::proxies::Proxies;
use super::dropzone::Dropzone;
use super::scim::Scim;
use super::tls::{Tls, TlsFiles};
use crate::controllers::dropzone::BASE;

/// How many clients may be connected; the others wait to be accepted.
const MOST_CLIENTS: usize = 256;
/// How long a client may take for its half of the TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a request of SCIM may take, its body included. An upload may take longer, as long as it comes fast enough.
const LONGEST_REQUEST: Duration = Duration::from_secs(30);
/// How long what is under way at the end may take.
const CLOSING: Duration = Duration::from_secs(3);
/// How much the system may hold of an answer that it has not sent: what a client has not taken shall be seen here.
const MOST_UNSENT: u32 = 16 * 1024;
/// How long to wait after the system had no socket to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(200);

/// What goes wrong within a body.
pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body of either direction, as a stream.
pub(super) type Body = UnsyncBoxBody<bytes::Bytes, BoxError>;

/// What is served.
#[derive(Default)]
pub struct Services {
    /// For identity providers.
    pub scim: Option<Scim>,
    /// For whoever has files for an account.
    pub dropzone: Option<Arc<Dropzone>>,
}

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
    /// Who is believed when it says for whom it asks.
    pub proxies: Proxies,
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
    proxies: Proxies,
    services: Services,
    closing: CancellationToken,
}

impl Edge {
    /// Binds the address.
    ///
    /// # Errors
    /// Where keys and files would travel in the open and nobody has said that this is meant, or the certificate cannot be used.
    pub async fn bind(settings: EdgeSettings, services: Services) -> io::Result<Self> {
        let is_heard = settings.tls.is_none() && !settings.listen.ip().is_loopback();
        if is_heard && !settings.is_plain_meant {
            return Err(io::Error::other(
                "keys and files would travel in the open: give --tls-cert and --tls-key, or say --edge-plain-http where something before it does the TLS",
            ));
        }
        let tls = settings.tls.map(Tls::read).transpose()?;
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let paths = services.paths();
        tracing::info!(edge.address = %address, edge.tls = tls.is_some(), "serving {paths}");
        let shared = Arc::new(Shared {
            tls,
            url: settings.url,
            proxies: settings.proxies,
            services,
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
        let stream = Paced::new(unhoarded(stream));
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

    async fn speak(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: IpAddr,
    ) {
        let answer = |request| self.answer(peer, request);
        talk::talk(stream, answer, &self.closing).await;
    }

    async fn answer(&self, peer: IpAddr, request: Request<Incoming>) -> Response<Body> {
        let Services { scim, dropzone } = &self.services;
        let from = self.proxies.client(peer, request.headers());
        match (scim, dropzone) {
            (_, Some(dropzone)) if Dropzone::has(request.uri().path()) => {
                let request = request.map(|body| Body::new(body.map_err(BoxError::from)));
                Box::pin(dropzone.answer(from, request)).await
            }
            (Some(scim), _) => self.provision(scim, from, request).await,
            (None, _) => bare(StatusCode::NOT_FOUND),
        }
    }

    async fn provision(
        &self,
        scim: &Scim,
        from: IpAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let origin = self.origin(&request);
        let answered = timeout(LONGEST_REQUEST, scim.answer(from, &origin, request)).await;
        match answered {
            Ok(response) => response.map(|body| Body::new(body.map_err(|never| match never {}))),
            Err(_) => bare(StatusCode::REQUEST_TIMEOUT),
        }
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

/// Lets the system take little more of an answer than it can send: else the pace of a client is that of the system's buffers, which
/// are megabytes. Tried on Linux: a client that takes 20 kB/s lets nothing be written for up to 70 s without this, and for 6 s with it.
fn unhoarded(stream: TcpStream) -> TcpStream {
    // Where the system has no such bound, a slow client is noticed later.
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(MOST_UNSENT);
    stream
}

impl Services {
    fn paths(&self) -> String {
        let scim = self.scim.as_ref().map(|_| "/scim/v2");
        let dropzone = self.dropzone.as_ref().map(|_| BASE);
        let paths: Vec<_> = scim.into_iter().chain(dropzone).collect();
        paths.join(" and ")
    }
}

fn bare(status: StatusCode) -> Response<Body> {
    let empty = http_body_util::Empty::new().map_err(|never| match never {});
    let mut response = Response::new(Body::new(empty));
    *response.status_mut() = status;
    response
}

/// Nothing else of a client's gets into what it is answered.
fn is_host(host: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".:-[]_".contains(c);
    !host.is_empty() && host.len() <= 260 && host.chars().all(is_part)
}
