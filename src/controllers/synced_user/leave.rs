//! How a person goes: with `deletionPolicy: Delete` their history is erased before the object is.

use jiff::{SignedDuration, Timestamp};
use kube::Resource;

use crate::api::synced_user::DeletionPolicy;
use crate::api::{SyncedUser, SyncedUserStatus as Status};
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::kube_io::conditions::Conditions;

/// How long an object waits for a destination that cannot be reached. A namespace must not hang for ever.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Returns whether there is history to erase when the object goes.
pub(super) fn erases(object: &SyncedUser) -> bool {
    object.spec.deletion_policy == Some(DeletionPolicy::Delete)
}

/// Returns until when the object waits.
pub(super) fn patience(object: &SyncedUser, now: Timestamp) -> Timestamp {
    let since = object
        .meta()
        .deletion_timestamp
        .as_ref()
        .map_or(now, |time| time.0);
    since.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX)
}

/// Returns the status of an object that waits.
pub(super) fn waiting(object: &SyncedUser, why: &Fact, now: Timestamp) -> Status {
    let mut status = object.status.clone().unwrap_or_default();
    let generation = object.meta().generation;
    let mut conditions = Conditions::new(&status.conditions, generation, now);
    let fact = Fact::not_yet(
        "ErasurePending",
        format!(
            "The history is still to be erased from the destination; it is tried for at most 10 minutes. {}",
            why.message
        ),
    );
    kstatus::conclude(&mut conditions, &fact);
    status.observed_generation = generation.unwrap_or(-1);
    status.conditions = conditions.into_vec();
    status
}
