//! Nothing half-sent stays, whatever happens to the operator, and what has expired is deleted. On a clock that runs faster.

use std::path::Path;

use deputy::model::clock::{Clock as _, FastClock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::hall::{ACCOUNT, BOUNDARY, Form, Hall, USERNAME, account};
use crate::support::hurried::Running;
use crate::support::stage::Stage;
use crate::support::wait;

/// A day in half a minute.
const SPEED: i32 = 3000;

/// Puts an upload there as it lies after so many hours.
fn put(folder: &Path, began: Timestamp, expires_at: Option<Timestamp>, is_whole: bool) -> String {
    let id = format!("{}-00000000000000aa", began.strftime("%Y%m%dT%H%M%SZ"));
    let folder = folder.join(&id);
    std::fs::create_dir_all(&folder).expect("makes a folder");
    std::fs::write(folder.join("1"), "content").expect("writes a file");
    std::fs::write(folder.join("2#7"), "half of it").expect("writes a file");
    if is_whole {
        let manifest = json!({
            "upload": id, "account": USERNAME, "receivedAt": began, "expiresAt": expires_at,
            "sender": {"name": "Ned", "email": "ned@leeds.example"}, "files": [],
        });
        std::fs::write(folder.join("manifest.json"), manifest.to_string()).expect("writes it");
    }
    id
}

#[tokio::test]
async fn what_was_never_completed_goes_after_a_day_and_what_has_expired_at_its_time() {
    let stage = Stage::new(&json!({})).await;
    stage
        .apply(account(ACCOUNT, USERNAME, &json!({}), &stage.data))
        .await;
    let folder = stage
        .data
        .join(format!("_quarantine/{}/{ACCOUNT}", stage.namespace));
    let now = SystemClock.now();
    let hours = |hours: i64| now + SignedDuration::from_hours(hours);
    let abandoned = put(&folder, hours(-1), None, false);
    let kept = put(&folder, hours(-9000), None, true);
    let expired = put(&folder, hours(-2), Some(hours(-1)), true);
    let expiring = put(&folder, hours(-3), Some(hours(30)), true);
    let foreign = folder.join("notes");
    std::fs::create_dir(&foreign).expect("makes a folder");
    std::fs::write(folder.join(&kept).join("foreign"), "x").expect("writes a file");
    let running = Running::start(&stage, FastClock::new(SPEED));
    let gone = async |id: &str| {
        wait::until("an upload to be removed", async || {
            (!folder.join(id).exists()).then_some(())
        })
        .await;
    };
    gone(&expired).await;
    assert!(folder.join(&abandoned).exists(), "it is not a day old");
    gone(&abandoned).await;
    assert!(folder.join(&expiring).exists(), "its time is not over");
    gone(&expiring).await;
    assert!(folder.join(&kept).join("manifest.json").exists());
    assert!(foreign.exists(), "what is not ours is left alone");
    running.end().await;
}

#[tokio::test]
async fn an_operator_that_is_killed_in_the_middle_leaves_nothing_after_the_sweep() {
    let mut hall = Hall::open(json!({})).await;
    let port = hall.url.port().expect("has a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("connects");
    let head = format!(
        "POST /dropzone/{USERNAME} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sends");
    let whole = Form::of_ned()
        .file("small.txt", &[b'x'; 5000])
        .file("large.txt", &vec![b'x'; 4_000_000])
        .body();
    stream
        .write_all(&whole[..whole.len() - 60])
        .await
        .expect("sends");
    wait::until("some of both to be stored", async || {
        (hall.stored().len() == 2).then_some(())
    })
    .await;
    hall.operator.kill();
    assert_eq!(hall.stored().len(), 2, "nobody was left to tidy up");
    assert!(!hall.stored().iter().any(|it| it.ends_with("manifest.json")));
    let (running, url) = Running::serving(&hall.stage, FastClock::new(SPEED)).await;
    hall.is_empty().await;
    hall.url = url;
    let again = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
    running.end().await;
}
