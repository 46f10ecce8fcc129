//! `Ready` and the two conditions that tools judge by: is it being worked on, or does somebody have to step in?

use super::fact::Fact;
use crate::kube_io::conditions::{ConditionStatus, Conditions};

/// Writes `Ready`, and `Reconciling` or `Stalled` while they are true, from the one fact that decides.
///
/// What holds is done. What may pass by itself is being worked on. All else is stalled until somebody acts.
pub fn conclude(conditions: &mut Conditions, decisive: &Fact) {
    decisive.put(conditions, "Ready");
    let (present, absent) = match (decisive.holds(), decisive.transient) {
        (true, _) => {
            conditions.clear("Reconciling");
            conditions.clear("Stalled");
            return;
        }
        (false, true) => ("Reconciling", "Stalled"),
        (false, false) => ("Stalled", "Reconciling"),
    };
    conditions.set(
        present,
        ConditionStatus::True,
        &decisive.reason,
        &decisive.message,
    );
    conditions.clear(absent);
}

/// Writes that the object is parked: what is known of it stays, and nobody works on it or has to.
pub fn suspend(conditions: &mut Conditions, message: &str) {
    conditions.set("Suspended", ConditionStatus::True, "Suspended", message);
    conditions.clear("Reconciling");
    conditions.clear("Stalled");
}
