//! Somebody is disabled in the middle of a sync.

use serde_json::json;

use super::{MARY, PETER, is_about};
use crate::support::stage::{CONNECTION, Stage, USER, company, condition, employee, person};
use crate::support::wait;

#[tokio::test]
async fn disabling_somebody_in_mid_sync_ends_the_requests_for_them() {
    let scenario = company(&[employee(PETER, 5), employee(MARY, 2_000)]);
    let stage = Stage::new(&scenario).await;
    let mut operator = stage.operator();
    stage.store_new_key("key").await;
    let slow =
        json!({"match": {"pathPrefix": "/google/gmail/", "subject": MARY}, "do": {"delayMs": 50}});
    stage.sandbox.faults(&[slow]).await;
    stage.apply(person("mary", MARY)).await;
    stage.apply(person("peter", PETER)).await;
    stage.apply(stage.connection("acme")).await;
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;
    wait::until("Mary's sync to be under way", async || {
        (gmail_calls_for(&stage, MARY).await >= 40).then_some(())
    })
    .await;

    stage
        .patch(USER, "mary", json!({"spec": {"enabled": false}}))
        .await;
    let mary = stage
        .until_condition(USER, "mary", ("Ready", "True", "Disabled"))
        .await;
    assert_ne!(
        condition(&mary, "Synced")["status"],
        "True",
        "it was in the middle"
    );
    let before = last_call_for(&stage, MARY).await;
    // Time passes: the operator does all of this for others, each longer than a slow reply.
    for _ in 0..5 {
        stage.ask_and_wait(USER, "peter").await;
        stage.ask_and_wait(CONNECTION, "acme").await;
    }
    assert_eq!(last_call_for(&stage, MARY).await, before);
    let done = gmail_calls_for(&stage, MARY).await;
    assert!(
        done < 2_000,
        "{done} of 2000 messages: it was in the middle"
    );
    assert!(operator.is_running());
}

async fn gmail_calls_for(stage: &Stage, who: &str) -> usize {
    let calls = stage.sandbox.calls().await;
    let for_them = calls
        .iter()
        .filter(|call| call.subject.as_deref() == Some(who));
    for_them.filter(|call| call.api == "gmail").count()
}

/// The number that the last call got when it came in.
async fn last_call_for(stage: &Stage, who: &str) -> Option<u64> {
    let calls = stage.sandbox.calls().await;
    let about = calls.iter().filter(|call| is_about(call, who));
    about.map(|call| call.seq).max()
}
