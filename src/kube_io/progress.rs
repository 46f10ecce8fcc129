//! Whether a watch still lives: what liveness and readiness are judged by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After this long without another failure a watch counts as connected again: the longest back-off (30 s) and the
/// longest connect timeout (30 s), twice.
const CALM: Duration = Duration::from_secs(120);

/// The pulse of one watch. Clones share it.
#[derive(Debug, Clone)]
pub struct Progress {
    kind: &'static str,
    pulse: Arc<Mutex<Pulse>>,
}

#[derive(Debug)]
struct Pulse {
    synced: bool,
    beat: Instant,
    failures: Option<Failures>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    first: Instant,
    last: Instant,
}

impl Progress {
    /// Starts the pulse of the watch of a kind.
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            pulse: Arc::new(Mutex::new(Pulse {
                synced: false,
                beat: Instant::now(),
                failures: None,
            })),
        }
    }

    /// Returns what is watched.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Tells whether the cache has been complete at least once.
    pub fn is_synced(&self) -> bool {
        self.lock().synced
    }

    /// Tells for how long the watch has neither been polled nor got through to the API server; zero if all is well.
    pub fn stalled_for(&self) -> Duration {
        let pulse = self.lock();
        let unpolled = pulse.beat.elapsed();
        let failing = match pulse.failures {
            Some(failures) if failures.last.elapsed() < CALM => failures.first.elapsed(),
            _ => Duration::ZERO,
        };
        if unpolled < CALM {
            failing
        } else {
            failing.max(unpolled)
        }
    }

    /// The loop is alive, though nothing came.
    pub(crate) fn beat(&self) {
        self.lock().beat = Instant::now();
    }

    /// Something came from the API server.
    pub(crate) fn heard(&self) {
        let mut pulse = self.lock();
        pulse.beat = Instant::now();
        pulse.failures = None;
    }

    /// The API server could not be reached, or refused.
    pub(crate) fn failed(&self) {
        let now = Instant::now();
        let mut pulse = self.lock();
        pulse.beat = now;
        let first = match pulse.failures {
            Some(failures) if now.duration_since(failures.last) < CALM => failures.first,
            _ => now,
        };
        pulse.failures = Some(Failures { first, last: now });
    }

    /// The cache is complete.
    pub(crate) fn synced(&self) {
        self.lock().synced = true;
    }

    fn lock(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_quiet_watch_that_is_polled_is_well() {
        let progress = Progress::new("Secret");
        for _ in 0..60 {
            advance(MINUTE).await;
            progress.beat();
        }
        assert_eq!(progress.stalled_for(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_nobody_polls_is_stalled() {
        let progress = Progress::new("Secret");
        advance(10 * MINUTE).await;
        assert_eq!(progress.stalled_for(), 10 * MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_add_up_until_something_is_heard_or_calm_returns() {
        let progress = Progress::new("Secret");
        for _ in 0..10 {
            progress.failed();
            advance(MINUTE).await;
        }
        assert_eq!(progress.stalled_for(), 10 * MINUTE);
        progress.heard();
        assert_eq!(progress.stalled_for(), Duration::ZERO);
        progress.failed();
        for _ in 0..3 {
            advance(MINUTE).await;
            progress.beat();
        }
        assert_eq!(progress.stalled_for(), Duration::ZERO);
    }
}
