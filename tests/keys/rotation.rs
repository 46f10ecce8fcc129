//! A connection that replaces its own key goes on without a gap, and the old keys go when the overlap is over.

use std::time::Duration;

use deputy::model::clock::FastClock;
use serde_json::{Value, json};

use super::{GOOD, PETER, current, entries, held_id, key, rotate, stage};
use crate::support::hurried::{Running, keep_in_step};
use crate::support::stage::{ACCOUNT, CONNECTION, KEY, Stage, USER, condition, person};
use crate::support::wait;

/// Five minutes of overlap take ten seconds.
const SPEED: i32 = 30;
const ROTATIONS: usize = 6;

fn own_key() -> Value {
    let mut own = key("self", "key");
    own["spec"]["rotation"] = json!({"interval": "24h", "overlap": "5m"});
    own
}

#[tokio::test]
async fn a_connection_follows_its_own_key_without_a_gap() {
    let stage = stage().await;
    let clock = FastClock::new(SPEED);
    let _in_step = keep_in_step(&stage, clock);
    stage
        .patch(
            CONNECTION,
            "acme",
            json!({"spec": {"sync": {"interval": "1m"}}}),
        )
        .await;
    stage.apply(person("peter", PETER)).await;
    let running = Running::start(&stage, clock);
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;
    let made_by_hand = held_id(&stage, "key").await.expect("is there");
    stage.apply(own_key()).await;
    let taken = stage.until_condition(KEY, "self", GOOD).await;
    assert_eq!(
        current(&taken),
        made_by_hand,
        "a key that is there is taken over, not replaced"
    );
    let mut last = taken;
    for n in 0..ROTATIONS {
        last = rotate(&stage, "self").await;
        assert_eq!(held_id(&stage, "key").await, Some(current(&last)));
        stage
            .sandbox
            .google()
            .edit(PETER, 3, n as u64, &["mail", "calendar", "drive"])
            .await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let user = stage.get(USER, "peter").await;
        assert_eq!(condition(&user, "Ready")["status"], "True", "{user:#}");
        assert_eq!(failed_syncs(&user), 0, "{user:#}");
        let connection = stage.get(CONNECTION, "acme").await;
        assert_eq!(condition(&connection, "Authenticated")["status"], "True");
    }
    old_keys_go(&stage, &current(&last)).await;
    assert_eq!(failed_syncs(&stage.get(USER, "peter").await), 0);
    stage
        .objects(KEY)
        .delete("self", &kube::api::DeleteParams::default())
        .await
        .expect("is deleted");
    super::gone(&stage, "self").await;
    assert_eq!(
        stage.sandbox.google().keys(ACCOUNT).await,
        [current(&last)],
        "the connection needs it"
    );
    let left = entries(&stage, "key").await.expect("is there");
    let names: Vec<_> = left.as_object().expect("has entries").keys().collect();
    assert_eq!(names, ["key.json"], "nothing waits");
    running.end().await;
}

fn failed_syncs(user: &Value) -> usize {
    let history = user["status"]["history"].as_array();
    let attempts = history.into_iter().flatten();
    attempts
        .filter(|attempt| attempt["outcome"] != "Succeeded")
        .count()
}

/// When the overlaps are over the account has one key, the connection's.
async fn old_keys_go(stage: &Stage, id: &str) {
    let alive = wait::until("the old keys to be revoked", async || {
        let keys = stage.sandbox.google().keys(ACCOUNT).await;
        (keys.len() == 1).then_some(keys)
    })
    .await;
    assert_eq!(alive, [id]);
}
