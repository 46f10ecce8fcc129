//! What was mended is noticed.

use serde_json::json;

use super::{Reads, Stalled, reads};
use crate::support::stage::{
    ACCOUNT, CLIENT_ID, CONNECTION, SCOPES, Stage, USER, company, condition, employee, person,
};

const PETER: &str = "peter.parker@acme.example";

#[tokio::test]
async fn a_scope_taken_away_is_named_and_given_back_the_sync_goes_on() {
    let stage = Stage::new(&company(&[employee(PETER, 5)])).await;
    let google = stage.sandbox.google();
    stage.store_new_key("key").await;
    stage.apply(stage.connection("acme")).await;
    stage.apply(person("peter", PETER)).await;
    let mut operator = stage.operator();
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;

    google.revoke(CLIENT_ID, SCOPES[1]).await;
    stage.request(CONNECTION, "acme").await;
    let missing = Reads {
        type_: "DelegationValid",
        status: "False",
        reason: "ScopeNotAuthorized",
        remedy: "not delegated to client 107400000000000000001: https://www.googleapis.com/auth/calendar",
        class: Stalled,
    };
    reads(&stage, CONNECTION, "acme", missing).await;
    let connection = stage.get(CONNECTION, "acme").await;
    let link = connection["status"]["delegation"]["remedyUrl"]
        .as_str()
        .expect("has a link");
    for scope in SCOPES {
        let encoded: String = url::form_urlencoded::byte_serialize(scope.as_bytes()).collect();
        assert!(link.contains(&encoded), "{link} lacks {scope}");
    }
    assert!(link.contains(CLIENT_ID), "{link}");
    google
        .deliver(
            PETER,
            "From: a@b.example\r\nSubject: Meanwhile\r\n\r\nHello.\r\n",
            &["INBOX"],
        )
        .await;

    google.grant(CLIENT_ID, SCOPES[1]).await;
    stage.request(CONNECTION, "acme").await;
    stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;
    stage.ask_and_wait(USER, "peter").await;
    stage
        .until(USER, "peter", "to have what came meanwhile", |object| {
            let streams = object["status"]["streams"].as_array();
            let mut streams = streams.into_iter().flatten();
            streams.any(|stream| {
                stream["name"] == "mail" && stream["records"] == 6 && stream["generation"] == 1
            })
        })
        .await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_replaced_secret_is_verified_within_seconds() {
    let stage = Stage::new(&company(&[])).await;
    let google = stage.sandbox.google();
    let key = google.make_key(ACCOUNT).await;
    stage
        .store("key", json!({"key.json": key.to_string()}))
        .await;
    stage.apply(stage.connection("acme")).await;
    let mut operator = stage.operator();
    let before = stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;

    google
        .delete_key(key["private_key_id"].as_str().expect("has an id"))
        .await;
    stage.request(CONNECTION, "acme").await;
    let revoked = Reads {
        type_: "Authenticated",
        status: "False",
        reason: "KeyRevoked",
        remedy: "Make a new key",
        class: Stalled,
    };
    reads(&stage, CONNECTION, "acme", revoked).await;
    // Nothing but the watch tells of it: the next verification by itself is an hour away.
    stage.store_new_key("key").await;
    let after = stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;
    let fingerprint =
        |object: &serde_json::Value| object["status"]["credential"]["fingerprint"].clone();
    assert_ne!(fingerprint(&before), fingerprint(&after));
    assert_eq!(condition(&after, "Stalled"), serde_json::Value::Null);
    assert!(operator.is_running());
}
