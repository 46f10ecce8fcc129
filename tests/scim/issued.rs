//! Under the chart's own rights a key is issued to a Secret, opens the endpoint, and is dead when its object is gone.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, DynamicObject, ListParams};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::office::{ACCOUNT, Key, Office};
use crate::support::stage::condition;
use crate::support::wait;

fn okta() -> Value {
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": "ApiKey", "metadata": {"name": "okta"},
        "spec": {"connectionRef": {"name": ACCOUNT}, "purpose": "SCIM", "secretName": "okta-key"},
    })
}

async fn issued(office: &Office) -> Value {
    let is_good = |object: Option<&DynamicObject>| {
        object.is_some_and(|object| condition(&object.data, "Ready")["reason"] == "KeyGood")
    };
    let keys = office.objects("ApiKey");
    let object = wait::until_object(&keys, "okta", "KeyGood", is_good).await;
    serde_json::to_value(object).expect("is JSON")
}

async fn key(office: &Office) -> Key {
    let secrets = office.namespace.objects::<Secret>().await;
    let secret = secrets.get("okta-key").await.expect("is there");
    let data = secret.data.expect("has entries");
    let text = |name: &str| String::from_utf8(data[name].0.clone()).expect("is text");
    Key {
        id: text("api-key"),
        secret: text("api-secret"),
    }
}

/// All that is said or kept of a key beside its own Secret.
async fn told(office: &Office, object: &Value) -> Vec<String> {
    let events = office.namespace.objects::<Event>().await;
    let events = events.list(&ListParams::default()).await.expect("lists");
    let secrets = office.namespace.objects::<Secret>().await;
    let ledger = secrets.get(&format!("{ACCOUNT}-keys")).await;
    let entries = ledger.expect("is there").data.expect("has entries");
    let entries = entries.into_values().flat_map(|entry| entry.0);
    vec![
        String::from_utf8(entries.collect()).expect("is text"),
        serde_json::to_string(&events).expect("is JSON"),
        object.to_string(),
        office.operator.log(),
    ]
}

#[tokio::test]
async fn a_key_is_issued_opens_and_ends_with_its_object() {
    let office = Office::open().await;
    office.apply(okta()).await;
    let object = issued(&office).await;
    let key = key(&office).await;
    assert_eq!(object["status"]["current"]["id"], json!(key.id));
    assert_eq!(object["status"]["account"], "scim-bot@acme.example");
    let users = async || office.ask(&key, Method::GET, "Users", None).await.status;
    assert_eq!(users().await, StatusCode::OK);
    for told in told(&office, &object).await {
        assert!(!told.contains(&key.secret), "a secret is in {told}");
    }

    let keys = office.objects("ApiKey");
    let deleted = keys.delete("okta", &DeleteParams::default()).await;
    deleted.expect("is deleted");
    wait::until("the object to be gone", async || {
        let found = keys.get_opt("okta").await.expect("is answered");
        found.is_none().then_some(())
    })
    .await;
    assert_eq!(users().await, StatusCode::UNAUTHORIZED);
}
