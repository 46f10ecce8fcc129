//! A box whose files go to a bucket: whole or not there at all, and no parts of what was given up.

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::hall::{ACCOUNT, BOUNDARY, Form, Hall, USERNAME, account, sha256};
use crate::support::buckets::{Bucket, S3};
use crate::support::stage::Stage;
use crate::support::wait;

const MEBIBYTE: usize = 1 << 20;

/// A box that takes twelve mebibytes, which is more than goes to a bucket in one request.
async fn open(bucket: &Bucket) -> Hall {
    let stage = Stage::new(&json!({})).await;
    stage.store("bucket", bucket.string_data()).await;
    let dropzone = json!({"maxFileSize": "12Mi"});
    let mut object = account(ACCOUNT, USERNAME, &dropzone, &stage.data);
    object["spec"]["destination"] = bucket.spec("bucket");
    stage.apply(object).await;
    let hall = Hall::on(stage, |launch| launch).await;
    hall.until("DropzoneReady", "True", "Open").await;
    hall
}

/// Waits until the bucket holds neither objects nor parts.
async fn is_empty(server: &S3, bucket: &Bucket) {
    wait::until("the bucket to be empty", async || {
        let parts = server.unfinished(bucket).await;
        (parts.is_empty() && bucket.stored().await.is_empty()).then_some(())
    })
    .await;
}

/// Somebody who sends a form bit by bit, and does not say how long it will be.
struct Sender(TcpStream);

impl Sender {
    /// Sends the first eight mebibytes of a file, and waits until some of them are parts in the bucket.
    async fn in_the_middle(hall: &Hall, server: &S3, bucket: &Bucket, form: &[u8]) -> Self {
        let port = hall.url.port().expect("has a port");
        let stream = TcpStream::connect(("127.0.0.1", port)).await;
        let mut sender = Self(stream.expect("connects"));
        let head = format!(
            "POST /dropzone/{USERNAME} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
        );
        sender.0.write_all(head.as_bytes()).await.expect("sends");
        sender.send(&form[..8 * MEBIBYTE]).await;
        wait::until("parts to be in the bucket", async || {
            (server.unfinished(bucket).await.len() == 1).then_some(())
        })
        .await;
        sender
    }

    async fn send(&mut self, bytes: &[u8]) {
        let length = format!("{:x}\r\n", bytes.len());
        for piece in [length.as_bytes(), bytes, b"\r\n"] {
            // Whoever is refused may find the line closed.
            if self.0.write_all(piece).await.is_err() {
                return;
            }
        }
    }

    /// Ends the form, and reads what is answered.
    async fn answer(mut self) -> String {
        let _ = self.0.write_all(b"0\r\n\r\n").await;
        let mut line = [0; 12];
        self.0.read_exact(&mut line).await.expect("is answered");
        String::from_utf8_lossy(&line).into_owned()
    }
}

#[tokio::test]
async fn what_is_sent_to_a_bucket_arrives_whole() {
    let server = S3::shared().await;
    let bucket = server.bucket().await;
    let hall = open(&bucket).await;
    let large = vec![b'x'; 11 * MEBIBYTE];
    let form = Form::of_ned()
        .file("large.txt", &large)
        .file("small.txt", b"small");
    let sent = hall.send(&form).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
    let upload = sent.json()["upload"]
        .as_str()
        .expect("has a name")
        .to_owned();
    let folder = format!("_quarantine/{}/{ACCOUNT}/{upload}", hall.stage.namespace);
    let paths = ["1", "2", "manifest.json"].map(|name| format!("{folder}/{name}"));
    assert_eq!(bucket.stored().await, paths);
    let manifest = bucket.read(&paths[2]).await;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("is JSON");
    for (file, path) in [0, 1].iter().zip(&paths) {
        let kept = bucket.read(path).await;
        assert_eq!(manifest["files"][file]["sha256"], sha256(&kept));
    }
    assert_eq!(bucket.read(&paths[0]).await, large);
    assert_eq!(server.unfinished(&bucket).await, [""; 0]);
}

#[tokio::test]
async fn what_is_given_up_leaves_no_parts_in_a_bucket() {
    let server = S3::shared().await;
    let bucket = server.bucket().await;
    let hall = open(&bucket).await;
    let large = vec![b'x'; 14 * MEBIBYTE];
    let too_large = Form::of_ned().file("large.txt", &large).body();
    let middle = || Sender::in_the_middle(&hall, server, &bucket, &too_large);

    drop(middle().await);
    is_empty(server, &bucket).await;

    let mut sender = middle().await;
    sender.send(&too_large[8 * MEBIBYTE..]).await;
    assert_eq!(sender.answer().await, "HTTP/1.1 413");
    is_empty(server, &bucket).await;

    let cut_off = middle().await;
    assert_eq!(cut_off.answer().await, "HTTP/1.1 400");
    is_empty(server, &bucket).await;

    let good = &large[..8 * MEBIBYTE];
    let wrong = Form::of_ned().file("good.txt", good).file("bad.exe", b"MZ");
    let refused = hall.send(&wrong).await;
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    is_empty(server, &bucket).await;
}
