//! What is wrong with a key file, an account, a tenant or a destination.

use serde_json::{Value, json};

use super::{ConnectionRow as Row, Reconciling, Stalled, reads, reads_of};
use crate::support::stage::{CONNECTION, SCOPES, Stage, company};

/// What may be in the Secret, made from a whole key file.
#[rustfmt::skip] // a row a line
fn key_files(key: &Value) -> Vec<Row<(&'static str, Value)>> {
    let whole = key.to_string();
    let changed = |field: &str, value: &str| {
        let mut key = key.clone();
        key[field] = json!(value);
        json!({"key.json": key.to_string()})
    };
    let lacks = |field: &str| {
        let mut key = key.clone();
        key.as_object_mut().unwrap().remove(field);
        json!({"key.json": key.to_string()})
    };
    let oauth = json!({"installed": {"client_id": "1", "client_secret": "canary"}}).to_string();
    let type_ = "CredentialsAvailable";
    vec![
        (("other-entry", json!({"credentials": whole})), type_, "False", "KeyMissing", "under that name", Stalled),
        (("empty-file", json!({"key.json": ""})), type_, "False", "KeyEmpty", "Store the JSON key file", Stalled),
        (("truncated", json!({"key.json": whole[..whole.len() / 2]})), type_, "False", "KeyMalformed", "Store the file again", Stalled),
        (("no-json", json!({"key.json": "-----BEGIN"})), type_, "False", "KeyMalformed", "Store the file again", Stalled),
        (("oauth-client", json!({"key.json": oauth})), type_, "False", "KeyForeign", "", Stalled),
        (("a-person", changed("type", "authorized_user")), type_, "False", "KeyForeign", "", Stalled),
        (("no-account", lacks("client_email")), type_, "False", "KeyMalformed", "client_email", Stalled),
        (("no-private-key", lacks("private_key")), type_, "False", "KeyMalformed", "private_key", Stalled),
        (("bad-private-key", changed("private_key", "canary")), type_, "False", "KeyMalformed", "RSA", Stalled),
        (("elsewhere", changed("token_uri", "https://evil.example/token")), type_, "False", "EndpointRefused", "--allow-endpoint", Stalled),
    ]
}

#[tokio::test]
async fn each_way_a_key_file_can_be_bad() {
    let stage = Stage::new(&company(&[])).await;
    let key = stage
        .sandbox
        .google()
        .make_key(crate::support::stage::ACCOUNT)
        .await;
    let rows = key_files(&key);
    for ((name, entries), ..) in &rows {
        stage.store(name, entries.clone()).await;
        apply_with(&stage, name, |spec| {
            spec["credentialsSecretRef"]["name"] = json!(name);
        })
        .await;
    }
    apply_with(&stage, "no-secret", |spec| {
        spec["credentialsSecretRef"]["name"] = json!("no-secret");
    })
    .await;
    stage.store("no-entries", json!({})).await;
    apply_with(&stage, "no-entries", |spec| {
        spec["credentialsSecretRef"]["name"] = json!("no-entries");
    })
    .await;
    let operator = stage.operator();
    for row in &rows {
        reads(&stage, CONNECTION, row.0.0, reads_of(row)).await;
    }
    let rest = [
        (
            "no-secret",
            "CredentialsAvailable",
            "False",
            "SecretNotFound",
            "Create it: kubectl",
            Stalled,
        ),
        (
            "no-entries",
            "CredentialsAvailable",
            "False",
            "KeyMissing",
            "it is empty",
            Stalled,
        ),
    ];
    for row in rest {
        reads(&stage, CONNECTION, row.0, reads_of(&row)).await;
    }
    assert!(!operator.log().contains("canary"));
    assert!(
        stage.sandbox.calls().await.is_empty(),
        "nobody is asked with a bad key"
    );
}

/// Service accounts in states of their own, and specs that cannot work.
fn states() -> Value {
    let mut company = company(&[json!({"email": "no-admin@acme.example"})]);
    let google = &mut company["google"];
    google["projects"]
        .as_array_mut()
        .unwrap()
        .push(json!({"number": "107400000001", "apis": []}));
    for (n, name) in ["disabled", "deleted", "bare", "unlisted", "rotated"]
        .iter()
        .enumerate()
    {
        let project = if *name == "bare" {
            "107400000001"
        } else {
            "107400000000"
        };
        let scopes = if *name == "unlisted" {
            json!([])
        } else {
            json!(SCOPES)
        };
        google["serviceAccounts"].as_array_mut().unwrap().push(json!({
            "email": format!("{name}@acme.iam.gserviceaccount.com"),
            "clientId": format!("20740000000000000000{n}"), "project": project, "delegatedScopes": scopes,
        }));
    }
    company
}

#[rustfmt::skip] // a row a line
const STATE_ROWS: [Row<&str>; 12] = [
    ("disabled", "Authenticated", "False", "AccountDisabled", "Restore or re-enable", Stalled),
    ("deleted", "Authenticated", "False", "AccountDisabled", "Restore or re-enable", Stalled),
    ("rotated", "Authenticated", "False", "KeyRevoked", "Make a new key", Stalled),
    ("bare", "PermissionsGranted", "False", "ApiDisabled", "Enable it", Stalled),
    ("unlisted", "DelegationValid", "False", "Propagating", "enter that client ID", Reconciling),
    ("other-tenant", "DelegationValid", "False", "Propagating", "", Reconciling),
    ("no-such-admin", "DelegationValid", "False", "UserNotFound", "Correct the address", Stalled),
    ("no-admin", "PermissionsGranted", "False", "AdminNotPrivileged", "Set adminEmail", Stalled),
    ("wrong-customer", "PermissionsGranted", "False", "UserOfAnotherTenant", "spec.provider.google.customer", Stalled),
    ("nobody", "DelegationValid", "Unknown", "NobodyToTestWith", "adminEmail", Reconciling),
    ("endpoint", "CredentialsAvailable", "False", "EndpointRefused", "--allow-endpoint", Stalled),
    ("no-folder", "DestinationReachable", "False", "DestinationNotFound", "Create the bucket or folder", Stalled),
];

#[tokio::test]
async fn each_state_of_account_tenant_and_destination() {
    let stage = Stage::new(&states()).await;
    let google = stage.sandbox.google();
    stage.store_new_key("key").await;
    for name in ["disabled", "deleted", "bare", "unlisted", "rotated"] {
        let account = format!("{name}@acme.iam.gserviceaccount.com");
        let key = google.make_key(&account).await;
        stage
            .store(name, json!({"key.json": key.to_string()}))
            .await;
        apply_with(&stage, name, |spec| {
            spec["credentialsSecretRef"]["name"] = json!(name);
        })
        .await;
        match name {
            "rotated" => {
                google
                    .delete_key(key["private_key_id"].as_str().unwrap())
                    .await;
            }
            "disabled" | "deleted" => {
                google
                    .change_service_account(&account, json!({name: true}))
                    .await;
            }
            _ => {}
        }
    }
    for (name, field, value) in [
        (
            "other-tenant",
            "adminEmail",
            json!("stranger@other.example"),
        ),
        ("no-such-admin", "adminEmail", json!("nobody@acme.example")),
        ("no-admin", "adminEmail", json!("no-admin@acme.example")),
        ("wrong-customer", "customer", json!("C02other")),
        ("nobody", "adminEmail", Value::Null),
        ("endpoint", "endpoint", json!("https://evil.example/google")),
    ] {
        apply_with(&stage, name, |spec| {
            spec["provider"]["google"][field] = value;
        })
        .await;
    }
    apply_with(&stage, "no-folder", |spec| {
        spec["destination"]["objectStore"]["url"] = json!("file:///no/such/folder");
    })
    .await;
    let mut operator = stage.operator();
    for row in &STATE_ROWS {
        reads(&stage, CONNECTION, row.0, reads_of(row)).await;
    }
    assert!(operator.is_running());
}

async fn apply_with(stage: &Stage, name: &str, change: impl FnOnce(&mut Value)) {
    let mut connection = stage.connection(name);
    change(&mut connection["spec"]);
    stage.apply(connection).await;
}
