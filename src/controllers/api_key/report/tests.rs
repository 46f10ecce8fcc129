use serde_json::{Value, json};

use super::*;

fn object(current: Value) -> ApiKey {
    serde_json::from_value(json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": "ApiKey",
        "metadata": {"name": "okta", "uid": "6a2c1a4e", "generation": 2},
        "spec": {"connectionRef": {"name": "acme"}, "purpose": "API", "secretName": "okta-key"},
        "status": {"conditions": [], "sequence": 1, "current": current},
    }))
    .unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn rested(object: &ApiKey, now: Timestamp) -> Pass<Status> {
    let plan = Plan {
        revoke: Vec::new(),
        step: Step::Rest,
    };
    let outcome = Outcome {
        revoked: Vec::new(),
        unrevoked: None,
        strays: Vec::new(),
        step: Ok(Done::Nothing),
    };
    report(&Facts {
        object,
        account: "account",
        plan: &plan,
        outcome: &outcome,
        now,
    })
}

#[test]
fn an_end_is_shown_warned_of_and_told() {
    let key = json!({"id": "k1", "createdAt": "2026-01-01T00:00:00Z", "expiresAt": "2027-01-01T00:00:00Z", "fingerprint": "sha256:1"});
    let object = object(key);
    for (now, current, ready) in [
        ("2026-11-01T00:00:00Z", ("True", "Current"), "KeyGood"),
        ("2026-12-15T00:00:00Z", ("False", "KeyExpiring"), "KeyGood"),
        (
            "2027-01-01T00:00:00Z",
            ("False", "KeyExpired"),
            "KeyExpired",
        ),
    ] {
        let status = rested(&object, at(now)).status;
        let found = find(&status.conditions, "KeyCurrent").unwrap();
        assert_eq!(
            (found.status.as_str(), found.reason.as_str()),
            current,
            "{now}"
        );
        assert_eq!(
            find(&status.conditions, "Ready").unwrap().reason,
            ready,
            "{now}"
        );
    }
}

#[test]
fn nothing_new_is_nothing_written_and_the_next_look_is_when_something_is_due() {
    let object =
        object(json!({"id": "k1", "createdAt": "2026-01-01T00:00:00Z", "fingerprint": "sha256:1"}));
    let first = rested(&object, at("2026-11-01T00:00:00Z"));
    assert_eq!(first.next, Next::OnChange);
    let again = ApiKey {
        status: Some(first.status.clone()),
        ..object
    };
    assert_eq!(
        rested(&again, at("2026-11-02T00:00:00Z")).status,
        first.status
    );
}

#[test]
fn what_somebody_must_mend_is_asked_for_seldom_and_what_passes_soon() {
    let object = object(json!(null));
    let error = |class, retry_after| Error {
        class,
        reason: crate::providers::Reason::PermissionDenied,
        provider: "fake",
        operation: "keys",
        status: Some(403),
        code: None,
        meaning: "No.".into(),
        remedy: "Grant it.".into(),
        retry_after,
    };
    let now = at("2026-11-01T00:00:00Z");
    let hour = Some(std::time::Duration::from_hours(1));
    for (class, retry_after, seconds) in [
        (Class::Retry, None, 5),
        (Class::Park, None, 60),
        (Class::Throttled, hour, 3600),
    ] {
        let plan = Plan {
            revoke: Vec::new(),
            step: Step::Make,
        };
        let outcome = Outcome {
            revoked: Vec::new(),
            unrevoked: None,
            strays: Vec::new(),
            step: Err(Trouble::Vendor(error(class, retry_after))),
        };
        let made = report(&Facts {
            object: &object,
            account: "account",
            plan: &plan,
            outcome: &outcome,
            now,
        });
        let next = now + SignedDuration::from_secs(seconds);
        assert_eq!(made.next, Next::At(next), "{class:?}");
        let issued = find(&made.status.conditions, "Issued").unwrap();
        assert!(issued.message.contains("Grant it."), "{}", issued.message);
    }
}
