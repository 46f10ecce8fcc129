//! Requests out, replies in, both within bounds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;

use super::auth::{Form, Notice, SIGNATURE, Signed, Token};
use super::endpoints::{Allowed, Endpoints};
use super::error::{Error, Kind};
use super::limits::Registry;
use super::resolve::Resolver;
use super::{body, tls};

/// How the stack is set up; the same for all vendors.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Places beyond the vendors' own hosts that credentials may be sent to.
    pub allowed: Vec<Allowed>,
    /// The longest that one request may take, from the first byte out to the last one in.
    pub timeout: Duration,
    /// The largest body of a reply, bytes, after decompression.
    pub max_body_bytes: usize,
    /// Who is told of every request, for metrics.
    pub observer: Option<Arc<dyn Observer>>,
}

/// Is told of every request. It must not block.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A request to `host` was answered with this status, or failed in this way.
    fn requested(&self, host: &str, outcome: Result<u16, &'static str>);
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            timeout: Duration::from_mins(1),
            max_body_bytes: 32 * 1024 * 1024,
            observer: None,
        }
    }
}

const USER_AGENT: &str = concat!("deputy/", env!("CARGO_PKG_VERSION"), " (gzip)");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that was idle for so long is closed.
const POOL_IDLE: Duration = Duration::from_mins(1);

type Connector = HttpsConnector<HttpConnector<Resolver>>;

/// Sends requests. Cheap to clone; clones share connections and quotas.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    hyper: hyper_util::client::legacy::Client<Connector, Full<Bytes>>,
    tls: Arc<rustls::ClientConfig>,
    allowed: Arc<[Allowed]>,
    quotas: Registry,
    timeout: Duration,
    max_body_bytes: usize,
    observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("allowed", &self.0.allowed)
            .finish_non_exhaustive()
    }
}

/// A request that is to be sent.
pub struct Request<'a> {
    /// GET, POST and so on.
    pub method: Method,
    /// Where to.
    pub url: Uri,
    /// Who asks.
    pub token: Option<&'a Token>,
    /// Headers beyond those that every request has.
    pub headers: &'a [(&'static str, &'static str)],
    /// What is sent.
    pub body: Body<'a>,
}

/// What a request carries.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// Nothing.
    None,
    /// JSON.
    Json(&'a serde_json::Value),
    /// A form whose values nobody sees.
    Form(&'a Form),
    /// JSON, or nothing, with the headers that vouch for it.
    Signed(&'a Signed),
    /// JSON, with the proof that it is from here.
    Notice(&'a Notice),
}

impl<'a> Request<'a> {
    /// Makes a request for a resource.
    pub fn get(url: Uri, token: &'a Token) -> Self {
        Self {
            method: Method::GET,
            url,
            token: Some(token),
            headers: &[],
            body: Body::None,
        }
    }
}

impl Request<'_> {
    fn into_http(self, host: &str) -> Result<::http::Request<Full<Bytes>>, Error> {
        let (content_type, body) = self.body.encoded();
        let proof = self.body.proof();
        let mut request = ::http::Request::new(Full::new(body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.url;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(token) = self.token {
            headers.insert(header::AUTHORIZATION, token.header());
        }
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            let value = HeaderValue::from_static(value);
            let name = ::http::HeaderName::try_from(*name);
            let name = name.map_err(|_| Error::new(Kind::Refused, host, "a header has no name"))?;
            headers.insert(name, value);
        }
        for (name, value) in proof {
            headers.insert(name, value.clone());
        }
        Ok(request)
    }
}

impl<'a> Body<'a> {
    /// Returns the headers that vouch for the body.
    fn proof(self) -> Vec<(&'static str, &'a HeaderValue)> {
        match self {
            Self::Signed(signed) => signed.headers().collect(),
            Self::Notice(notice) => {
                Vec::from_iter(notice.signature().map(|proof| (SIGNATURE, proof)))
            }
            Self::None | Self::Json(_) | Self::Form(_) => Vec::new(),
        }
    }

    fn encoded(self) -> (Option<&'static str>, Bytes) {
        match self {
            Self::None => (None, Bytes::new()),
            Self::Json(json) => (Some("application/json"), json.to_string().into()),
            Self::Form(form) => {
                let encoded = form.encoded().into();
                (Some("application/x-www-form-urlencoded"), encoded)
            }
            Self::Signed(signed) => {
                let body = signed.body();
                let content_type = (!body.is_empty()).then_some("application/json");
                (content_type, body)
            }
            Self::Notice(notice) => (Some("application/json"), notice.body()),
        }
    }
}

/// What came back, in full.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
    host: String,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

impl Reply {
    /// Reads the body as JSON, at most 128 levels deep.
    ///
    /// # Errors
    /// [`Kind::Malformed`], with the place and never the text.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let detail = match error.classify() {
                serde_json::error::Category::Data => "JSON, but of another shape",
                serde_json::error::Category::Eof => "JSON that ends early",
                _ => "not JSON",
            };
            let at = format!(
                "{detail}, at line {} column {}",
                error.line(),
                error.column()
            );
            Error::new(Kind::Malformed, self.host.clone(), at)
        })
    }

    /// Makes a reply without a server.
    #[cfg(test)]
    pub(crate) fn for_test(status: u16, headers: &[(&'static str, &str)], body: &str) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
            host: "test".to_owned(),
        }
    }

    /// Returns how long the vendor asks to wait, at most a day. Only the form in seconds is in use among APIs.
    pub fn retry_after(&self) -> Option<Duration> {
        seconds(self.headers.get(header::RETRY_AFTER)?.to_str().ok()?)
    }
}

/// Reads a number of seconds, at most a day.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let seconds: u64 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(86_400)))
}

impl Client {
    /// Sets the stack up. Makes no connection.
    ///
    /// # Errors
    /// [`Kind::Refused`] where the TLS library cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let tls = tls::config()?;
        let allowed: Arc<[Allowed]> = settings.allowed.into();
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp(&allowed));
        let hyper = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector);
        Ok(Self(Arc::new(Shared {
            hyper,
            tls: Arc::new(tls),
            allowed,
            quotas: Registry::default(),
            timeout: settings.timeout,
            max_body_bytes: settings.max_body_bytes,
            observer: settings.observer,
        })))
    }

    /// Returns where requests of a connection may go, given the vendor's own hosts.
    pub fn endpoints(&self, vendor: &'static [&'static str]) -> Endpoints {
        Endpoints::new(vendor, Arc::clone(&self.0.allowed))
    }

    /// Returns the quotas that all connections share.
    pub fn quotas(&self) -> &Registry {
        &self.0.quotas
    }

    /// Sends one request, once, and reads all of the reply, whatever its status.
    ///
    /// # Errors
    /// Any [`Kind`]; which of them may pass by itself, [`Kind::is_transient`] tells.
    ///
    /// # Cancel
    /// Dropping it closes the connection or resets the stream; the vendor may have acted on the request.
    pub async fn send(&self, endpoints: &Endpoints, request: Request<'_>) -> Result<Reply, Error> {
        endpoints.check_uri(&request.url)?;
        let host = request.url.host().unwrap_or_default().to_owned();
        let exchange = self.exchange(&host, request);
        let in_time = tokio::time::timeout(self.0.timeout, exchange).await;
        in_time
            .unwrap_or_else(|_| Err(Error::new(Kind::TimedOut, &*host, "no whole reply in time")))
    }

    async fn exchange(&self, host: &str, request: Request<'_>) -> Result<Reply, Error> {
        let (token, sent_body) = (request.token, request.body);
        let sent = self.0.hyper.request(request.into_http(host)?).await;
        let sent = sent.map_err(|error| Error::from_hyper(host, &error));
        if let Some(observer) = &self.0.observer {
            let outcome = sent.as_ref().map(|response| response.status().as_u16());
            observer.requested(host, outcome.map_err(|error| error.kind.label()));
        }
        let (head, body) = sent?.into_parts();
        let mut body = body::read(host, &head.headers, body, self.0.max_body_bytes).await?;
        // Vendors of signed requests refuse with the status of a success.
        if !head.status.is_success() || matches!(sent_body, Body::Signed(_)) {
            body = withheld(token, sent_body, body);
        }
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body,
            host: host.to_owned(),
        })
    }

    /// Returns the longest that one request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.0.timeout
    }

    /// Returns a connector that resolves and trusts as this client does, for a library that brings its own.
    pub(super) fn connector(&self) -> Connector {
        HttpsConnector::from((tcp(&self.0.allowed), Arc::clone(&self.0.tls)))
    }
}

/// Takes what was sent in secret out of a refusal, whose words are quoted.
fn withheld(token: Option<&Token>, sent: Body<'_>, body: Vec<u8>) -> Vec<u8> {
    let body = match token {
        Some(token) => token.withheld(body),
        None => body,
    };
    match sent {
        Body::Form(form) => form.withheld(body),
        Body::Signed(signed) => signed.withheld(body),
        Body::None | Body::Json(_) | Body::Notice(_) => body,
    }
}

fn tcp(allowed: &Arc<[Allowed]>) -> HttpConnector<Resolver> {
    let mut tcp = HttpConnector::new_with_resolver(Resolver::new(Arc::clone(allowed)));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    tcp
}

#[cfg(test)]
mod tests;
