//! Time as something that is handed in, so that no test waits and no layer reads the wall by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time, UTC.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;

    /// Returns how long a timer has to run for `span` to pass on this clock; zero where it has passed.
    fn timer(&self, span: SignedDuration) -> std::time::Duration {
        span.try_into().unwrap_or_default()
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that runs faster than the machine's, for tests that live through hours.
#[derive(Debug, Clone, Copy)]
pub struct FastClock {
    start: Timestamp,
    factor: i32,
}

impl FastClock {
    /// Creates a clock that stands at the machine's time now and runs `factor` times as fast.
    pub fn new(factor: i32) -> Self {
        Self {
            start: SystemClock.now(),
            factor: factor.max(1),
        }
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let passed = SystemClock.now().duration_since(self.start);
        self.start
            .saturating_add(passed * self.factor)
            .unwrap_or(Timestamp::MAX)
    }

    fn timer(&self, span: SignedDuration) -> std::time::Duration {
        (span / self.factor).try_into().unwrap_or_default()
    }
}

/// A clock that moves only when it is told to. Clones share the hand.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Creates a clock that stands at `start` (milliseconds are kept, finer parts are not).
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// Moves the hand forward, or back where `by` is negative.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}
