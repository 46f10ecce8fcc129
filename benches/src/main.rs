//! A bare load generator: what the machine and the vendor's simulation give when nothing is done with the replies.
//!
//! Reads one JSON object from stdin, asks for every path once, and for what follows it where pages lead to one another,
//! and prints one JSON object.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is to be asked for.
#[derive(Debug, Deserialize)]
struct Load {
    /// `host:port`.
    address: String,
    /// The bearer token; none where every request is signed.
    #[serde(default)]
    token: Option<String>,
    /// What every request sends; without it nothing is sent, and a reply is got.
    #[serde(default)]
    body: Option<String>,
    /// Connections, each with one request under way.
    connections: usize,
    /// Paths with their queries.
    paths: Vec<String>,
    /// Headers that every request has.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The field of a page that holds the address of the next; without one a path is one request.
    #[serde(default)]
    follow: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Outcome {
    requests: usize,
    /// Bytes of bodies.
    bytes: usize,
    seconds: f64,
}

/// What one connection has had.
#[derive(Default)]
struct Had {
    requests: usize,
    bytes: usize,
}

fn main() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let load: Load = serde_json::from_str(&text).context("read the load")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(run(Arc::new(load)))?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

async fn run(load: Arc<Load>) -> anyhow::Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..load.connections {
        workers.spawn(worker(Arc::clone(&load), Arc::clone(&next)));
    }
    let mut had = Had::default();
    while let Some(worker) = workers.join_next().await {
        let Had { requests, bytes } = worker??;
        had.requests += requests;
        had.bytes += bytes;
    }
    Ok(Outcome {
        requests: had.requests,
        bytes: had.bytes,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Asks for one path after the other over one connection.
async fn worker(load: Arc<Load>, next: Arc<AtomicUsize>) -> anyhow::Result<Had> {
    let stream = TcpStream::connect(&load.address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    let (asked, ended) = tokio::join!(ask_all(sender, &load, &next), connection);
    ended?;
    asked
}

async fn ask_all(
    mut sender: SendRequest<Full<Bytes>>,
    load: &Load,
    next: &AtomicUsize,
) -> anyhow::Result<Had> {
    let mut had = Had::default();
    while let Some(path) = load.paths.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut following = ask(&mut sender, load, path, &mut had).await?;
        while let Some(path) = following {
            following = ask(&mut sender, load, &path, &mut had).await?;
        }
    }
    Ok(had)
}

/// Asks for one path and returns the one that follows it.
async fn ask(
    sender: &mut SendRequest<Full<Bytes>>,
    load: &Load,
    path: &str,
    had: &mut Had,
) -> anyhow::Result<Option<String>> {
    let reply = sender.send_request(request(load, path)?).await?;
    ensure!(
        reply.status() == StatusCode::OK,
        "{path}: {}",
        reply.status()
    );
    let mut body = reply.into_body();
    let mut page = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        had.bytes += data.len();
        if load.follow.is_some() {
            page.extend_from_slice(data);
        }
    }
    had.requests += 1;
    sender.ready().await?;
    load.follow
        .as_ref()
        .map_or(Ok(None), |field| next_path(&page, field, &load.address))
}

fn request(load: &Load, path: &str) -> anyhow::Result<Request<Full<Bytes>>> {
    let method = load.body.as_ref().map_or(Method::GET, |_| Method::POST);
    let mut request = Request::builder().method(method).uri(path);
    request = request.header(header::HOST, &load.address);
    if let Some(token) = &load.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in &load.headers {
        request = request.header(name, value);
    }
    let body = Bytes::from(load.body.clone().unwrap_or_default());
    Ok(request.body(Full::new(body))?)
}

/// Looks for the address of the next page without reading the page.
fn next_path(page: &[u8], field: &str, address: &str) -> anyhow::Result<Option<String>> {
    let text = std::str::from_utf8(page)?;
    let Some((_, rest)) = text.split_once(&format!("\"{field}\":\"")) else {
        return Ok(None);
    };
    let (link, _) = rest.split_once('"').context("a link ends")?;
    let path = link.strip_prefix(&format!("http://{address}"));
    Ok(Some(
        path.context("a link stays at the vendor's")?.to_owned(),
    ))
}
