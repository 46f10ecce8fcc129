//! What the process answers over HTTP.
//!
//! Inside of the cluster: whether it lives, whether it is ready, and its metrics. That serves nothing of anybody's data, and
//! changes nothing. On a port of its own, where it is asked for: [`scim`], for
//! identity providers, and [`dropzone`], for whoever has files for an account.

mod auth;
pub mod dropzone;
pub mod edge;
mod health;
mod pace;
pub mod scim;
pub mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::kube_io::lease::Leadership;
use crate::kube_io::progress::Progress;
use crate::telemetry::metrics::Metrics;
use health::Pulse;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the answers are made from.
#[derive(Clone)]
pub struct Checks {
    /// The watches that have to get through, and to be complete before the process is ready.
    pub watches: Vec<Progress>,
    /// Whether this process leads. One that does not is as ready and as healthy.
    pub leadership: Leadership,
    /// What is served as metrics.
    pub metrics: Arc<Metrics>,
    /// For how long a watch may be stalled before the process counts as dead.
    pub stalled_after: Duration,
}

/// A server that is bound, and answers once it is run.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    checks: Checks,
}

impl Server {
    /// Binds the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr, checks: Checks) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        tracing::info!(server.address = %address, "serving /healthz, /readyz and /metrics");
        Ok(Self {
            listener,
            address,
            checks,
        })
    }

    /// Returns the address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `closing`.
    pub async fn run(self, closing: CancellationToken) -> io::Result<()> {
        let pulse = Pulse::new();
        let answers = Answers {
            checks: self.checks,
            pulse: pulse.clone(),
        };
        let routes = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(Arc::new(answers));
        let serving =
            axum::serve(self.listener, routes).with_graceful_shutdown(closing.cancelled_owned());
        tokio::select! {
            served = serving.into_future() => served,
            () = pulse.keep() => Ok(()),
        }
    }
}

struct Answers {
    checks: Checks,
    pulse: Pulse,
}

async fn healthz(State(answers): State<Arc<Answers>>) -> Response {
    let Answers { checks, pulse } = &*answers;
    let stalled_after = checks.stalled_after;
    verdict(&health::ailments(
        &checks.watches,
        stalled_after,
        pulse.age(),
    ))
}

async fn readyz(State(answers): State<Arc<Answers>>) -> Response {
    verdict(&health::unsynced(&answers.checks.watches))
}

async fn metrics(State(answers): State<Arc<Answers>>) -> Response {
    let checks = &answers.checks;
    for watch in &checks.watches {
        let stalled = watch.stalled_for() >= checks.stalled_after;
        checks.metrics.set_watch_stalled(watch.kind(), stalled);
    }
    checks.metrics.set_leader(checks.leadership.is_held());
    match checks.metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Nothing to complain about is 200; else 503, and a line each.
fn verdict(complaints: &[String]) -> Response {
    if complaints.is_empty() {
        return "ok\n".into_response();
    }
    let text = complaints.join("\n") + "\n";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}
