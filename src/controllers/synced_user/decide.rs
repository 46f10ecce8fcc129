//! What to do about a person now. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use crate::api::{ServiceAccountConnection, SyncedUser, SyncedUserStatus, requested_at};
use crate::controllers::allowance::Allowance;
use crate::controllers::effective::{self, Plan};
use crate::controllers::fact::Fact;
use crate::controllers::schedule::next_slot;
use crate::kube_io::conditions::find;
use crate::kube_io::key::ObjectKey;

/// What the decision depends on.
pub(super) struct Situation<'a> {
    /// The person's object, with the status of the last pass.
    pub(super) object: &'a SyncedUser,
    /// The connection it refers to.
    pub(super) connection_key: &'a ObjectKey,
    /// The connection, where there is one.
    pub(super) connection: Option<&'a ServiceAccountConnection>,
    /// Whether there is a connection that cannot be decoded.
    pub(super) is_undecodable: bool,
    /// Whether the connection admits the object's namespace.
    pub(super) is_admitted: bool,
    /// Whether the connection is open in this process.
    pub(super) is_open: bool,
    /// Everyone of the connection, in the order in which seats are given.
    pub(super) siblings: &'a [Arc<SyncedUser>],
    /// Whether a run is under way.
    pub(super) is_running: bool,
    /// When the last run in this process ended, or this process began: nothing has to be written down for it.
    pub(super) last_run: Timestamp,
    /// Now.
    pub(super) now: Timestamp,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// No request for this person, as asked.
    Rest(Rest),
    /// No request for this person, because something does not hold.
    Block(Block),
    /// A run is to begin.
    Run(Plan),
    /// A run is under way.
    Watch(Plan),
    /// Nothing until then.
    Wait(Plan, Timestamp),
    /// Nothing is known to be wrong, and this process has not opened the connection yet: a restart changes no status.
    Hold,
}

/// Why there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// `spec.suspend`.
    Suspended,
    /// `spec.enabled: false`.
    Disabled,
    /// The connection's system has nobody's data.
    NoPeople,
    /// The connection has no destination.
    NoDestination,
}

/// What does not hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// About the connection.
    pub(super) connection: Fact,
    /// About the list and the seats; none where there is no list to look at.
    pub(super) allowed: Option<Fact>,
}

pub(super) fn decide(situation: &Situation<'_>) -> Decision {
    let object = situation.object;
    if object.spec.suspend == Some(true) {
        return Decision::Rest(Rest::Suspended);
    }
    if !object.spec.enabled {
        return Decision::Rest(Rest::Disabled);
    }
    let connection = connection_fact(situation);
    if connection.holds() && !situation.is_open {
        return Decision::Hold;
    }
    let Some(found) = situation.connection.filter(|_| situation.is_admitted) else {
        return Decision::Block(Block {
            connection,
            allowed: None,
        });
    };
    let allowed = allowed(situation, found);
    if !allowed.holds() || !connection.holds() {
        return Decision::Block(Block {
            connection,
            allowed: Some(allowed),
        });
    }
    if found.spec.provider.datasets().is_empty() {
        return Decision::Rest(Rest::NoPeople);
    }
    if found.spec.destination.is_none() {
        return Decision::Rest(Rest::NoDestination);
    }
    when(situation, found, effective::plan(&found.spec, &object.spec))
}

fn when(situation: &Situation<'_>, connection: &ServiceAccountConnection, plan: Plan) -> Decision {
    if situation.is_running {
        return Decision::Watch(plan);
    }
    let Some(next) = next_run(situation, connection, &plan) else {
        return Decision::Run(plan);
    };
    if next <= situation.now {
        Decision::Run(plan)
    } else {
        Decision::Wait(plan, next)
    }
}

/// Returns when the next run is due; none for now.
fn next_run(
    situation: &Situation<'_>,
    connection: &ServiceAccountConnection,
    plan: &Plan,
) -> Option<Timestamp> {
    let object = situation.object;
    let status = object.status.as_ref()?;
    let request = requested_at(object.meta());
    let is_new = Some(status.observed_generation) != object.meta().generation;
    if is_new || (request.is_some() && request != status.last_handled_reconcile_at) {
        return None;
    }
    if let Some(next) = status
        .failures
        .as_ref()
        .and_then(|failures| failures.next_attempt_time)
    {
        return (!is_mended(status, connection)).then_some(next);
    }
    // A first run that never came to an end goes on at once.
    find(&status.conditions, "Synced").filter(|synced| synced.status == "True")?;
    Some(next_slot(
        &object.uid().unwrap_or_default(),
        plan.interval,
        situation.last_run,
    ))
}

/// A run that an authorization stopped goes on as soon as the connection has been verified since.
fn is_mended(status: &SyncedUserStatus, connection: &ServiceAccountConnection) -> bool {
    let delegated = find(&status.conditions, "Delegated");
    let failed = status.history.first().map(|attempt| attempt.time);
    let verified = connection
        .status
        .as_ref()
        .and_then(|status| status.last_verified_time);
    delegated.is_some_and(|delegated| delegated.status == "False") && verified > failed
}

fn connection_fact(situation: &Situation<'_>) -> Fact {
    let key = situation.connection_key;
    let Some(connection) = situation.connection else {
        if situation.is_undecodable {
            return Fact::not_yet(
                "ConnectionUndecodable",
                format!(
                    "The ServiceAccountConnection {key} is not what this version of Deputy understands. Its own condition \
                     Ready says why; correct it there."
                ),
            );
        }
        return Fact::not_yet(
            "ConnectionNotFound",
            format!(
                "There is no ServiceAccountConnection {key}. Create it, or correct spec.connectionRef."
            ),
        );
    };
    if !situation.is_admitted {
        return Fact::bad(
            "NamespaceNotAllowed",
            format!(
                "The connection {key} does not admit this namespace. Whoever owns the connection can open it with \
                 allowedNamespaces and a label of this namespace."
            ),
        );
    }
    let conditions = connection
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice());
    let ready = find(conditions.unwrap_or_default(), "Ready");
    let suspended = find(conditions.unwrap_or_default(), "Suspended");
    match (suspended, ready) {
        (Some(_), _) => Fact::not_yet(
            "ConnectionSuspended",
            format!("The connection {key} is suspended."),
        ),
        (None, Some(ready)) if ready.status != "True" => {
            let mut fact = Fact::of(ready);
            fact.message = format!("The connection {key} is not ready: {}", ready.message);
            // The connection is where somebody has to act; this person goes on by itself.
            fact.transient = true;
            fact
        }
        (None, Some(_)) => Fact::good("Ready", format!("The connection {key} is ready.")),
        (None, None) => Fact::unknown(
            "ConnectionNotVerified",
            format!("The connection {key} has not been verified yet."),
        ),
    }
}

fn allowed(situation: &Situation<'_>, connection: &ServiceAccountConnection) -> Fact {
    let allowance = Allowance::of(&connection.spec);
    let object = situation.object;
    let by_list = allowance.admits(&object.spec.email);
    if !by_list.holds() {
        return by_list;
    }
    if let Some(alias) = &object.spec.connected_email {
        let by_list = allowance.admits(alias);
        if !by_list.holds() {
            return by_list;
        }
    }
    if let Some(older) = older_twin(situation) {
        return Fact::bad(
            "Duplicate",
            format!(
                "{older} already syncs this person through the same connection. Delete one of the two."
            ),
        );
    }
    allowance.seat(place(situation, &allowance))
}

/// Returns an older object of the same connection for the same person, by address or by account.
fn older_twin(situation: &Situation<'_>) -> Option<ObjectKey> {
    let object = situation.object;
    let account = |user: &SyncedUser| Some(user.status.as_ref()?.account.as_ref()?.id.clone());
    let own = account(object);
    let is_self = |user: &&Arc<SyncedUser>| user.uid() == object.uid();
    let older = situation.siblings.iter().take_while(|user| !is_self(user));
    older
        .filter(|user| user.spec.enabled)
        .find(|user| {
            user.spec.email == object.spec.email || (own.is_some() && account(user) == own)
        })
        .map(|user| ObjectKey::of(&**user))
}

/// Returns how many enabled and admitted people come before this one.
fn place(situation: &Situation<'_>, allowance: &Allowance) -> usize {
    let is_self = |user: &&Arc<SyncedUser>| user.uid() == situation.object.uid();
    let before = situation.siblings.iter().take_while(|user| !is_self(user));
    before
        .filter(|user| user.spec.enabled && allowance.admits(&user.spec.email).holds())
        .count()
}
