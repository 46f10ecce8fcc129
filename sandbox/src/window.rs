//! What was spent lately.

/// Units spent in each of the last so many seconds.
#[derive(Debug)]
pub(crate) struct Window {
    spent: Vec<u64>,
    total: u64,
    last: u64,
}

impl Window {
    /// A window that is `seconds` long and begins at `second`.
    pub(crate) fn new(seconds: u64, second: u64) -> Self {
        Self {
            spent: vec![0; usize::try_from(seconds.max(1)).unwrap_or(1)],
            total: 0,
            last: second,
        }
    }

    /// Forgets what is too old.
    pub(crate) fn advance(&mut self, second: u64) {
        let length = self.spent.len();
        for passed in (self.last + 1..=second).take(length) {
            if let Some(slot) = self.slot(passed) {
                let forgotten = std::mem::take(slot);
                self.total -= forgotten;
            }
        }
        self.last = self.last.max(second);
    }

    /// Units that count now.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether so many more stay within the limit; 0 means no limit.
    pub(crate) fn has_room(&self, units: u64, limit: u64) -> bool {
        limit == 0 || self.total + units <= limit
    }

    pub(crate) fn spend(&mut self, units: u64) {
        let last = self.last;
        if let Some(slot) = self.slot(last) {
            *slot += units;
            self.total += units;
        }
    }

    fn slot(&mut self, second: u64) -> Option<&mut u64> {
        let length = self.spent.len() as u64;
        self.spent
            .get_mut(usize::try_from(second % length).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_is_forgotten() {
        let mut window = Window::new(10, 100);
        window.spend(5);
        window.advance(109);
        window.spend(2);
        assert_eq!(window.total(), 7);
        assert!(window.has_room(3, 10) && !window.has_room(4, 10) && window.has_room(99, 0));
        window.advance(110);
        assert_eq!(window.total(), 2);
        window.advance(10_000);
        assert_eq!(window.total(), 0);
    }
}
