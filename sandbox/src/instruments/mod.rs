//! What a test holds on to: the log, the faults and the clock.

pub(crate) mod clock;
pub(crate) mod faults;
pub(crate) mod log;
pub(crate) mod names;

/// All instruments of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Instruments {
    pub(crate) log: log::Log,
    pub(crate) faults: faults::Faults,
    pub(crate) clock: clock::Clock,
}
