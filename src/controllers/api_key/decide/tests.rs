use serde_json::{Value, json};

use super::*;
use crate::controllers::api_key::slots::Slots;
use crate::kube_io::vault::Stored;
use crate::model::secret::Credentials;

const NOW: &str = "2026-11-27T12:00:00Z";
const UID: &str = "6a2c1a4e";
const NAMES: &[&str] = &["key"];

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn fingerprint(value: &str) -> String {
    entry("key", value).fingerprint().to_string()
}

fn entry(name: &str, value: &str) -> Credentials {
    Credentials::new([(name.to_owned(), value.as_bytes().to_vec())])
}

fn object(spec: Value, status: Value) -> ApiKey {
    let mut object = json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": "ApiKey",
        "metadata": {"name": "okta", "uid": UID, "generation": 1},
        "spec": {"connectionRef": {"name": "acme"}, "purpose": "API", "secretName": "okta-key"},
        "status": {"conditions": [], "sequence": 3},
    });
    for (field, change) in [("spec", spec), ("status", status)] {
        let change = change.as_object().unwrap().clone();
        object[field].as_object_mut().unwrap().extend(change);
    }
    serde_json::from_value(object).unwrap()
}

fn secret(entries: &[(&str, &str)], annotations: &[(&str, &str)]) -> Stored {
    let whole = entries
        .iter()
        .fold(Credentials::default(), |all, (name, value)| {
            all.with(entry(name, value))
        });
    let annotation =
        |(name, value): &(&str, &str)| (format!("deputy.dev/{name}"), (*value).to_owned());
    Stored {
        version: Some("1".into()),
        entries: whole,
        annotations: annotations
            .iter()
            .chain(&[("api-key-uid", UID)])
            .map(annotation)
            .collect(),
        owners: Vec::new(),
    }
}

fn plan(object: &ApiKey, stored: Option<&Stored>, is_credential: bool) -> Plan {
    decide(&Situation {
        object,
        status: object.status.as_ref().unwrap(),
        slots: Slots {
            stored,
            names: NAMES,
        },
        is_credential,
        now: now(),
    })
}

fn in_use() -> Value {
    json!({"current": {"id": "k3", "createdAt": "2026-11-27T11:00:00Z", "fingerprint": fingerprint("three")}})
}

fn pending(id: Option<&str>) -> Value {
    let mut status = in_use();
    status["pending"] = json!({"sequence": 4, "name": "deputy-okta-6a2c1a4e-4"});
    if let Some(id) = id {
        status["pending"]["id"] = json!(id);
        status["pending"]["fingerprint"] = json!(fingerprint("four"));
    }
    status
}

#[test]
fn a_key_that_was_to_be_made_is_gone_on_with_from_what_is_recorded() {
    let old = ("key", "three");
    let is_next = ("next-key-sequence", "4");
    let next_id = ("next-key-id", "k4");
    for (id, entries, annotations, step) in [
        (None, vec![old], vec![], Step::Make),
        (
            None,
            vec![old],
            vec![("next-key-sequence", "3")],
            Step::Make,
        ),
        (
            None,
            vec![old, ("draft-private", "d")],
            vec![is_next],
            Step::Issue,
        ),
        (None, vec![old], vec![is_next], Step::Make),
        (
            None,
            vec![old, ("next-key", "four")],
            vec![is_next, next_id],
            Step::Take,
        ),
        (
            Some("k4"),
            vec![old, ("next-key", "four")],
            vec![is_next, next_id],
            Step::Verify,
        ),
        (
            Some("k4"),
            vec![old, ("next-key", "spoilt")],
            vec![is_next, next_id],
            Step::Make,
        ),
        (Some("k4"), vec![old], vec![], Step::Make),
        (
            Some("k4"),
            vec![("key", "four")],
            vec![("key-sequence", "4"), ("key-id", "k4")],
            Step::Record,
        ),
        // Somebody who writes the Secret cannot have another key taken for ours.
        (
            Some("k4"),
            vec![("key", "four")],
            vec![("key-sequence", "4"), ("key-id", "k9")],
            Step::Make,
        ),
        (
            Some("k4"),
            vec![("key", "spoilt")],
            vec![("key-sequence", "4"), ("key-id", "k4")],
            Step::Make,
        ),
    ] {
        let object = object(json!({}), pending(id));
        let found = plan(&object, Some(&secret(&entries, &annotations)), false);
        assert_eq!(found.step, step, "{id:?} {annotations:?}");
    }
}

#[test]
fn a_key_is_wanted_when_there_is_none_or_it_is_due() {
    let rotation = json!({"rotation": {"interval": "1h"}});
    let good = secret(
        &[("key", "three")],
        &[("key-sequence", "3"), ("key-id", "k3")],
    );
    let spoilt = secret(
        &[("key", "spoilt")],
        &[("key-sequence", "3"), ("key-id", "k3")],
    );
    for (spec, status, stored, wanted) in [
        (json!({}), in_use(), Some(&good), false),
        (rotation, in_use(), Some(&good), true),
        (json!({}), in_use(), Some(&spoilt), true),
        (json!({}), in_use(), None, true),
        (json!({}), json!({}), None, true),
    ] {
        let found = plan(&object(spec, status), stored, false).step;
        match found {
            Step::Intend(pending) if wanted => {
                assert_eq!(
                    (pending.sequence, pending.name.as_str()),
                    (4, "deputy-okta-6a2c1a4e-4")
                );
            }
            other => assert_eq!((other, wanted), (Step::Rest, false)),
        }
    }
}

#[test]
fn a_key_in_the_connections_own_secret_is_looked_at_first() {
    let theirs = Stored {
        annotations: std::collections::BTreeMap::new(),
        ..secret(&[("key", "theirs")], &[])
    };
    let new = object(json!({}), json!({}));
    assert_eq!(plan(&new, Some(&theirs), true).step, Step::Recognize);
    let refused = plan(&new, Some(&theirs), false).step;
    assert!(matches!(
        refused,
        Step::Refuse {
            condition: "SecretWritten",
            ..
        }
    ));
}

#[test]
fn only_what_is_due_is_revoked_and_never_a_key_that_is_in_use() {
    let mut status = pending(Some("k4"));
    let due = |id: &str| json!({"id": id, "revokeAfter": NOW});
    status["previous"] = json!([
        due("k1"), {"id": "k2", "revokeAfter": "2026-11-27T12:00:01Z"}, due("k3"), due("k4"),
    ]);
    let found = plan(&object(json!({}), status), None, false);
    assert_eq!(found.revoke, ["k1"]);
}

#[test]
fn a_rotation_is_in_time_before_the_end() {
    let key = |end: Option<&str>| KeyStatus {
        id: "k".into(),
        created_at: now(),
        expires_at: end.map(|end| end.parse().unwrap()),
        fingerprint: String::new(),
    };
    let with = |rotation: Value| object(json!({"rotation": rotation}), json!({})).spec;
    let daily = with(json!({"interval": "24h", "overlap": "2h"}));
    let due = next_rotation(&daily, UID, Some(&key(None)))
        .unwrap()
        .duration_since(now());
    assert!(due <= SignedDuration::from_hours(24) && due > SignedDuration::from_mins(22 * 60 + 47));
    let before = next_rotation(&daily, UID, Some(&key(Some("2026-11-27T20:00:00Z")))).unwrap();
    assert_eq!(
        before,
        "2026-11-27T18:00:00Z".parse().unwrap(),
        "an overlap before the end"
    );
    let short = next_rotation(&daily, UID, Some(&key(Some("2026-11-27T13:00:00Z")))).unwrap();
    assert_eq!(short, "2026-11-27T12:30:00Z".parse().unwrap(), "or halfway");
    assert_eq!(
        next_rotation(&object(json!({}), json!({})).spec, UID, Some(&key(None))),
        None
    );
}

#[test]
fn the_overlap_is_never_below_five_minutes() {
    for (rotation, minutes) in [
        (json!(null), 60),
        (json!({"interval": "1h"}), 60),
        (json!({"interval": "1h", "overlap": "1m"}), 5),
        (json!({"interval": "48h", "overlap": "24h"}), 24 * 60),
    ] {
        let spec = object(json!({"rotation": rotation}), json!({})).spec;
        assert_eq!(overlap(&spec), SignedDuration::from_mins(minutes));
    }
}
