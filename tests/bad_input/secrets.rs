//! Secrets that are not there, or not what they should be, and then are.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::World;
use crate::company::place::Place;
use crate::company::{ACCOUNT, PETER};
use crate::support::stage::{CONNECTION, USER, person};

fn time(object: &Value, field: &str) -> Timestamp {
    let text = object["status"][field].as_str();
    let text = text.unwrap_or_else(|| panic!("{field} is missing: {object:#}"));
    text.parse().expect("is a time")
}

#[tokio::test]
async fn a_missing_secret_and_then_a_missing_entry_are_named_and_noticed_when_made() {
    let world = World::new(Place::postgres().await).await;
    let stage = &world.stage;
    let mut connection = world.connection();
    connection["spec"]["credentialsSecretRef"]["name"] = json!("nowhere");
    stage.apply(connection).await;
    stage.apply(person("peter", PETER)).await;
    let mut operator = stage.operator();

    let path = format!("{}/nowhere", stage.namespace);
    let missing = ("CredentialsAvailable", "False", "SecretNotFound");
    let words = [path.as_str(), "kubectl -n", "create secret generic nowhere"];
    world.says(CONNECTION, "acme", missing, &words).await;
    let waits = ("Ready", "False", "SecretNotFound");
    world.says(USER, "peter", waits, &["/acme", &path]).await;

    stage
        .store("nowhere", json!({"key": "CANARY-secret"}))
        .await;
    let entry = ("CredentialsAvailable", "False", "KeyMissing");
    let words = ["no entry key.json", "it has key", "Store the JSON key file"];
    world.says(CONNECTION, "acme", entry, &words).await;

    // The credential is whole now, and the destination's is the next to be asked for.
    let key = stage.sandbox.google().make_key(ACCOUNT).await;
    let key = json!({"key.json": key.to_string()});
    stage.store("nowhere", key).await;
    let path = format!("{}/database", stage.namespace);
    let missing = ("DestinationReachable", "False", "SecretNotFound");
    let words = [path.as_str(), "Create it"];
    world.says(CONNECTION, "acme", missing, &words).await;

    stage
        .store("database", json!({"uri": "CANARY-secret"}))
        .await;
    let entry = ("DestinationReachable", "False", "DestinationInvalid");
    let words = ["`url`", "[uri]", "postgresql://"];
    let before = world.says(CONNECTION, "acme", entry, &words).await;

    stage.apply(world.place.secret().expect("has one")).await;
    let after = world.verified().await;
    assert!(
        time(&after, "lastVerifiedTime") < time(&before, "nextVerificationTime"),
        "it was noticed, and not come across"
    );
    world.nothing_is_lost().await;
    assert!(operator.is_running());
    assert!(!operator.log().contains("CANARY"));
}
