//! What a key's status says. Pure.

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::act::{Done, Outcome, Trouble};
use super::decide::{Plan, Step, next_rotation, next_time, overlap, rotation_request, warned_from};
use crate::api::api_key::{KeyStatus, PreviousKeyStatus};
use crate::api::{ApiKey, ApiKeyStatus as Status, requested_at};
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::controllers::schedule::backed_off_since;
use crate::kube_io::conditions::{ConditionStatus, Conditions, find};
use crate::kube_io::reconciler::{Next, Pass};
use crate::providers::{Class, Error, RemoteKey};

/// A vendor may take so long to know a new key everywhere.
const SPREADS_WITHIN: SignedDuration = SignedDuration::from_mins(15);
/// What fails is tried again after half the time that it has failed for, within these bounds.
const SOONEST: SignedDuration = SignedDuration::from_secs(5);
const LATEST: SignedDuration = SignedDuration::from_mins(30);

/// What must hold, in this order: the first that does not is what `Ready` says.
const DECISIVE: [&str; 5] = [
    "ConnectionReady",
    "Issued",
    "SecretWritten",
    "Verified",
    "OldKeysRevoked",
];

/// What the status is made from.
pub(super) struct Facts<'a> {
    /// The object.
    pub(super) object: &'a ApiKey,
    /// The account that the key belongs to.
    pub(super) account: &'a str,
    /// What was to be done.
    pub(super) plan: &'a Plan,
    /// What it came to.
    pub(super) outcome: &'a Outcome,
    /// Now.
    pub(super) now: Timestamp,
}

/// Returns what a pass came to, and when the next is due.
pub(super) fn report(facts: &Facts<'_>) -> Pass<Status> {
    let mut status = begin(facts.object);
    status.account = Some(facts.account.to_owned());
    let mut conditions = conditions(facts.object, facts.now);
    conditions.clear("Suspended");
    Fact::good("Ready", "The connection can be used.").put(&mut conditions, "ConnectionReady");
    put_revocations(&mut status, facts);
    put_step(&mut status, facts);
    put_issued(&mut conditions, &status, facts);
    put_old_keys(&mut conditions, &status, facts);
    put_expiry(&mut conditions, &status, facts);
    let uid = facts.object.uid().unwrap_or_default();
    status.next_rotation_time = next_rotation(&facts.object.spec, &uid, status.current.as_ref());
    conclude(&mut conditions, &status);
    status.conditions = conditions.into_vec();
    let next = next(facts, &status, &uid);
    Pass { status, next }
}

/// Returns the status of an object that waits for something else than its key.
pub(super) fn blocked(
    object: &ApiKey,
    condition: &'static str,
    fact: &Fact,
    now: Timestamp,
) -> Status {
    let mut status = begin(object);
    let mut conditions = conditions(object, now);
    conditions.clear("Suspended");
    if condition != "ConnectionReady" {
        Fact::good("Ready", "The connection can be used.").put(&mut conditions, "ConnectionReady");
    }
    fact.put(&mut conditions, condition);
    kstatus::conclude(&mut conditions, fact);
    status.conditions = conditions.into_vec();
    status
}

/// Returns the status of a suspended object: what was known of it stays.
pub(super) fn suspended(object: &ApiKey, now: Timestamp) -> Status {
    let mut status = begin(object);
    let mut conditions = conditions(object, now);
    let message = "spec.suspend is true: no request is made to the vendor; no key is made, replaced or revoked.";
    kstatus::suspend(&mut conditions, message);
    status.conditions = conditions.into_vec();
    status
}

pub(super) fn begin(object: &ApiKey) -> Status {
    let mut status = object.status.clone().unwrap_or_default();
    status.observed_generation = object.meta().generation.unwrap_or(-1);
    status.last_handled_reconcile_at = requested_at(object.meta());
    status
}

pub(super) fn conditions(object: &ApiKey, now: Timestamp) -> Conditions {
    let stored = object
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice());
    Conditions::new(stored.unwrap_or_default(), object.meta().generation, now)
}

fn put_revocations(status: &mut Status, facts: &Facts<'_>) {
    let outcome = facts.outcome;
    status
        .previous
        .retain(|key| !outcome.revoked.contains(&key.id));
    for id in &outcome.strays {
        retire(status, id, facts.now);
    }
}

/// Notes that a key is to be revoked.
fn retire(status: &mut Status, id: &str, revoke_after: Timestamp) {
    if !status.previous.iter().any(|key| key.id == id) {
        status.previous.push(PreviousKeyStatus {
            id: id.to_owned(),
            revoke_after,
        });
    }
}

fn put_step(status: &mut Status, facts: &Facts<'_>) {
    if let Step::Intend(pending) = &facts.plan.step {
        status.sequence = pending.sequence;
        status.pending = Some(pending.clone());
        status.last_handled_rotate_at = rotation_request(facts.object);
    }
    let now = facts.now;
    match &facts.outcome.step {
        Ok(Done::Issued(key, fingerprint)) => put_made(status, key, fingerprint, now),
        Ok(Done::Promoted) => put_promoted(status, facts),
        Ok(Done::Abandoned) => {
            if let Some(id) = status.pending.take().and_then(|pending| pending.id) {
                retire(status, &id, now);
            }
        }
        Ok(Done::Recognized(key, fingerprint)) => {
            let taken = KeyStatus {
                id: key.id.clone(),
                created_at: key.created_at.unwrap_or(now),
                expires_at: key.expires_at,
                fingerprint: fingerprint.clone(),
            };
            put_current(status, taken, facts);
        }
        Ok(Done::Nothing | Done::NotRecognized) | Err(_) => {}
    }
}

fn put_made(status: &mut Status, key: &RemoteKey, fingerprint: &str, now: Timestamp) {
    if let Some(pending) = &mut status.pending {
        pending.id = Some(key.id.clone());
        pending.created_at = Some(key.created_at.unwrap_or(now));
        pending.expires_at = key.expires_at;
        pending.fingerprint = Some(fingerprint.to_owned());
    }
}

fn put_promoted(status: &mut Status, facts: &Facts<'_>) {
    let Some(pending) = status.pending.take() else {
        return;
    };
    if let (Some(id), Some(fingerprint)) = (pending.id, pending.fingerprint) {
        let key = KeyStatus {
            id,
            created_at: pending.created_at.unwrap_or(facts.now),
            expires_at: pending.expires_at,
            fingerprint,
        };
        put_current(status, key, facts);
    }
}

/// Makes a key the current one. The one before it is revoked when the overlap is over; one that is in use again is not.
fn put_current(status: &mut Status, key: KeyStatus, facts: &Facts<'_>) {
    status.previous.retain(|previous| previous.id != key.id);
    let before = status.current.replace(key);
    let id = status.current.as_ref().map(|current| current.id.clone());
    if let Some(before) = before.filter(|before| Some(&before.id) != id.as_ref()) {
        let end = facts.now.saturating_add(overlap(&facts.object.spec));
        retire(status, &before.id, end.unwrap_or(Timestamp::MAX));
    }
}

fn put_issued(conditions: &mut Conditions, status: &Status, facts: &Facts<'_>) {
    match &facts.outcome.step {
        Err(trouble) => {
            let (condition, fact) = told(trouble, status, facts);
            fact.put(conditions, condition);
        }
        Ok(Done::NotRecognized) => not_recognized(facts).put(conditions, "SecretWritten"),
        Ok(_) => put_progress(conditions, status, facts),
    }
}

fn put_progress(conditions: &mut Conditions, status: &Status, facts: &Facts<'_>) {
    if let Step::Refuse { condition, fact } = &facts.plan.step {
        fact.put(conditions, condition);
        return;
    }
    let secret = &facts.object.spec.secret_name;
    if let Some(current) = &status.current {
        let issued = format!("The key in use is {}.", current.id);
        Fact::good("Issued", issued).put(conditions, "Issued");
        let written = format!("The Secret {secret} holds the key.");
        Fact::good("Written", written).put(conditions, "SecretWritten");
        if status.pending.is_none() {
            let verified = "The vendor has taken the key in a live call.";
            Fact::good("Verified", verified).put(conditions, "Verified");
        }
        return;
    }
    let waits = |what: &str| Fact::unknown("Issuing", what);
    let is_issued = status
        .pending
        .as_ref()
        .is_some_and(|pending| pending.id.is_some());
    if is_issued {
        Fact::good("Issued", "The first key is issued.").put(conditions, "Issued");
    } else {
        waits("The first key is being made.").put(conditions, "Issued");
    }
    waits("No key is in use yet.").put(conditions, "SecretWritten");
    waits("No key has been tried yet.").put(conditions, "Verified");
}

/// Returns which condition tells of a trouble, and how.
fn told(trouble: &Trouble, status: &Status, facts: &Facts<'_>) -> (&'static str, Fact) {
    match trouble {
        Trouble::Secret(error) => ("SecretWritten", Fact::from(error)),
        Trouble::Vendor(error) if facts.plan.step == Step::Verify => {
            ("Verified", not_taken(error, status, facts.now))
        }
        Trouble::Vendor(error) => ("Issued", Fact::from(error)),
        Trouble::NotLeading => (
            "Issued",
            Fact::unknown("NotLeading", "Another replica goes on."),
        ),
    }
}

/// A new key that the vendor does not take may only not have spread yet.
fn not_taken(error: &Error, status: &Status, now: Timestamp) -> Fact {
    let pending = status.pending.as_ref();
    let id = pending
        .and_then(|pending| pending.id.as_deref())
        .unwrap_or("?");
    let made = pending
        .and_then(|pending| pending.created_at)
        .unwrap_or(now);
    let stays = match &status.current {
        Some(current) => format!(" The key {} stays in use meanwhile.", current.id),
        None => String::new(),
    };
    if now.duration_since(made) < SPREADS_WITHIN {
        let message = format!(
            "The new key {id} is tried until the vendor takes it, which may last some minutes.{stays} The vendor says: {error}"
        );
        return Fact::unknown("AwaitingVendor", message);
    }
    let message = format!(
        "The vendor does not take the new key {id}; it is tried again by itself. To make another one, set the annotation \
         deputy.dev/rotate-requested-at.{stays} The vendor says: {error}"
    );
    Fact {
        message,
        ..Fact::from(error)
    }
}

fn not_recognized(facts: &Facts<'_>) -> Fact {
    Fact::bad(
        "KeyNotRecognized",
        format!(
            "The Secret {} holds a key of the account, and the vendor does not tell which: it could never be revoked, so that \
             nothing is changed. Make a key in the vendor's console, store it with its id as the provider's documentation says, and \
             remove the old one there.",
            facts.object.spec.secret_name
        ),
    )
}

fn put_old_keys(conditions: &mut Conditions, status: &Status, facts: &Facts<'_>) {
    let fact = match &facts.outcome.unrevoked {
        Some((id, trouble)) => unrevoked(id, trouble),
        None if status.previous.is_empty() => Fact::good(
            "NoneLeft",
            "No old key is alive that Deputy has made or replaced.",
        ),
        None => Fact::good(
            "Overlap",
            "Old keys stay good until the times in status.previous and are revoked then.",
        ),
    };
    fact.put(conditions, "OldKeysRevoked");
}

fn unrevoked(id: &str, trouble: &Trouble) -> Fact {
    let (reason, why) = match trouble {
        Trouble::Vendor(error) => (Fact::from(error), error.to_string()),
        Trouble::Secret(error) => (Fact::from(error), error.to_string()),
        Trouble::NotLeading => (
            Fact::unknown("NotLeading", ""),
            "another replica goes on".to_owned(),
        ),
    };
    // That it still lives is certain, whatever kept it alive.
    Fact {
        status: ConditionStatus::False,
        message: format!(
            "The old key {id} could not be revoked and is still good; it is tried again by itself. You can revoke it in the vendor's \
             console, too. {why}"
        ),
        ..reason
    }
}

fn put_expiry(conditions: &mut Conditions, status: &Status, facts: &Facts<'_>) {
    let current = status.current.as_ref();
    let Some((current, end)) = current.and_then(|key| Some((key, key.expires_at?))) else {
        conditions.clear("KeyCurrent");
        return;
    };
    let day = end.strftime("%F %R UTC");
    let remedy = "Set spec.rotation to have it replaced in time, or the annotation deputy.dev/rotate-requested-at to have it \
                  replaced now.";
    let fact = if end <= facts.now {
        Fact::bad(
            "KeyExpired",
            format!("The key {} has ended on {day}. {remedy}", current.id),
        )
    } else if warned_from(current).is_some_and(|from| from <= facts.now) {
        Fact::bad(
            "KeyExpiring",
            format!("The key {} ends on {day}. {remedy}", current.id),
        )
    } else {
        Fact::good("Current", format!("The key is good until {day}."))
    };
    fact.put(conditions, "KeyCurrent");
    if fact.reason == "KeyExpired" {
        fact.put(conditions, "Issued");
    }
}

/// Writes `Ready`. A key in use is good while the next one is tried.
fn conclude(conditions: &mut Conditions, status: &Status) {
    let is_rotating = status.current.is_some();
    let failing = DECISIVE
        .iter()
        .filter_map(|type_| conditions.get(type_))
        .find(|c| c.status != "True" && !(is_rotating && c.reason == "AwaitingVendor"));
    let ready = match (failing, &status.current) {
        (Some(failing), _) => Fact::of(failing),
        (None, Some(_)) => Fact::good("KeyGood", "The Secret holds a key that the vendor takes."),
        (None, None) => Fact::not_yet("Issuing", "The first key is being made."),
    };
    kstatus::conclude(conditions, &ready);
}

fn next(facts: &Facts<'_>, status: &Status, uid: &str) -> Next {
    let troubles = [
        facts.outcome.step.as_ref().err(),
        facts.outcome.unrevoked.as_ref().map(|(_, trouble)| trouble),
    ];
    if let Some(wait) = troubles
        .into_iter()
        .flatten()
        .map(|it| wait(it, facts, status))
        .min()
    {
        return Next::At(facts.now.saturating_add(wait).unwrap_or(Timestamp::MAX));
    }
    let is_stuck = matches!(facts.outcome.step, Ok(Done::NotRecognized))
        || matches!(facts.plan.step, Step::Refuse { .. });
    if facts.plan.step != Step::Rest && !is_stuck {
        return Next::At(facts.now);
    }
    next_time(&facts.object.spec, uid, status).map_or(Next::OnChange, Next::At)
}

/// Returns how long to wait before what failed is tried again.
fn wait(trouble: &Trouble, facts: &Facts<'_>, status: &Status) -> SignedDuration {
    let failing = DECISIVE
        .iter()
        .filter_map(|type_| find(&status.conditions, type_));
    let failing = failing.filter(|condition| condition.status != "True");
    let since = failing
        .map(|condition| condition.last_transition_time.0)
        .min();
    let latest = match trouble {
        Trouble::Secret(_) | Trouble::NotLeading => SignedDuration::from_mins(5),
        Trouble::Vendor(_) => LATEST,
    };
    let backed_off = backed_off_since(since.unwrap_or(facts.now), facts.now, SOONEST, latest);
    let Trouble::Vendor(error) = trouble else {
        return backed_off;
    };
    let asked = error
        .retry_after
        .and_then(|wait| SignedDuration::try_from(wait).ok());
    // Somebody has to act first, and may do it in a console that tells nobody.
    let least = match error.class {
        Class::Park | Class::Invalid if facts.plan.step != Step::Verify => {
            SignedDuration::from_mins(1)
        }
        _ => SOONEST,
    };
    backed_off.max(least).max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests;
