//! Calls in flight, for vendors that bear only so many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many calls are in flight.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visits(Arc<AtomicUsize>);

/// A call in flight, counted until dropped.
#[derive(Debug)]
pub(crate) struct Visit(Arc<AtomicUsize>);

impl Visits {
    /// Counts a call in flight; `None` if `most` of them are already.
    pub(crate) fn enter(&self, most: usize) -> Option<Visit> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        // Dropping a refused visit takes it off the count again.
        let visit = Visit(self.0.clone());
        (before < most).then_some(visit)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_at_once() {
        let visits = Visits::default();
        let first = visits.enter(2);
        let second = visits.enter(2);
        assert!(first.is_some() && second.is_some());
        assert!(visits.enter(2).is_none());
        drop(first);
        assert!(visits.enter(2).is_some());
    }
}
