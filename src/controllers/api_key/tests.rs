//! Keys through crashes: whatever is cut off wherever, in the end there is one living key, it is the Secret's, and nobody who
//! read the Secret meanwhile ever got a dead one.

pub(super) mod fake;
mod leaving;

use futures::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use proptest::prelude::*;
use serde_json::json;

use self::fake::{Crash, Kind, World};
use super::*;
use crate::api::ROTATE_REQUESTED_AT;
use crate::kube_io::conditions::find;
use crate::providers::Reason;

const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

pub(super) struct Always;

impl Fence for Always {
    fn holds(&self) -> bool {
        true
    }
}

/// An object, its Secret and its vendor, and a process that may be cut off at any effect.
struct Stage {
    world: World,
    object: ApiKey,
    is_credential: bool,
    now: Timestamp,
}

impl Stage {
    fn new(kind: Kind, is_credential: bool) -> Self {
        let object = json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": "ApiKey",
            "metadata": {"name": "okta", "namespace": "revops", "uid": "6a2c1a4e-8f0b", "generation": 1},
            "spec": {
                "connectionRef": {"name": "acme"}, "purpose": "API", "secretName": "okta-key",
                "rotation": {"interval": "24h", "overlap": "10m"},
            },
        });
        let stage = Self {
            world: World::new(kind),
            object: serde_json::from_value(object).unwrap(),
            is_credential,
            now: "2026-11-27T12:00:00Z".parse().unwrap(),
        };
        if is_credential {
            stage.world.put_foreign_key();
        }
        stage
    }

    /// Makes one pass; none where it is cut off.
    fn try_pass(&mut self) -> Option<Next> {
        let ground = self.ground_of(&self.object);
        let opened = self.world.fingerprint().filter(|_| self.is_credential);
        let made = pass(&ground, &self.object, opened.as_deref(), "account").now_or_never()?;
        self.world.effect().now_or_never()?;
        self.object.status = Some(made.status);
        let cut = self.world.effect_done().now_or_never();
        self.world.check_reader();
        cut.map(|()| made.next)
    }

    fn ground_of(&self, object: &ApiKey) -> Ground<'_> {
        Ground {
            issuer: &self.world,
            vault: &self.world,
            fence: Arc::new(Always),
            holder: holder(object, self.is_credential),
            now: self.now,
        }
    }

    /// Makes passes until nothing is due. Whatever waits is waited for.
    fn settle(&mut self) {
        for _ in 0..200 {
            match self.try_pass() {
                Some(Next::At(at))
                    if at.duration_since(self.now) < SignedDuration::from_mins(9) =>
                {
                    self.now = self.now.max(at);
                }
                Some(_) => return,
                None => self.world.crash_at(None),
            }
        }
        panic!("it never comes to rest: {:?}", self.object.status);
    }

    fn rotate(&mut self, token: &str) {
        let annotations = self.object.annotations_mut();
        annotations.insert(ROTATE_REQUESTED_AT.to_owned(), token.to_owned());
    }

    fn status(&self) -> &Status {
        self.object.status.as_ref().unwrap()
    }

    fn condition(&self, type_: &str) -> (&str, &str) {
        let found = find(&self.status().conditions, type_).unwrap();
        (&found.status, &found.reason)
    }

    /// One living key, the Secret's own, and nothing that waits.
    fn assert_one_key(&self) {
        let status = self.status();
        let current = status.current.as_ref().expect("a key is in use");
        let alive = self.world.alive();
        assert_eq!(alive, std::slice::from_ref(&current.id), "{status:?}");
        assert_eq!(self.world.held().as_deref(), Some(current.id.as_str()));
        assert_eq!((status.pending.as_ref(), status.previous.len()), (None, 0));
        assert_eq!(self.condition("Ready"), ("True", "KeyGood"));
        assert!(self.world.has_nothing_waiting());
    }

    /// Settles, lets the overlap pass and settles again.
    fn end(&mut self) {
        self.settle();
        self.now += OVERLAP;
        self.settle();
        self.now += OVERLAP;
        self.settle();
        self.assert_one_key();
    }
}

fn kinds() -> impl Iterator<Item = (Kind, bool)> {
    let kinds = [Kind::Drafts, Kind::MakesItself];
    kinds
        .into_iter()
        .flat_map(|kind| [(kind, false), (kind, true)])
}

#[test]
fn a_key_is_made_and_replaced_and_the_old_one_goes_after_the_overlap() {
    for (kind, is_credential) in kinds() {
        let mut stage = Stage::new(kind, is_credential);
        stage.settle();
        let first = stage.status().current.clone().unwrap();
        assert_eq!(stage.condition("Ready"), ("True", "KeyGood"));
        stage.now = stage.status().next_rotation_time.unwrap();
        stage.settle();
        let second = stage.status().current.clone().unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(stage.world.alive().len(), 2, "both are good in the overlap");
        assert_eq!(stage.status().previous[0].id, first.id);
        assert_eq!(stage.condition("OldKeysRevoked"), ("True", "Overlap"));
        stage.end();
        assert_eq!(stage.status().current.as_ref(), Some(&second));
    }
}

#[test]
fn a_crash_before_or_after_any_effect_loses_and_doubles_nothing() {
    for (kind, is_credential) in kinds() {
        let mut crashes = 0;
        for at in 0..60 {
            for crash in [Crash::Before(at), Crash::After(at)] {
                let mut stage = Stage::new(kind, is_credential);
                stage.world.crash_at(Some(crash));
                stage.settle();
                stage.rotate("1");
                stage.settle();
                stage.end();
                crashes += usize::from(stage.world.has_crashed());
            }
        }
        assert!(
            crashes >= 20,
            "{kind:?}: only {crashes} points were reached"
        );
    }
}

#[test]
fn a_deleted_or_changed_secret_is_answered_with_another_key() {
    for harm in [World::delete_secret, World::tamper as fn(&World)] {
        let mut stage = Stage::new(Kind::Drafts, false);
        stage.settle();
        let before = stage.status().current.clone().unwrap();
        harm(&stage.world);
        stage.settle();
        let after = stage.status().current.clone().unwrap();
        assert_ne!(before.id, after.id);
        assert!(
            stage.world.alive().contains(&before.id),
            "who has read it goes on for the overlap"
        );
        stage.end();
    }
}

#[test]
fn a_secret_of_somebody_else_is_left_alone() {
    let mut stage = Stage::new(Kind::Drafts, false);
    stage.world.put_foreign_key();
    stage.settle();
    assert_eq!(stage.condition("SecretWritten"), ("False", "SecretNotOurs"));
    assert_eq!(stage.condition("Ready"), ("False", "SecretNotOurs"));
    assert_eq!(stage.world.alive(), ["foreign"]);
    assert_eq!(stage.world.held().as_deref(), Some("foreign"));
}

#[test]
fn a_key_that_somebody_puts_into_the_connections_secret_is_taken_over() {
    let mut stage = Stage::new(Kind::Drafts, true);
    stage.settle();
    let first = stage.status().current.clone().unwrap();
    stage.rotate("1");
    stage.settle();
    let ours = stage.status().current.clone().unwrap();
    stage.world.put_foreign_key();
    stage.settle();
    assert_eq!(stage.status().current.as_ref().unwrap().id, "foreign");
    let previous: Vec<_> = stage
        .status()
        .previous
        .iter()
        .map(|key| key.id.clone())
        .collect();
    assert_eq!(
        previous,
        [ours.id],
        "{} is in use again and is not revoked",
        first.id
    );
    stage.end();
}

#[test]
fn one_that_nobody_can_tell_is_not_replaced() {
    let mut stage = Stage::new(Kind::Drafts, true);
    stage.world.forget_whose();
    stage.settle();
    assert_eq!(stage.condition("Ready"), ("False", "KeyNotRecognized"));
    assert_eq!(stage.world.alive(), ["foreign"]);
}

#[test]
fn a_failed_revocation_is_told_and_never_forgotten() {
    let mut stage = Stage::new(Kind::Drafts, false);
    stage.settle();
    let first = stage.status().current.clone().unwrap();
    stage.rotate("1");
    stage.settle();
    stage.world.refuse_to_revoke(true);
    stage.now += OVERLAP;
    let next = stage.try_pass();
    assert!(matches!(next, Some(Next::At(at)) if at > stage.now));
    assert_eq!(
        stage.condition("OldKeysRevoked"),
        ("False", Reason::PermissionDenied.as_str())
    );
    assert_eq!(stage.condition("Ready").0, "False");
    assert_eq!(stage.status().previous[0].id, first.id);
    let told = find(&stage.status().conditions, "OldKeysRevoked").unwrap();
    assert!(told.message.contains(&first.id), "{}", told.message);
    stage.world.refuse_to_revoke(false);
    stage.end();
}

#[test]
fn old_keys_that_cannot_be_revoked_stop_new_ones_at_ten() {
    let mut stage = Stage::new(Kind::MakesItself, false);
    stage.settle();
    stage.world.refuse_to_revoke(true);
    for n in 0..20 {
        stage.rotate(&n.to_string());
        for _ in 0..10 {
            stage.try_pass();
        }
        stage.now += OVERLAP;
    }
    assert_eq!(stage.status().previous.len(), decide::MOST_PREVIOUS);
    assert_eq!(stage.world.alive().len(), decide::MOST_PREVIOUS + 1);
    assert_eq!(stage.condition("Issued"), ("False", "TooManyOldKeys"));
    stage.world.refuse_to_revoke(false);
    stage.end();
}

#[test]
fn a_new_key_is_tried_until_the_vendor_takes_it_and_the_old_one_stays_in_use() {
    let mut stage = Stage::new(Kind::Drafts, false);
    stage.settle();
    let first = stage.status().current.clone().unwrap();
    stage.world.refuse_new_keys(true);
    stage.rotate("1");
    for _ in 0..10 {
        stage.try_pass();
    }
    assert_eq!(stage.condition("Verified"), ("Unknown", "AwaitingVendor"));
    assert_eq!(stage.condition("Ready"), ("True", "KeyGood"));
    assert_eq!(stage.world.held(), Some(first.id));
    stage.now += SignedDuration::from_mins(20);
    stage.try_pass();
    assert_eq!(
        stage.condition("Verified"),
        ("False", Reason::KeyRevoked.as_str())
    );
    assert_eq!(stage.condition("Ready").0, "False");
    stage.rotate("2");
    stage.world.refuse_new_keys(false);
    stage.end();
    assert_eq!(
        stage.status().sequence,
        3,
        "the one that was never taken is given up"
    );
}

#[test]
fn a_lost_status_costs_no_key() {
    let mut stage = Stage::new(Kind::Drafts, false);
    stage.settle();
    let first = stage.status().current.clone().unwrap();
    stage.object.status = None;
    stage.settle();
    assert_eq!(stage.status().current.as_ref().unwrap().id, first.id);
    stage.rotate("1");
    stage.end();
}

#[test]
fn whoever_does_not_lead_makes_and_revokes_nothing() {
    struct Never;
    impl Fence for Never {
        fn holds(&self) -> bool {
            false
        }
    }
    let mut stage = Stage::new(Kind::MakesItself, false);
    for _ in 0..5 {
        let ground = Ground {
            issuer: &stage.world,
            vault: &stage.world,
            fence: Arc::new(Never),
            holder: holder(&stage.object, false),
            now: stage.now,
        };
        let made = pass(&ground, &stage.object, None, "account")
            .now_or_never()
            .unwrap();
        stage.object.status = Some(made.status);
    }
    assert!(stage.world.alive().is_empty());
    assert_eq!(stage.condition("Issued"), ("Unknown", "NotLeading"));
}

#[derive(Debug, Clone)]
enum Event {
    Crash(Crash),
    Rotate,
    Tamper,
    DeleteSecret,
    Wait(i64),
    /// The next so many requests fail: half of them after they have had their effect.
    Fail(u8),
    Pass(u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..12_usize).prop_map(|at| Event::Crash(Crash::Before(at))),
        3 => (0..12_usize).prop_map(|at| Event::Crash(Crash::After(at))),
        3 => Just(Event::Rotate),
        1 => Just(Event::Tamper),
        1 => Just(Event::DeleteSecret),
        2 => (1..30_i64).prop_map(Event::Wait),
        1 => (1..4_u8).prop_map(Event::Fail),
        4 => (1..12_u8).prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_one_key_is_left(
        drafts in any::<bool>(),
        is_credential in any::<bool>(),
        events in proptest::collection::vec(event(), 1..40),
    ) {
        let kind = if drafts { Kind::Drafts } else { Kind::MakesItself };
        let mut stage = Stage::new(kind, is_credential);
        for (n, event) in events.into_iter().enumerate() {
            match event {
                Event::Crash(crash) => stage.world.crash_in(crash),
                Event::Rotate => stage.rotate(&n.to_string()),
                // Without a key that it can be opened with the connection waits for somebody to put one there.
                Event::Tamper if !is_credential => stage.world.tamper(),
                Event::DeleteSecret if !is_credential => stage.world.delete_secret(),
                Event::Tamper | Event::DeleteSecret => {}
                Event::Wait(minutes) => stage.now += SignedDuration::from_mins(minutes),
                Event::Fail(requests) => stage.world.fail(requests),
                Event::Pass(passes) => for _ in 0..passes {
                    if stage.try_pass().is_none() {
                        stage.world.crash_at(None);
                    }
                },
            }
        }
        stage.world.crash_at(None);
        stage.world.fail(0);
        stage.rotate("the last one");
        stage.end();
    }
}
