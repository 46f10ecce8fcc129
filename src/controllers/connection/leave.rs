//! How a connection goes: not while people or keys need it, and not never.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;

use crate::api::{ServiceAccountConnection, ServiceAccountConnectionStatus as Status};
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::kube_io::conditions::Conditions;
use crate::kube_io::events::{Events, Severity};
use crate::kube_io::reconciler::{Cleanup, Next};

/// Who needs a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NeededBy {
    /// `SyncedUser`s.
    pub(super) users: usize,
    /// `ApiKey`s.
    pub(super) keys: usize,
}

impl NeededBy {
    pub(super) fn anybody(self) -> bool {
        self.users + self.keys > 0
    }
}

/// How long a connection waits for its people and keys to go. A namespace that is being deleted must not hang for ever.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Returns whether the connection may go now. Pure.
pub(super) fn leave(
    object: &ServiceAccountConnection,
    needed_by: NeededBy,
    now: Timestamp,
) -> Cleanup<Status> {
    let since = object
        .meta()
        .deletion_timestamp
        .as_ref()
        .map_or(now, |time| time.0);
    let end = since.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    if !needed_by.anybody() || now >= end {
        return Cleanup::Done;
    }
    let mut status = object.status.clone().unwrap_or_default();
    let generation = object.meta().generation;
    let mut conditions = Conditions::new(&status.conditions, generation, now);
    kstatus::conclude(&mut conditions, &in_use(needed_by));
    status.observed_generation = generation.unwrap_or(-1);
    status.conditions = conditions.into_vec();
    Cleanup::Wait {
        status,
        next: Next::At(end),
    }
}

fn in_use(NeededBy { users, keys }: NeededBy) -> Fact {
    Fact::not_yet(
        "InUse",
        format!(
            "The connection is being deleted and waits, for at most 10 minutes, until its {users} SyncedUser(s) and {keys} ApiKey(s) \
             are deleted. Users with deletionPolicy Delete need it to erase what was synced, and keys to be revoked."
        ),
    )
}

/// Tells that the wait is over and somebody is left behind.
pub(super) async fn tell_orphans(
    events: &Events,
    reference: &ObjectReference,
    needed_by: NeededBy,
) {
    let NeededBy { users, keys } = needed_by;
    let note = format!(
        "The connection is gone although {users} SyncedUser(s) and {keys} ApiKey(s) still refer to it. What was synced stays in the \
         destination, and keys that were made stay good."
    );
    events
        .publish(reference, Severity::Warning, "Orphaned", &note)
        .await;
}
