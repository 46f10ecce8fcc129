//! Batches, as google-api-python-client sends them.

use serde_json::{Value, json};

use crate::support::{PETER, Reply, World};

/// Parts as the Python client writes them; the inner requests carry their own token.
async fn send(world: &World, path: &str, token: &str, inner: &[String]) -> Reply {
    let parts = inner.iter().enumerate().map(|(nth, target)| {
        format!(
            "--===============7330845974216740156==\nContent-Type: application/http\nMIME-Version: 1.0\n\
             Content-Transfer-Encoding: binary\nContent-ID: <4ba7 + {nth}>\n\nGET {target} HTTP/1.1\n\
             Content-Type: application/json\nMIME-Version: 1.0\nauthorization: Bearer {token}\naccept: application/json\n\
             Host: 127.0.0.1\n\n\n"
        )
    });
    let mut body: String = parts.collect();
    body.push_str("--===============7330845974216740156==--");
    let kind = "multipart/mixed; boundary=\"===============7330845974216740156==\"";
    let request = world
        .client
        .post(world.url(path))
        .header("content-type", kind)
        .body(body);
    world.send(request).await
}

/// Content ids, statuses and bodies.
fn parts(reply: &Reply) -> Vec<(String, u16, Value)> {
    let kind = reply.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/mixed; boundary=").unwrap();
    let pieces: Vec<&str> = reply.text.split(&format!("--{boundary}")).collect();
    let inner = pieces.get(1..pieces.len() - 1).unwrap();
    assert_eq!(pieces.last().unwrap().trim(), "--");
    inner
        .iter()
        .map(|piece| {
            let (outer, response) = piece.trim_start().split_once("\r\n\r\n").unwrap();
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            let id = outer
                .lines()
                .find_map(|line| line.strip_prefix("Content-ID: "))
                .unwrap();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            (
                id.to_owned(),
                status,
                serde_json::from_str(body.trim()).unwrap(),
            )
        })
        .collect()
}

fn profile() -> String {
    "/google/gmail/v1/users/me/profile?alt=json".to_owned()
}

#[tokio::test]
async fn every_part_is_answered_under_its_id() {
    let world = World::new().await;
    let token = world
        .token(
            PETER,
            &[
                "gmail.readonly",
                "calendar.readonly",
                "drive.metadata.readonly",
            ],
        )
        .await;
    let inner = [
        profile(),
        "/gmail/v1/users/me/messages/0?alt=json".to_owned(),
        "/google/gmail/v1/users/me/labels".to_owned(),
    ];
    let found = parts(&send(&world, "/google/batch", &token, &inner).await);
    assert_eq!(
        found
            .iter()
            .map(|part| (part.0.as_str(), part.1))
            .collect::<Vec<_>>(),
        [
            ("<response-4ba7 + 0>", 200),
            ("<response-4ba7 + 1>", 400),
            ("<response-4ba7 + 2>", 200)
        ]
    );
    assert_eq!(found[0].2["emailAddress"], PETER);
    for (path, target) in [
        (
            "/google/batch/calendar/v3",
            "/google/calendar/v3/calendars/primary",
        ),
        ("/google/batch/drive/v3", "/google/drive/v3/files"),
        (
            "/google/batch/gmail/v1",
            "/google/gmail/v1/users/me/profile",
        ),
    ] {
        assert_eq!(
            parts(&send(&world, path, &token, &[target.to_owned()]).await)[0].1,
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn parts_are_logged_and_faulted_one_by_one() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    world.console("DELETE", "log", Value::Null).await;
    world
        .fault(
            json!({ "match": { "pathPrefix": "/google/gmail/" }, "skip": 1, "times": 1,
        "do": { "reply": { "status": 503, "body": {} } } }),
        )
        .await;
    let found = parts(
        &send(
            &world,
            "/google/batch",
            &token,
            &[profile(), profile(), profile()],
        )
        .await,
    );
    assert_eq!(
        found.iter().map(|part| part.1).collect::<Vec<_>>(),
        [200, 503, 200]
    );
    let calls = world.log().await;
    let batch = calls.iter().find(|call| call["api"] == "batch").unwrap();
    let inner: Vec<&Value> = calls
        .iter()
        .filter(|call| call["batch"] == batch["seq"])
        .collect();
    assert_eq!(inner.len(), 3);
    assert!(
        inner
            .iter()
            .all(|call| call["subject"] == PETER && call["api"] == "gmail")
    );
}

#[tokio::test]
async fn a_hundred_parts_at_most() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    assert_eq!(
        parts(&send(&world, "/google/batch", &token, &vec![profile(); 100]).await).len(),
        100
    );
    let over = send(&world, "/google/batch", &token, &vec![profile(); 101]).await;
    assert_eq!(over.status, 400);
    assert!(
        over.text
            .contains("Inner request count exceeds the limit. Received: 101, Limit: 100")
    );
    assert_eq!(send(&world, "/google/batch", &token, &[]).await.status, 400);
    assert_eq!(
        send(&world, "/google/batch/nothing", &token, &[profile()])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn parts_count_against_quota_and_concurrency() {
    let world = World::limited("2026").await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let found = parts(&send(&world, "/google/batch", &token, &vec![profile(); 50]).await);
    let refused: Vec<&(String, u16, Value)> = found.iter().filter(|part| part.1 == 429).collect();
    assert_eq!(refused.len(), 40);
    assert_eq!(
        refused[0].2["error"]["message"],
        "Too many concurrent requests for user"
    );
}
