//! When things happen next, so that neither a restart nor ten thousand objects on one interval make a burst. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

/// Returns the next instant after `now` of an object's own slot: a phase within the interval, from its UID.
///
/// It depends on nothing that would have to be remembered, so a restart changes nothing.
pub fn next_slot(uid: &str, interval: SignedDuration, now: Timestamp) -> Timestamp {
    let interval = interval.as_secs().max(1);
    let phase = i64::try_from(hash(uid) % interval.unsigned_abs()).unwrap_or(0);
    let passed = (now.as_second() - phase).rem_euclid(interval);
    now.saturating_add(SignedDuration::from_secs(interval - passed))
        .unwrap_or(Timestamp::MAX)
}

/// Returns `interval` with up to a tenth more, by the object's UID.
pub fn jittered(uid: &str, interval: SignedDuration) -> SignedDuration {
    let tenth = interval.as_secs() / 10;
    let extra = i64::try_from(hash(uid) % tenth.max(1).unsigned_abs()).unwrap_or(0);
    interval.saturating_add(SignedDuration::from_secs(extra))
}

/// Returns `interval` with up to a twentieth less, by the object's UID.
pub fn ahead(uid: &str, interval: SignedDuration) -> SignedDuration {
    let twentieth = interval.as_secs() / 20;
    let less = i64::try_from(hash(uid) % twentieth.max(1).unsigned_abs()).unwrap_or(0);
    interval.saturating_sub(SignedDuration::from_secs(less))
}

/// Returns `first` doubled with every failure in a row after the first one, up to `most`.
pub fn backed_off(first: SignedDuration, most: SignedDuration, failures: u32) -> SignedDuration {
    let doublings = failures.saturating_sub(1).min(16);
    first.checked_mul(1 << doublings).unwrap_or(most).min(most)
}

/// Returns half of the time since `since`, within bounds: what has failed for long is looked at seldom. Nothing has to be
/// remembered for it but when the failing began.
pub fn backed_off_since(
    since: Timestamp,
    now: Timestamp,
    soonest: SignedDuration,
    latest: SignedDuration,
) -> SignedDuration {
    (now.duration_since(since) / 2).min(latest).max(soonest)
}

fn hash(uid: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    uid.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_ahead_and_comes_back_every_interval() {
        let interval = SignedDuration::from_mins(5);
        let start = Timestamp::from_second(1_000_000).unwrap();
        let first = next_slot("uid", interval, start);
        assert!(first > start && first.duration_since(start) <= interval);
        assert_eq!(
            next_slot("uid", interval, first).duration_since(first),
            interval
        );
    }

    #[test]
    fn many_objects_spread_over_the_interval() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut tenths = [0; 10];
        for n in 0..1000 {
            let slot = next_slot(&format!("uid-{n}"), SignedDuration::from_secs(100), now);
            let index = usize::try_from((slot.as_second() - 1_000_001) / 10).unwrap();
            tenths[index] += 1;
        }
        assert!(
            tenths.iter().all(|count| (60..=140).contains(count)),
            "{tenths:?}"
        );
    }

    #[test]
    fn back_off_doubles_up_to_its_bound() {
        let (first, most) = (SignedDuration::from_secs(30), SignedDuration::from_mins(30));
        let seconds: Vec<_> = [1, 2, 3, 7, 100]
            .map(|n| backed_off(first, most, n).as_secs())
            .to_vec();
        assert_eq!(seconds, [30, 60, 120, 1800, 1800]);
    }
}
