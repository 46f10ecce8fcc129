//! Runs a [`Reconciler`] over all objects of its kind. Written once, for every kind.
//!
//! ```text
//! changes ─► worth a pass? ─┐                       ┌─ undecodable: say so on the object
//! other triggers ───────────┴─► one at a time ──────┼─ being deleted: cleanup, finalizer off
//!                                                   └─ else: finalizer as needed, reconcile
//!                                                        └─► status if it differs ─► events of what turned ─► wait
//! ```
//!
//! Our own writes cause no pass. It uses kube-runtime's `applier` and not its `Controller`, which holds up all triggers by one
//! back-off when one watch fails (trino-operator#936).

mod ledger;
mod pace;
mod steps;
mod undecodable;

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use kube::Client;
use kube::runtime::controller::{Action, Config, ReconcileRequest, applier};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use pace::Backoff;

use super::events::Events;
use super::guarded::Guarded;
use super::key::ObjectKey;
use super::lease::Leadership;
use super::reconciler::Reconciler;
use super::watch::Objects;
use crate::model::clock::Clock;
use crate::telemetry::metrics::Metrics;
use steps::Steps;

/// What all runners of a process share.
#[derive(Clone)]
pub struct Runtime {
    /// The way to the API server.
    pub client: Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where turns are told.
    pub events: Events,
    /// Where passes are counted.
    pub metrics: Arc<Metrics>,
    /// Whether this process may act.
    pub leadership: Leadership,
    /// Fired when no new pass may start; those under way finish.
    pub stop: CancellationToken,
}

/// How a kind is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many objects are reconciled at once; 0 means one.
    pub concurrency: u16,
    /// How long failing objects wait.
    pub backoff: Backoff,
    /// For how long a deleted object that cannot be decoded is kept for a version of the operator that can.
    pub orphan_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            backoff: Backoff::default(),
            orphan_after: Duration::from_mins(10),
        }
    }
}

/// Why a runner ended without being asked to. The process must end too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunnerError {
    /// Another replica may act now. Passes under way were dropped.
    #[error("the leadership is lost")]
    LeadershipLost,
    /// The watch is gone.
    #[error("the watch of its objects has ended")]
    WatchEnded,
}

/// Runs until `runtime.stop`, and then until the passes under way are over.
///
/// Nothing is reconciled before the cache is complete and this process leads. `triggers` name objects that are to be looked at
/// although they have not changed: their connection did, or a run of theirs ended. A key that is not in the cache is ignored.
///
/// **Panics** if a pass does, so that the supervisor ends the process.
pub async fn run<R: Reconciler>(
    reconciler: Arc<R>,
    objects: Objects<R::Kind>,
    triggers: BoxStream<'static, ObjectKey>,
    runtime: Runtime,
    settings: Settings,
) -> Result<(), RunnerError> {
    let (stop, leadership) = (runtime.stop.clone(), runtime.leadership.clone());
    tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(()),
        () = leadership.acquired() => {}
    }
    let config = Config::default().concurrency(settings.concurrency.max(1));
    let steps = Arc::new(Steps::new(
        reconciler,
        objects.store().clone(),
        runtime,
        settings,
    ));
    let queue =
        queue(Arc::clone(&steps), &objects, triggers).take_until(stop.clone().cancelled_owned());
    let passes = applier(
        |object, steps: Arc<Steps<R>>| Box::pin(isolated(steps, object)),
        |_, never: &Infallible, _| match *never {},
        steps,
        objects.store().clone(),
        queue.map(Ok::<_, Infallible>),
        config,
    );
    tokio::select! {
        biased;
        () = leadership.lost() => Err(RunnerError::LeadershipLost),
        // What comes out has been counted and logged; a key without an object is no error.
        () = passes.for_each(|_| std::future::ready(())) => {
            if stop.is_cancelled() { Ok(()) } else { Err(RunnerError::WatchEnded) }
        }
    }
}

fn queue<R: Reconciler>(
    steps: Arc<Steps<R>>,
    objects: &Objects<R::Kind>,
    triggers: BoxStream<'static, ObjectKey>,
) -> impl Stream<Item = ReconcileRequest<Guarded<R::Kind>>> + Send + 'static {
    let cache = objects.store().clone();
    let changed = objects.changes().filter(move |key| {
        let cached = cache.get(&key.to_ref());
        if cached.is_none() {
            steps.forget(key);
        }
        let worth_a_pass = cached.is_some_and(|object| steps.ledger.is_news(key, &object));
        std::future::ready(worth_a_pass)
    });
    stream::select(changed, triggers).map(|key| key.to_ref().into())
}

/// Runs a pass in a task of its own, so that passes use all cores, and hands on its panic.
async fn isolated<R: Reconciler>(
    steps: Arc<Steps<R>>,
    object: Arc<Guarded<R::Kind>>,
) -> Result<Action, Infallible> {
    let mut task = JoinSet::new();
    task.spawn(async move { steps.step(&object).await }.in_current_span());
    match task.join_next().await {
        Some(Ok(action)) => Ok(action),
        Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
        _ => Ok(Action::await_change()),
    }
}
