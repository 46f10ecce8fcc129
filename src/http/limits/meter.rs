//! One allowance of units per minute.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// A vendor counts the units of any minute; so do we, in slots of half a second.
const SLOT: Duration = Duration::from_millis(500);
/// Slots that are remembered: a minute and one slot, since the first one is counted from its start.
const SLOTS: u64 = 121;
/// The share of an allowance that is used. The rest absorbs requests that the network bunches together.
const USED: f64 = 0.975;
/// The share of an allowance that may be used at one blow after a rest, so that a short sync need not wait.
const BURST: f64 = 0.1;

/// Counts units so that no minute, wherever it begins, holds more than the allowance; at the same time it spreads
/// them, since a vendor may look at less than a minute.
#[derive(Debug)]
pub(super) struct Meter {
    per_minute: f64,
    began: Instant,
    /// Slot number and units, oldest first; at most [`SLOTS`].
    spent: VecDeque<(u64, u32)>,
    total: u64,
    /// Units that may be taken at once, as of `filled`; below zero after a request dearer than the burst.
    level: f64,
    filled: Instant,
}

impl Meter {
    pub(super) fn new(per_minute: u32, now: Instant) -> Self {
        let per_minute = f64::from(per_minute.max(1));
        Self {
            per_minute,
            began: now,
            spent: VecDeque::new(),
            total: 0,
            level: per_minute * BURST,
            filled: now,
        }
    }

    /// Returns when `cost` units may be taken: `now` if at once. `scale` shrinks the allowance, from 0 to 1.
    pub(super) fn ready_at(&mut self, cost: u32, scale: f64, now: Instant) -> Instant {
        self.advance(scale, now);
        let missing = f64::from(cost).min(self.per_minute * BURST) - self.level;
        let spread = if missing > 0.0 {
            now + Duration::from_secs_f64(missing / self.per_second(scale))
        } else {
            now
        };
        spread.max(self.room_at(cost, scale, now))
    }

    /// Takes units that [`Meter::ready_at`] has said are there.
    pub(super) fn take(&mut self, cost: u32, now: Instant) {
        self.level -= f64::from(cost);
        self.total += u64::from(cost);
        let slot = self.slot(now);
        match self.spent.back_mut() {
            Some((last, units)) if *last == slot => *units = units.saturating_add(cost),
            _ => self.spent.push_back((slot, cost)),
        }
    }

    /// Returns whether nothing is remembered that a new meter would not know.
    pub(super) fn is_idle(&mut self, now: Instant) -> bool {
        self.advance(1.0, now);
        self.spent.is_empty() && self.level >= self.per_minute * BURST
    }

    fn per_second(&self, scale: f64) -> f64 {
        self.per_minute * scale.max(0.01) / 60.0
    }

    fn slot(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.began);
        u64::try_from(passed.as_millis() / SLOT.as_millis()).unwrap_or(u64::MAX)
    }

    fn advance(&mut self, scale: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        let gained = passed * self.per_second(scale);
        self.level = (self.level + gained).min(self.per_minute * BURST);
        self.filled = now;
        let oldest = (self.slot(now) + 1).saturating_sub(SLOTS);
        while let Some((slot, units)) = self.spent.front().copied() {
            if slot >= oldest {
                break;
            }
            self.total = self.total.saturating_sub(u64::from(units));
            self.spent.pop_front();
        }
    }

    /// Returns when the minute behind has room for `cost`. A request dearer than the allowance goes alone.
    fn room_at(&self, cost: u32, scale: f64, now: Instant) -> Instant {
        let most = self.per_minute * USED * scale.max(0.01);
        let mut left = self.total;
        let fits = |left: u64| left == 0 || to_f64(left) + f64::from(cost) <= most;
        if fits(left) {
            return now;
        }
        for (slot, units) in &self.spent {
            left = left.saturating_sub(u64::from(*units));
            if fits(left) {
                return self.forgotten_at(*slot).max(now);
            }
        }
        now
    }

    fn forgotten_at(&self, slot: u64) -> Instant {
        let slots = u32::try_from(slot + SLOTS).unwrap_or(u32::MAX);
        self.began + SLOT * slots
    }
}

/// Units of a minute are far below 2⁵³.
#[allow(
    clippy::cast_precision_loss,
    reason = "units of a minute are far below 2^53"
)]
fn to_f64(units: u64) -> f64 {
    units as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes as much as it gets for `minutes`, and returns when each cost was taken.
    fn greedy(per_minute: u32, cost: u32, minutes: u64) -> Vec<Duration> {
        let start = Instant::now();
        let mut meter = Meter::new(per_minute, start);
        let mut now = start;
        let mut taken = Vec::new();
        while now - start < Duration::from_secs(minutes * 60) {
            let at = meter.ready_at(cost, 1.0, now);
            if at > now {
                now = at + Duration::from_millis(1);
                continue;
            }
            meter.take(cost, now);
            taken.push(now - start);
        }
        taken
    }

    #[test]
    fn no_minute_holds_more_than_the_allowance_and_long_use_gets_95_percent_of_it() {
        for (per_minute, cost) in [(6_000, 20), (15_000, 5), (600, 1), (325_000, 100)] {
            let taken = greedy(per_minute, cost, 10);
            let used = u64::try_from(taken.len()).unwrap() * u64::from(cost);
            let most = u64::from(per_minute) * 10;
            assert!(
                used * 100 >= most * 95,
                "{per_minute}/{cost}: {used} of {most}"
            );
            let mut first = 0;
            for (last, at) in taken.iter().enumerate() {
                while *at - taken[first] > Duration::from_mins(1) {
                    first += 1;
                }
                let within = u64::try_from(last - first + 1).unwrap() * u64::from(cost);
                assert!(within <= u64::from(per_minute), "{within} at {at:?}");
            }
        }
    }

    #[test]
    fn a_short_burst_need_not_wait() {
        let taken = greedy(6_000, 20, 1);
        let at_once = taken.iter().filter(|at| at.is_zero()).count();
        assert_eq!(at_once, 30);
    }

    #[test]
    fn a_request_dearer_than_the_burst_still_goes() {
        let taken = greedy(600, 100, 2);
        assert!(taken.len() >= 10, "{}", taken.len());
    }

    #[test]
    fn it_is_idle_once_a_minute_has_passed() {
        let start = Instant::now();
        let mut meter = Meter::new(600, start);
        meter.take(5, start);
        assert!(!meter.is_idle(start + Duration::from_secs(59)));
        assert!(meter.is_idle(start + Duration::from_secs(61)));
    }
}
