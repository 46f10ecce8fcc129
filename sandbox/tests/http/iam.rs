//! Keys of service accounts over HTTP.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{ACCOUNT, Reply, World, scope};

const KEYS: &str = "iam/v1/projects/-/serviceAccounts/deputy@acme.iam.gserviceaccount.com/keys";

/// The account's own token, without `sub`.
async fn own_token(world: &World, key: &Value) -> Reply {
    let claims = json!({ "scope": scope("cloud-platform") });
    world.exchange(&World::assertion(key, &claims)).await
}

async fn token(world: &World) -> String {
    let reply = own_token(world, &world.key).await;
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

async fn send(world: &World, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let url = world.url(&format!("/google/{path}"));
    let request = world.client.request(method.parse().unwrap(), url);
    world.send(request.bearer_auth(token).json(body)).await
}

/// Makes a key and gives back its credentials file.
async fn make(world: &World, token: &str) -> Value {
    let reply = send(world, token, "POST", KEYS, &json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let file = STANDARD.decode(reply.json()["privateKeyData"].as_str().unwrap());
    serde_json::from_slice(&file.unwrap()).unwrap()
}

#[tokio::test]
async fn a_key_signs_until_it_is_disabled_or_deleted() {
    let world = World::new().await;
    let token = token(&world).await;
    let key = make(&world, &token).await;
    let path = format!("{KEYS}/{}", key["private_key_id"].as_str().unwrap());
    assert_eq!(own_token(&world, &key).await.status, 200);
    for (verb, path, then) in [
        ("POST", format!("{path}:disable"), 400),
        ("POST", format!("{path}:enable"), 200),
        ("DELETE", path.clone(), 400),
    ] {
        assert_eq!(
            send(&world, &token, verb, &path, &json!({})).await.status,
            200,
            "{path}"
        );
        assert_eq!(own_token(&world, &key).await.status, then, "{path}");
    }
    let refused = own_token(&world, &key).await.json();
    assert_eq!(
        refused["error_description"],
        json!("Invalid JWT Signature.")
    );
    let gone = send(&world, &token, "DELETE", &path, &json!({})).await;
    assert_eq!(
        (gone.status, &gone.json()["error"]["status"]),
        (404, &json!("NOT_FOUND"))
    );
}

#[tokio::test]
async fn who_may_not_manage_keys_is_told_the_permission() {
    let world = World::new().await;
    let token = token(&world).await;
    let account = format!("google/service-accounts/{ACCOUNT}");
    world
        .console("PATCH", &account, json!({ "keyAdmin": false }))
        .await;
    let refused = send(&world, &token, "POST", KEYS, &json!({})).await;
    let error = &refused.json()["error"];
    assert_eq!(
        (refused.status, &error["status"]),
        (403, &json!("PERMISSION_DENIED"))
    );
    assert_eq!(
        error["details"][0]["metadata"]["permission"],
        json!("iam.serviceAccountKeys.create")
    );
}

#[tokio::test]
async fn ten_keys_are_enough_and_unknown_fields_are_none() {
    let world = World::new().await;
    let token = token(&world).await;
    for _ in 0..9 {
        make(&world, &token).await;
    }
    let refused = send(&world, &token, "POST", KEYS, &json!({})).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["status"]),
        (400, &json!("FAILED_PRECONDITION"))
    );
    let listed = world
        .read(&token, &format!("{KEYS}?keyTypes=USER_MANAGED"))
        .await;
    assert_eq!(listed["keys"].as_array().unwrap().len(), 10);
    let refused = send(&world, &token, "POST", KEYS, &json!({ "keyName": "x" })).await;
    assert_eq!(refused.json()["error"]["status"], json!("INVALID_ARGUMENT"));
}
