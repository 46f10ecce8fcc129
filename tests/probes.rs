//! Health, readiness and metrics, over HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use deputy::kube_io::key::Scope;
use deputy::kube_io::lease::Leadership;
use deputy::kube_io::watch;
use deputy::server::{Checks, Server};
use deputy::telemetry::metrics::Metrics;
use k8s_openapi::api::core::v1::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::namespace::Namespace;
use crate::support::wait;

/// Returns the whole reply.
async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

#[tokio::test]
async fn the_process_is_ready_once_it_has_seen_everything() {
    let namespace = Namespace::create().await;
    let scope = Scope::Namespace(namespace.name().to_owned());
    let (watched, drive) = watch::metadata::<Secret>(namespace.client().await, &scope);
    let checks = Checks {
        watches: vec![watched.progress().clone()],
        leadership: Leadership::unchallenged(),
        metrics: Arc::new(Metrics::new()),
        stalled_after: Duration::from_mins(10),
    };
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::bind(any_port, checks).await.unwrap();
    let (address, closing) = (server.address(), CancellationToken::new());
    let (mut serving, mut watching) = (JoinSet::new(), JoinSet::new());
    serving.spawn(server.run(closing.clone()));

    let reply = get(address, "/readyz").await;
    assert!(reply.starts_with("HTTP/1.1 503"), "{reply}");
    assert!(reply.contains("the first listing of Secret"), "{reply}");
    let reply = get(address, "/healthz").await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    watching.spawn(drive);
    wait::until("readiness", async || {
        let reply = get(address, "/readyz").await;
        reply.starts_with("HTTP/1.1 200").then_some(())
    })
    .await;
    let reply = get(address, "/metrics").await;
    assert!(reply.contains("application/openmetrics-text"), "{reply}");
    assert!(reply.contains("\ndeputy_leader 1\n"), "{reply}");
    let line = "deputy_watch_stalled{kind=\"Secret\"} 0\n";
    assert!(reply.contains(line), "{reply}");
    closing.cancel();
    serving.join_next().await.unwrap().unwrap().unwrap();
}
