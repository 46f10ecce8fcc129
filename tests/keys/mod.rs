//! A key is never lost, leaked or doubled: made, replaced, revoked, by an operator that may be killed at any moment.

mod adopted;
mod issuer;
mod kills;
mod rotation;
mod scim;

use serde_json::{Value, json};

use crate::company::system::System;
use crate::support::random;
use crate::support::stage::{ACCOUNT, CONNECTION, KEY, Stage, company, condition, employee};
use crate::support::tenant;

const PETER: &str = "peter.parker@acme.example";

/// A company whose service account may manage its own keys, and a connection that is only verified.
async fn stage() -> Stage {
    let mut company = company(&[employee(PETER, 20)]);
    System::Google.permit_keys(&mut company);
    let stage = Stage::new(&company).await;
    stage.store_new_key("key").await;
    let mut connection = stage.connection("acme");
    connection["spec"]["provider"]["google"]["quotaProfile"] = json!("unlimited");
    stage.apply(connection).await;
    stage
}

/// A tenant whose application may manage its own secrets.
async fn tenant_stage() -> Stage {
    let mut company = tenant::company(&[tenant::employee(PETER, 5)]);
    System::Microsoft365.permit_keys(&mut company);
    let stage = Stage::new(&company).await;
    tenant::store_new_secret(&stage, "key", tenant::CLIENT).await;
    stage.apply(tenant::connection(&stage, "acme")).await;
    stage
}

/// An account of Deputy's own.
async fn account_stage() -> Stage {
    let stage = Stage::new(&company(&[])).await;
    stage
        .apply(json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": CONNECTION, "metadata": {"name": "acme"},
            "spec": {"provider": {"deputy": {"username": "robot@acme.example"}}},
        }))
        .await;
    stage
}

/// A key of the connection `acme`.
fn key(name: &str, secret: &str) -> Value {
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": KEY, "metadata": {"name": name},
        "spec": {"connectionRef": {"name": "acme"}, "purpose": "API", "secretName": secret},
    })
}

const GOOD: (&str, &str, &str) = ("Ready", "True", "KeyGood");

async fn entries(stage: &Stage, name: &str) -> Option<Value> {
    let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> =
        kube::Api::namespaced(stage.client.clone(), &stage.namespace);
    let secret = secrets.get_opt(name).await.expect("is answered")?;
    let data = secret.data.unwrap_or_default().into_iter();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("is text");
    Some(
        data.map(|(name, value)| (name, json!(text(value.0))))
            .collect(),
    )
}

async fn held_id(stage: &Stage, name: &str) -> Option<String> {
    let entries = entries(stage, name).await?;
    let file: Value = serde_json::from_str(entries["key.json"].as_str()?).expect("is a key file");
    Some(
        file["private_key_id"]
            .as_str()
            .expect("has an id")
            .to_owned(),
    )
}

fn current(object: &Value) -> String {
    let id = object["status"]["current"]["id"].as_str();
    id.unwrap_or_else(|| panic!("has a key: {object:#}"))
        .to_owned()
}

fn previous(object: &Value) -> Vec<String> {
    let list = object["status"]["previous"].as_array();
    let ids = list
        .into_iter()
        .flatten()
        .map(|key| key["id"].as_str().expect("has an id"));
    ids.map(str::to_owned).collect()
}

/// Asks for another key, and returns by what the request is known.
async fn request_rotation(stage: &Stage, name: &str) -> String {
    let stamp = random::name("rotate");
    let annotations = json!({"deputy.dev/rotate-requested-at": stamp});
    stage
        .patch(KEY, name, json!({"metadata": {"annotations": annotations}}))
        .await;
    stamp
}

async fn rotate(stage: &Stage, name: &str) -> Value {
    let stamp = request_rotation(stage, name).await;
    stage
        .until(KEY, name, "the key to be replaced", |object| {
            let status = &object["status"];
            status["lastHandledRotateAt"] == json!(stamp)
                && status["pending"].is_null()
                && condition(object, "Ready")["status"] == "True"
        })
        .await
}

async fn gone(stage: &Stage, name: &str) {
    let api = stage.objects(KEY);
    crate::support::wait::until("the object to be gone", async || {
        api.get_opt(name)
            .await
            .expect("is answered")
            .is_none()
            .then_some(())
    })
    .await;
}

async fn delete(stage: &Stage, name: &str) {
    let keys = stage.objects(KEY);
    let deleted = keys.delete(name, &kube::api::DeleteParams::default()).await;
    deleted.expect("is deleted");
}

#[tokio::test]
async fn a_key_is_made_replaced_and_revoked_with_its_object() {
    let stage = stage().await;
    let _operator = stage.operator();
    let admins = stage.sandbox.google().keys(ACCOUNT).await;
    stage.apply(key("robot", "robot-key")).await;
    let first = stage.until_condition(KEY, "robot", GOOD).await;
    assert_eq!(first["status"]["account"], ACCOUNT);
    assert_eq!(held_id(&stage, "robot-key").await, Some(current(&first)));
    let names: Vec<_> = entries(&stage, "robot-key")
        .await
        .unwrap()
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(names, ["key.json"], "nothing waits");
    let second = rotate(&stage, "robot").await;
    assert_ne!(current(&first), current(&second));
    assert_eq!(previous(&second), [current(&first)]);
    assert_eq!(held_id(&stage, "robot-key").await, Some(current(&second)));
    let mut expected = [admins.clone(), vec![current(&first), current(&second)]].concat();
    expected.sort();
    assert_eq!(stage.sandbox.google().keys(ACCOUNT).await, expected);
    delete(&stage, "robot").await;
    gone(&stage, "robot").await;
    assert_eq!(stage.sandbox.google().keys(ACCOUNT).await, admins);
}

#[tokio::test]
async fn an_applications_secret_is_made_replaced_and_revoked_with_its_object() {
    let stage = tenant_stage().await;
    let _operator = stage.operator();
    let admins = stage.sandbox.microsoft365().secrets(tenant::CLIENT).await;
    stage.apply(key("robot", "robot-key")).await;
    let first = stage.until_condition(KEY, "robot", GOOD).await;
    let second = rotate(&stage, "robot").await;
    let mut expected = [admins.clone(), vec![current(&first), current(&second)]].concat();
    expected.sort();
    assert_eq!(
        stage.sandbox.microsoft365().secrets(tenant::CLIENT).await,
        expected
    );
    assert!(
        !second["status"]["current"]["expiresAt"].is_null(),
        "it ends, and says when"
    );
    delete(&stage, "robot").await;
    gone(&stage, "robot").await;
    assert_eq!(
        stage.sandbox.microsoft365().secrets(tenant::CLIENT).await,
        admins
    );
}

#[tokio::test]
async fn a_deleted_or_changed_secret_is_answered_with_another_key() {
    let stage = stage().await;
    let _operator = stage.operator();
    stage.apply(key("robot", "robot-key")).await;
    let first = stage.until_condition(KEY, "robot", GOOD).await;
    let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> =
        kube::Api::namespaced(stage.client.clone(), &stage.namespace);
    let deleted = secrets
        .delete("robot-key", &kube::api::DeleteParams::default())
        .await;
    deleted.expect("is deleted");
    let is_new = |old: String| {
        move |object: &Value| {
            object["status"]["current"]["id"] != json!(old) && object["status"]["pending"].is_null()
        }
    };
    let second = stage
        .until(KEY, "robot", "another key", is_new(current(&first)))
        .await;
    assert_eq!(held_id(&stage, "robot-key").await, Some(current(&second)));
    let nonsense = json!({"stringData": {"key.json": "nonsense"}});
    let patch = kube::api::Patch::Merge(&nonsense);
    let changed = secrets
        .patch("robot-key", &kube::api::PatchParams::default(), &patch)
        .await;
    changed.expect("is changed");
    let third = stage
        .until(KEY, "robot", "another key", is_new(current(&second)))
        .await;
    assert_eq!(held_id(&stage, "robot-key").await, Some(current(&third)));
    assert_eq!(
        previous(&third),
        [current(&first), current(&second)],
        "each goes after the overlap"
    );
}

#[tokio::test]
async fn a_key_that_is_to_stay_good_outlives_its_object_with_its_secret() {
    let stage = stage().await;
    let _operator = stage.operator();
    let mut object = key("robot", "robot-key");
    object["spec"]["deletionPolicy"] = json!("Orphan");
    stage.apply(object).await;
    let made = stage.until_condition(KEY, "robot", GOOD).await;
    delete(&stage, "robot").await;
    gone(&stage, "robot").await;
    assert!(
        stage
            .sandbox
            .google()
            .keys(ACCOUNT)
            .await
            .contains(&current(&made))
    );
    assert_eq!(held_id(&stage, "robot-key").await, Some(current(&made)));
    // Another object of that name does not take over what it has not made.
    stage.apply(key("robot", "robot-key")).await;
    stage
        .until_condition(KEY, "robot", ("Ready", "False", "SecretNotOurs"))
        .await;
}

#[tokio::test]
async fn a_key_that_cannot_be_revoked_holds_its_object_and_says_how_to_give_up() {
    let stage = stage().await;
    let _operator = stage.operator();
    stage.apply(key("robot", "robot-key")).await;
    let made = stage.until_condition(KEY, "robot", GOOD).await;
    let google = stage.sandbox.google();
    google
        .change_service_account(ACCOUNT, json!({"keyAdmin": false}))
        .await;
    delete(&stage, "robot").await;
    let waiting = stage
        .until(KEY, "robot", "to wait", |object| {
            condition(object, "Ready")["reason"] == "RevocationPending"
        })
        .await;
    let message = condition(&waiting, "Ready")["message"].to_string();
    for part in [
        current(&made).as_str(),
        "roles/iam.serviceAccountKeyAdmin",
        "deletionPolicy: Orphan",
    ] {
        assert!(message.contains(part), "{message}");
    }
    stage
        .patch(KEY, "robot", json!({"spec": {"deletionPolicy": "Orphan"}}))
        .await;
    gone(&stage, "robot").await;
    assert!(google.keys(ACCOUNT).await.contains(&current(&made)));
}

#[tokio::test]
async fn each_refusal_is_told_with_its_remedy() {
    let stage = stage().await;
    let _operator = stage.operator();
    stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;
    let google = stage.sandbox.google();
    google
        .change_service_account(ACCOUNT, json!({"keyAdmin": false}))
        .await;
    stage.apply(key("robot", "robot-key")).await;
    let object = stage
        .until_condition(KEY, "robot", ("Issued", "False", "PermissionDenied"))
        .await;
    assert!(
        condition(&object, "Issued")["message"]
            .to_string()
            .contains("add-iam-policy-binding")
    );
    google
        .change_service_account(ACCOUNT, json!({"keyAdmin": true}))
        .await;
    google
        .constrain(&["iam.disableServiceAccountKeyUpload"])
        .await;
    stage.request(KEY, "robot").await;
    stage
        .until_condition(KEY, "robot", ("Issued", "False", "BlockedByPolicy"))
        .await;
    google.constrain(&[]).await;
    stage.request(KEY, "robot").await;
    stage.until_condition(KEY, "robot", GOOD).await;
    stage.store("theirs", json!({"key.json": "theirs"})).await;
    stage.apply(key("other", "theirs")).await;
    stage
        .until_condition(KEY, "other", ("Ready", "False", "SecretNotOurs"))
        .await;
    assert_eq!(
        entries(&stage, "theirs").await.unwrap(),
        json!({"key.json": "theirs"})
    );
    let mut scim = key("scim", "scim-key");
    scim["spec"]["purpose"] = json!("SCIM");
    stage.apply(scim).await;
    stage
        .until_condition(KEY, "scim", ("Ready", "False", "PurposeNotSupported"))
        .await;
    assert!(entries(&stage, "scim-key").await.is_none());
}

/// The lines of a private key: each alone would give a part of it away.
fn lines(file: &Value) -> Vec<String> {
    let pem = file["private_key"].as_str().expect("has a key");
    let lines = pem
        .lines()
        .filter(|line| line.len() > 40 && !line.contains("KEY"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn nothing_of_a_key_is_in_anything_that_deputy_says() {
    let stage = stage().await;
    let launch = stage.launch().arg("--namespace").arg(&stage.namespace);
    let operator = launch.arg("--log").arg("trace").start();
    stage.apply(key("robot", "robot-key")).await;
    stage.until_condition(KEY, "robot", GOOD).await;
    let mut secrets = Vec::new();
    for _ in 0..2 {
        let held = entries(&stage, "robot-key").await.expect("is there");
        let text = held["key.json"].as_str().expect("is a file").to_owned();
        secrets.extend(lines(&serde_json::from_str(&text).expect("is JSON")));
        rotate(&stage, "robot").await;
    }
    assert!(secrets.len() > 20, "there is something to look for");
    let events: kube::Api<k8s_openapi::api::events::v1::Event> =
        kube::Api::namespaced(stage.client.clone(), &stage.namespace);
    let events = events
        .list(&kube::api::ListParams::default())
        .await
        .expect("lists");
    let said = [
        operator.log(),
        stage.get(KEY, "robot").await.to_string(),
        stage.get(CONNECTION, "acme").await.to_string(),
        serde_json::to_string(&events).expect("serialises"),
    ];
    for secret in secrets {
        let coded = base64_of(&secret);
        for said in &said {
            assert!(!said.contains(&secret) && !said.contains(&coded));
        }
    }
}

/// A part of what a line looks like within Base64, wherever it begins there.
fn base64_of(line: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(&line[..30])
}
