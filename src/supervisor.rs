//! Keeps the process honest: every long-lived task is named, and the first one to end ends them all.
//!
//! A task that dies unnoticed leaves a process that looks healthy and does nothing (linkerd2 #15506).
//!
//! ```text
//! signal, or any task ends ─► stop: workers finish what is under way (bounded) ─► closing: services end ─► done
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long services get to close, after the workers have ended.
const CLOSING: Duration = Duration::from_secs(5);

/// SIGXFSZ: a file has reached the size that the process may give one. Source: signal(7) of Linux, read 2026-11-22.
const FILE_TOO_LARGE: i32 = 25;

type BoxError = Box<dyn Error + Send + Sync>;

/// Why the process ends other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// A task returned although nobody had asked it to.
    #[error("the task {task} has ended")]
    Ended {
        /// Its name.
        task: &'static str,
    },
    /// A task returned an error.
    #[error("the task {task} has failed: {source}")]
    Failed {
        /// Its name.
        task: &'static str,
        /// What it returned.
        source: BoxError,
    },
    /// A task panicked. The panic hook has logged where.
    #[error("the task {task} has panicked")]
    Panicked {
        /// Its name.
        task: &'static str,
    },
    /// Work was cut off because it did not end in time.
    #[error("these tasks did not end in time: {}", tasks.join(", "))]
    Overdue {
        /// Their names.
        tasks: Vec<&'static str>,
    },
}

/// The tasks of the process.
#[derive(Default)]
pub struct Supervisor {
    tasks: JoinSet<Result<(), BoxError>>,
    running: HashMap<Id, Task>,
    stop: CancellationToken,
    closing: CancellationToken,
}

#[derive(Debug, Clone, Copy)]
struct Task {
    name: &'static str,
    is_worker: bool,
}

impl Supervisor {
    /// Starts with no tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the token that asks workers to take on nothing new.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Returns the token that asks services to end: when it fires, no worker is left.
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Runs a task that ends by itself once [`stop`](Self::stop) is fired, and is waited for.
    pub fn worker<E: Into<BoxError> + 'static>(
        &mut self,
        name: &'static str,
        future: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.spawn(name, true, future);
    }

    /// Runs a task that workers need until their end, and that ends by itself once [`closing`](Self::closing) is fired.
    pub fn service<E: Into<BoxError> + 'static>(
        &mut self,
        name: &'static str,
        future: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        self.spawn(name, false, future);
    }

    /// Runs a task that workers need until their end, and that may be dropped at any time then.
    pub fn background(
        &mut self,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        let closing = self.closing();
        self.service(name, async move {
            let outcome: Result<(), BoxError> = Ok(());
            tokio::select! {
                biased;
                () = closing.cancelled() => outcome,
                () = future => outcome,
            }
        });
    }

    /// Runs until `shutdown` completes or a task ends; then ends all tasks, giving workers `grace` to finish.
    ///
    /// **Errors**: why it ended, unless that was `shutdown`; or which workers were cut off.
    pub async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
        grace: Duration,
    ) -> Result<(), SupervisorError> {
        let mut failure = tokio::select! {
            biased;
            failure = self.next_end() => Some(failure),
            () = shutdown => None,
        };
        tracing::info!(
            because = failure.as_ref().map(tracing::field::display),
            "shutting down"
        );
        self.stop.cancel();
        if let Err(first) = self.wind_down(grace, |task| task.is_worker).await {
            failure.get_or_insert(first);
        }
        self.closing.cancel();
        if let Err(first) = self.wind_down(CLOSING, |task| !task.is_worker).await {
            failure.get_or_insert(first);
        }
        failure.map_or(Ok(()), Err)
    }

    /// Waits until a task ends although it should not have; for ever, if there is none.
    async fn next_end(&mut self) -> SupervisorError {
        match self.tasks.join_next_with_id().await {
            Some(joined) => {
                let (task, failure) = self.judge(joined);
                failure.unwrap_or(SupervisorError::Ended { task })
            }
            None => std::future::pending().await,
        }
    }

    /// Waits for tasks to end, as they should by now; those that do not in time are cut off when the supervisor goes.
    ///
    /// **Errors**: the first failure of any task; else those that are late.
    async fn wind_down(
        &mut self,
        patience: Duration,
        awaited: impl Fn(&Task) -> bool,
    ) -> Result<(), SupervisorError> {
        let end = Instant::now() + patience;
        let mut failure = None;
        while self.running.values().any(&awaited) {
            match timeout_at(end, self.tasks.join_next_with_id()).await {
                Ok(Some(joined)) => {
                    let (_, failed) = self.judge(joined);
                    failure = failure.or(failed);
                }
                Ok(None) => break,
                Err(_) => return Err(failure.unwrap_or_else(|| self.overdue(awaited))),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    fn judge(
        &mut self,
        joined: Result<(Id, Result<(), BoxError>), JoinError>,
    ) -> (&'static str, Option<SupervisorError>) {
        let id = match &joined {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let task = self.running.remove(&id).map_or("unnamed", |task| task.name);
        let failure = match joined {
            Ok((_, Ok(()))) => None,
            Ok((_, Err(source))) => Some(SupervisorError::Failed { task, source }),
            Err(_) => Some(SupervisorError::Panicked { task }),
        };
        (task, failure)
    }

    fn overdue(&self, awaited: impl Fn(&Task) -> bool) -> SupervisorError {
        let late = self.running.values().filter(|task| awaited(task));
        let mut tasks: Vec<_> = late.map(|task| task.name).collect();
        tasks.sort_unstable();
        SupervisorError::Overdue { tasks }
    }

    fn spawn<E: Into<BoxError> + 'static>(
        &mut self,
        name: &'static str,
        is_worker: bool,
        future: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let task = self
            .tasks
            .spawn(async move { future.await.map_err(Into::into) });
        self.running.insert(task.id(), Task { name, is_worker });
    }
}

/// Completes when the process is asked to end: SIGTERM or SIGINT.
///
/// From then on a file that may not grow any more fails its write and does not end the process.
///
/// **Errors**: the signals cannot be listened for.
pub fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    // Listening once is enough: the default, which is to end the process, never comes back.
    drop(signal(SignalKind::from_raw(FILE_TOO_LARGE))?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::{Arc, Mutex};
    use tokio::time::sleep;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(200);

    #[derive(Clone, Default)]
    struct Diary(Arc<Mutex<Vec<&'static str>>>);

    impl Diary {
        fn note(&self, entry: &'static str) {
            self.0.lock().unwrap().push(entry);
        }

        fn entries(&self) -> Vec<&'static str> {
            self.0.lock().unwrap().clone()
        }
    }

    /// A worker that needs a moment to finish, and a service that must outlive it.
    fn slow_worker_and_service(supervisor: &mut Supervisor, diary: &Diary) {
        let (stop, notes) = (supervisor.stop(), diary.clone());
        supervisor.worker("sync", async move {
            stop.cancelled().await;
            sleep(Duration::from_millis(20)).await;
            notes.note("worker done");
            Ok::<_, SupervisorError>(())
        });
        let (closing, notes) = (supervisor.closing(), diary.clone());
        supervisor.service("lease", async move {
            closing.cancelled().await;
            notes.note("service done");
            Ok::<_, SupervisorError>(())
        });
        supervisor.background("watch", pending());
    }

    #[tokio::test]
    async fn work_under_way_ends_before_what_it_needs() {
        let (mut supervisor, diary) = (Supervisor::new(), Diary::default());
        slow_worker_and_service(&mut supervisor, &diary);
        supervisor.run(async {}, LONG).await.unwrap();
        assert_eq!(diary.entries(), ["worker done", "service done"]);
    }

    #[tokio::test]
    async fn the_first_task_to_end_ends_all() {
        type Ending = fn(&mut Supervisor);
        let endings: [(Ending, &str); 3] = [
            (
                |it| it.service("lonely", async { Ok::<_, SupervisorError>(()) }),
                "the task lonely has ended",
            ),
            (
                |it| it.worker("lonely", async { Err::<(), _>("no luck") }),
                "the task lonely has failed: no luck",
            ),
            (
                |it| it.background("lonely", async { panic!("as the test wants it") }),
                "the task lonely has panicked",
            ),
        ];
        for (ending, message) in endings {
            let (mut supervisor, diary) = (Supervisor::new(), Diary::default());
            slow_worker_and_service(&mut supervisor, &diary);
            ending(&mut supervisor);
            let failure = supervisor.run(pending(), LONG).await.unwrap_err();
            assert_eq!(failure.to_string(), message);
            assert_eq!(diary.entries(), ["worker done", "service done"]);
        }
    }

    #[tokio::test]
    async fn a_worker_that_does_not_end_is_cut_off_and_named() {
        let (mut supervisor, diary) = (Supervisor::new(), Diary::default());
        slow_worker_and_service(&mut supervisor, &diary);
        supervisor.worker("stuck", pending::<Result<(), SupervisorError>>());
        let failure = supervisor.run(async {}, SHORT).await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            "these tasks did not end in time: stuck"
        );
        assert_eq!(diary.entries(), ["worker done", "service done"]);
    }
}
