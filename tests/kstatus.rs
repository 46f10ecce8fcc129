//! Every phase of every kind, as the tools that wait for objects judge it, on objects that the operator has written.
//!
//! Source: sigs.k8s.io/cli-utils, pkg/kstatus/README.md, "The `Ready` condition", "abnormal-true" and
//! `observedGeneration`, read 2026-11-22.

use serde_json::{Value, json};

use crate::support::stage::{
    ACCOUNT, CLIENT_ID, CONNECTION, KEY, Kind, SCOPES, Stage, USER, company, condition, employee,
    person,
};

const PETER: &str = "peter.parker@acme.example";

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    InProgress,
    Failed,
    Current,
    Terminating,
}

/// The rules.
fn judge(object: &Value) -> Verdict {
    let is = |type_: &str, status: &str| condition(object, type_)["status"] == status;
    let observed = object["status"]["observedGeneration"].as_i64();
    let generation = object["metadata"]["generation"].as_i64();
    if !object["metadata"]["deletionTimestamp"].is_null() {
        Verdict::Terminating
    } else if (observed.is_some() && observed != generation) || is("Reconciling", "True") {
        Verdict::InProgress
    } else if is("Stalled", "True") {
        Verdict::Failed
    } else if is("Ready", "False") || is("Ready", "Unknown") {
        Verdict::InProgress
    } else {
        Verdict::Current
    }
}

fn api_key(name: &str) -> Value {
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": KEY, "metadata": {"name": name},
        "spec": {"connectionRef": {"name": "acme"}, "purpose": "SCIM", "secretName": "scim-key"},
    })
}

async fn is(stage: &Stage, kind: Kind, name: &str, verdict: Verdict, reason: &str) -> Value {
    let what = format!("to be {verdict:?} because of {reason}");
    let object = stage
        .until(kind, name, &what, |object| {
            judge(object) == verdict && condition(object, "Ready")["reason"] == reason
        })
        .await;
    never_both(&object);
    object
}

fn never_both(object: &Value) {
    let is = |type_: &str| condition(object, type_)["status"] == "True";
    let told = ["Reconciling", "Stalled", "Ready"]
        .into_iter()
        .filter(|type_| is(type_));
    assert!(told.count() <= 1, "contradicts itself: {object:#}");
}

#[tokio::test]
async fn before_the_operator_has_seen_it_every_kind_is_in_progress() {
    let stage = Stage::new(&company(&[])).await;
    for (kind, object) in [
        (CONNECTION, stage.connection("acme")),
        (USER, person("acme", PETER)),
        (KEY, api_key("acme")),
    ] {
        stage.apply(object).await;
        let object = stage.get(kind, "acme").await;
        assert_eq!(object["status"]["observedGeneration"], -1, "{kind}");
        assert_eq!(judge(&object), Verdict::InProgress, "{kind}");
    }
}

#[tokio::test]
async fn a_connection_in_every_phase() {
    let stage = Stage::new(&company(&[])).await;
    let google = stage.sandbox.google();
    let mut operator = stage.operator();
    stage.apply(stage.connection("acme")).await;
    is(
        &stage,
        CONNECTION,
        "acme",
        Verdict::Failed,
        "SecretNotFound",
    )
    .await;

    let down = json!({"match": {"pathPrefix": "/google/token"}, "do": {"reply": {"status": 503}}});
    stage.sandbox.faults(&[down]).await;
    stage.store_new_key("key").await;
    is(
        &stage,
        CONNECTION,
        "acme",
        Verdict::InProgress,
        "ProviderUnavailable",
    )
    .await;
    stage.sandbox.faults(&[]).await;

    google.delegate(CLIENT_ID, &[]).await;
    let mut connection = stage.connection("acme");
    connection["spec"]["deniedUsers"] = json!(["nobody@acme.example"]);
    stage.apply(connection).await;
    is(
        &stage,
        CONNECTION,
        "acme",
        Verdict::InProgress,
        "Propagating",
    )
    .await;

    google.delegate(CLIENT_ID, &SCOPES).await;
    stage.request(CONNECTION, "acme").await;
    is(&stage, CONNECTION, "acme", Verdict::Current, "Verified").await;

    google.revoke(CLIENT_ID, SCOPES[1]).await;
    stage.request(CONNECTION, "acme").await;
    is(
        &stage,
        CONNECTION,
        "acme",
        Verdict::Failed,
        "ScopeNotAuthorized",
    )
    .await;

    google.grant(CLIENT_ID, SCOPES[1]).await;
    stage.request(CONNECTION, "acme").await;
    is(&stage, CONNECTION, "acme", Verdict::Current, "Verified").await;

    // A change that nobody has looked at yet.
    operator.freeze();
    stage
        .patch(CONNECTION, "acme", json!({"spec": {"suspend": true}}))
        .await;
    assert_eq!(
        judge(&stage.get(CONNECTION, "acme").await),
        Verdict::InProgress
    );
    operator.thaw();
    let suspended = stage
        .until_condition(CONNECTION, "acme", ("Suspended", "True", "Suspended"))
        .await;
    assert_eq!(judge(&suspended), Verdict::Current);

    stage
        .patch(
            CONNECTION,
            "acme",
            json!({"spec": {"suspend": null, "mode": "PerUser"}}),
        )
        .await;
    is(
        &stage,
        CONNECTION,
        "acme",
        Verdict::Failed,
        "NotSupportedYet",
    )
    .await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_person_in_every_phase() {
    let stage = Stage::new(&company(&[employee(PETER, 30)])).await;
    let google = stage.sandbox.google();
    let mut operator = stage.operator();
    stage.store_new_key("key").await;
    stage.apply(person("peter", PETER)).await;
    is(
        &stage,
        USER,
        "peter",
        Verdict::InProgress,
        "ConnectionNotFound",
    )
    .await;

    // A first run that takes its time.
    stage
        .sandbox
        .faults(&[json!({"match": {"pathPrefix": "/google/gmail/"}, "do": {"delayMs": 200}})])
        .await;
    stage.apply(stage.connection("acme")).await;
    is(&stage, USER, "peter", Verdict::InProgress, "Syncing").await;
    stage.sandbox.faults(&[]).await;
    is(&stage, USER, "peter", Verdict::Current, "Synced").await;

    google.change_user(PETER, json!({"mailbox": false})).await;
    stage.request(USER, "peter").await;
    is(&stage, USER, "peter", Verdict::Failed, "MailboxNotEnabled").await;
    google.change_user(PETER, json!({"mailbox": true})).await;
    stage.request(USER, "peter").await;
    is(&stage, USER, "peter", Verdict::Current, "Synced").await;

    google.revoke(CLIENT_ID, SCOPES[0]).await;
    stage.request(CONNECTION, "acme").await;
    is(
        &stage,
        CONNECTION,
        "acme",
        Verdict::Failed,
        "ScopeNotAuthorized",
    )
    .await;
    let blocked = stage
        .until(USER, "peter", "to be blocked", |object| {
            judge(object) != Verdict::Current
        })
        .await;
    never_both(&blocked);
    google.grant(CLIENT_ID, SCOPES[0]).await;
    stage.request(CONNECTION, "acme").await;
    is(&stage, USER, "peter", Verdict::Current, "Synced").await;

    operator.freeze();
    stage
        .patch(USER, "peter", json!({"spec": {"enabled": false}}))
        .await;
    assert_eq!(judge(&stage.get(USER, "peter").await), Verdict::InProgress);
    operator.thaw();
    is(&stage, USER, "peter", Verdict::Current, "Disabled").await;

    stage.apply(person("nobody", "nobody@acme.example")).await;
    is(&stage, USER, "nobody", Verdict::Failed, "UserNotFound").await;
    stage.apply(person("stranger", "peter@other.example")).await;
    is(&stage, USER, "stranger", Verdict::Failed, "NotAllowed").await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_key_in_every_phase() {
    let mut company = company(&[]);
    let google = &mut company["google"];
    google["projects"][0]["apis"] = json!(["admin", "iam"]);
    google["serviceAccounts"][0]["keyAdmin"] = json!(true);
    let stage = Stage::new(&company).await;
    let mut operator = stage.operator();
    let mut key = api_key("robot");
    key["spec"]["purpose"] = json!("API");
    stage.apply(key).await;
    is(
        &stage,
        KEY,
        "robot",
        Verdict::InProgress,
        "ConnectionNotFound",
    )
    .await;
    stage.store_new_key("key").await;
    stage.apply(stage.connection("acme")).await;
    is(&stage, KEY, "robot", Verdict::Current, "KeyGood").await;
    let suspend = json!({"spec": {"suspend": true}});
    stage.patch(KEY, "robot", suspend).await;
    let parked = stage
        .until(KEY, "robot", "to be suspended", |object| {
            condition(object, "Suspended")["status"] == "True"
        })
        .await;
    assert_eq!(judge(&parked), Verdict::Current);

    stage.apply(api_key("scim")).await;
    is(&stage, KEY, "scim", Verdict::Failed, "PurposeNotSupported").await;
    let no_role = json!({"keyAdmin": false});
    let google = stage.sandbox.google();
    google.change_service_account(ACCOUNT, no_role).await;
    let keys = stage.objects(KEY);
    let params = kube::api::DeleteParams::default();
    keys.delete("robot", &params).await.expect("is deleted");
    is(
        &stage,
        KEY,
        "robot",
        Verdict::Terminating,
        "RevocationPending",
    )
    .await;
    assert!(operator.is_running());
}
