//! How long a failing object waits: longer with each failure in a row, and not in step with the others. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The shortest and the longest wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// However many there were.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_mins(30),
        }
    }
}

impl Backoff {
    /// Returns the wait after so many failures in a row: doubled by each, and shortened by up to a fifth, by an amount
    /// that is fixed for the object and the number.
    pub(super) fn wait(&self, failures: u32, object: &impl Hash) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.longest);
        let mut hasher = DefaultHasher::new();
        (failures, object).hash(&mut hasher);
        let share = u32::try_from(hasher.finish() % 1000).unwrap_or_default();
        full.saturating_sub(full / 5 * share / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_the_longest() {
        let backoff = Backoff::default();
        let cases = [
            (1, 5),
            (2, 10),
            (3, 20),
            (9, 1280),
            (10, 1800),
            (4_000, 1800),
        ];
        for (failures, seconds) in cases {
            let full = Duration::from_secs(seconds);
            for object in 0..100 {
                let wait = backoff.wait(failures, &object);
                assert!(wait <= full && wait >= full * 4 / 5, "{failures}: {wait:?}");
            }
        }
    }

    #[test]
    fn objects_that_fail_together_do_not_come_back_together() {
        let waits: std::collections::HashSet<_> = (0..100)
            .map(|object| Backoff::default().wait(10, &object))
            .collect();
        assert!(waits.len() > 90, "{}", waits.len());
    }
}
