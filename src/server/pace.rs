//! How fast a client has to be, whether it sends or takes: a place at the listener is not for one that lingers.

use std::time::Duration;

/// Over which time the least rate is measured.
const WINDOW: Duration = Duration::from_secs(30);
/// What must move within it: 1 kB/s, which is less than any line has.
const LEAST_BYTES: u64 = 30_000;

/// A client moves less than it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client is slower than 1 kB/s over 30 s")]
pub(super) struct TooSlow;

/// What a client has moved in this window, and for how long it was waited for. Time in which nothing is asked of it is not its own.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waited: Duration,
    moved: u64,
}

impl Pace {
    /// Returns for how long the client may still be waited for until it is judged.
    pub(super) fn patience(&self) -> Duration {
        WINDOW.saturating_sub(self.waited)
    }

    /// Notes for how long the client was waited for, and how many bytes came of it. A window that is over is judged.
    pub(super) fn note(&mut self, waited: Duration, bytes: u64) -> Result<(), TooSlow> {
        self.waited += waited;
        self.moved = self.moved.saturating_add(bytes);
        if self.waited < WINDOW {
            return Ok(());
        }
        let is_enough = self.moved >= LEAST_BYTES;
        *self = Self::default();
        is_enough.then_some(()).ok_or(TooSlow)
    }
}
