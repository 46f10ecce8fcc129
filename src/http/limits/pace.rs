//! A connection's own pace, for those who want less than the vendor would allow.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Spaces the requests of one connection evenly.
#[derive(Debug)]
pub struct Pace {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Makes a pace; `None`, and whatever is not a positive number, means that there is none.
    pub fn new(requests_per_second: Option<f64>) -> Self {
        let gap = requests_per_second
            .filter(|rate| rate.is_finite() && *rate > 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok())
            .unwrap_or(Duration::ZERO);
        Self {
            gap,
            next: Mutex::new(None),
        }
    }

    /// Waits for this request's turn. A turn that is not used is lost.
    pub async fn turn(&self) {
        if !self.gap.is_zero() {
            tokio::time::sleep_until(self.take()).await;
        }
    }

    fn take(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at = next.unwrap_or(now).max(now);
        *next = Some(at + self.gap);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_keep_their_distance() {
        let pace = Pace::new(Some(20.0));
        let start = Instant::now();
        for _ in 0..21 {
            pace.turn().await;
        }
        let passed = start.elapsed();
        assert!(passed >= Duration::from_secs(1), "{passed:?}");
        assert!(passed <= Duration::from_millis(1_100), "{passed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_pace_is_no_wait() {
        for none in [None, Some(0.0), Some(-1.0), Some(f64::NAN)] {
            let start = Instant::now();
            let pace = Pace::new(none);
            pace.turn().await;
            pace.turn().await;
            assert_eq!(start.elapsed(), Duration::ZERO);
        }
    }
}
