//! What a person's status says. Pure.

use jiff::{SignedDuration, Timestamp};
use kube::Resource;

use super::decide::{Block, Decision, Rest};
use super::job::{Failure, Outcome, Stop, StreamOutcome};
use crate::api::common::Attempt;
use crate::api::synced_user::{AccountStatus, FailuresStatus, StreamState, StreamStatus};
use crate::api::{SyncedUser, SyncedUserStatus as Status, requested_at};
use crate::controllers::effective::Plan;
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::controllers::schedule::backed_off;
use crate::kube_io::conditions::Conditions;
use crate::model::account::RemoteUser;
use crate::providers::{self, Class};

/// How many aliases are shown.
const MOST_ALIASES: usize = 20;
/// How many runs are remembered.
const HISTORY: usize = 5;
const MOST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// What the status is made from.
pub(super) struct Facts<'a> {
    /// The object, with the status of the last pass.
    pub(super) object: &'a SyncedUser,
    /// What was decided.
    pub(super) decision: &'a Decision,
    /// What the last run came to, where one has ended since the last pass.
    pub(super) outcome: Option<&'a Outcome>,
    /// Now.
    pub(super) now: Timestamp,
}

pub(super) fn report(facts: &Facts<'_>) -> Status {
    let object = facts.object;
    let mut status = object.status.clone().unwrap_or_default();
    let generation = object.meta().generation;
    let mut conditions = Conditions::new(&status.conditions, generation, facts.now);
    conditions.clear("Suspended");
    if let Some(account) = facts.outcome.and_then(|outcome| outcome.account.as_ref()) {
        status.account = Some(account_status(account));
    }
    let ran = facts
        .outcome
        .filter(|outcome| !matches!(outcome.stopped, Some(Stop::Cancelled)));
    if let Some(outcome) = ran {
        put_outcome(
            &mut status,
            &mut conditions,
            outcome,
            interval(facts.decision),
        );
    }
    put_decision(&mut status, &mut conditions, facts, ran.is_some());
    status.observed_generation = generation.unwrap_or(-1);
    status.conditions = conditions.into_vec();
    status
}

fn interval(decision: &Decision) -> SignedDuration {
    match decision {
        Decision::Run(plan) | Decision::Watch(plan) | Decision::Wait(plan, _) => plan.interval,
        Decision::Rest(_) | Decision::Block(_) | Decision::Hold => SignedDuration::from_mins(5),
    }
}

fn put_decision(status: &mut Status, conditions: &mut Conditions, facts: &Facts<'_>, ran: bool) {
    let request = requested_at(facts.object.meta());
    match facts.decision {
        Decision::Rest(rest) => {
            status.last_handled_reconcile_at = request;
            put_rest(status, conditions, *rest);
        }
        Decision::Block(block) => {
            status.last_handled_reconcile_at = request;
            put_block(status, conditions, block);
        }
        Decision::Run(plan) | Decision::Watch(plan) => {
            put_good_standing(status, conditions, plan);
            put_under_way(conditions, ran);
        }
        Decision::Hold => {}
        Decision::Wait(plan, _) => {
            put_good_standing(status, conditions, plan);
            put_ready(conditions);
        }
    }
}

fn put_rest(status: &mut Status, conditions: &mut Conditions, rest: Rest) {
    status.failures = None;
    match rest {
        Rest::Suspended => {
            let message = "spec.suspend is true: no request is made for this person.";
            kstatus::suspend(conditions, message);
        }
        Rest::Disabled => {
            let message =
                "spec.enabled is false: no request is made for this person. What was synced stays.";
            kstatus::conclude(conditions, &Fact::good("Disabled", message));
        }
        Rest::NoPeople => {
            let message = "The connection is an account of its own system and has nobody's data. Make a SyncedUser of another \
                           connection in place of this one.";
            kstatus::conclude(conditions, &Fact::bad("NoPeople", message));
        }
        Rest::NoDestination => {
            let message =
                "The connection has no destination: it is only verified, and nothing is synced.";
            kstatus::conclude(conditions, &Fact::good("NoDestination", message));
        }
    }
}

fn put_block(status: &mut Status, conditions: &mut Conditions, block: &Block) {
    status.failures = None;
    block.connection.put(conditions, "ConnectionReady");
    if let Some(allowed) = &block.allowed {
        allowed.put(conditions, "Allowed");
    }
    let lists = block.allowed.as_ref().filter(|allowed| !allowed.holds());
    kstatus::conclude(conditions, lists.unwrap_or(&block.connection));
}

fn put_good_standing(status: &mut Status, conditions: &mut Conditions, plan: &Plan) {
    Fact::good("Ready", "The connection is ready.").put(conditions, "ConnectionReady");
    let allowed = Fact::good("Allowed", "The connection admits this person.");
    let by_account = conditions
        .get("Allowed")
        .is_some_and(|c| c.status == "False" && c.reason == "Denied");
    if !by_account {
        allowed.put(conditions, "Allowed");
    }
    status.effective = Some(plan.effective());
    let streams = std::mem::take(&mut status.streams);
    status.streams = plan
        .datasets
        .iter()
        .map(|dataset| {
            let known = streams
                .iter()
                .find(|stream| stream.name == *dataset)
                .cloned();
            known.unwrap_or(StreamStatus {
                name: *dataset,
                state: StreamState::Pending,
                reason: None,
                records: None,
                failed_items: None,
                last_change_time: None,
                generation: None,
            })
        })
        .collect();
}

/// Until its first run has ended a person is being worked on. Later runs are nothing to tell of.
fn put_under_way(conditions: &mut Conditions, ran: bool) {
    let first = conditions
        .get("Synced")
        .is_none_or(|synced| synced.status == "Unknown");
    if first && !ran {
        let fact = Fact::unknown("Syncing", "The first run is under way.");
        fact.put(conditions, "Synced");
        kstatus::conclude(conditions, &fact);
    } else {
        put_ready(conditions);
    }
}

/// Writes `Ready` from the first condition that does not hold, and before what is only unknown from what is known to be
/// wrong: else nobody would read it. What is only unknown, where the streams run all the same, does not stand in the way.
fn put_ready(conditions: &mut Conditions) {
    const DECISIVE: [&str; 4] = ["Allowed", "Eligible", "Synced", "Delegated"];
    let synced = conditions.is_true("Synced");
    let first = |status: &str| {
        let known = DECISIVE.iter().filter_map(|type_| conditions.get(type_));
        known
            .into_iter()
            .find(|condition| condition.status == status)
    };
    let failing = first("False").or_else(|| first("Unknown").filter(|_| !synced));
    let fact = failing.map_or_else(|| Fact::good("Synced", "All streams are synced."), Fact::of);
    kstatus::conclude(conditions, &fact);
}

fn put_outcome(
    status: &mut Status,
    conditions: &mut Conditions,
    outcome: &Outcome,
    interval: SignedDuration,
) {
    status
        .last_handled_reconcile_at
        .clone_from(&outcome.requested_at);
    if let Some(allowed) = &outcome.allowed {
        allowed.put(conditions, "Allowed");
    }
    outcome.eligible.put(conditions, "Eligible");
    for stream in &outcome.streams {
        put_stream(status, stream, outcome.at);
    }
    let failure = first_failure(outcome);
    delegated(outcome, failure.as_ref()).put(conditions, "Delegated");
    let synced = failure
        .as_ref()
        .map_or_else(|| all_synced(outcome), |failure| failure.fact.clone());
    synced.put(conditions, "Synced");
    put_history(status, outcome, failure.as_ref(), interval);
}

pub(super) fn account_status(account: &RemoteUser) -> AccountStatus {
    AccountStatus {
        id: account.id.to_string(),
        primary_email: account.primary_email.to_string(),
        aliases: account
            .aliases
            .iter()
            .take(MOST_ALIASES)
            .map(ToString::to_string)
            .collect(),
        licensed: account.licensed,
        suspended: account.suspended,
    }
}

/// Returns why a stream failed, else what is to be known of it all the same.
fn told_of(ran: &StreamOutcome) -> Option<String> {
    let failed = ran
        .error
        .as_ref()
        .map(|failure| failure.fact.reason.to_string());
    let advice = ran.report.advice;
    failed.or_else(|| advice.map(|advice| advice.reason.to_string()))
}

/// Says that all streams are synced, and what is to be known of them all the same.
fn all_synced(outcome: &Outcome) -> Fact {
    let synced = "Every stream stood at the vendor's present state when it was last looked at.";
    let advised = outcome.streams.iter().filter_map(|stream| {
        let advice = stream.report.advice?;
        Some(format!(" {}: {}", stream.dataset.name(), advice.message))
    });
    let message = std::iter::once(synced.to_owned()).chain(advised);
    Fact::good("Synced", message.collect::<String>())
}

fn put_stream(status: &mut Status, ran: &StreamOutcome, at: Timestamp) {
    let index = status
        .streams
        .iter()
        .position(|stream| stream.name == ran.dataset);
    let old = index.map(|index| status.streams.swap_remove(index));
    let report = &ran.report;
    let changed = report.changed().then_some(at);
    status.streams.push(StreamStatus {
        name: ran.dataset,
        state: if ran.error.is_some() {
            StreamState::Failed
        } else {
            StreamState::Synced
        },
        reason: told_of(ran),
        records: report
            .records
            .or_else(|| old.as_ref().and_then(|old| old.records)),
        failed_items: Some(report.failed_items as u64).filter(|items| *items > 0),
        last_change_time: changed.or_else(|| old.as_ref().and_then(|old| old.last_change_time)),
        generation: Some(report.generation)
            .filter(|generation| *generation > 0)
            .or_else(|| old.as_ref().and_then(|old| old.generation)),
    });
    status.streams.sort_by_key(|stream| stream.name);
    let records: Vec<_> = status
        .streams
        .iter()
        .filter_map(|stream| stream.records)
        .collect();
    status.records = (!records.is_empty()).then(|| records.iter().sum());
    status.last_change_time = changed.or(status.last_change_time);
}

/// Returns what failed first: the person, or one of the streams.
fn first_failure(outcome: &Outcome) -> Option<Failure> {
    match &outcome.stopped {
        Some(Stop::Provider(error)) => Some(Failure {
            fact: Fact::from(error),
            provider: Some(error.clone()),
            destination: None,
        }),
        Some(Stop::NotEligible) => {
            let not_allowed = outcome.allowed.clone().filter(|allowed| !allowed.holds());
            let fact = not_allowed.unwrap_or_else(|| outcome.eligible.clone());
            Some(Failure {
                fact,
                provider: None,
                destination: None,
            })
        }
        Some(Stop::Cancelled) | None => outcome
            .streams
            .iter()
            .find_map(|stream| stream.error.clone()),
    }
}

/// Says whether the connection may act for this person, from what became of trying.
fn delegated(outcome: &Outcome, failure: Option<&Failure>) -> Fact {
    use providers::Reason::{
        AccountDisabled, BlockedByPolicy, ClientNotAuthorized, KeyRevoked, PermissionDenied,
        ScopeNotAuthorized,
    };
    let refusals = [
        AccountDisabled,
        BlockedByPolicy,
        ClientNotAuthorized,
        KeyRevoked,
        PermissionDenied,
        ScopeNotAuthorized,
    ];
    let refused = failure.and_then(|failure| failure.provider.as_ref());
    match refused.filter(|error| refusals.contains(&error.reason)) {
        Some(error) => Fact::from(error),
        None if outcome.streams.iter().any(|stream| stream.error.is_none()) => {
            Fact::good("Delegated", "The connection may act for this person.")
        }
        None => Fact::unknown("NotTried", "No stream has answered yet."),
    }
}

fn put_history(
    status: &mut Status,
    outcome: &Outcome,
    failure: Option<&Failure>,
    interval: SignedDuration,
) {
    let records: u64 = outcome
        .streams
        .iter()
        .map(|s| s.report.upserts + s.report.deletes)
        .sum();
    let failed_before = status.failures.is_some();
    let worth_telling =
        records > 0 || failure.is_some() || failed_before || status.history.is_empty();
    match failure {
        Some(failure) => {
            let before = status
                .failures
                .as_ref()
                .map_or(0, |failures| failures.consecutive);
            let consecutive = before.saturating_add(1);
            let wait = wait(failure, consecutive, interval);
            let next = outcome.at.saturating_add(wait).ok();
            status.failures = Some(FailuresStatus {
                consecutive,
                next_attempt_time: next,
            });
        }
        None => status.failures = None,
    }
    if !worth_telling {
        return;
    }
    if failure.is_none() {
        status.last_sync_time = Some(outcome.at);
    }
    let told = failure
        .map_or("Succeeded", |failure| failure.fact.reason.as_ref())
        .to_owned();
    status.history.insert(
        0,
        Attempt {
            time: outcome.at,
            outcome: told,
            records,
        },
    );
    status.history.truncate(HISTORY);
}

/// What may pass by itself is tried soon and then ever more seldom; what somebody has to mend never sooner than a healthy
/// person's next run, so that failing costs less than succeeding.
fn wait(failure: &Failure, consecutive: u32, interval: SignedDuration) -> SignedDuration {
    let asked = failure
        .provider
        .as_ref()
        .and_then(|error| error.retry_after);
    let asked = asked
        .and_then(|wait| SignedDuration::try_from(wait).ok())
        .unwrap_or_default();
    let class = failure.provider.as_ref().map(|error| error.class);
    let first = match class {
        Some(Class::Retry | Class::Throttled) => SignedDuration::from_secs(30),
        None if failure.fact.transient => SignedDuration::from_secs(30),
        _ => interval,
    };
    backed_off(first, MOST_WAIT.max(interval), consecutive).max(asked)
}
