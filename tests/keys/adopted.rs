//! A key that only a console makes and ends: handed over in the Secret's slots, tried with itself, and the old one proved dead.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{GOOD, PETER, current, delete, entries, gone, key, previous};
use crate::support::portal::{self, BOT};
use crate::support::stage::{CONNECTION, KEY, Stage, condition};

/// A company whose service account has a key in use, and a connection with it that is only verified.
async fn stage() -> Stage {
    let stage = Stage::new(&portal::company(&[portal::employee(PETER, 5)])).await;
    portal::store_new_key(&stage, "key").await;
    let mut connection = portal::connection(&stage, "acme");
    let spec = connection["spec"].as_object_mut().expect("is an object");
    spec.remove("destination");
    stage.apply(connection).await;
    stage
}

/// Makes a key in the console and puts it into the next slot of a Secret.
async fn hand_over(stage: &Stage, secret: &str) -> Value {
    let key = stage.sandbox.sendsafely().make_key(BOT).await;
    put_next(stage, secret, &key).await;
    key
}

async fn put_next(stage: &Stage, secret: &str, key: &Value) {
    let secrets: kube::Api<k8s_openapi::api::core::v1::Secret> =
        kube::Api::namespaced(stage.client.clone(), &stage.namespace);
    let patch = json!({"stringData": portal::entries("next-", key)});
    if secrets
        .get_opt(secret)
        .await
        .expect("is answered")
        .is_none()
    {
        stage.store(secret, patch["stringData"].clone()).await;
        return;
    }
    let parameters = PatchParams::default();
    let changed = secrets
        .patch(secret, &parameters, &Patch::Merge(&patch))
        .await;
    changed.expect("is changed");
}

/// Waits until a key is in use, and the one before it is beside it.
async fn in_use(stage: &Stage, secret: &str, key: &Value, before: Option<&Value>) {
    let mut wanted = portal::entries("", key);
    if let Some(before) = before {
        let before = portal::entries("previous-", before);
        let before = before.as_object().expect("is an object").clone();
        wanted.as_object_mut().expect("is an object").extend(before);
    }
    crate::support::wait::until("the key to be in use", async || {
        (entries(stage, secret).await.as_ref() == Some(&wanted)).then_some(())
    })
    .await;
}

fn says(object: &Value, type_: &str, parts: &[&str]) {
    let message = condition(object, type_)["message"].to_string();
    for part in parts {
        assert!(message.contains(part), "{type_}: {message} lacks {part:?}");
    }
}

#[tokio::test]
async fn a_key_is_handed_over_taken_into_use_and_the_old_one_is_proved_dead() {
    let stage = stage().await;
    let _operator = stage.operator();
    stage.apply(key("robot", "robot-key")).await;
    let waits = ("Issued", "False", "AwaitingKey");
    let waiting = stage.until_condition(KEY, "robot", waits).await;
    let console = [
        "https://acme.sendsafely.com",
        "Generate New Key",
        "next-api-key",
    ];
    says(&waiting, "Issued", &console);

    let first = hand_over(&stage, "robot-key").await;
    let object = stage.until_condition(KEY, "robot", GOOD).await;
    in_use(&stage, "robot-key", &first, None).await;
    assert_eq!(object["status"]["account"], BOT);
    let first_id = current(&object);
    assert!(first_id.starts_with("sha256:"), "{first_id}");

    let second = hand_over(&stage, "robot-key").await;
    in_use(&stage, "robot-key", &second, Some(&first)).await;
    let alive = ("OldKeysRevoked", "False", "AwaitingRevocation");
    let object = stage.until_condition(KEY, "robot", alive).await;
    says(
        &object,
        "OldKeysRevoked",
        &[&first_id, "Enterprise Console", "revoke the old key"],
    );
    assert_eq!(previous(&object), [first_id]);
    assert_eq!(condition(&object, "Ready")["status"], "True");

    stage.sandbox.sendsafely().revoke_key(&first).await;
    stage.sandbox.forget_calls().await;
    stage.request(KEY, "robot").await;
    let dead = ("OldKeysRevoked", "True", "NoneLeft");
    let object = stage.until_condition(KEY, "robot", dead).await;
    in_use(&stage, "robot-key", &second, None).await;
    assert_eq!(previous(&object), [""; 0]);
    let calls = stage.sandbox.calls().await;
    let mut proofs = calls.iter().filter(|call| {
        call.client_id.as_deref() == first["apiKey"].as_str()
            && call.reason.as_deref() == Some("AUTHENTICATION_FAILED")
    });
    assert!(
        proofs.next().is_some(),
        "the vendor has said that it is dead: {calls:#?}"
    );
    for half in [&first, &second]
        .map(|key| [&key["apiKey"], &key["apiSecret"]])
        .concat()
    {
        let half = half.as_str().expect("is text");
        assert!(!object.to_string().contains(half), "{object:#}");
    }
}

#[tokio::test]
async fn an_object_that_goes_waits_until_somebody_has_revoked_its_key() {
    let stage = stage().await;
    let _operator = stage.operator();
    stage.apply(key("robot", "robot-key")).await;
    let held = hand_over(&stage, "robot-key").await;
    stage.until_condition(KEY, "robot", GOOD).await;
    delete(&stage, "robot").await;
    let waits = |object: &Value| condition(object, "Ready")["reason"] == "RevocationPending";
    let waiting = stage.until(KEY, "robot", "to wait", waits).await;
    says(
        &waiting,
        "Ready",
        &["Enterprise Console", "deletionPolicy: Orphan"],
    );
    stage.sandbox.sendsafely().revoke_key(&held).await;
    gone(&stage, "robot").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_key_that_is_handed_over_is_told() {
    let stage = stage().await;
    let _operator = stage.operator();
    stage.apply(key("robot", "robot-key")).await;
    let good = hand_over(&stage, "robot-key").await;
    stage.until_condition(KEY, "robot", GOOD).await;

    let another = stage.sandbox.sendsafely().make_key(PETER).await;
    put_next(&stage, "robot-key", &another).await;
    let foreign = ("Verified", "False", "KeyForeign");
    let object = stage.until_condition(KEY, "robot", foreign).await;
    says(
        &object,
        "Verified",
        &["next slot is not taken into use", PETER, BOT],
    );
    let mut mixed = good.clone();
    mixed["apiSecret"] = another["apiSecret"].clone();
    put_next(&stage, "robot-key", &mixed).await;
    let unsigned = ("Verified", "False", "SecretInvalid");
    stage.until_condition(KEY, "robot", unsigned).await;
    let held = entries(&stage, "robot-key").await.expect("is there");
    assert_eq!(held["api-key"], good["apiKey"], "the good one stays in use");
    let replaced = hand_over(&stage, "robot-key").await;
    in_use(&stage, "robot-key", &replaced, Some(&good)).await;

    stage.sandbox.sendsafely().revoke_key(&replaced).await;
    stage.request(KEY, "robot").await;
    let object = stage
        .until_condition(KEY, "robot", ("Ready", "False", "KeyRevoked"))
        .await;
    says(
        &object,
        "Verified",
        &[
            "Enterprise Console of acme.sendsafely.com",
            "generate a new key",
        ],
    );

    stage.store("theirs", portal::entries("", &another)).await;
    stage.apply(key("other", "theirs")).await;
    stage
        .until_condition(KEY, "other", ("Ready", "False", "SecretNotOurs"))
        .await;
    let mut scim = key("scim", "scim-key");
    scim["spec"]["purpose"] = json!("SCIM");
    stage.apply(scim).await;
    stage
        .until_condition(KEY, "scim", ("Ready", "False", "PurposeNotSupported"))
        .await;
}

#[tokio::test]
async fn the_connections_own_key_is_replaced_without_a_gap() {
    let stage = stage().await;
    let _operator = stage.operator();
    let well = ("Ready", "True", "Verified");
    stage.until_condition(CONNECTION, "acme", well).await;
    let before = entries(&stage, "key").await.expect("is there");
    let before = json!({"apiKey": before["api-key"], "apiSecret": before["api-secret"]});
    let mut own = key("self", "key");
    own["spec"]["rotation"] = json!({"interval": "24h", "overlap": "5m"});
    own["spec"]["expiresAfter"] = json!("72h");
    stage.apply(own).await;
    let adopted = stage.until_condition(KEY, "self", GOOD).await;
    assert!(
        !adopted["status"]["nextRotationTime"].is_null(),
        "its age is watched"
    );
    assert!(
        !adopted["status"]["current"]["expiresAt"].is_null(),
        "and its end"
    );
    says(&adopted, "KeyCurrent", &["status.nextRotationTime"]);

    let after = hand_over(&stage, "key").await;
    in_use(&stage, "key", &after, Some(&before)).await;
    stage.sandbox.sendsafely().revoke_key(&before).await;
    stage.request(KEY, "self").await;
    in_use(&stage, "key", &after, None).await;
    stage.sandbox.forget_calls().await;
    let connection = stage.ask_and_wait(CONNECTION, "acme").await;
    assert_eq!(
        condition(&connection, "Ready")["status"],
        "True",
        "{connection:#}"
    );
    let calls = stage.sandbox.calls().await;
    let with_new = |call: &crate::support::sandbox_log::Call| {
        call.client_id.as_deref() == after["apiKey"].as_str()
    };
    assert!(
        calls.iter().any(with_new) && calls.iter().all(with_new),
        "{calls:#?}"
    );

    delete(&stage, "self").await;
    gone(&stage, "self").await;
    assert!(
        entries(&stage, "key").await.is_some(),
        "the connection needs it"
    );
}
