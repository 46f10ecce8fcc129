//! Keys that are made and ended in a vendor's console, and handed over in the Secret's slots.
//!
//! ```text
//! next-<entry>, put there by somebody ─► verified ─► <entry> ─► …
//!                                 <entry> before it ─► previous-<entry> ─► proved dead ─► gone
//! ```

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::decide::{next_rotation, warned_from};
use super::report::{self, begin, conditions};
use super::slots::{Holder, Slots};
use crate::api::api_key::{KeyStatus, PreviousKeyStatus};
use crate::api::{ApiKey, ApiKeyStatus as Status};
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::kube_io::conditions::Conditions;
use crate::kube_io::reconciler::{Next, Pass};
use crate::kube_io::secret::SecretError;
use crate::kube_io::vault::{Change, Stored, Vault};
use crate::providers::{Error, KeyAdopter, Reason, RemoteKey};
use crate::sync::Fence;

/// A key in use is looked at so often.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// A key that should be dead is looked at so often.
const STILL_ALIVE: SignedDuration = SignedDuration::from_mins(5);

/// What a pass works with.
pub(super) struct Adoption<'a> {
    /// The vendor.
    pub(super) adopter: &'a dyn KeyAdopter,
    /// The Secret's place.
    pub(super) vault: &'a dyn Vault,
    /// Whether this process may still act.
    pub(super) fence: Arc<dyn Fence>,
    /// Whose keys the Secret holds.
    pub(super) holder: Holder,
    /// The Secret is the connection's own.
    pub(super) is_credential: bool,
    /// The account that the key belongs to.
    pub(super) account: String,
    /// Now.
    pub(super) now: Timestamp,
}

/// What a pass has found.
#[derive(Default)]
struct Found {
    /// The key that is to be in use, by what the vendor says of it, and its fingerprint.
    current: Option<(Result<RemoteKey, Error>, String)>,
    /// It is in the next slot.
    is_next: bool,
    /// It was taken from there into use.
    is_promoted: bool,
    /// The key that was in use before; `Ok` where it is alive still.
    previous: Option<Result<RemoteKey, Error>>,
    /// The next slot is filled while the key before the present one is alive.
    is_occupied: bool,
    /// The Secret could not be written.
    trouble: Option<SecretError>,
}

impl Adoption<'_> {
    pub(super) async fn pass(&self, object: &ApiKey) -> Pass<Status> {
        let unready = |condition, fact: &Fact| Pass {
            status: report::blocked(object, condition, fact, self.now),
            next: Next::At(
                self.now
                    .saturating_add(LOOK_AGAIN)
                    .unwrap_or(Timestamp::MAX),
            ),
        };
        let stored = match self.vault.load().await {
            Ok(Some(stored)) => stored,
            Ok(None) => return unready("Issued", &self.awaiting(object)),
            Err(error) => return unready("SecretWritten", &Fact::from(&error)),
        };
        let slots = self.slots(&stored);
        let is_ours = slots.is_held_by(&self.holder.uid) || self.is_credential;
        // Nobody names entries so by accident: they are the consent to take the Secret over.
        if !is_ours && slots.next().is_none() {
            return unready("SecretWritten", &self.foreign(object));
        }
        if slots.next().is_none() && slots.current().is_none() {
            return unready("Issued", &self.awaiting(object));
        }
        let found = self.look(object, slots).await;
        self.report(object, &found)
    }

    fn slots<'s>(&'s self, stored: &'s Stored) -> Slots<'s> {
        Slots {
            stored: Some(stored),
            names: self.adopter.entries(),
        }
    }

    async fn look(&self, object: &ApiKey, slots: Slots<'_>) -> Found {
        let mut found = Found::default();
        if let Some(previous) = slots.previous() {
            found.previous = Some(self.adopter.verify(&previous).await);
            if is_dead(found.previous.as_ref()) {
                found.trouble = self.store(slots, &slots.without_previous()).await;
                // The next pass goes on from the Secret as it then is.
                return found;
            }
        }
        found.is_occupied = slots.previous().is_some() && slots.next().is_some();
        let takes_next = slots.next().is_some() && !found.is_occupied;
        let slot = if takes_next {
            slots.next()
        } else {
            slots.current()
        };
        let Some(entries) = slot else {
            return found;
        };
        let verified = self.adopter.verify(&entries).await;
        found.is_next = takes_next;
        if let (true, Ok(key)) = (takes_next, &verified) {
            let sequence = sequence(object, slots);
            let keep = slots.current().is_some();
            let change = slots.promoted(&self.holder, (sequence, &key.id), keep);
            found.trouble = self.store(slots, &change).await;
            found.is_promoted = found.trouble.is_none();
        }
        found.current = Some((verified, entries.fingerprint().to_string()));
        found
    }

    async fn store(&self, slots: Slots<'_>, change: &Change) -> Option<SecretError> {
        // Whoever leads now does it.
        if !self.fence.holds() {
            return None;
        }
        self.vault.store(slots.stored, change).await.err()
    }

    fn report(&self, object: &ApiKey, found: &Found) -> Pass<Status> {
        let mut status = begin(object);
        status.account = Some(self.account.clone());
        let mut conditions = conditions(object, self.now);
        conditions.clear("Suspended");
        Fact::good("Ready", "The connection can be used.").put(&mut conditions, "ConnectionReady");
        self.put_keys(object, &mut status, found);
        put_current(&mut conditions, found);
        self.put_previous(&mut conditions, &status, found);
        let written = "The Secret holds the key.";
        found
            .trouble
            .as_ref()
            .map_or_else(|| Fact::good("Written", written), Fact::from)
            .put(&mut conditions, "SecretWritten");
        status.next_rotation_time =
            next_rotation(&object.spec, &self.holder.uid, status.current.as_ref());
        self.put_due(&mut conditions, &status);
        conclude(&mut conditions);
        status.conditions = conditions.into_vec();
        Pass {
            next: self.next(found),
            status,
        }
    }

    fn put_keys(&self, object: &ApiKey, status: &mut Status, found: &Found) {
        if is_dead(found.previous.as_ref()) && found.trouble.is_none() {
            status.previous.clear();
        }
        let Some((Ok(key), fingerprint)) = &found.current else {
            return;
        };
        if found.trouble.is_some() {
            return;
        }
        let known = status.current.as_mut();
        if let Some(known) = known.filter(|known| &known.fingerprint == fingerprint) {
            // The spec may have changed.
            known.expires_at = key.expires_at.or_else(|| ends(object, known.created_at));
            return;
        }
        let created_at = key.created_at.unwrap_or(self.now);
        let before = status.current.replace(KeyStatus {
            id: key.id.clone(),
            created_at,
            expires_at: key.expires_at.or_else(|| ends(object, created_at)),
            fingerprint: fingerprint.clone(),
        });
        status.sequence = status.sequence.saturating_add(1);
        if let Some(before) = before.filter(|_| found.is_promoted) {
            status.previous = vec![PreviousKeyStatus {
                id: before.id,
                revoke_after: self.now,
            }];
        }
    }

    fn put_previous(&self, conditions: &mut Conditions, status: &Status, found: &Found) {
        let ids: Vec<&str> = status.previous.iter().map(|key| key.id.as_str()).collect();
        let fact = match &found.previous {
            None => Fact::good("NoneLeft", "No old key is alive that was in this Secret."),
            Some(Err(error)) if error.reason == Reason::KeyRevoked => {
                Fact::good("NoneLeft", "The vendor says that the old key is dead.")
            }
            Some(Err(error)) => Fact::from(error),
            Some(Ok(_)) => self.still_alive(&ids.join(", "), status, found.is_occupied),
        };
        fact.put(conditions, "OldKeysRevoked");
    }

    fn still_alive(&self, ids: &str, status: &Status, is_occupied: bool) -> Fact {
        let since = status.previous.first().map(|key| key.revoke_after);
        let since = since.map_or_else(String::new, |at| {
            format!(", out of use since {}", at.strftime("%F %R UTC"))
        });
        let waits = if is_occupied {
            " The key in the next slot waits until then, since the Secret has room for one old key."
        } else {
            ""
        };
        Fact::not_yet(
            "AwaitingRevocation",
            format!(
                "The old key {ids}{since}, is still good. {} Deputy tries it until the vendor says that it is dead, and then \
                 removes it from the Secret.{waits}",
                self.adopter.how_to_revoke()
            ),
        )
    }

    /// A reminder, since nobody but an administrator can replace the key.
    fn put_due(&self, conditions: &mut Conditions, status: &Status) {
        let current = status.current.as_ref();
        let end = current.and_then(|current| current.expires_at);
        let warned = current.and_then(warned_from);
        let is_past = |at: Option<Timestamp>| at.is_some_and(|at| at <= self.now);
        let day = end.map_or_else(String::new, |end| end.strftime("%F %R UTC").to_string());
        let fact = if is_past(end) {
            self.replace(
                "KeyExpired",
                &format!("The key was to be good until {day}."),
            )
        } else if is_past(status.next_rotation_time) {
            self.replace("RotationDue", "The key is to be replaced.")
        } else if is_past(warned) {
            self.replace(
                "KeyExpiring",
                &format!("The key is to be good until {day}."),
            )
        } else if status.next_rotation_time.is_some() {
            Fact::good(
                "Current",
                "The key is to be replaced at status.nextRotationTime.",
            )
        } else if end.is_some() {
            Fact::good("Current", format!("The key is to be good until {day}."))
        } else {
            conditions.clear("KeyCurrent");
            return;
        };
        fact.put(conditions, "KeyCurrent");
    }

    fn replace(&self, reason: &'static str, why: &str) -> Fact {
        let how = self.adopter.how_to_make();
        Fact::bad(reason, format!("{why} {how} {}", self.hand_over()))
    }

    fn next(&self, found: &Found) -> Next {
        let wait = if found.is_promoted || is_dead(found.previous.as_ref()) {
            SignedDuration::from_secs(1)
        } else if found.previous.is_some() || found.trouble.is_some() {
            STILL_ALIVE
        } else {
            LOOK_AGAIN
        };
        Next::At(self.now.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }

    fn hand_over(&self) -> String {
        let names = self.adopter.entries().iter();
        let names: Vec<_> = names.map(|name| format!("next-{name}")).collect();
        format!("Then store it in the Secret as {}.", names.join(" and "))
    }

    fn awaiting(&self, object: &ApiKey) -> Fact {
        Fact::not_yet(
            "AwaitingKey",
            format!(
                "The vendor has no API for keys, so that somebody has to hand one over in the Secret {}. {} {}",
                object.spec.secret_name,
                self.adopter.how_to_make(),
                self.hand_over()
            ),
        )
    }

    fn foreign(&self, object: &ApiKey) -> Fact {
        Fact::bad(
            "SecretNotOurs",
            format!(
                "The Secret {} does not hold this ApiKey's keys, and nothing in it is changed. {} Or make an ApiKey with another \
                 spec.secretName.",
                object.spec.secret_name,
                self.hand_over()
            ),
        )
    }
}

/// Returns when a key is to end by the spec, where its vendor lets keys live for ever.
fn ends(object: &ApiKey, created_at: Timestamp) -> Option<Timestamp> {
    let life = object.spec.expires_after?;
    created_at.saturating_add(life.get()).ok()
}

fn is_dead(previous: Option<&Result<RemoteKey, Error>>) -> bool {
    matches!(previous, Some(Err(error)) if error.reason == Reason::KeyRevoked)
}

fn sequence(object: &ApiKey, slots: Slots<'_>) -> u32 {
    let known = object.status.as_ref().map_or(0, |status| status.sequence);
    known
        .max(slots.sequence().unwrap_or_default())
        .saturating_add(1)
}

/// An old key that somebody has yet to end does not make the one in use any worse.
fn conclude(conditions: &mut Conditions) {
    const DECISIVE: [&str; 3] = ["Issued", "SecretWritten", "Verified"];
    let found = DECISIVE.iter().filter_map(|type_| conditions.get(type_));
    let mut failing = found.filter(|condition| condition.status != "True");
    let good = "The Secret holds a key that the vendor takes.";
    let ready = failing
        .next()
        .map_or_else(|| Fact::good("KeyGood", good), Fact::of);
    kstatus::conclude(conditions, &ready);
}

fn put_current(conditions: &mut Conditions, found: &Found) {
    let Some((verified, _)) = &found.current else {
        return;
    };
    Fact::good("Adopted", "The key was handed over in the Secret.").put(conditions, "Issued");
    let fact = match verified {
        Ok(_) => Fact::good("Verified", "The vendor has taken the key in a live call."),
        Err(error) if found.is_next => Fact {
            message: format!("The key in the next slot is not taken into use: {error}"),
            ..Fact::from(error)
        },
        Err(error) => Fact::from(error),
    };
    fact.put(conditions, "Verified");
}

#[cfg(test)]
mod tests;
