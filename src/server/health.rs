//! What is wrong with the process, in lines. Pure, but for the time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::kube_io::progress::Progress;

const BEAT: Duration = Duration::from_secs(1);

/// A runtime that does not get to a task for so long is starved: something blocks its threads.
const STARVED: Duration = Duration::from_secs(30);

/// When the runtime last got to a task that has nothing else to do.
#[derive(Debug, Clone)]
pub(super) struct Pulse(Arc<Mutex<Instant>>);

impl Pulse {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn age(&self) -> Duration {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed()
    }

    /// Beats for ever.
    pub(super) async fn keep(&self) {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = beat.tick().await;
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }
}

/// Lists why the process should be restarted.
pub(super) fn ailments(
    watches: &[Progress],
    stalled_after: Duration,
    pulse_age: Duration,
) -> Vec<String> {
    let stalls = watches
        .iter()
        .map(|watch| (watch.kind(), watch.stalled_for()));
    let starved = (pulse_age >= STARVED).then(|| starved(pulse_age));
    let stalled = stalls
        .filter(|(_, stall)| *stall >= stalled_after)
        .map(|(kind, stall)| stalled(kind, stall));
    starved.into_iter().chain(stalled).collect()
}

fn starved(pulse_age: Duration) -> String {
    let seconds = pulse_age.as_secs();
    format!("the runtime has not got to a task for {seconds} s")
}

fn stalled(kind: &str, stall: Duration) -> String {
    let seconds = stall.as_secs();
    format!("the watch of {kind} has been stalled for {seconds} s")
}

/// Lists what has to come in before the process is ready.
pub(super) fn unsynced(watches: &[Progress]) -> Vec<String> {
    watches
        .iter()
        .filter(|watch| !watch.is_synced())
        .map(|watch| format!("the first listing of {} is not complete", watch.kind()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    #[test]
    fn stalled_watches_and_a_starved_runtime_are_named() {
        let (failing, well) = (Progress::new("Secret"), Progress::new("Widget"));
        failing.failed();
        well.synced();
        let watches = [failing, well];
        let none: [String; 0] = [];
        assert_eq!(ailments(&watches, LONG, BEAT), none);
        assert_eq!(
            ailments(&watches, LONG, STARVED),
            ["the runtime has not got to a task for 30 s"]
        );
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(
            ailments(&watches, Duration::from_millis(1), BEAT),
            ["the watch of Secret has been stalled for 0 s"]
        );
    }

    #[test]
    fn readiness_waits_for_every_first_listing() {
        let (secrets, widgets) = (Progress::new("Secret"), Progress::new("Widget"));
        let watches = [secrets.clone(), widgets.clone()];
        secrets.synced();
        assert_eq!(
            unsynced(&watches),
            ["the first listing of Widget is not complete"]
        );
        widgets.synced();
        assert!(unsynced(&watches).is_empty());
    }

    #[tokio::test]
    async fn the_pulse_beats_while_it_is_kept() {
        let pulse = Pulse::new();
        let born = *pulse.0.lock().unwrap();
        let kept = tokio::time::timeout(Duration::from_millis(50), pulse.keep()).await;
        assert!(kept.is_err());
        assert!(*pulse.0.lock().unwrap() > born);
    }
}
