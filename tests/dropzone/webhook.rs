//! Whoever is to be told is told what was sent, with proof, and never what is in it; what goes wrong is no matter of the sender's.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::hall::{ACCOUNT, Form, Hall, USERNAME, account, message, sha256};
use crate::support::stage::{CONNECTION, Stage};
use crate::support::wait;

const SECRET: &str = "CANARY-webhook-secret";

async fn hook(status: u16) -> MockServer {
    let server = MockServer::start().await;
    let answer = Mock::given(method("POST")).and(path("/told"));
    answer
        .respond_with(ResponseTemplate::new(status))
        .mount(&server)
        .await;
    server
}

async fn hall(url: &str, secret: Option<&str>) -> Hall {
    let stage = Stage::new(&json!({})).await;
    let mut webhook = json!({"url": url});
    if let Some(name) = secret {
        webhook["secretRef"] = json!({"name": name});
    }
    let dropzone =
        json!({"webhook": webhook, "label": "Invoices", "recipients": ["alice@acme.example"]});
    stage
        .apply(account(ACCOUNT, USERNAME, &dropzone, &stage.data))
        .await;
    Hall::on(stage, |launch| launch).await
}

async fn told(server: &MockServer) -> Request {
    wait::until("the webhook to be told", async || {
        server.received_requests().await?.into_iter().next()
    })
    .await
}

fn is_signed(request: &Request) -> bool {
    let proof = request.headers["deputy-signature"]
        .to_str()
        .expect("is text");
    let (time, digits) = proof.split_once(",v1=").expect("has two parts");
    let time = time.strip_prefix("t=").expect("has a time");
    let mut hmac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("takes any key");
    hmac.update(format!("{time}.").as_bytes());
    hmac.update(&request.body);
    let made = hmac.finalize().into_bytes();
    let made = made.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writes to a text");
        text
    });
    made == digits
}

#[tokio::test]
async fn a_webhook_is_told_what_was_sent_and_can_prove_who_told_it() {
    let server = hook(204).await;
    let mut hall = hall(&format!("{}/told", server.uri()), Some("hook")).await;
    let object = hall
        .until("DropzoneNotified", "False", "SecretNotFound")
        .await;
    assert!(message(&object, "DropzoneNotified").contains("hook"));
    hall.until("Ready", "True", "Verified").await;
    hall.stage.store("hook", json!({"secret": SECRET})).await;
    hall.until("DropzoneNotified", "Unknown", "NotTriedYet")
        .await;
    let form = Form::of_ned()
        .text("subject", "September")
        .text("message", "for your eyes")
        .file("a.txt", b"the content");
    let sent = hall.send(&form).await;
    assert_eq!(sent.status, StatusCode::CREATED);
    let upload = sent.json()["upload"]
        .as_str()
        .expect("is a name")
        .to_owned();
    let request = told(&server).await;
    assert!(is_signed(&request));
    let body: Value = request.body_json().expect("is JSON");
    let manifest = hall.manifest(&upload);
    assert_eq!(
        body,
        json!({
            "event": "upload.received", "upload": upload, "account": USERNAME,
            "connection": format!("{}/{ACCOUNT}", hall.stage.namespace),
            "label": "Invoices", "recipients": ["alice@acme.example"],
            "receivedAt": manifest["receivedAt"], "expiresAt": null,
            "sender": {"name": "Ned Leeds", "email": "ned@leeds.example"}, "subject": "September",
            "files": [{"number": 1, "name": "a.txt", "type": "text/plain", "bytes": 11, "sha256": sha256(b"the content")}],
            "inbox": format!("/dropzone/{USERNAME}/inbox"),
        })
    );
    hall.until("DropzoneNotified", "True", "Notified").await;
    let note = hall.quarantine().join(&upload).join("notified");
    wait::until("it to be noted", async || note.exists().then_some(())).await;
    assert!(
        hall.metric("deputy_dropzone_notifications_total{outcome=\"Notified\"} 1")
            .await
    );
    assert!(!hall.operator.log().contains(SECRET));
}

#[tokio::test]
async fn a_webhook_that_refuses_is_said_and_the_sender_has_no_part_in_it() {
    let server = hook(410).await;
    let mut hall = hall(&format!("{}/told", server.uri()), None).await;
    let sent = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(sent.status, StatusCode::CREATED);
    let object = hall
        .until("DropzoneNotified", "False", "WebhookRefused")
        .await;
    assert!(message(&object, "DropzoneNotified").contains("410"));
    hall.until("Ready", "True", "Verified").await;
    let request = told(&server).await;
    assert!(!request.headers.contains_key("deputy-signature"));
    assert!(
        hall.metric("deputy_dropzone_notifications_total{outcome=\"Failed\"} 1")
            .await
    );
}

#[tokio::test]
async fn nothing_is_told_where_the_operator_does_not_allow_it() {
    let hall = hall("https://hooks.acme.example/told", None).await;
    let object = hall
        .until("DropzoneNotified", "False", "WebhookNotAllowed")
        .await;
    let said = message(&object, "DropzoneNotified");
    assert!(
        said.contains("--allow-endpoint=hooks.acme.example"),
        "{said}"
    );
    let sent = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(sent.status, StatusCode::CREATED);
    hall.until("Ready", "True", "Verified").await;
}

#[tokio::test]
async fn nobody_is_told_by_default() {
    let mut hall = Hall::open(json!({"recipients": ["alice@acme.example"]})).await;
    let sent = hall.send(&Form::of_ned().file("a.txt", b"x")).await;
    assert_eq!(sent.status, StatusCode::CREATED);
    let object = hall.stage.ask_and_wait(CONNECTION, ACCOUNT).await;
    assert_eq!(message(&object, "DropzoneNotified"), "");
    for outcome in ["Notified", "Failed"] {
        let line = format!("deputy_dropzone_notifications_total{{outcome=\"{outcome}\"}} 1");
        assert!(!hall.metric(&line).await);
    }
}
