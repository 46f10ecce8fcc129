//! Whether a delegation that is missing is wrong, or only not there yet. Pure.
//!
//! A vendor may take up to a day to spread what an administrator has granted, and says the same as if nothing had been.

use jiff::{SignedDuration, Timestamp};

use crate::api::ServiceAccountConnectionStatus as Status;
use crate::api::connection::ScopeGrant;
use crate::controllers::fact::Fact;
use crate::kube_io::conditions::{ConditionStatus, find};
use crate::model::account::Known;
use crate::providers::Reason;
use crate::providers::report::ScopeState;

/// How long a change may take.
const SPREADS_WITHIN: SignedDuration = SignedDuration::from_hours(24);

pub(super) struct Propagation<'a> {
    /// What the check found of the delegation.
    pub(super) found: Fact,
    /// Scope by scope.
    pub(super) scopes: &'a [ScopeState],
    /// The status so far, with the time of this change where there is one.
    pub(super) before: &'a Status,
    /// Spec or credential have changed since the last check.
    pub(super) changed: bool,
    /// Now.
    pub(super) now: Timestamp,
}

/// Returns what was found, or that it may still be on its way.
pub(super) fn propagation(case: &Propagation<'_>) -> Fact {
    let found = &case.found;
    if !is_not_granted(found) || !is_recent(case) || !is_new(case) || was_taken_away(case) {
        return found.clone();
    }
    let message = format!(
        "Not granted yet. Where it was granted within the last day it may still be on its way; it is tried again by \
         itself. Else: {}",
        found.message
    );
    Fact {
        transient: true,
        ..Fact::not_yet(Reason::Propagating.as_str(), message)
    }
}

fn is_not_granted(found: &Fact) -> bool {
    let reasons = [Reason::ClientNotAuthorized, Reason::ScopeNotAuthorized];
    found.status == ConditionStatus::False
        && reasons.iter().any(|reason| found.reason == reason.as_str())
}

fn is_recent(case: &Propagation<'_>) -> bool {
    let changed = case.before.changed_time;
    changed.is_some_and(|changed| case.now.duration_since(changed) < SPREADS_WITHIN)
}

/// A verdict that has been passed stays until something changes.
fn is_new(case: &Propagation<'_>) -> bool {
    let before = find(&case.before.conditions, "DelegationValid");
    case.changed
        || before.is_none_or(|before| {
            before.status == "Unknown" || before.reason == Reason::Propagating.as_str()
        })
}

/// What was granted before and no longer is does not spread: it was taken away.
fn was_taken_away(case: &Propagation<'_>) -> bool {
    let Some(delegation) = &case.before.delegation else {
        return false;
    };
    let missing = case
        .scopes
        .iter()
        .filter(|scope| scope.granted == Known::False);
    missing.into_iter().any(|scope| {
        let before = delegation
            .scopes
            .iter()
            .find(|before| before.name == scope.name);
        before.is_some_and(|before| before.state == ScopeGrant::Granted)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(status: serde_json::Value, changed: bool) -> String {
        let mut before: Status = serde_json::from_value(status).unwrap();
        before
            .changed_time
            .get_or_insert_with(|| "2026-11-22T11:00:00Z".parse().unwrap());
        let found = Fact::bad(Reason::ScopeNotAuthorized.as_str(), "missing");
        let scopes = [ScopeState {
            name: "scope".into(),
            granted: Known::False,
            reason: Some(Reason::ScopeNotAuthorized),
        }];
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let case = Propagation {
            found,
            scopes: &scopes,
            before: &before,
            changed,
            now,
        };
        propagation(&case).reason.into_owned()
    }

    fn condition(status: &str, reason: &str) -> serde_json::Value {
        json!([{
            "type": "DelegationValid", "status": status, "reason": reason, "message": "",
            "lastTransitionTime": "2026-11-22T11:00:00Z",
        }])
    }

    #[test]
    fn what_is_new_may_be_on_its_way() {
        assert_eq!(reason(json!({"conditions": []}), true), "Propagating");
        let waiting = json!({"conditions": condition("False", "Propagating")});
        assert_eq!(reason(waiting, false), "Propagating");
    }

    #[test]
    fn a_day_later_it_is_wrong() {
        let old = json!({
            "conditions": condition("False", "Propagating"),
            "changedTime": "2026-11-21T11:59:00Z",
        });
        assert_eq!(reason(old, false), "ScopeNotAuthorized");
    }

    #[test]
    fn what_was_taken_away_is_wrong_at_once_and_stays_so() {
        let granted = json!({"scopes": [{"name": "scope", "state": "Granted"}]});
        let before = json!({"conditions": condition("True", "Verified"), "delegation": granted});
        assert_eq!(reason(before, false), "ScopeNotAuthorized");
        let after = json!({
            "conditions": condition("False", "ScopeNotAuthorized"),
            "delegation": {"scopes": [{"name": "scope", "state": "Missing"}]},
        });
        assert_eq!(reason(after, false), "ScopeNotAuthorized");
    }
}
