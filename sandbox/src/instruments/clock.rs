//! The vendor's clock, which can be made to be off.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Real time plus an offset.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset: AtomicI64,
}

impl Clock {
    /// The vendor's time in milliseconds since 1970, UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        let real = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        i64::try_from(real)
            .unwrap_or(i64::MAX)
            .saturating_add(self.offset_seconds() * 1000)
    }

    /// The vendor's time in seconds since 1970, UTC.
    pub(crate) fn now_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    pub(crate) fn offset_seconds(&self) -> i64 {
        self.offset.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        self.offset.store(seconds, Ordering::Relaxed);
    }

    /// The `Date` header, or none when the server's own is right.
    pub(crate) fn date_header(&self) -> Option<String> {
        (self.offset_seconds() != 0).then(|| {
            let now = Timestamp::from_second(self.now_seconds()).unwrap_or_default();
            now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        })
    }
}

/// `2026-11-01T09:30:00Z`.
pub(crate) fn rfc3339_seconds(ms: i64) -> String {
    utc(ms).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-11-01T09:30:00.000Z`, the way the vendors print instants.
pub(crate) fn rfc3339(ms: i64) -> String {
    utc(ms).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The date and the time at an instant in milliseconds since 1970, up to the end of the year 9999, which is further than
/// [`Timestamp`] reaches and which vendors mean by "never".
pub(crate) fn utc(ms: i64) -> DateTime {
    let since = SignedDuration::from_millis(ms);
    EPOCH.checked_add(since).unwrap_or(EPOCH)
}

/// Seconds since 1970 of a date and a time in UTC.
pub(crate) fn seconds_of(at: DateTime) -> i64 {
    at.duration_since(EPOCH).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_moves_the_clock_and_sets_the_header() {
        let clock = Clock::default();
        assert_eq!(clock.date_header(), None);
        let before = clock.now_seconds();
        clock.set_offset(7200);
        assert!(clock.now_seconds() >= before + 7200);
        assert!(
            clock
                .date_header()
                .is_some_and(|date| date.ends_with(" GMT"))
        );
        assert_eq!(rfc3339(1_700_000_000_120), "2023-11-14T22:13:20.120Z");
        let never = 253_402_300_799;
        assert_eq!(rfc3339_seconds(never * 1000), "9999-12-31T23:59:59Z");
        assert_eq!(seconds_of(utc(never * 1000)), never);
    }
}
