//! Two hundred times `kill -9`, a third each, while keys are made, replaced and revoked: where the vendor takes what is made
//! here, where it makes a key itself and tells it once, and where Deputy itself is the vendor.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use super::issuer::Issuer;
use super::{
    GOOD, account_stage, current, delete, entries, gone, key, previous, request_rotation, stage,
    tenant_stage,
};
use crate::support::aim::Aim;
use crate::support::stage::{CONNECTION, KEY, Stage, condition};

/// How often each vendor's keys are cut off on their way.
const KILLS: usize = 67;
/// Keys that are on their way at once. An account of Google has room for ten, its own one and those in overlap among them.
const KEYS: usize = 4;
/// After so many kills an operator may live, and everything is compared.
const KILLS_OF_A_ROUND: usize = 10;

#[tokio::test]
async fn keys_of_google_are_neither_lost_nor_doubled_by_kills() {
    survives(Issuer::Google, stage().await).await;
}

#[tokio::test]
async fn keys_of_microsoft_365_are_neither_lost_nor_doubled_by_kills() {
    survives(Issuer::Microsoft365, tenant_stage().await).await;
}

#[tokio::test]
async fn keys_of_an_account_of_deputy_are_neither_lost_nor_doubled_by_kills() {
    survives(Issuer::Deputy, account_stage().await).await;
}

async fn survives(issuer: Issuer, stage: Stage) {
    let admins = issuer.living(&stage).await;
    let mut robots: Vec<Robot> = (0..KEYS).map(Robot::new).collect();
    for robot in &mut robots {
        robot.change(&stage).await;
    }
    let began = Instant::now();
    settled(&stage, issuer, &robots, &admins).await;
    let mut aim = Aim::at(began.elapsed());
    let (mut kills, mut runs) = (0, 0);
    let mut steps = BTreeMap::<&str, usize>::new();
    while kills < KILLS {
        robots[runs % KEYS].change(&stage).await;
        runs += 1;
        assert!(runs < KILLS * 8, "{kills} of {runs} cut something off");
        let before = cut_off(&stage, &robots).await;
        let mut operator = stage.operator();
        tokio::time::sleep(aim.moment(runs as u64 * 389)).await;
        operator.kill();
        let cut = cut_off(&stage, &robots).await;
        learn(&mut aim, &before, &cut);
        if cut.is_empty() {
            continue;
        }
        kills += 1;
        for step in cut {
            *steps.entry(step).or_default() += 1;
        }
        if kills % KILLS_OF_A_ROUND == 0 {
            settled(&stage, issuer, &robots, &admins).await;
        }
    }
    for robot in &robots {
        robot.end(&stage).await;
    }
    settled(&stage, issuer, &robots, &admins).await;
    assert_eq!(issuer.living(&stage).await, admins, "nothing is left");
    eprintln!("{issuer:?}: {kills} of {runs} operators were killed at work ({aim:?}): {steps:?}");
}

/// Sooner where all was done, later where nothing was begun.
fn learn(aim: &mut Aim, before: &[&str], after: &[&str]) {
    if after.is_empty() {
        aim.learn(80);
    } else if before == after {
        aim.learn(125);
    }
}

/// A key that is wanted, replaced, and wanted no more, again and again.
struct Robot {
    name: String,
    lives: usize,
    is_replaced: bool,
}

impl Robot {
    fn new(n: usize) -> Self {
        Self {
            name: format!("robot-{n}"),
            lives: 0,
            is_replaced: false,
        }
    }

    /// Another one each time: nothing here removes the Secrets of objects that are gone.
    fn secret(&self) -> String {
        format!("{}-key-{}", self.name, self.lives)
    }

    async fn found(&self, stage: &Stage) -> Option<Value> {
        let found = stage.objects(KEY).get_opt(&self.name).await;
        let found = found.expect("is answered")?;
        Some(serde_json::to_value(found).expect("is JSON"))
    }

    async fn change(&mut self, stage: &Stage) {
        match self.found(stage).await {
            None => {
                self.lives += 1;
                self.is_replaced = false;
                stage.apply(key(&self.name, &self.secret())).await;
            }
            Some(object) if is_deleted(&object) => {}
            Some(_) if self.is_replaced => delete(stage, &self.name).await,
            Some(_) => {
                self.is_replaced = true;
                request_rotation(stage, &self.name).await;
            }
        }
    }

    async fn end(&self, stage: &Stage) {
        let found = self.found(stage).await;
        if found.is_some_and(|object| !is_deleted(&object)) {
            delete(stage, &self.name).await;
        }
    }
}

fn is_deleted(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// Where each key stands that is not at rest.
async fn cut_off(stage: &Stage, robots: &[Robot]) -> Vec<&'static str> {
    let mut steps = Vec::new();
    for robot in robots {
        let Some(object) = robot.found(stage).await else {
            continue;
        };
        let secret = entries(stage, &robot.secret()).await.unwrap_or_default();
        let holds = |slot: &str| {
            let names = secret
                .as_object()
                .into_iter()
                .flat_map(|entries| entries.keys());
            names.into_iter().any(|name| name.starts_with(slot))
        };
        let pending = &object["status"]["pending"];
        steps.extend(match (&pending["id"], pending.is_null()) {
            _ if is_deleted(&object) => Some("to be revoked"),
            (_, true) if is_at_rest(&object) => None,
            (_, true) => Some("wanted"),
            (Value::Null, _) if holds("draft-") => Some("drafted"),
            (Value::Null, _) if holds("next-") => Some("made"),
            (Value::Null, _) => Some("intended"),
            _ if holds("next-") => Some("to be tried"),
            _ => Some("promoted"),
        });
    }
    steps
}

fn is_at_rest(object: &Value) -> bool {
    let asked = &object["metadata"]["annotations"]["deputy.dev/rotate-requested-at"];
    let (type_, status, reason) = GOOD;
    let ready = condition(object, type_);
    (ready["status"] == status && ready["reason"] == reason)
        && object["status"]["pending"].is_null()
        && object["status"]["lastHandledRotateAt"] == *asked
}

/// An operator that lives finishes what the dead have begun; then the vendor has what the objects say, and nothing else, and
/// each Secret holds a key that the vendor takes.
async fn settled(stage: &Stage, issuer: Issuer, robots: &[Robot], admins: &[String]) {
    let _operator = stage.operator();
    stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;
    let mut expected = admins.to_vec();
    for robot in robots {
        match robot.found(stage).await {
            None => continue,
            Some(object) if is_deleted(&object) => {
                gone(stage, &robot.name).await;
                continue;
            }
            Some(_) => {}
        }
        let what = "to rest with a good key";
        let object = stage.until(KEY, &robot.name, what, is_at_rest).await;
        let held = entries(stage, &robot.secret()).await.expect("is there");
        let names = held.as_object().expect("has entries").keys();
        assert!(names.eq(issuer.entries()), "nothing waits: {held}");
        issuer.takes(stage, &held).await;
        expected.push(current(&object));
        expected.extend(previous(&object));
    }
    expected.sort();
    assert_eq!(issuer.living(stage).await, expected);
}
