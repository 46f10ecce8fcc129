//! What is to be done about a key now: one step at a time, each recorded before the next. Pure.
//!
//! ```text
//! wanted? ─► Intend ─► Make ─┬─► (draft stored) ─► Issue ─┬─► (next slot filled) ─► Verify and promote ─► overlap ─► revoke
//!                            └────────────────────────────┘
//! after a crash: Take a key that the next slot holds and the status does not know; Record one that is promoted already
//! ```

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::naming;
use super::slots::Slots;
use crate::api::api_key::{ApiKeySpec, KeyStatus, PendingKeyStatus, PreviousKeyStatus};
use crate::api::{ApiKey, ApiKeyStatus as Status, ROTATE_REQUESTED_AT};
use crate::controllers::fact::Fact;
use crate::controllers::schedule::ahead;
use crate::model::secret::Credentials;
use crate::providers::report::EXPIRY_NOTICE;

/// So many keys may wait to be revoked; beyond that no new one is made.
pub(super) const MOST_PREVIOUS: usize = 10;
/// Mounted Secrets take over a minute to change, so that no old key goes before this.
const LEAST_OVERLAP: SignedDuration = SignedDuration::from_mins(5);
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// What the decision depends on.
pub(super) struct Situation<'a> {
    /// The object.
    pub(super) object: &'a ApiKey,
    /// Its status; the default where it has none yet.
    pub(super) status: &'a Status,
    /// The Secret.
    pub(super) slots: Slots<'a>,
    /// The Secret is the connection's own: the key that the connection uses is the one that is replaced.
    pub(super) is_credential: bool,
    /// Now.
    pub(super) now: Timestamp,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// Ids of old keys whose time is over.
    pub(super) revoke: Vec<String>,
    /// The one step beside that.
    pub(super) step: Step,
}

/// One step. Each but the first two has one effect outside, and is followed by a write of the status.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Nothing is due.
    Rest,
    /// Nothing can be done until somebody acts.
    Refuse {
        /// The condition that says so.
        condition: &'static str,
        /// What it says.
        fact: Fact,
    },
    /// Find out which key the Secret holds.
    Recognize,
    /// Write down that a key will be made.
    Intend(PendingKeyStatus),
    /// Revoke what an earlier try has left behind, and make the key or its material.
    Make,
    /// Make the key from its material.
    Issue,
    /// Find out whether a key that the next slot holds is the one that was to be made.
    Take,
    /// Try the next key and take it into use.
    Verify,
    /// Write down that the key is in use already.
    Record,
    /// Give up on the key that was to be made, since another is asked for.
    Abandon,
}

impl Situation<'_> {
    fn uid(&self) -> String {
        self.object.uid().unwrap_or_default()
    }

    /// Returns whether the Secret holds the key that is written down as the current one.
    fn is_intact(&self) -> bool {
        let held = self.slots.current().map(|key| key.fingerprint());
        let known = self.status.current.as_ref();
        known.is_some_and(|known| held.is_some_and(|held| held.as_str() == known.fingerprint))
    }

    /// Returns whether the Secret holds a key that nobody has written down: an administrator's, or one from before the
    /// status was lost.
    fn holds_a_strange_key(&self) -> bool {
        let is_lost =
            self.status.sequence == 0 && self.slots.id().is_some() && !self.is_rotation_requested();
        let takes_over = self.is_credential || is_lost;
        takes_over && self.slots.current().is_some() && !self.is_intact()
    }

    fn is_rotation_requested(&self) -> bool {
        let request = rotation_request(self.object);
        request.is_some() && request != self.status.last_handled_rotate_at
    }

    fn is_key_wanted(&self) -> bool {
        let due = next_rotation(&self.object.spec, &self.uid(), self.status.current.as_ref());
        !self.is_intact() || self.is_rotation_requested() || due.is_some_and(|due| due <= self.now)
    }
}

pub(super) fn decide(situation: &Situation<'_>) -> Plan {
    let status = situation.status;
    let spared = status
        .pending
        .as_ref()
        .and_then(|pending| pending.id.as_ref());
    let current = status.current.as_ref().map(|current| &current.id);
    let due = status.previous.iter().filter(|key| {
        let in_use = Some(&key.id) == spared || Some(&key.id) == current;
        key.revoke_after <= situation.now && !in_use
    });
    Plan {
        revoke: due.map(|key| key.id.clone()).collect(),
        step: step(situation),
    }
}

fn step(situation: &Situation<'_>) -> Step {
    let slots = situation.slots;
    let is_ours = slots.is_held_by(&situation.uid()) || situation.is_credential;
    if slots.stored.is_some() && !is_ours {
        return not_ours(&situation.object.spec.secret_name);
    }
    if let Some(pending) = &situation.status.pending {
        return go_on(situation, pending);
    }
    if situation.holds_a_strange_key() {
        return Step::Recognize;
    }
    if !situation.is_key_wanted() {
        return Step::Rest;
    }
    if situation.status.previous.len() >= MOST_PREVIOUS {
        return too_many();
    }
    Step::Intend(intent(situation))
}

/// Goes on with a key that was to be made, from what is recorded of it.
fn go_on(situation: &Situation<'_>, pending: &PendingKeyStatus) -> Step {
    let slots = situation.slots;
    let is_promoted = slots.sequence() == Some(pending.sequence)
        && is_the_one(pending, slots.id(), slots.current().as_ref());
    if is_promoted {
        return Step::Record;
    }
    if situation.is_rotation_requested() {
        return Step::Abandon;
    }
    if slots.next_sequence() != Some(pending.sequence) {
        return Step::Make;
    }
    match (slots.next_id(), slots.next()) {
        (Some(id), Some(key)) if is_the_one(pending, Some(id), Some(&key)) => Step::Verify,
        (Some(_), Some(_)) if pending.id.is_none() => Step::Take,
        (None, None) if pending.id.is_none() && slots.draft().is_some() => Step::Issue,
        _ => Step::Make,
    }
}

/// Returns whether a key is the one that is to be made, by its id and its material.
pub(super) fn is_the_one(
    pending: &PendingKeyStatus,
    id: Option<&str>,
    key: Option<&Credentials>,
) -> bool {
    let fingerprint = key.map(|key| key.fingerprint().to_string());
    pending.id.is_some() && id == pending.id.as_deref() && fingerprint == pending.fingerprint
}

fn intent(situation: &Situation<'_>) -> PendingKeyStatus {
    let told = situation.slots.sequence().unwrap_or_default();
    let waits = situation.slots.next_sequence().unwrap_or_default();
    let sequence = situation
        .status
        .sequence
        .max(told)
        .max(waits)
        .saturating_add(1);
    let ends = situation.object.spec.expires_after;
    PendingKeyStatus {
        sequence,
        name: naming::name(&situation.object.name_any(), &situation.uid(), sequence),
        expires_at: ends.and_then(|life| situation.now.checked_add(life.get()).ok()),
        ..PendingKeyStatus::default()
    }
}

fn not_ours(name: &str) -> Step {
    Step::Refuse {
        condition: "SecretWritten",
        fact: Fact::bad(
            "SecretNotOurs",
            format!(
                "There is a Secret {name} already, and it does not hold this ApiKey's keys: nothing in it is changed and no key is \
                 made. Delete it (kubectl delete secret {name}) or make an ApiKey with another spec.secretName."
            ),
        ),
    }
}

fn too_many() -> Step {
    Step::Refuse {
        condition: "Issued",
        fact: Fact::bad(
            "TooManyOldKeys",
            format!(
                "Another key is due, but {MOST_PREVIOUS} old ones wait to be revoked and none is made before some are. OldKeysRevoked \
                 says what stands in their way."
            ),
        ),
    }
}

/// Returns the request for another key.
pub(super) fn rotation_request(object: &ApiKey) -> Option<String> {
    object.annotations().get(ROTATE_REQUESTED_AT).cloned()
}

/// Returns how long an old key stays good.
pub(super) fn overlap(spec: &ApiKeySpec) -> SignedDuration {
    let rotation = spec.rotation.as_ref();
    let asked = rotation.and_then(|rotation| rotation.overlap);
    asked
        .map_or(OVERLAP, crate::api::Span::get)
        .max(LEAST_OVERLAP)
}

/// Returns when the key in use is replaced: a little before its interval is over, so that keys that were made together are not
/// replaced together, and in time before it ends.
pub(super) fn next_rotation(
    spec: &ApiKeySpec,
    uid: &str,
    current: Option<&KeyStatus>,
) -> Option<Timestamp> {
    let (rotation, current) = (spec.rotation.as_ref()?, current?);
    let interval = ahead(uid, rotation.interval.get());
    let mut due = current.created_at.saturating_add(interval).ok()?;
    if let Some(end) = current.expires_at {
        let life = end.duration_since(current.created_at);
        let spare = overlap(spec).max(life / 10).min(life / 2);
        due = due.min(end.saturating_sub(spare).ok()?);
    }
    // Whole seconds, since people read it.
    Timestamp::from_second(due.as_second()).ok()
}

/// Returns when something is due if nothing changes before.
pub(super) fn next_time(spec: &ApiKeySpec, uid: &str, status: &Status) -> Option<Timestamp> {
    let revoke = status
        .previous
        .iter()
        .map(|key: &PreviousKeyStatus| key.revoke_after);
    let current = status.current.as_ref();
    let end = current.and_then(|current| current.expires_at);
    let warn = current.and_then(warned_from);
    let instants = revoke
        .chain(next_rotation(spec, uid, current))
        .chain(warn)
        .chain(end);
    instants.min()
}

/// Returns from when on the end of a key is warned of: a month before, or a third of its life where that is less.
pub(super) fn warned_from(key: &KeyStatus) -> Option<Timestamp> {
    let end = key.expires_at?;
    let third = end.duration_since(key.created_at) / 3;
    end.checked_sub(third.min(EXPIRY_NOTICE)).ok()
}

#[cfg(test)]
mod tests;
