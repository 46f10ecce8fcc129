//! How often anybody may try: a pace for each key and for each stranger's address, and a lock after failures.
//!
//! Failures count against an address and a key together. A stranger can lock out what they claim to be from where they are, and
//! nobody else: the identity provider's own address and key go on.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::table::Table;
use crate::model::clock::Clock;

/// How many addresses and keys are remembered: about 2 MB.
const MOST: usize = 10_000;

/// After so many failures in a row the lock falls.
const FAILURES: u32 = 5;
/// How long it stays at first; twice as long with each failure after that.
const FIRST_LOCK: SignedDuration = SignedDuration::from_mins(1);
/// How long it stays at most.
const LONGEST_LOCK: SignedDuration = SignedDuration::from_mins(15);
/// Failures are forgotten after so long without one.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);

/// What a key may do: more than identity providers do at their fastest, and less than would hold up the operator.
const KEY: Pace = Pace {
    per_second: 50,
    burst: 250,
};
/// What an address may try until a key of it has been found good: each try reads the API server.
const STRANGER: Pace = Pace {
    per_second: 5,
    burst: 20,
};

#[derive(Debug, Clone, Copy)]
struct Pace {
    per_second: i64,
    burst: i64,
}

/// Whoever tries: an address, and the key that it claims to have. The key is empty where it is none of any account.
pub(super) type Claimant = (IpAddr, String);

/// Why somebody has to wait, and for how many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Too many failures.
    Locked(u64),
    /// Too many requests.
    Paced(u64),
}

/// Remembers who has tried what. Bounded, and this replica's own.
pub(super) struct Gate {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

struct Seen {
    failures: Table<Claimant, Failures>,
    good: Table<Claimant, ()>,
    keys: Table<String, Bucket>,
    strangers: Table<IpAddr, Bucket>,
}

#[derive(Default)]
struct Failures {
    count: u32,
    last: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// What is used up, in thousandths of a request.
#[derive(Default)]
struct Bucket {
    used: i64,
    at: Option<Timestamp>,
}

impl Gate {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let seen = Seen {
            failures: Table::new(MOST),
            good: Table::new(MOST),
            keys: Table::new(MOST),
            strangers: Table::new(MOST),
        };
        Self {
            clock,
            seen: Mutex::new(seen),
        }
    }

    /// Lets a try through, before anything is known of the key.
    pub(super) fn knock(&self, who: &Claimant) -> Result<(), Wait> {
        let now = self.clock.now();
        let mut seen = self.lock();
        let locked = seen.failures.get(who).and_then(|failures| failures.until);
        if let Some(until) = locked.filter(|until| *until > now) {
            return Err(Wait::Locked(seconds(until.duration_since(now))));
        }
        if seen.good.get(who).is_some() {
            return Ok(());
        }
        seen.strangers.entry(who.0, now).take(STRANGER, now)
    }

    /// Notes that the key was not good. Returns for how many seconds the lock has just fallen, if it has.
    pub(super) fn failed(&self, who: &Claimant) -> Option<u64> {
        let now = self.clock.now();
        let mut seen = self.lock();
        seen.good.remove(who);
        let failures = seen.failures.entry(who.clone(), now);
        let is_old = |last: Timestamp| now.duration_since(last) > FORGOTTEN;
        if failures.last.is_some_and(is_old) {
            *failures = Failures::default();
        }
        failures.last = Some(now);
        failures.count = failures.count.saturating_add(1);
        let doublings = failures.count.checked_sub(FAILURES)?;
        let lock = (FIRST_LOCK * 2_i32.saturating_pow(doublings.min(10))).min(LONGEST_LOCK);
        failures.until = now.checked_add(lock).ok();
        Some(seconds(lock))
    }

    /// Notes that the key was good, and lets the request through if it is not one too many.
    pub(super) fn passed(&self, who: &Claimant) -> Result<(), Wait> {
        let now = self.clock.now();
        let mut seen = self.lock();
        seen.failures.remove(who);
        seen.good.entry(who.clone(), now);
        seen.keys.entry(who.1.clone(), now).take(KEY, now)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    fn take(&mut self, pace: Pace, now: Timestamp) -> Result<(), Wait> {
        let idle = self
            .at
            .map_or(SignedDuration::ZERO, |at| now.duration_since(at));
        let idle = i64::try_from(idle.as_millis()).unwrap_or(i64::MAX).max(0);
        self.used = self
            .used
            .saturating_sub(idle.saturating_mul(pace.per_second))
            .max(0);
        self.at = Some(now);
        if self.used > (pace.burst - 1) * 1000 {
            return Err(Wait::Paced(1));
        }
        self.used += 1000;
        Ok(())
    }
}

fn seconds(span: SignedDuration) -> u64 {
    u64::try_from(span.as_secs()).unwrap_or(0).max(1)
}

/// Who has one address of a version-6 network has all of them.
pub(in crate::server) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        },
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::ManualClock;

    fn gate() -> (Gate, ManualClock) {
        let clock = ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap());
        (Gate::new(Arc::new(clock.clone())), clock)
    }

    fn who(address: &str, key: &str) -> Claimant {
        (address.parse().unwrap(), key.to_owned())
    }

    #[test]
    fn the_lock_falls_after_five_failures_and_stays_longer_each_time() {
        let (gate, clock) = gate();
        let okta = who("192.0.2.1", "dep_a_1");
        for _ in 0..4 {
            assert_eq!(gate.failed(&okta), None);
        }
        assert_eq!(gate.failed(&okta), Some(60));
        assert_eq!(gate.knock(&okta), Err(Wait::Locked(60)));
        clock.advance(SignedDuration::from_secs(61));
        assert_eq!(gate.knock(&okta), Ok(()));
        assert_eq!(gate.failed(&okta), Some(120));
        for _ in 0..20 {
            gate.failed(&okta);
        }
        assert_eq!(gate.failed(&okta), Some(900));
        clock.advance(SignedDuration::from_hours(2));
        assert_eq!(gate.failed(&okta), None, "an old failure is forgotten");
    }

    #[test]
    fn nobody_is_locked_out_by_somebody_else() {
        let (gate, _) = gate();
        for _ in 0..10 {
            gate.failed(&who("192.0.2.66", "dep_a_1"));
            gate.failed(&who("192.0.2.1", ""));
        }
        assert_eq!(gate.knock(&who("192.0.2.1", "dep_a_1")), Ok(()));
    }

    #[test]
    fn a_good_key_ends_the_count() {
        let (gate, _) = gate();
        let okta = who("192.0.2.1", "dep_a_1");
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(gate.failed(&okta), None);
            }
            gate.passed(&okta).unwrap();
        }
    }

    #[test]
    fn strangers_are_slower_than_keys() {
        let (gate, clock) = gate();
        let stranger = who("192.0.2.66", "");
        let tries = (0..200).filter(|_| gate.knock(&stranger).is_ok()).count();
        assert_eq!(tries, 20);
        assert_eq!(gate.knock(&stranger), Err(Wait::Paced(1)));
        clock.advance(SignedDuration::from_secs(1));
        let tries = (0..200).filter(|_| gate.knock(&stranger).is_ok()).count();
        assert_eq!(tries, 5);
        let okta = who("192.0.2.1", "dep_a_1");
        let requests = (0..400).filter(|_| gate.passed(&okta).is_ok()).count();
        assert_eq!(requests, 250);
        assert_eq!(
            gate.knock(&okta),
            Ok(()),
            "a key that was good is no stranger"
        );
    }

    #[test]
    fn a_network_of_version_6_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
