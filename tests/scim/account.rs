//! An account of Deputy's own says how it stands, like every connection.

use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::office::{ACCOUNT, Office};
use crate::support::stage::condition;
use crate::support::wait;

async fn until(office: &Office, name: &str, type_: &str, status: &str, reason: &str) -> Value {
    let fits = |object: Option<&DynamicObject>| {
        object.is_some_and(|object| {
            let found = condition(&object.data, type_);
            object.data["status"]["observedGeneration"] == json!(object.metadata.generation)
                && found["status"] == status
                && found["reason"] == reason
        })
    };
    let api = office.objects("ServiceAccountConnection");
    let what = format!("{type_}={status} because of {reason}");
    let object = wait::until_object(&api, name, &what, fits).await;
    serde_json::to_value(object).expect("is JSON")
}

fn account(name: &str, deputy: &Value) -> Value {
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection", "metadata": {"name": name},
        "spec": {"provider": {"deputy": deputy}},
    })
}

#[tokio::test]
async fn it_is_ready_without_a_credential_and_nobody_logs_in_as_it() {
    let office = Office::open().await;
    let object = until(&office, ACCOUNT, "Ready", "True", "Verified").await;
    let status = &object["status"];
    assert_eq!(status["login"], "None");
    assert_eq!(status["provider"], "deputy");
    assert_eq!(status["identity"]["account"], "scim-bot@acme.example");
    assert!(status.get("credential").is_none(), "{status}");
    assert_eq!(status["effective"], json!({"validationInterval": "1h"}));
    let available = condition(&object, "CredentialsAvailable");
    assert!(
        available["message"]
            .as_str()
            .is_some_and(|text| text.contains("needs none")),
        "{available}"
    );
    let granted = condition(&object, "PermissionsGranted");
    assert!(
        granted["message"]
            .as_str()
            .is_some_and(|text| text.contains("connection acme")),
        "{granted}"
    );
}

#[tokio::test]
async fn each_fault_of_an_account_is_said() {
    let office = Office::open().await;
    until(&office, ACCOUNT, "Ready", "True", "Verified").await;
    let scim = |name: &str| json!({"connectionRef": {"name": name}});
    for (name, deputy, reason) in [
        (
            "twin",
            json!({"username": "Scim-Bot@acme.example"}),
            "UsernameTaken",
        ),
        (
            "lost",
            json!({"username": "lost@acme.example", "scim": scim("nowhere")}),
            "TargetNotFound",
        ),
        (
            "self",
            json!({"username": "self@acme.example", "scim": scim("self")}),
            "TargetNotFound",
        ),
        (
            "loud",
            json!({"username": "loud@acme.example", "notifications": true}),
            "UnsupportedByProvider",
        ),
        (
            "shown",
            json!({"username": "shown@acme.example", "personalUrl": true}),
            "UnsupportedByProvider",
        ),
    ] {
        office.apply(account(name, &deputy)).await;
        let object = until(&office, name, "Ready", "False", reason).await;
        assert_eq!(condition(&object, "Stalled")["status"], "True");
    }
    let nobody = json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection", "metadata": {"name": "shut"},
        "spec": {"provider": {"google": {}}, "credentialsSecretRef": {"name": "acme-key"}},
    });
    office.apply(nobody).await;
    office
        .apply(account(
            "keen",
            &json!({"username": "keen@acme.example", "scim": scim("shut")}),
        ))
        .await;
    until(
        &office,
        "keen",
        "PermissionsGranted",
        "False",
        "TargetAdmitsNobody",
    )
    .await;
    until(&office, ACCOUNT, "Ready", "True", "Verified").await;
}
