//! How a connection goes: not while people use it, and not never.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;

use crate::api::{ServiceAccountConnection, ServiceAccountConnectionStatus as Status};
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::kube_io::conditions::Conditions;
use crate::kube_io::events::{Events, Severity};
use crate::kube_io::reconciler::{Cleanup, Next};

/// How long a connection waits for its people to go. A namespace that is being deleted must not hang for ever.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Returns whether the connection may go now. Pure.
pub(super) fn leave(
    object: &ServiceAccountConnection,
    users: usize,
    now: Timestamp,
) -> Cleanup<Status> {
    let since = object
        .meta()
        .deletion_timestamp
        .as_ref()
        .map_or(now, |time| time.0);
    let end = since.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    if users == 0 || now >= end {
        return Cleanup::Done;
    }
    let mut status = object.status.clone().unwrap_or_default();
    let generation = object.meta().generation;
    let mut conditions = Conditions::new(&status.conditions, generation, now);
    kstatus::conclude(&mut conditions, &in_use(users));
    status.observed_generation = generation.unwrap_or(-1);
    status.conditions = conditions.into_vec();
    Cleanup::Wait {
        status,
        next: Next::At(end),
    }
}

fn in_use(users: usize) -> Fact {
    Fact::not_yet(
        "InUse",
        format!(
            "The connection is being deleted and waits, for at most 10 minutes, until its {users} SyncedUser(s) are deleted. \
             Those with deletionPolicy Delete need it to erase what was synced."
        ),
    )
}

/// Tells that the wait is over and somebody is left behind.
pub(super) async fn tell_orphans(events: &Events, reference: &ObjectReference, users: usize) {
    let note = format!(
        "The connection is gone although {users} SyncedUser(s) still refer to it. What was synced for them stays in the destination."
    );
    events
        .publish(reference, Severity::Warning, "Orphaned", &note)
        .await;
}
