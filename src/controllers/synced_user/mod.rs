//! Reconciles `SyncedUser`s.
//!
//! ```text
//! resolve (caches only) ─► decide (pure) ─► start, watch or stop a job in the pool ─► report (pure)
//!                                                      │ the job ends
//!                                                      ▼
//!                                            another pass reports what it came to
//! ```
//!
//! A pass asks no vendor: that is done by jobs, so that a change of the spec is never kept waiting by a long sync.

mod decide;
mod eligibility;
pub mod job;
mod leave;
mod licenses;
pub mod pool;
mod report;
mod resolve;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::cluster::{Cluster, connection_key};
use super::connection::Suspects;
use super::fact::Fact;
use super::links::{Link, Links};
use crate::api::{SyncedUser, SyncedUserStatus as Status};
use crate::destinations::{self, Erasure};
use crate::kube_io::events::{Events, Severity};
use crate::kube_io::reconciler::{Cleanup, Next, Pass, Reconciler};
use crate::model::account::UserId;
use crate::model::clock::Clock;
use crate::model::cursor::Owner;
use crate::providers::Reason;
use crate::telemetry::metrics::Metrics;
use decide::Decision;
use job::{Outcome, Stop};
use pool::Pool;

/// A pass that waits for a job looks again after this long, should the job's end be missed.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// An erasure that failed is tried again after this long.
const ERASE_AGAIN: Duration = Duration::from_secs(10);

/// Reconciles people.
pub struct SyncedUserReconciler {
    /// The caches.
    pub cluster: Cluster,
    /// The opened connections.
    pub links: Links,
    /// The jobs under way.
    pub pool: Pool,
    /// Where a failing connection is told of.
    pub suspects: Suspects,
    /// Where erasures are told of.
    pub events: Events,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where runs are counted.
    pub metrics: Arc<Metrics>,
}

#[async_trait]
impl Reconciler for SyncedUserReconciler {
    type Kind = SyncedUser;

    fn needs_finalizer(&self, object: &SyncedUser) -> bool {
        leave::erases(object)
    }

    async fn reconcile(&self, object: Arc<SyncedUser>) -> Pass<Status> {
        let uid = object.uid().unwrap_or_default();
        let outcome = self.pool.take_outcome(&uid);
        if let Some(outcome) = &outcome {
            self.suspect(&object, outcome);
            self.measure(outcome);
        }
        let now = self.clock.now();
        let object = self.with_outcome(object, outcome.as_ref());
        let resolved = self.resolve(&object);
        let decision = decide::decide(&resolved.situation(&object, self.runs(&uid), now));
        let next = self.carry_out(&object, &uid, &resolved, &decision).await;
        let facts = report::Facts {
            object: &object,
            decision: &decision,
            outcome: None,
            now,
        };
        Pass {
            status: report::report(&facts),
            next,
        }
    }

    async fn cleanup(&self, object: Arc<SyncedUser>) -> Cleanup<Status> {
        let uid = object.uid().unwrap_or_default();
        if self.pool.cancel(&uid) {
            let why = Fact::not_yet("Syncing", "A run is being stopped first.");
            let status = leave::waiting(&object, &why, self.clock.now());
            return Cleanup::Wait {
                status,
                next: Next::After(Duration::from_secs(1)),
            };
        }
        if !leave::erases(&object) {
            return Cleanup::Done;
        }
        let object = leave::with_account(&object, self.pool.take_outcome(&uid));
        match self.erase(&object).await {
            Ok(erasure) => {
                self.tell_erased(&object, erasure).await;
                Cleanup::Done
            }
            Err(why) if self.clock.now() < leave::patience(&object, self.clock.now()) => {
                let status = leave::waiting(&object, &why, self.clock.now());
                Cleanup::Wait {
                    status,
                    next: Next::After(ERASE_AGAIN),
                }
            }
            Err(why) => {
                self.tell_left_behind(&object, &why).await;
                Cleanup::Done
            }
        }
    }
}

impl SyncedUserReconciler {
    /// Returns whether a run is under way, and when the last one ended.
    fn runs(&self, uid: &str) -> (bool, Timestamp) {
        (self.pool.is_running(uid), self.pool.last_run(uid))
    }

    /// Returns the object with what its last run came to in its status, so that the decision knows of it.
    fn with_outcome(&self, object: Arc<SyncedUser>, outcome: Option<&Outcome>) -> Arc<SyncedUser> {
        let Some(outcome) = outcome else {
            return object;
        };
        let resolved = self.resolve(&object);
        let uid = object.uid().unwrap_or_default();
        let situation = resolved.situation(&object, self.runs(&uid), outcome.at);
        let decision = decide::decide(&situation);
        let facts = report::Facts {
            object: &object,
            decision: &decision,
            outcome: Some(outcome),
            now: outcome.at,
        };
        let status = report::report(&facts);
        Arc::new(SyncedUser {
            status: Some(status),
            ..(*object).clone()
        })
    }

    async fn carry_out(
        &self,
        object: &SyncedUser,
        uid: &str,
        resolved: &resolve::Resolved,
        decision: &Decision,
    ) -> Next {
        match decision {
            Decision::Rest(_) | Decision::Block(_) => {
                self.pool.cancel(uid);
                Next::OnChange
            }
            Decision::Run(plan) => {
                if let Some(job) = resolved.job(object, plan) {
                    self.pool.start(job).await;
                }
                Next::After(LOOK_AGAIN)
            }
            Decision::Watch(plan) => {
                self.pool.cancel_unless(uid, plan);
                Next::After(LOOK_AGAIN)
            }
            Decision::Hold => Next::OnChange,
            Decision::Wait(_, at) => Next::At(*at),
        }
    }

    /// A refusal that is not this person's own is the connection's: it is verified before its turn. So is a place where
    /// nobody's rows can be written.
    fn suspect(&self, object: &SyncedUser, outcome: &Outcome) {
        use crate::providers::Reason::{
            AccountDisabled, ApiDisabled, ClientNotAuthorized, KeyRevoked, ScopeNotAuthorized,
        };
        let shared = [
            AccountDisabled,
            ApiDisabled,
            ClientNotAuthorized,
            KeyRevoked,
            ScopeNotAuthorized,
        ];
        let stopped = match &outcome.stopped {
            Some(Stop::Provider(error)) => Some(error),
            _ => None,
        };
        let failed = || {
            let streams = outcome.streams.iter();
            streams.filter_map(|stream| stream.error.as_ref())
        };
        let mut errors = stopped
            .into_iter()
            .chain(failed().filter_map(|f| f.provider.as_ref()));
        let mut places = failed().filter_map(|f| f.destination);
        if errors.any(|error| shared.contains(&error.reason))
            || places.any(destinations::Kind::concerns_all)
        {
            self.suspects.add(&connection_key(object));
        }
    }

    fn measure(&self, outcome: &Outcome) {
        for stream in &outcome.streams {
            let records = stream.report.upserts + stream.report.deletes;
            self.metrics
                .records_stored(outcome.provider, stream.dataset.name(), records);
        }
        let told = match &outcome.stopped {
            Some(Stop::Cancelled) => "cancelled",
            Some(_) => "failed",
            None if outcome.streams.iter().any(|stream| stream.error.is_some()) => "failed",
            None => "succeeded",
        };
        let lag = outcome.at.duration_since(outcome.began);
        self.metrics
            .run_finished(told, lag.try_into().unwrap_or_default());
    }

    async fn erase(&self, object: &SyncedUser) -> Result<Erasure, Fact> {
        let account = object
            .status
            .as_ref()
            .and_then(|status| status.account.as_ref());
        let key = connection_key(object);
        let link = self.links.get(&key).ok_or_else(|| {
            let message =
                format!("The connection {key}, which knows the destination, is not open.");
            Fact::not_yet("ConnectionNotOpen", message)
        })?;
        let Some(destination) = &link.destination else {
            return Ok(Erasure::default());
        };
        let user = match account {
            Some(account) => UserId::new(&account.id),
            None => match self.look_up(object, &link).await? {
                Some(user) => user,
                None => return Ok(Erasure::default()),
            },
        };
        let owner = Owner {
            namespace: key.namespace.clone(),
            connection: key.name.clone(),
            user,
        };
        destination
            .erase(&owner)
            .await
            .map_err(|error| Fact::from(&error))
    }

    /// Finds out whose history it is where no run has lived to tell. Nobody who is not enabled is asked for: then nothing was stored.
    async fn look_up(&self, object: &SyncedUser, link: &Link) -> Result<Option<UserId>, Fact> {
        let email = &object.spec.email;
        let directory = link.session.directory().filter(|_| object.spec.enabled);
        let Some(directory) = directory.filter(|_| self.resolve(object).admits(object)) else {
            return Ok(None);
        };
        match link
            .roster
            .account(directory, email, std::slice::from_ref(email), |_| false)
            .await
        {
            Ok(account) => Ok(Some(account.id)),
            Err(error) if error.reason == Reason::UserNotFound => Ok(None),
            Err(error) => Err(Fact::from(&error)),
        }
    }

    async fn tell_erased(&self, object: &SyncedUser, erasure: Erasure) {
        let note = format!(
            "The history was erased from the destination: {} rows in {} objects.",
            erasure.rows, erasure.objects
        );
        tracing::info!(
            user.name = object.name_any(),
            erasure.rows,
            "a history was erased"
        );
        let reference = object.object_ref(&());
        self.events
            .publish(&reference, Severity::Normal, "Erased", &note)
            .await;
    }

    async fn tell_left_behind(&self, object: &SyncedUser, why: &Fact) {
        let note = format!(
            "The object is gone, and its history is NOT erased: {} Erase it by hand in the destination.",
            why.message
        );
        tracing::error!(user.name = object.name_any(), why.reason = %why.reason, "a history was left behind");
        let reference = object.object_ref(&());
        self.events
            .publish(&reference, Severity::Warning, "NotErased", &note)
            .await;
    }
}
