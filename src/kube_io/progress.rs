//! Whether a watch still lives: what liveness and readiness are judged by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After this long without another failure a watch counts as connected again: the longest back-off (30 s) and the
/// longest connect timeout (30 s), twice.
const CALM: Duration = Duration::from_mins(2);

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
        let pulse = Pulse::new(Instant::now());
        Self {
            kind,
            pulse: Arc::new(Mutex::new(pulse)),
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
        self.lock().stalled_for(Instant::now())
    }

    /// The loop is alive, though nothing came.
    pub(crate) fn beat(&self) {
        self.lock().beat = Instant::now();
    }

    /// Something came from the API server.
    pub(crate) fn heard(&self) {
        self.lock().heard(Instant::now());
    }

    /// The API server could not be reached, or refused.
    pub(crate) fn failed(&self) {
        self.lock().failed(Instant::now());
    }

    /// The cache is complete.
    pub(crate) fn synced(&self) {
        self.lock().synced = true;
    }

    fn lock(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pulse {
    fn new(now: Instant) -> Self {
        Self {
            synced: false,
            beat: now,
            failures: None,
        }
    }

    fn heard(&mut self, now: Instant) {
        self.beat = now;
        self.failures = None;
    }

    fn failed(&mut self, now: Instant) {
        self.beat = now;
        let first = match self.failures {
            Some(failures) if now.duration_since(failures.last) < CALM => failures.first,
            _ => now,
        };
        self.failures = Some(Failures { first, last: now });
    }

    fn stalled_for(&self, now: Instant) -> Duration {
        let unpolled = now.duration_since(self.beat);
        let failing = match self.failures {
            Some(failures) if now.duration_since(failures.last) < CALM => {
                now.duration_since(failures.first)
            }
            _ => Duration::ZERO,
        };
        if unpolled < CALM {
            failing
        } else {
            failing.max(unpolled)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn a_quiet_watch_that_is_polled_is_well() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.beat = start + 60 * MINUTE;
        assert_eq!(pulse.stalled_for(start + 61 * MINUTE), Duration::ZERO);
    }

    #[test]
    fn a_watch_that_nobody_polls_is_stalled() {
        let start = Instant::now();
        let pulse = Pulse::new(start);
        assert_eq!(pulse.stalled_for(start + 10 * MINUTE), 10 * MINUTE);
    }

    #[test]
    fn failures_add_up_until_something_is_heard() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        for minute in 0..10 {
            pulse.failed(start + minute * MINUTE);
        }
        assert_eq!(pulse.stalled_for(start + 10 * MINUTE), 10 * MINUTE);
        pulse.heard(start + 10 * MINUTE);
        assert_eq!(pulse.stalled_for(start + 10 * MINUTE), Duration::ZERO);
    }

    #[test]
    fn failures_are_over_when_none_comes_after_the_last() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.failed(start);
        pulse.beat = start + 3 * MINUTE;
        assert_eq!(pulse.stalled_for(start + 3 * MINUTE), Duration::ZERO);
        pulse.failed(start + 4 * MINUTE);
        assert_eq!(pulse.stalled_for(start + 5 * MINUTE), MINUTE);
    }
}
