//! Events of Kubernetes: told once, when something turns, for whoever runs `kubectl describe`.
//! They expire; the durable truth is in the conditions.

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::conditions::{capped, find, is_abnormal};

/// Whether an event is good or bad news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Normal,
    /// Somebody may have to look.
    Warning,
}

/// Publishes events. Clones share the memory that folds repetitions into one.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// Publishes under the name of the field manager; `instance` is the pod's name, if there is one.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        let reporter = Reporter {
            controller: super::FIELD_MANAGER.to_owned(),
            instance,
        };
        Self {
            recorder: Recorder::new(client, reporter),
        }
    }

    /// Publishes one event about an object. The note is cut at 1 kB.
    ///
    /// **Errors**: none; an event that cannot be published is logged and lost.
    pub async fn publish(
        &self,
        object: &ObjectReference,
        severity: Severity,
        reason: &str,
        note: &str,
    ) {
        let event = Event {
            type_: match severity {
                Severity::Normal => EventType::Normal,
                Severity::Warning => EventType::Warning,
            },
            reason: reason.to_owned(),
            note: Some(capped(note)),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, object).await {
            tracing::warn!(event.reason = reason, %error, "an event could not be published");
        }
    }

    /// Publishes what turned between two lists of conditions.
    pub(crate) async fn publish_turns(
        &self,
        object: &ObjectReference,
        before: &[Condition],
        after: &[Condition],
    ) {
        for (severity, condition) in turns(before, after) {
            self.publish(object, severity, &condition.reason, &condition.message)
                .await;
        }
    }
}

/// Finds the conditions that are worth an event: those whose status or reason is new.
///
/// A condition that begins well is no news, but for `Ready`; nor is `Ready` where it repeats what another one says.
fn turns<'a>(before: &[Condition], after: &'a [Condition]) -> Vec<(Severity, &'a Condition)> {
    let turned: Vec<_> = after
        .iter()
        .filter(|condition| has_turned(find(before, &condition.type_), condition))
        .collect();
    turned
        .iter()
        .filter(|condition| {
            condition.type_ != "Ready"
                || !turned
                    .iter()
                    .any(|other| other.type_ != "Ready" && other.reason == condition.reason)
        })
        .map(|condition| (severity(condition), *condition))
        .collect()
}

fn has_turned(old: Option<&Condition>, new: &Condition) -> bool {
    match old {
        _ if new.type_ == "Reconciling" => false,
        Some(old) => old.status != new.status || old.reason != new.reason,
        None => new.type_ == "Ready" || is_abnormal(&new.type_) || new.status == "False",
    }
}

fn severity(condition: &Condition) -> Severity {
    let bad = match condition.type_.as_str() {
        "Suspended" => false,
        type_ if is_abnormal(type_) => condition.status == "True",
        _ => condition.status == "False",
    };
    if bad {
        Severity::Warning
    } else {
        Severity::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube_io::conditions::{ConditionStatus, Conditions};
    use jiff::Timestamp;
    use pretty_assertions::assert_eq;

    fn list(conditions: &[(&str, ConditionStatus, &str)]) -> Vec<Condition> {
        let mut list = Conditions::new(&[], Some(1), Timestamp::UNIX_EPOCH);
        for (type_, status, reason) in conditions {
            list.set(type_, *status, reason, "message");
        }
        list.into_vec()
    }

    fn told(
        before: &[(&str, ConditionStatus, &str)],
        after: &[(&str, ConditionStatus, &str)],
    ) -> Vec<(Severity, String, String)> {
        turns(&list(before), &list(after))
            .into_iter()
            .map(|(severity, condition)| {
                (severity, condition.type_.clone(), condition.reason.clone())
            })
            .collect()
    }

    fn one(severity: Severity, type_: &str, reason: &str) -> Vec<(Severity, String, String)> {
        vec![(severity, type_.to_owned(), reason.to_owned())]
    }

    #[test]
    fn only_turns_are_told() {
        use ConditionStatus::{False, True, Unknown};
        use Severity::{Normal, Warning};
        let well: &[_] = &[
            ("Authenticated", True, "TokenIssued"),
            ("Ready", True, "AllWell"),
        ];
        let refused: &[_] = &[
            ("Authenticated", False, "KeyRevoked"),
            ("Ready", False, "KeyRevoked"),
        ];
        assert_eq!(told(well, well), vec![]);
        assert_eq!(told(&[], well), one(Normal, "Ready", "AllWell"));
        assert_eq!(
            told(well, refused),
            one(Warning, "Authenticated", "KeyRevoked")
        );
        assert_eq!(
            told(&[], refused),
            one(Warning, "Authenticated", "KeyRevoked")
        );
        assert_eq!(
            told(refused, well),
            [
                one(Normal, "Authenticated", "TokenIssued"),
                one(Normal, "Ready", "AllWell")
            ]
            .concat()
        );
        assert_eq!(
            told(&[("Ready", False, "A")], &[("Ready", False, "B")]),
            one(Warning, "Ready", "B")
        );
        assert_eq!(
            told(&[("Ready", True, "A")], &[("Ready", Unknown, "B")]),
            one(Normal, "Ready", "B")
        );
        assert_eq!(
            told(&[], &[("Throttled", True, "Slow")]),
            one(Warning, "Throttled", "Slow")
        );
        assert_eq!(
            told(&[], &[("Suspended", True, "Asked")]),
            one(Normal, "Suspended", "Asked")
        );
        assert_eq!(told(&[], &[("Reconciling", True, "Busy")]), vec![]);
        assert_eq!(told(&[("Stalled", True, "Bad")], &[]), vec![]);
    }
}
