//! Clients that misbehave on the wire: that announce too much, stop in the middle, or come too many.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::hall::{BOUNDARY, Form, Hall, USERNAME, sha256};
use crate::support::wait;
use crate::support::wait::PATIENCE;

async fn connect(hall: &Hall) -> TcpStream {
    let port = hall.url.port().expect("has a port");
    TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("connects")
}

fn head(length: &str) -> String {
    format!(
        "POST /dropzone/{USERNAME} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n{length}\r\n\r\n"
    )
}

async fn begin(hall: &Hall, length: &str) -> TcpStream {
    let mut stream = connect(hall).await;
    let sent = stream.write_all(head(length).as_bytes()).await;
    sent.expect("sends a head");
    stream
}

/// Reads to the end of an answer's head and what comes with it.
async fn first(stream: &mut TcpStream) -> String {
    let mut told = Vec::new();
    let mut piece = [0; 4096];
    while !told.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = stream.read(&mut piece);
        let read = tokio::time::timeout(PATIENCE, read).await;
        match read.expect("is answered in time").expect("reads") {
            0 => break,
            bytes => told.extend_from_slice(&piece[..bytes]),
        }
    }
    String::from_utf8_lossy(&told).into_owned()
}

/// The start of a form, with as much of a file as is wanted.
fn started(bytes: usize) -> Vec<u8> {
    let whole = Form::of_ned().file("a.txt", &vec![b'x'; bytes]).body();
    whole[..whole.len() - 60].to_vec()
}

#[tokio::test]
async fn what_is_announced_too_large_is_refused_before_a_byte_is_read() {
    let hall = Hall::open(json!({"maxFileSize": "1Mi"})).await;
    let mut stream = begin(&hall, "Content-Length: 99999999999").await;
    let told = first(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 413 "), "{told}");
    let mut stream = begin(&hall, "Expect: 100-continue\r\nContent-Length: 2000000").await;
    let told = first(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 413 "), "{told}");
}

#[tokio::test]
async fn a_client_that_goes_on_sending_still_gets_its_answer() {
    let hall = Hall::open(json!({"maxFileSize": "1Mi"})).await;
    let mut stream = begin(&hall, "Content-Length: 40000000").await;
    let piece = vec![b'x'; 1_000_000];
    for _ in 0..40 {
        stream.write_all(&piece).await.expect("may go on sending");
    }
    let told = first(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 413 "), "{told}");
    assert!(told.contains("TooLarge"), "{told}");
}

#[tokio::test]
async fn an_upload_of_unknown_length_is_taken_up_to_the_limit() {
    let hall = Hall::open(json!({"maxFileSize": "1Mi"})).await;
    for (bytes, status) in [(1 << 20, "201"), ((1 << 20) + 1, "413")] {
        let content = vec![b'y'; bytes];
        let body = Form::of_ned().file("a.txt", &content).body();
        let mut stream = begin(&hall, "Transfer-Encoding: chunked").await;
        for piece in body.chunks(50_000) {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            stream.write_all(&chunk).await.expect("sends a chunk");
        }
        stream.write_all(b"0\r\n\r\n").await.expect("ends");
        let told = first(&mut stream).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{told}");
        assert_eq!(told.contains(&sha256(&content)), status == "201", "{told}");
    }
    assert_eq!(hall.stored().len(), 2, "{:?}", hall.stored());
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let hall = Hall::open(json!({})).await;
    // Within the first part, within a small file, and within one that goes to the destination in parts.
    for bytes in [100, 10_000, 3_000_000] {
        let mut stream = begin(&hall, "Content-Length: 50000000").await;
        stream.write_all(&started(bytes)).await.expect("sends");
        if bytes > 1_000_000 {
            wait::until("some of it to be stored", async || {
                (!hall.stored().is_empty()).then_some(())
            })
            .await;
        }
        drop(stream);
        hall.is_empty().await;
    }
    let whole = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(whole.status, StatusCode::CREATED, "{}", whole.text);
}

#[tokio::test]
async fn nobody_takes_all_places() {
    let hall = Hall::open(json!({})).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = begin(&hall, "Content-Length: 50000000").await;
        stream.write_all(&started(1_000_000)).await.expect("sends");
        streams.push(stream);
    }
    let under_way = async || {
        let stored = hall.stored().len();
        (stored == 4).then_some(())
    };
    wait::until("all four to be under way", under_way).await;
    let form = Form::of_ned().file("a.txt", b"x");
    let refused = hall.send(&form).await;
    assert_eq!(
        refused.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        refused.text
    );
    assert_eq!(refused.headers["retry-after"], "60");
    let page = hall.get(&format!("dropzone/{USERNAME}")).await;
    assert_eq!(page.status, StatusCode::OK, "the form is there meanwhile");
    streams.pop();
    wait::until("a place to be free", async || {
        (hall.send(&form).await.status == StatusCode::CREATED).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_whole_for_a_client_that_is_in_no_hurry() {
    let hall = Hall::open(json!({})).await;
    let mut stream = begin(&hall, "Content-Length: 50000000").await;
    let body = Form::of_ned().file("a.exe", b"MZ\x90\0").body();
    stream.write_all(&body).await.expect("sends");
    let told = first(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 415 "), "{told}");
    tokio::time::timeout(Duration::from_secs(10), async {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await
    })
    .await
    .expect("a silent client is let go")
    .expect("reads");
}
