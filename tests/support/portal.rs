//! A company at `SendSafely`, and connections to it.

use deputy::model::clock::{Clock as _, SystemClock};
use reqwest::Url;
use serde_json::{Value, json};

use super::sandbox::Sandbox;
use super::stage::Stage;

/// The portal's host.
pub(crate) const HOST: &str = "acme.sendsafely.com";
/// The service account whose key connections use.
pub(crate) const BOT: &str = "deputy@acme.example";

/// A company with the service account, who is an administrator, and these people. What is generated leads up to the present,
/// since the log is kept for 90 days.
pub(crate) fn company(people: &[Value]) -> Value {
    let mut users = vec![json!({"email": BOT, "admin": true, "serviceAccount": true})];
    users.extend_from_slice(people);
    json!({
        "seed": 5,
        "epoch": SystemClock.now(),
        "sendsafely": {"host": HOST, "systemName": "Acme", "users": users},
    })
}

/// Somebody with so many packages.
pub(crate) fn employee(email: &str, packages: u32) -> Value {
    json!({"email": email, "generate": {"packages": packages}})
}

/// Where the vendor is.
pub(crate) fn endpoint(sandbox: &Sandbox) -> Url {
    sandbox.url().join("sendsafely").expect("is a URL")
}

/// The provider's part of a connection.
pub(crate) fn provider(sandbox: &Sandbox) -> Value {
    json!({"sendsafely": {"host": HOST, "account": BOT, "endpoint": endpoint(sandbox)}})
}

/// A connection to this company that admits everyone in it and writes into the stage's folder.
pub(crate) fn connection(stage: &Stage, name: &str) -> Value {
    let mut connection = stage.connection(name);
    connection["spec"]["provider"] = provider(&stage.sandbox);
    connection
}

/// A key as the entries of a Secret, each behind `slot`.
pub(crate) fn entries(slot: &str, key: &Value) -> Value {
    json!({format!("{slot}api-key"): key["apiKey"], format!("{slot}api-secret"): key["apiSecret"]})
}

/// Stores a key as the console made it, and returns that.
pub(crate) async fn store_new_key(stage: &Stage, name: &str) -> Value {
    let key = stage.sandbox.sendsafely().make_key(BOT).await;
    stage.store(name, entries("", &key)).await;
    key
}
