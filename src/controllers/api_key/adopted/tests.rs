use futures::FutureExt as _;
use serde_json::json;

use super::*;
use crate::controllers::api_key::by_hand;
use crate::controllers::api_key::tests::Always;
use crate::controllers::api_key::tests::fake::{Kind, World};
use crate::kube_io::conditions::find;

struct Stage {
    world: World,
    object: ApiKey,
    now: Timestamp,
}

impl Stage {
    fn new() -> Self {
        let object = json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": "ApiKey",
            "metadata": {"name": "robot", "namespace": "revops", "uid": "6a2c1a4e", "generation": 1},
            "spec": {
                "connectionRef": {"name": "acme"}, "purpose": "API", "secretName": "robot-key",
                "rotation": {"interval": "24h"},
            },
        });
        Self {
            world: World::new(Kind::MakesItself),
            object: serde_json::from_value(object).unwrap(),
            now: "2026-11-27T12:00:00Z".parse().unwrap(),
        }
    }

    fn pass(&mut self) {
        let adoption = Adoption {
            adopter: &self.world,
            vault: &self.world,
            fence: Arc::new(Always),
            holder: Holder {
                uid: "6a2c1a4e".into(),
                owner: None,
            },
            is_credential: false,
            account: "account".into(),
            now: self.now,
        };
        let pass = adoption.pass(&self.object).now_or_never().unwrap();
        self.object.status = Some(pass.status);
    }

    fn says(&self, type_: &str, reason: &str, part: &str) {
        let status = self.object.status.as_ref().unwrap();
        let found = find(&status.conditions, type_).unwrap();
        assert_eq!(found.reason, reason, "{found:?}");
        assert!(found.message.contains(part), "{}", found.message);
    }
}

#[test]
fn a_key_is_handed_over_taken_into_use_and_the_old_one_proved_dead() {
    let mut stage = Stage::new();
    stage.pass();
    stage.says("Ready", "AwaitingKey", "next-key");
    stage.world.hand_over("next-", "first");
    stage.pass();
    assert_eq!(stage.world.held().as_deref(), Some("first"));
    stage.says("Ready", "KeyGood", "");
    stage.world.hand_over("next-", "second");
    stage.pass();
    assert_eq!(stage.world.names(), ["key", "previous-key"]);
    stage.pass();
    stage.says(
        "OldKeysRevoked",
        "AwaitingRevocation",
        "first, out of use since 2026-11-27 12:00 UTC",
    );
    stage.says(
        "OldKeysRevoked",
        "AwaitingRevocation",
        "End it in the console.",
    );
    stage.says("Ready", "KeyGood", "");
    stage.world.end_by_hand("first");
    stage.pass();
    assert_eq!(stage.world.names(), ["key"]);
    stage.says("OldKeysRevoked", "NoneLeft", "dead");
    assert_eq!(stage.object.status.as_ref().unwrap().previous, []);
    assert_eq!(stage.world.held().as_deref(), Some("second"));
}

#[test]
fn a_key_that_the_vendor_does_not_take_stays_in_its_slot() {
    let mut stage = Stage::new();
    stage.world.hand_over("next-", "first");
    stage.world.end_by_hand("first");
    stage.pass();
    assert_eq!(stage.world.names(), ["next-key"]);
    stage.says("Ready", "KeyRevoked", "");
}

#[test]
fn the_next_key_waits_while_the_one_before_the_last_is_alive() {
    let mut stage = Stage::new();
    for id in ["first", "second", "third"] {
        stage.world.hand_over("next-", id);
        stage.pass();
    }
    assert_eq!(stage.world.held().as_deref(), Some("second"));
    stage.says("OldKeysRevoked", "AwaitingRevocation", "waits");
    stage.world.end_by_hand("first");
    stage.pass();
    stage.pass();
    assert_eq!(stage.world.held().as_deref(), Some("third"));
}

#[test]
fn a_secret_without_a_next_key_is_somebody_elses() {
    let mut stage = Stage::new();
    stage.world.hand_over("", "theirs");
    stage.pass();
    stage.says("Ready", "SecretNotOurs", "next-key");
    assert_eq!(stage.world.names(), ["key"]);
}

#[test]
fn a_key_that_has_died_or_is_old_is_told() {
    let mut stage = Stage::new();
    stage.world.hand_over("next-", "first");
    stage.pass();
    stage.now += SignedDuration::from_hours(25);
    stage.pass();
    stage.says("KeyCurrent", "RotationDue", "Make one in the console.");
    stage.says("Ready", "KeyGood", "");
    stage.world.end_by_hand("first");
    stage.pass();
    stage.says("Verified", "KeyRevoked", "");
    stage.says("Ready", "KeyRevoked", "");
}

#[test]
fn an_object_that_goes_waits_until_its_keys_are_dead() {
    let mut stage = Stage::new();
    for id in ["first", "second"] {
        stage.world.hand_over("next-", id);
        stage.pass();
    }
    let alive = |stage: &Stage, is_needed| {
        let alive = by_hand::alive(&stage.world, &stage.world, is_needed);
        alive.now_or_never().unwrap().map(|fact| fact.reason)
    };
    assert_eq!(alive(&stage, false).as_deref(), Some("KeyAlive"));
    assert_eq!(alive(&stage, true).as_deref(), Some("KeyAlive"));
    stage.world.end_by_hand("first");
    assert_eq!(alive(&stage, false).as_deref(), Some("KeyAlive"));
    assert_eq!(alive(&stage, true), None, "the connection needs the other");
    stage.world.end_by_hand("second");
    assert_eq!(alive(&stage, false), None);
}

#[test]
fn a_key_of_a_vendor_without_ends_has_the_end_that_the_spec_gives_it() {
    let mut stage = Stage::new();
    stage.object.spec.rotation = None;
    stage.object.spec.expires_after = Some("72h".parse().unwrap());
    stage.world.hand_over("next-", "first");
    stage.pass();
    let current = stage.object.status.clone().unwrap().current.unwrap();
    assert_eq!(current.expires_at, "2026-11-30T12:00:00Z".parse().ok());
    stage.says("KeyCurrent", "Current", "2026-11-30 12:00 UTC");
    for (hours, reason) in [(49, "KeyExpiring"), (24, "KeyExpired")] {
        stage.now += SignedDuration::from_hours(hours);
        stage.pass();
        stage.says("KeyCurrent", reason, "Make one in the console.");
        stage.says("Ready", "KeyGood", "");
    }
}
