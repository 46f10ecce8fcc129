//! The console, the log, the faults and both kinds of HTTP.

use serde_json::{Value, json};

use crate::support::{ADMIN, PETER, World};

const PROFILE: &str = "gmail/v1/users/me/profile";

#[tokio::test]
async fn the_log_names_everyone_and_never_a_token() {
    let world = World::new().await;
    let peter = world.token(PETER, &["gmail.readonly"]).await;
    let admin = world.token(ADMIN, &["admin.directory.user.readonly"]).await;
    world.console("DELETE", "log", Value::Null).await;
    world.read(&peter, PROFILE).await;
    world
        .get(&admin, "admin/directory/v1/users/118400000000000000003")
        .await;
    world
        .get(
            &peter,
            &format!("calendar/v3/calendars/{PETER}?access_token={peter}"),
        )
        .await;
    let calls = world.log().await;
    assert_eq!(calls.len(), 3);
    let first = &calls[0];
    assert_eq!(
        (&first["vendor"], &first["api"], &first["subject"]),
        (&json!("google"), &json!("gmail"), &json!(PETER))
    );
    assert_eq!(
        (&first["status"], &first["clientId"]),
        (&json!(200), &json!("107400000000000000001"))
    );
    assert_eq!(first["path"], "/google/gmail/v1/users/me/profile");
    assert_eq!(calls[1]["names"], json!(["118400000000000000003", ADMIN]));
    assert!(!json!(calls).to_string().contains("canary"));
    let body = world
        .console(
            "GET",
            &format!("log?since={}", calls[1]["seq"]),
            Value::Null,
        )
        .await;
    assert_eq!(body["calls"].as_array().unwrap().len(), 2);
    world
        .console("PUT", "log", json!({ "enabled": false }))
        .await;
    world.read(&peter, PROFILE).await;
    assert_eq!(world.log().await.len(), 3);
    let stats = world.console("GET", "stats", Value::Null).await;
    assert_eq!(stats["calls"]["gmail"], json!(2));
}

#[tokio::test]
async fn token_requests_are_logged_for_their_subject() {
    let world = World::new().await;
    world
        .token("spidey@acme.example", &["gmail.readonly"])
        .await;
    let calls = world.log().await;
    let last = calls.last().unwrap();
    assert_eq!(
        (&last["api"], &last["subject"]),
        (&json!("token"), &json!("spidey@acme.example"))
    );
    assert_eq!(
        last["scopes"],
        json!(["https://www.googleapis.com/auth/gmail.readonly"])
    );
}

#[tokio::test]
async fn replies_can_be_replaced_delayed_and_spoilt() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    world.fault(json!({ "match": { "pathPrefix": "/google/gmail/v1/", "subject": PETER }, "times": 1,
        "do": { "reply": { "status": 429, "headers": { "Retry-After": "2" }, "body": { "error": { "code": 429 } } } } })).await;
    let limited = world.get(&token, PROFILE).await;
    assert_eq!(
        (
            limited.status,
            limited.headers["retry-after"].to_str().unwrap()
        ),
        (429, "2")
    );
    assert_eq!(world.get(&token, PROFILE).await.status, 200);
    world.fault(json!({ "do": { "malformed": true } })).await;
    let spoilt = world.get(&token, PROFILE).await;
    assert!(
        spoilt.headers["content-type"]
            .to_str()
            .unwrap()
            .contains("json")
    );
    assert!(serde_json::from_str::<Value>(&spoilt.text).is_err());
    world
        .fault(json!({ "do": { "reply": { "status": 503, "body": "upstream connect error" } } }))
        .await;
    assert_eq!(
        world.get(&token, PROFILE).await.text,
        "upstream connect error"
    );
    world.fault(json!({ "do": { "delayMs": 80 } })).await;
    let before = std::time::Instant::now();
    assert_eq!(world.get(&token, PROFILE).await.status, 200);
    assert!(before.elapsed().as_millis() >= 80);
}

#[tokio::test]
async fn connections_can_break() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let request = || {
        world
            .client
            .get(world.url(&format!("/google/{PROFILE}")))
            .bearer_auth(&token)
    };
    for fault in [
        json!({ "cut": { "afterBytes": 10 } }),
        json!({ "close": true }),
        json!({ "apply_then_close": true }),
    ] {
        world.fault(json!({ "do": fault })).await;
        assert!(world.try_send(request()).await.is_err(), "{fault}");
    }
    world
        .fault(json!({ "do": { "cut": { "afterBytes": 10 } } }))
        .await;
    let mut response = request().send().await.unwrap();
    let head = response.chunk().await.unwrap().unwrap();
    assert_eq!(head.len(), 10);
    world.fault(json!({ "do": { "endless": true } })).await;
    let mut response = request().send().await.unwrap();
    let mut read = 0;
    while read < 1_000_000 {
        read += response.chunk().await.unwrap().unwrap().len();
    }
}

#[tokio::test]
async fn apply_then_close_applies() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.send", "gmail.readonly"]).await;
    let before = world.read(&token, PROFILE).await["messagesTotal"]
        .as_u64()
        .unwrap();
    world
        .fault(json!({ "match": { "method": "POST" }, "do": { "apply_then_close": true } }))
        .await;
    let url = world.url("/google/gmail/v1/users/me/messages/send");
    let lost = world
        .try_send(
            world
                .client
                .post(url)
                .bearer_auth(&token)
                .json(&json!({ "raw": "VG86IGEK" })),
        )
        .await;
    assert!(lost.is_err());
    assert_eq!(
        world.read(&token, PROFILE).await["messagesTotal"],
        json!(before + 1)
    );
}

#[tokio::test]
async fn the_console_is_strict() {
    let world = World::new().await;
    for (method, path, body, status) in [
        (
            "POST",
            "google/keys",
            json!({ "serviceAccount": "nobody@x" }),
            404,
        ),
        (
            "POST",
            "google/keys",
            json!({ "serviceAccount": "x", "more": 1 }),
            400,
        ),
        ("DELETE", "google/keys/none", Value::Null, 404),
        ("PUT", "google/delegation/1", json!({ "scopes": [] }), 404),
        (
            "PATCH",
            "google/projects/107400000000",
            json!({ "apis": ["maps"] }),
            400,
        ),
        ("PATCH", "google/projects/1", json!({ "apis": [] }), 404),
        (
            "PUT",
            "google/org-policies",
            json!({ "constraints": ["iam.disableEverything"] }),
            400,
        ),
        ("PATCH", "google/users/nobody@acme.example", json!({}), 404),
        (
            "PATCH",
            "google/users/peter.parker@acme.example",
            json!({ "suspendet": true }),
            400,
        ),
        (
            "POST",
            "google/users",
            json!({ "email": "spidey@acme.example" }),
            400,
        ),
        (
            "POST",
            "google/users",
            json!({ "email": "x@nowhere.example" }),
            400,
        ),
        (
            "POST",
            "google/users/peter.parker@acme.example/expire",
            json!({ "what": "all" }),
            400,
        ),
        (
            "POST",
            "google/users/peter.parker@acme.example/events",
            json!({ "summary": "no time" }),
            400,
        ),
        (
            "PUT",
            "faults",
            json!({ "faults": [{ "do": { "close": false } }] }),
            400,
        ),
        ("GET", "nothing", Value::Null, 404),
    ] {
        let reply = world.try_console(method, path, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        assert!(reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn people_can_be_added() {
    let world = World::new().await;
    let new = json!({ "email": "gwen@acme.example", "mail": { "generate": { "messages": 3 } } });
    world.console("POST", "google/users", new).await;
    let token = world.token("gwen@acme.example", &["gmail.readonly"]).await;
    assert_eq!(world.read(&token, PROFILE).await["messagesTotal"], json!(3));
}

#[tokio::test]
async fn http2_without_tls_works() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = client
        .get(world.url(&format!("/google/{PROFILE}")))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (response.version(), response.status().as_u16()),
        (reqwest::Version::HTTP_2, 200)
    );
}

#[tokio::test]
async fn the_shipped_scenarios_load() {
    for file in ["scenarios/demo.yaml", "scenarios/test.yaml"] {
        let world = World::from_file(std::path::Path::new(file)).await;
        world.sandbox.stop().await;
    }
}
