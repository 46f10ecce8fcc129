//! Whether a connection is to be verified now. Pure.

use jiff::{SignedDuration, Timestamp};
use kube::Resource;

use crate::api::{ServiceAccountConnection, requested_at};

/// Grants beyond what is asked for are looked for this seldom, since every candidate costs a request.
const EXCESS_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// What the decision depends on.
pub(super) struct Situation<'a> {
    /// The object, with the status of the last pass.
    pub(super) object: &'a ServiceAccountConnection,
    /// The credential as it is now; none where there is none, or the connection could not be opened.
    pub(super) fingerprint: Option<&'a str>,
    /// A sync has found it failing.
    pub(super) is_suspected: bool,
    /// Now.
    pub(super) now: Timestamp,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Verify it.
    Verify {
        /// And look for grants beyond what is asked for.
        look_for_excess: bool,
    },
    /// The last verification still counts.
    Rest,
}

pub(super) fn decide(situation: &Situation<'_>) -> Decision {
    if is_due(situation) {
        Decision::Verify {
            look_for_excess: is_excess_due(situation),
        }
    } else {
        Decision::Rest
    }
}

fn is_due(situation: &Situation<'_>) -> bool {
    let Situation {
        object,
        fingerprint,
        is_suspected,
        now,
    } = *situation;
    let Some(status) = &object.status else {
        return true;
    };
    let credential = status
        .credential
        .as_ref()
        .map(|credential| credential.fingerprint.as_str());
    let request = requested_at(object.meta());
    is_suspected
        || Some(status.observed_generation) != object.meta().generation
        || credential != fingerprint
        || (request.is_some() && request != status.last_handled_reconcile_at)
        || status.next_verification_time.is_none_or(|next| next <= now)
}

fn is_excess_due(situation: &Situation<'_>) -> bool {
    let status = situation.object.status.as_ref();
    let delegation = status.and_then(|status| status.delegation.as_ref());
    let last = delegation.and_then(|delegation| delegation.excess_checked_time);
    last.is_none_or(|last| situation.now.duration_since(last) >= EXCESS_INTERVAL)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn object(patch: impl FnOnce(&mut serde_json::Value)) -> ServiceAccountConnection {
        let mut object = json!({
            "apiVersion": "deputy.dev/v1alpha1",
            "kind": "ServiceAccountConnection",
            "metadata": {"name": "acme", "generation": 2},
            "spec": {"provider": {"google": {}}, "credentialsSecretRef": {"name": "key"}},
            "status": {
                "observedGeneration": 2,
                "credential": {"fingerprint": "sha256:1"},
                "nextVerificationTime": "2026-11-22T12:30:00Z",
                "delegation": {"excessCheckedTime": "2026-11-22T11:00:00Z"},
                "conditions": [],
            },
        });
        patch(&mut object);
        serde_json::from_value(object).unwrap()
    }

    fn decision(
        patch: impl FnOnce(&mut serde_json::Value),
        fingerprint: &str,
        is_suspected: bool,
    ) -> Decision {
        decide(&Situation {
            object: &object(patch),
            fingerprint: Some(fingerprint),
            is_suspected,
            now: NOW.parse().unwrap(),
        })
    }

    #[test]
    fn what_is_verified_rests_until_its_time() {
        assert_eq!(decision(|_| {}, "sha256:1", false), Decision::Rest);
        let late = |o: &mut serde_json::Value| o["status"]["nextVerificationTime"] = json!(NOW);
        assert_eq!(
            decision(late, "sha256:1", false),
            Decision::Verify {
                look_for_excess: false
            }
        );
    }

    #[test]
    fn every_change_is_verified_at_once() {
        let verify = Decision::Verify {
            look_for_excess: false,
        };
        let spec = |o: &mut serde_json::Value| o["metadata"]["generation"] = json!(3);
        let request = |o: &mut serde_json::Value| {
            o["metadata"]["annotations"] = json!({"reconcile.fluxcd.io/requestedAt": "1"});
        };
        assert_eq!(decision(spec, "sha256:1", false), verify);
        assert_eq!(decision(request, "sha256:1", false), verify);
        assert_eq!(
            decision(|_| {}, "sha256:2", false),
            verify,
            "the Secret has changed"
        );
        assert_eq!(
            decision(|_| {}, "sha256:1", true),
            verify,
            "a sync has found it failing"
        );
    }

    #[test]
    fn an_answered_request_is_not_answered_again() {
        let answered = |o: &mut serde_json::Value| {
            o["metadata"]["annotations"] = json!({"deputy.dev/reconcile-requested-at": "1"});
            o["status"]["lastHandledReconcileAt"] = json!("1");
        };
        assert_eq!(decision(answered, "sha256:1", false), Decision::Rest);
    }

    #[test]
    fn excess_is_looked_for_once_a_day() {
        let yesterday = |o: &mut serde_json::Value| {
            o["metadata"]["generation"] = json!(3);
            o["status"]["delegation"]["excessCheckedTime"] = json!("2026-11-21T11:00:00Z");
        };
        let found = decision(yesterday, "sha256:1", false);
        assert_eq!(
            found,
            Decision::Verify {
                look_for_excess: true
            }
        );
    }
}
