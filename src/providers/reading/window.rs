//! The `since` of a request as an instant.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Returns the first instant that is wanted: the start of the day, UTC. `None` wants everything.
pub(in crate::providers) fn start(since: Option<Date>) -> Option<Timestamp> {
    let midnight = since?.to_zoned(TimeZone::UTC).ok()?;
    Some(midnight.timestamp())
}

/// Returns whether something of this instant is too old. What has no instant is not.
pub(in crate::providers) fn is_before(at: Option<Timestamp>, start: Option<Timestamp>) -> bool {
    matches!((at, start), (Some(at), Some(start)) if at < start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let day = start(Some(jiff::civil::date(2026, 1, 1)));
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(day, at("2026-01-01T00:00:00Z"));
        assert!(is_before(at("2025-12-31T23:59:59.999Z"), day));
        assert!(!is_before(at("2026-01-01T00:00:00Z"), day));
        assert!(!is_before(at("1990-01-01T00:00:00Z"), None));
        assert!(!is_before(None, day));
    }
}
