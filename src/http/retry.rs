//! When to try again: a bounded number of times, with jitter, and no sooner than the vendor asks.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

/// The longest wait that is sat out within one call. A longer one is the caller's: it would hold a worker.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Give up: trying again would not help, or could do it twice.
    Stop,
    /// Try again after a back-off, and not before this time has passed.
    Again(Option<Duration>),
}

/// Calls `operation` up to five times, half a second to a minute apart, for as long as `judge` says so.
///
/// Only for what may be done twice without harm.
///
/// # Errors
/// The last failure.
pub async fn retry<T, E, Fut>(
    operation: impl FnMut() -> Fut,
    judge: impl Fn(&E) -> Verdict,
) -> Result<T, E>
where
    Fut: Future<Output = Result<T, E>>,
{
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(30))
        .with_factor(2.0)
        .with_max_times(4)
        .with_jitter();
    operation
        .retry(backoff)
        .when(|error| judge(error) != Verdict::Stop)
        .adjust(|error, delay| next_delay(judge(error), delay?))
        .await
}

fn next_delay(verdict: Verdict, delay: Duration) -> Option<Duration> {
    match verdict {
        Verdict::Stop => None,
        Verdict::Again(None) => Some(delay),
        Verdict::Again(Some(asked)) if asked > LONGEST_WAIT => None,
        Verdict::Again(Some(asked)) => Some(asked.max(delay)),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn tries(verdict: Verdict) -> (u32, Duration) {
        let count = Cell::new(0);
        let start = tokio::time::Instant::now();
        let result: Result<(), ()> = retry(
            || async {
                count.set(count.get() + 1);
                Err(())
            },
            |()| verdict,
        )
        .await;
        assert_eq!(result, Err(()));
        (count.get(), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_after_five_tries() {
        let (count, waited) = tries(Verdict::Again(None)).await;
        assert_eq!(count, 5);
        assert!(waited >= Duration::from_millis(7_500), "{waited:?}");
        assert!(waited <= Duration::from_secs(16), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_change_is_tried_once() {
        assert_eq!(tries(Verdict::Stop).await, (1, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_long_as_it_is_asked_to() {
        let (count, waited) = tries(Verdict::Again(Some(Duration::from_secs(40)))).await;
        assert_eq!(count, 5);
        assert!(waited >= Duration::from_secs(160), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn it_does_not_sit_out_an_hour() {
        let verdict = Verdict::Again(Some(Duration::from_hours(1)));
        assert_eq!(tries(verdict).await, (1, Duration::ZERO));
    }
}
