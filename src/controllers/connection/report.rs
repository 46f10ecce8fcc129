//! What a connection's status says. Pure.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::act::{Findings, Verified};
use super::propagation::{Propagation, propagation};
use super::resolve::Closed;
use crate::api::connection::{
    CredentialStatus, DelegationStatus, DropzoneStatus, Executor, IdentityStatus, Mode, ScopeGrant,
    ScopeStatus, UsersStatus,
};
use crate::api::{
    ServiceAccountConnection, ServiceAccountConnectionStatus as Status, SyncedUser, requested_at,
};
use crate::controllers::dropzone::{CLOSED, Sight, Standing, standing};
use crate::controllers::effective;
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::controllers::schedule::{backed_off_since, jittered};
use crate::kube_io::conditions::{ConditionStatus, Conditions, find};
use crate::model::account::Known;
use crate::providers::report::ScopeState;

const DROPZONE_READY: &str = "DropzoneReady";
/// How many excess scopes are shown.
const MOST_EXCESS: usize = 20;
/// A connection that fails is looked at again after half the time that it has failed for, within these bounds.
const SOONEST: SignedDuration = SignedDuration::from_mins(1);
const LATEST: SignedDuration = SignedDuration::from_mins(30);

/// What the status is made from.
pub(super) struct Facts<'a> {
    /// The object, with the status of the last pass.
    pub(super) object: &'a ServiceAccountConnection,
    /// The credential as it is now.
    pub(super) fingerprint: Option<&'a str>,
    /// What this pass has found.
    pub(super) findings: &'a Findings,
    /// The connection's people.
    pub(super) users: &'a [Arc<SyncedUser>],
    /// The account's box, where it has one.
    pub(super) drop_box: Option<&'a Sight>,
    /// Now.
    pub(super) now: Timestamp,
}

pub(super) fn report(facts: &Facts<'_>) -> Status {
    let object = facts.object;
    let mut status = begin(object);
    let changed = is_changed(&status, facts);
    let mut conditions = conditions(object, &status, facts.now);
    conditions.clear("Suspended");
    if changed {
        status.changed_time = Some(facts.now);
    }
    match facts.findings {
        Findings::Unchanged => {}
        Findings::Closed(closed) => put_closed(&mut status, &mut conditions, closed),
        Findings::Verified(verified) => {
            put_verified(&mut status, &mut conditions, verified, facts, changed);
        }
    }
    status.observed_generation = object.meta().generation.unwrap_or(-1);
    status.users = Some(count(object, facts.users));
    put_dropzone(&mut status, &mut conditions, facts);
    let ready = put_ready(&mut conditions, object);
    status.conditions = conditions.into_vec();
    if !matches!(facts.findings, Findings::Unchanged) {
        put_times(&mut status, facts, &ready);
    }
    status
}

/// Returns the status of a suspended connection: what was known of it stays.
pub(super) fn suspended(object: &ServiceAccountConnection, now: Timestamp) -> Status {
    let mut status = begin(object);
    let mut conditions = conditions(object, &status, now);
    let message = "spec.suspend is true: no request is made to the vendor.";
    kstatus::suspend(&mut conditions, message);
    status.observed_generation = object.meta().generation.unwrap_or(-1);
    status.conditions = conditions.into_vec();
    // Verified again as soon as it is no longer suspended.
    status.next_verification_time = None;
    status
}

fn begin(object: &ServiceAccountConnection) -> Status {
    let mut status = object.status.clone().unwrap_or_default();
    status.provider = Some(object.spec.provider.name().to_owned());
    status.login = Some("None".to_owned());
    status.effective = Some(effective::of_connection(&object.spec));
    status.last_handled_reconcile_at = requested_at(object.meta());
    status
}

fn conditions(object: &ServiceAccountConnection, status: &Status, now: Timestamp) -> Conditions {
    Conditions::new(&status.conditions, object.meta().generation, now)
}

fn is_changed(status: &Status, facts: &Facts<'_>) -> bool {
    let credential = status
        .credential
        .as_ref()
        .map(|credential| credential.fingerprint.as_str());
    Some(status.observed_generation) != facts.object.meta().generation
        || (facts.fingerprint.is_some() && credential != facts.fingerprint)
}

fn put_closed(status: &mut Status, conditions: &mut Conditions, closed: &Closed) {
    closed.fact.put(conditions, closed.condition);
    if closed.condition == "CredentialsAvailable" {
        status.credential = None;
        conditions.clear("CredentialCurrent");
        let unknown = Fact::unknown(
            "CredentialsNotAvailable",
            "There is no credential to ask with.",
        );
        for type_ in ["Authenticated", "DelegationValid", "PermissionsGranted"] {
            unknown.put(conditions, type_);
        }
    }
}

fn put_verified(
    status: &mut Status,
    conditions: &mut Conditions,
    verified: &Verified,
    facts: &Facts<'_>,
    changed: bool,
) {
    let report = &verified.report;
    let available = match &facts.object.spec.credentials_secret_ref {
        Some(_) => "The credential was read from the Secret.",
        None => "The connection names no Secret, and needs none.",
    };
    Fact::good("Available", available).put(conditions, "CredentialsAvailable");
    match &report.credential {
        Some(finding) => Fact::from(finding).put(conditions, "CredentialCurrent"),
        None => conditions.clear("CredentialCurrent"),
    }
    Fact::from(&report.authenticated).put(conditions, "Authenticated");
    let delegation = propagation(&Propagation {
        found: Fact::from(&report.delegation),
        scopes: &report.scopes,
        before: status,
        changed,
        now: facts.now,
    });
    delegation.put(conditions, "DelegationValid");
    Fact::from(&report.permissions).put(conditions, "PermissionsGranted");
    Fact::from(&report.service_identity).put(conditions, "ServiceIdentity");
    match &verified.settings {
        Some(finding) => Fact::from(finding).put(conditions, "SettingsApplied"),
        None => conditions.clear("SettingsApplied"),
    }
    match &verified.destination {
        Some(fact) => fact.put(conditions, "DestinationReachable"),
        None => conditions.clear("DestinationReachable"),
    }
    put_throttled(status, conditions, verified, facts.now);
    put_privilege(status, conditions, verified);
    put_identity(status, verified, facts.fingerprint);
}

fn put_throttled(
    status: &mut Status,
    conditions: &mut Conditions,
    verified: &Verified,
    now: Timestamp,
) {
    let until = verified.report.throttled.and_then(|wait| {
        now.saturating_add(SignedDuration::try_from(wait).ok()?)
            .ok()
    });
    status.throttled_until = until;
    match until {
        Some(_) => {
            let message =
                "The vendor asked to wait; no request is made before status.throttledUntil.";
            conditions.set("Throttled", ConditionStatus::True, "RateLimited", message);
        }
        None => conditions.clear("Throttled"),
    }
}

fn put_privilege(status: &mut Status, conditions: &mut Conditions, verified: &Verified) {
    let report = &verified.report;
    let before = status.delegation.take().unwrap_or_default();
    let (excess, excess_checked_time) = match &report.least_privilege {
        Some(finding) => {
            Fact::from(finding).put(conditions, "LeastPrivilege");
            let excess = report.excess.iter().take(MOST_EXCESS).cloned().collect();
            (excess, Some(verified.at))
        }
        None => (before.excess, before.excess_checked_time),
    };
    status.delegation = Some(DelegationStatus {
        scopes: report.scopes.iter().map(scope).collect(),
        excess,
        excess_checked_time,
        remedy_url: report.remedy_url.clone(),
    });
}

fn scope(state: &ScopeState) -> ScopeStatus {
    ScopeStatus {
        name: state.name.clone(),
        state: match state.granted {
            Known::True => ScopeGrant::Granted,
            Known::False => ScopeGrant::Missing,
            Known::Unknown => ScopeGrant::Unknown,
        },
        reason: state.reason.map(|reason| reason.as_str().to_owned()),
    }
}

fn put_identity(status: &mut Status, verified: &Verified, fingerprint: Option<&str>) {
    let identity = &verified.report.identity;
    status.identity = Some(IdentityStatus {
        account: identity.account.clone(),
        client_id: identity.client_id.clone(),
        tenant: identity.tenant.clone(),
    });
    status.credential = fingerprint.map(|fingerprint| CredentialStatus {
        fingerprint: fingerprint.to_owned(),
        created_at: identity.key_created_at,
        expires_at: identity.key_expires_at,
    });
}

fn put_dropzone(status: &mut Status, conditions: &mut Conditions, facts: &Facts<'_>) {
    let Some(sight) = facts.drop_box else {
        status.dropzone = None;
        conditions.clear(DROPZONE_READY);
        conditions.clear("DropzoneNotified");
        return;
    };
    let Standing { ready, url } = standing(sight, conditions, facts.now);
    ready.put(conditions, DROPZONE_READY);
    status.dropzone = Some(DropzoneStatus { url });
    match &sight.notified {
        Some(fact) => fact.put(conditions, "DropzoneNotified"),
        None => conditions.clear("DropzoneNotified"),
    }
}

/// Writes `Ready` from the first condition that does not hold, and returns what it came to.
fn put_ready(conditions: &mut Conditions, object: &ServiceAccountConnection) -> Fact {
    let decisive = unsupported(object).unwrap_or_else(|| first_that_fails(conditions));
    kstatus::conclude(conditions, &decisive);
    decisive
}

/// What can be written in the spec and is not done by this version.
fn unsupported(object: &ServiceAccountConnection) -> Option<Fact> {
    let executor = object.spec.sync.as_ref().and_then(|sync| sync.executor);
    let what = if object.spec.mode == Some(Mode::PerUser) {
        "spec.mode: PerUser"
    } else if executor == Some(Executor::Job) {
        "spec.sync.executor: Job"
    } else {
        return None;
    };
    Some(Fact::bad(
        "NotSupportedYet",
        format!("This version does not do {what}. Take it out of the spec to go on without it."),
    ))
}

fn first_that_fails(conditions: &Conditions) -> Fact {
    const DECISIVE: [&str; 6] = [
        "CredentialsAvailable",
        "Authenticated",
        "DelegationValid",
        "PermissionsGranted",
        "DestinationReachable",
        DROPZONE_READY,
    ];
    let failing = DECISIVE
        .iter()
        .filter_map(|type_| conditions.get(type_))
        // A box that has closed when it was to is as it should be.
        .find(|c| c.status != "True" && c.reason != CLOSED);
    failing.map_or_else(
        || {
            Fact::good(
                "Verified",
                "Credential, delegation and destination are verified.",
            )
        },
        Fact::of,
    )
}

fn count(object: &ServiceAccountConnection, users: &[Arc<SyncedUser>]) -> UsersStatus {
    let enabled: Vec<_> = users.iter().filter(|user| user.spec.enabled).collect();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let having = |test: fn(&SyncedUser) -> bool| number(enabled.iter().filter(|u| test(u)).count());
    UsersStatus {
        enabled: number(enabled.len()),
        eligible: having(|user| holds(user, "Eligible")),
        syncing: having(|user| holds(user, "Synced")),
        failing: having(|user| holds(user, "Stalled")),
        seats: object
            .spec
            .licensing
            .as_ref()
            .and_then(|licensing| licensing.seats),
    }
}

fn holds(user: &SyncedUser, type_: &str) -> bool {
    let conditions = user
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice());
    crate::kube_io::conditions::is_true(conditions.unwrap_or_default(), type_)
}

fn put_times(status: &mut Status, facts: &Facts<'_>, ready: &Fact) {
    let now = facts.now;
    let uid = facts.object.uid().unwrap_or_default();
    let interval = effective::validation_interval(&facts.object.spec);
    let wait = if ready.holds() {
        status.last_verified_time = Some(now);
        jittered(&uid, interval)
    } else {
        let since = find(&status.conditions, "Ready").map_or(now, |c| c.last_transition_time.0);
        backed_off_since(since, now, SOONEST, interval.min(LATEST))
    };
    let next = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let closing = facts.drop_box.and_then(|sight| sight.spec.closes_at);
    let next = closing
        .filter(|end| *end > now)
        .map_or(next, |end| end.min(next));
    status.next_verification_time =
        Some(status.throttled_until.map_or(next, |until| until.max(next)));
}
