//! The HTTP server: HTTP/1.1 and HTTP/2 without TLS on one port.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::app::App;
use crate::body::{ReplyBody, Severed};
use crate::call::{Call, Reply};
use crate::console;
use crate::instruments::faults::Action;
use crate::vendor::Vendor;

/// Larger requests are refused; a batch of 100 and a delivered message fit easily.
const LARGEST_REQUEST: usize = 64 * 1024 * 1024;

/// A running sandbox. Dropping it stops it.
pub struct Sandbox {
    url: String,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Sandbox {
    /// Loads the scenario, binds and starts answering.
    ///
    /// # Errors
    /// The scenario cannot be read or is wrong, a file that it names is missing, or the address is taken.
    pub async fn start(scenario: &Path, listen: SocketAddr) -> anyhow::Result<Self> {
        let file = scenario.to_owned();
        let app = tokio::task::spawn_blocking(move || App::load(&file)).await??;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("bind {listen}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        for vendor in app.vendors() {
            vendor.set_url(&url);
        }
        let app = Arc::new(app);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, app.clone(), stopped));
        Ok(Self {
            url,
            app,
            stop,
            tasks,
        })
    }

    /// The address, such as `http://127.0.0.1:41873`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Turns the request log off, for measurements.
    pub fn disable_log(&self) {
        self.app.instruments.log.enable(false);
    }

    /// Stops accepting, drops open connections and waits until that is done.
    pub async fn stop(mut self) {
        // No receiver is left when the accept loop has ended already, which is what is wanted.
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn accept(listener: TcpListener, app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(converse(stream, app.clone())); }
                // Out of file descriptors, most likely: let some connections end.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
        }
    }
    connections.shutdown().await;
}

async fn converse(stream: TcpStream, app: Arc<App>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| {
        let app = app.clone();
        async move { serve(&app, request).await }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(1000);
    // A client that goes away, or a connection that a fault tears down, is no news.
    let _ended = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn serve(app: &App, request: Request<Incoming>) -> Result<Response<ReplyBody>, Severed> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        return Ok(response(app, Reply::empty(StatusCode::PAYLOAD_TOO_LARGE)));
    };
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let call = Call::new(parts.method, target, parts.headers, body.to_bytes());
    if call
        .segments
        .first()
        .is_some_and(|first| first == "_sandbox")
    {
        return Ok(response(app, console::answer(app, &call)));
    }
    vendor(app, &call).await
}

async fn vendor(app: &App, call: &Call) -> Result<Response<ReplyBody>, Severed> {
    let seq = app.instruments.log.reserve();
    let witness = app.noted(call);
    let fault = app.fault(
        call,
        witness
            .as_ref()
            .and_then(|witness| witness.subject.as_deref()),
    );
    let vendor = app.vendor_of(call);
    let visit = vendor.map_or(Ok(None), |vendor| vendor.enter(app, call));
    let latency = vendor.map(Vendor::latency).unwrap_or_default();
    let pause = latency + fault.as_ref().and_then(Action::delay).unwrap_or_default();
    if !pause.is_zero() {
        sleep(pause).await;
    }
    let reply = match (&fault, visit) {
        (Some(Action::Reply(replacement)), _) => replacement.reply(call),
        (Some(Action::Close(_)), _) => {
            app.record(
                call,
                seq,
                witness,
                &Reply::empty(StatusCode::OK).because("closed"),
            );
            return Err(Severed);
        }
        (Some(Action::Endless(_) | Action::Malformed(_)), _) => Reply::empty(StatusCode::OK),
        (_, Err(refusal)) => refusal,
        (_, Ok(_visit)) => app.answer(call, seq),
    };
    app.record(call, seq, witness, &reply);
    damaged(app, fault.as_ref(), reply)
}

/// The response, spoilt as the fault says.
fn damaged(
    app: &App,
    fault: Option<&Action>,
    reply: Reply,
) -> Result<Response<ReplyBody>, Severed> {
    match fault {
        Some(Action::ApplyThenClose(_)) => Err(Severed),
        Some(Action::Cut(at)) => {
            let body = ReplyBody::cut(&reply.body, at.after_bytes);
            Ok(response(app, reply).map(|_| body))
        }
        Some(Action::Endless(_)) => {
            let reply = Reply::raw_json(StatusCode::OK, Vec::new());
            Ok(response(app, reply).map(|_| ReplyBody::endless()))
        }
        Some(Action::Malformed(_)) => {
            let text = b"<!DOCTYPE html><title>Error</title>{\"messages\": [}".to_vec();
            Ok(response(app, Reply::raw_json(StatusCode::OK, text)))
        }
        _ => Ok(response(app, reply)),
    }
}

fn response(app: &App, reply: Reply) -> Response<ReplyBody> {
    let body: Bytes = reply.body;
    let mut response = Response::new(ReplyBody::whole(body));
    *response.status_mut() = reply.status;
    for (name, value) in reply.headers {
        response.headers_mut().append(name, value);
    }
    let date = app.instruments.clock.date_header();
    if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}
