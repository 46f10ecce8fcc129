//! Servers that misbehave, and a client that may ask them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Client, Settings};

/// How a server answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Raw {
    /// With this, and closes.
    Reply(&'static str),
    /// With a JSON text that never ends.
    Endless,
    /// Never.
    Silent,
}

/// Returns a client for the server at `url` that gives up after two seconds or a megabyte.
pub(crate) fn client(url: &str) -> Client {
    let settings = Settings {
        allowed: vec![url.strip_prefix("http://").unwrap().parse().unwrap()],
        timeout: Duration::from_secs(2),
        max_body_bytes: 1024 * 1024,
        observer: None,
    };
    Client::new(settings).unwrap()
}

/// Starts a server and returns its URL. It ends with the test's runtime.
#[allow(clippy::disallowed_methods, reason = "the task ends with the test")]
pub(crate) async fn raw_server(how: Raw) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, how));
        }
    });
    format!("http://{address}")
}

async fn answer(mut stream: TcpStream, how: Raw) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request).await;
    match how {
        Raw::Reply(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Raw::Endless => {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            let piece = format!("2000\r\n{}\r\n", "[".repeat(0x2000));
            while stream.write_all(piece.as_bytes()).await.is_ok() {}
        }
        Raw::Silent => std::future::pending().await,
    }
}
