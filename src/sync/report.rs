//! What a run did.

use crate::providers::Advice;

/// What a run did, for status, metrics and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Records written.
    pub upserts: u64,
    /// Records marked as deleted.
    pub deletes: u64,
    /// Commits made.
    pub commits: u64,
    /// The generation that the stream is in now; 0 where nothing was ever committed.
    pub generation: u64,
    /// Live records now; none where nothing changed, so that nobody had to count.
    pub records: Option<u64>,
    /// Items that could not be read and are kept for later.
    pub failed_items: usize,
    /// Whether the stream stands at the vendor's present state.
    pub current: bool,
    /// What is to be known of the stream although it is synced.
    pub advice: Option<Advice>,
}

impl Report {
    /// Returns whether anything a reader can see has changed.
    pub fn changed(&self) -> bool {
        self.upserts + self.deletes > 0
    }
}
