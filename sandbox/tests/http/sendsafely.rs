//! `SendSafely`'s signed requests and its console.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::support::{Reply, World};

const DEPUTY: &str = "deputy@acme.example";
const RECIPIENTS: &str = "/api/v2.0/user/dropzone-recipients/";

/// A request as it is signed right; the body is sent as these bytes.
async fn signed(world: &World, key: &Value, method: &str, path: &str, body: &str) -> Reply {
    let now = jiff::Timestamp::try_from(std::time::SystemTime::now()).unwrap();
    let timestamp = now.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string();
    let (id, secret) = (
        key["apiKey"].as_str().unwrap(),
        key["apiSecret"].as_str().unwrap(),
    );
    let message = format!("{id}{path}{timestamp}{body}");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&secret, message.as_bytes());
    let digits = signature.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let request = world
        .client
        .request(
            method.parse().unwrap(),
            world.url(&format!("/sendsafely{path}")),
        )
        .header("ss-api-key", id)
        .header("ss-request-timestamp", timestamp)
        .header("ss-request-signature", digits.collect::<String>())
        .body(body.to_owned());
    world.send(request).await
}

async fn key(world: &World, email: &str) -> Value {
    let path = format!("sendsafely/users/{email}/keys");
    world.console("POST", &path, json!({})).await
}

/// What became of a request whose status says nothing.
fn outcome(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["response"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn bodies_are_signed_whatever_the_verb() {
    let world = World::new().await;
    let key = key(&world, DEPUTY).await;
    let body = r#"{"userEmail": "zo\u00eb@acme.example"}"#;
    for (verb, wanted) in [
        ("PUT", "SUCCESS"),
        ("PUT", "DUPLICATE_EMAIL"),
        ("DELETE", "SUCCESS"),
        ("DELETE", "INVALID_RECIPIENT"),
    ] {
        let reply = signed(&world, &key, verb, RECIPIENTS, body).await;
        assert_eq!(outcome(&reply), wanted, "{verb}");
    }
    let other = json!({ "apiKey": key["apiKey"], "apiSecret": "other" });
    let reply = signed(&world, &other, "GET", "/api/v2.0/user", "").await;
    assert_eq!(outcome(&reply), "AUTHENTICATION_FAILED");
    let calls = world.log().await;
    let last = calls.last().unwrap();
    assert_eq!(
        (&last["status"], &last["reason"]),
        (&json!(200), &json!("AUTHENTICATION_FAILED"))
    );
}

#[tokio::test]
async fn accounts_that_may_not() {
    let world = World::new().await;
    let plain = key(&world, "plain@acme.example").await;
    let reply = signed(
        &world,
        &plain,
        "POST",
        "/api/v2.0/package/organization/",
        "{}",
    )
    .await;
    assert_eq!(outcome(&reply), "DENIED");
    let gone = key(&world, "inactive@acme.example").await;
    let reply = signed(&world, &gone, "GET", "/api/v2.0/user", "").await;
    assert_eq!(outcome(&reply), "AUTHENTICATION_FAILED");
}

#[tokio::test]
async fn its_console_is_strict() {
    let world = World::new().await;
    for (method, path, body, status) in [
        ("POST", "users/nobody@acme.example/keys", json!({}), 404),
        ("DELETE", "keys/none", Value::Null, 404),
        ("POST", "keys/none/scim", Value::Null, 400),
        (
            "PATCH",
            "users/deputy@acme.example",
            json!({ "adminn": true }),
            400,
        ),
        ("POST", "users", json!({ "email": DEPUTY }), 400),
        (
            "POST",
            "users/deputy@acme.example/packages",
            json!({ "state": "OLD" }),
            400,
        ),
        ("PATCH", "packages/none", json!({}), 404),
        ("PATCH", "features", json!({ "audit": true }), 400),
        ("GET", "nothing", Value::Null, 404),
    ] {
        let reply = world
            .try_console(method, &format!("sendsafely/{path}"), body)
            .await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_company_that_no_scenario_mentions_refuses_everything() {
    let world = World::with("{google: {customer: {id: C1, domains: [acme.example]}, projects: [{number: '1'}], \
         serviceAccounts: [{email: deputy@acme.iam.gserviceaccount.com, clientId: '1', project: '1'}]}}")
        .await;
    let stranger = json!({ "apiKey": "a", "apiSecret": "b" });
    let reply = signed(&world, &stranger, "GET", "/api/v2.0/user", "").await;
    assert_eq!(outcome(&reply), "AUTHENTICATION_FAILED");
}
