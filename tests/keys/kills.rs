//! A hundred and sixty lives of keys cut off by `kill -9`: an operator dies with four keys on their way, forty times.

use std::time::Duration;

use serde_json::json;

use super::{GOOD, current, delete, gone, held_id, key, previous, stage};
use crate::support::random;
use crate::support::stage::{ACCOUNT, CONNECTION, KEY, Stage};

/// How often the operator is killed.
const KILLS: u64 = 40;
/// Keys that are on their way at once. An account has room for ten, its own one among them.
const KEYS: usize = 4;

/// A moment within which the operator starts, and makes or ends its keys.
fn moment(kill: u64) -> Duration {
    Duration::from_millis(300 + (kill * 7919) % 3500)
}

async fn die(stage: &Stage, kill: u64) {
    let mut operator = stage.operator();
    tokio::time::sleep(moment(kill)).await;
    operator.kill();
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_whenever_the_operator_dies() {
    let stage = stage().await;
    let google = stage.sandbox.google();
    let admins = google.keys(ACCOUNT).await;
    let names: Vec<String> = (0..KEYS).map(|n| format!("robot-{n}")).collect();
    for round in 0..KILLS / 4 {
        for name in &names {
            stage.apply(key(name, &format!("{name}-key"))).await;
        }
        die(&stage, round * 4).await;
        die(&stage, round * 4 + 1).await;
        settled(&stage, &names, &admins).await;
        for name in &names[..2] {
            let annotations = json!({"deputy.dev/rotate-requested-at": random::name("rotate")});
            let patch = json!({"metadata": {"annotations": annotations}});
            stage.patch(KEY, name, patch).await;
        }
        die(&stage, round * 4 + 2).await;
        settled(&stage, &names, &admins).await;
        for name in &names {
            delete(&stage, name).await;
        }
        die(&stage, round * 4 + 3).await;
        let _operator = stage.operator();
        for name in &names {
            gone(&stage, name).await;
        }
        assert_eq!(
            google.keys(ACCOUNT).await,
            admins,
            "round {round}: nothing is left"
        );
    }
}

/// An operator that lives finishes what the dead have begun; then the vendor has what the objects say, and nothing else.
async fn settled(stage: &Stage, names: &[String], admins: &[String]) {
    let _operator = stage.operator();
    stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;
    let mut expected = admins.to_vec();
    for name in names {
        let object = stage
            .until(KEY, name, "to rest with a good key", |object| {
                let annotation =
                    &object["metadata"]["annotations"]["deputy.dev/rotate-requested-at"];
                let (type_, status, reason) = GOOD;
                let ready = super::condition(object, type_);
                (ready["status"] == status && ready["reason"] == reason)
                    && object["status"]["pending"].is_null()
                    && object["status"]["lastHandledRotateAt"] == *annotation
            })
            .await;
        assert_eq!(
            held_id(stage, &format!("{name}-key")).await,
            Some(current(&object))
        );
        expected.push(current(&object));
        expected.extend(previous(&object));
    }
    expected.sort();
    assert_eq!(stage.sandbox.google().keys(ACCOUNT).await, expected);
}
