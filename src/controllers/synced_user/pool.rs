//! The runs that are under way, each at most once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::job::{Job, Outcome};
use crate::controllers::effective::Plan;
use crate::controllers::pokes::Pokes;
use crate::kube_io::key::ObjectKey;
use crate::model::clock::Clock;
use crate::sync::Fence;

/// Jobs that may wait to be taken up. Who submits more waits with them.
const QUEUE: usize = 64;

/// Outcomes that may wait to be fetched. One that is dropped is as if its job had not been run: it is run again.
const OUTCOMES: usize = 20_000;

/// A last run this long ago is forgotten.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Takes jobs and keeps their outcomes until they are fetched. Clones share it.
#[derive(Clone)]
pub struct Pool {
    state: Arc<Mutex<State>>,
    jobs: mpsc::Sender<(Job, CancellationToken)>,
    pokes: Pokes,
    /// Where nothing is known of an object's last run, it counts from here.
    born: Timestamp,
}

struct Running {
    key: ObjectKey,
    plan: Plan,
    cancel: CancellationToken,
}

#[derive(Default)]
struct State {
    /// When each object's last run ended.
    last: HashMap<String, Timestamp>,
    running: HashMap<String, Running>,
    outcomes: HashMap<String, Outcome>,
}

/// The other end of a pool: who runs the jobs.
pub struct Runner {
    pool: Pool,
    jobs: mpsc::Receiver<(Job, CancellationToken)>,
    clock: Arc<dyn Clock>,
    fence: Arc<dyn Fence>,
}

/// Makes a pool and its runner.
pub fn pool(clock: Arc<dyn Clock>, fence: Arc<dyn Fence>) -> (Pool, Runner) {
    let (sender, jobs) = mpsc::channel(QUEUE);
    let pool = Pool {
        state: Arc::default(),
        jobs: sender,
        pokes: Pokes::default(),
        born: clock.now(),
    };
    (
        pool.clone(),
        Runner {
            pool,
            jobs,
            clock,
            fence,
        },
    )
}

impl Pool {
    /// Starts a job, unless one of the same object is under way.
    pub async fn start(&self, job: Job) {
        let cancel = CancellationToken::new();
        {
            let mut state = self.lock();
            if state.running.contains_key(&job.uid) {
                return;
            }
            let running = Running {
                key: job.key.clone(),
                plan: job.plan.clone(),
                cancel: cancel.clone(),
            };
            state.running.insert(job.uid.clone(), running);
        }
        let uid = job.uid.clone();
        if self.jobs.send((job, cancel)).await.is_err() {
            self.lock().running.remove(&uid);
        }
    }

    /// Tells an object's job to stop, and returns whether there was one. It stops asking the vendor at once.
    pub fn cancel(&self, uid: &str) -> bool {
        let state = self.lock();
        let running = state.running.get(uid);
        if let Some(running) = running {
            running.cancel.cancel();
        }
        running.is_some()
    }

    /// Stops an object's job if it was begun with another plan: what is no longer allowed is not read to its end.
    pub fn cancel_unless(&self, uid: &str, plan: &Plan) {
        let state = self.lock();
        if let Some(running) = state
            .running
            .get(uid)
            .filter(|running| &running.plan != plan)
        {
            running.cancel.cancel();
        }
    }

    /// Stops the jobs of objects of this name that are not `uid`: they are gone.
    pub fn cancel_gone(&self, key: &ObjectKey, uid: Option<&str>) {
        let state = self.lock();
        let gone = state
            .running
            .iter()
            .filter(|(of, running)| &running.key == key && Some(of.as_str()) != uid);
        gone.for_each(|(_, running)| running.cancel.cancel());
    }

    /// Returns whether an object's job is under way.
    pub fn is_running(&self, uid: &str) -> bool {
        self.lock().running.contains_key(uid)
    }

    /// Fetches what an object's last job came to, once.
    pub fn take_outcome(&self, uid: &str) -> Option<Outcome> {
        self.lock().outcomes.remove(uid)
    }

    /// Returns when an object's last run in this process ended, or when this process began.
    pub fn last_run(&self, uid: &str) -> Timestamp {
        self.lock().last.get(uid).copied().unwrap_or(self.born)
    }

    /// Streams the objects whose jobs have ended.
    pub fn ended(&self) -> BoxStream<'static, ObjectKey> {
        self.pokes.changes()
    }

    fn end(&self, job: &Job, outcome: Outcome) {
        let mut state = self.lock();
        state.running.remove(&job.uid);
        if state.last.len() >= OUTCOMES {
            // Of objects that are gone, most likely; whoever is forgotten wrongly is run once too early.
            let old = |last: &Timestamp| outcome.at.duration_since(*last) > FORGET_AFTER;
            state.last.retain(|_, last| !old(last));
        }
        state.last.insert(job.uid.clone(), outcome.at);
        if state.outcomes.len() < OUTCOMES {
            state.outcomes.insert(job.uid.clone(), outcome);
        }
        drop(state);
        self.pokes.poke(&job.key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner {
    /// Runs jobs until `shutdown`, then tells those under way to stop and waits for them.
    ///
    /// # Errors
    /// Where a job panicked: the process must not go on with half of its work.
    pub async fn drive(mut self, shutdown: CancellationToken) -> Result<(), JoinError> {
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some((job, cancel)) = self.jobs.recv() => {
                    under_way.spawn(self.one(job, cancel, shutdown.clone()));
                }
                Some(ended) = under_way.join_next() => ended?,
            }
        }
        while let Some(ended) = under_way.join_next().await {
            ended?;
        }
        Ok(())
    }

    fn one(
        &self,
        job: Job,
        cancel: CancellationToken,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + use<> {
        let (pool, clock, fence) = (
            self.pool.clone(),
            Arc::clone(&self.clock),
            Arc::clone(&self.fence),
        );
        async move {
            let stop = cancel.clone();
            let outcome = {
                let run = job.run(&*clock, &*fence, &cancel);
                tokio::pin!(run);
                tokio::select! {
                    outcome = &mut run => outcome,
                    () = shutdown.cancelled() => {
                        stop.cancel();
                        run.await
                    }
                }
            };
            pool.end(&job, outcome);
        }
    }
}
