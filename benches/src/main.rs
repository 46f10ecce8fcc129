//! A bare load generator: what the machine and the vendor's simulation give when nothing is done with the replies.
//!
//! Reads one JSON object from stdin, asks for every path once and prints one JSON object.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
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
    /// The bearer token.
    token: String,
    /// Connections, each with one request under way.
    connections: usize,
    /// Paths with their queries.
    paths: Vec<String>,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Outcome {
    requests: usize,
    /// Bytes of bodies.
    bytes: usize,
    seconds: f64,
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
    let mut bytes = 0;
    while let Some(worker) = workers.join_next().await {
        bytes += worker??;
    }
    Ok(Outcome {
        requests: load.paths.len(),
        bytes,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Asks for one path after the other over one connection and returns the bytes of the replies.
async fn worker(load: Arc<Load>, next: Arc<AtomicUsize>) -> anyhow::Result<usize> {
    let stream = TcpStream::connect(&load.address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    let (asked, ended) = tokio::join!(ask_all(sender, &load, &next), connection);
    ended?;
    asked
}

async fn ask_all(
    mut sender: SendRequest<Empty<Bytes>>,
    load: &Load,
    next: &AtomicUsize,
) -> anyhow::Result<usize> {
    let mut bytes = 0;
    while let Some(path) = load.paths.get(next.fetch_add(1, Ordering::Relaxed)) {
        bytes += ask(&mut sender, load, path).await?;
    }
    Ok(bytes)
}

async fn ask(
    sender: &mut SendRequest<Empty<Bytes>>,
    load: &Load,
    path: &str,
) -> anyhow::Result<usize> {
    let request = Request::get(path)
        .header(header::HOST, &load.address)
        .header(header::AUTHORIZATION, format!("Bearer {}", load.token))
        .body(Empty::new())?;
    let reply = sender.send_request(request).await?;
    ensure!(
        reply.status() == StatusCode::OK,
        "{path}: {}",
        reply.status()
    );
    let mut body = reply.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    sender.ready().await?;
    Ok(bytes)
}
