//! When to kill what is at work.

use std::time::Duration;

/// A moment within the time that some work takes. How long that is depends on what else the machine does, so it is learned from what
/// the kills meet.
#[derive(Debug)]
pub(crate) struct Aim(Duration);

impl Aim {
    /// The work took so long once.
    pub(crate) fn at(work: Duration) -> Self {
        Self(work)
    }

    /// One of a thousand moments of it.
    pub(crate) fn moment(&self, number: u64) -> Duration {
        let thousandth = u32::try_from(number % 1000).expect("is below a thousand");
        self.0 * thousandth / 1000
    }

    /// The work was done before, or was hardly begun: it takes so many per cent of what was thought.
    pub(crate) fn learn(&mut self, percent: u32) {
        self.0 = self.0 * percent / 100;
    }
}
