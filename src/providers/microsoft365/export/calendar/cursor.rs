//! Where a calendar stands: a window of time and a link into its changes.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::dataset::Dataset;
use crate::providers::microsoft365::NAME;
use crate::providers::microsoft365::api::Link;
use crate::providers::reading::cursor::Place;

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How far back a window goes where nothing is said.
const BACK_DAYS: i32 = 3 * 365;
/// How far ahead it goes.
const AHEAD_DAYS: i32 = 2 * 365;
/// The longest window that the vendor takes.
const MOST_DAYS: i32 = 1_825;
/// How long a window is followed. Then it is laid anew, so that it keeps ahead of the present, and so that what was
/// deleted without a word is found by the sweep.
const FOLLOWED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A place in the stream of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum CalendarPlace {
    /// Nothing is read at this privacy level.
    Off,
    /// In or between rounds over the window.
    At(Window),
    /// The mailbox is full: in or after a plain listing of the window.
    Plain(Plain),
}

impl Place for CalendarPlace {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = Dataset::Calendar;
}

/// How far the window of a full mailbox is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plain {
    /// The window.
    pub(super) window: Window,
    /// Up to where it is listed.
    pub(super) at: Timestamp,
    /// When it was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) listed: Option<Timestamp>,
}

/// How far a window is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window {
    /// The first instant.
    pub(super) from: Timestamp,
    /// The first instant after it.
    pub(super) until: Timestamp,
    /// When it was laid.
    pub(super) laid: Timestamp,
    /// Where it is read next; none from its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Link>,
    /// The first round was completed.
    pub(super) listed: bool,
    /// A round is under way.
    pub(super) open: bool,
}

impl Window {
    /// Lays a window around the present, not before `start`.
    pub(super) fn laid(now: Timestamp, start: Option<Timestamp>) -> Self {
        let today = midnight(now);
        let from = start.unwrap_or_else(|| moved(today, -BACK_DAYS));
        let ahead = moved(today, AHEAD_DAYS).max(moved(from, 1));
        Self {
            from,
            until: ahead.min(moved(from, MOST_DAYS)),
            laid: now,
            at: None,
            listed: false,
            open: false,
        }
    }

    /// Returns whether it is time to lay it anew.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.laid) >= FOLLOWED
    }

    /// Returns whether something of these times is in it. What has no times is.
    pub(super) fn holds(&self, starts: Option<Timestamp>, ends: Option<Timestamp>) -> bool {
        let after = starts.is_some_and(|starts| starts >= self.until);
        let before = ends.or(starts).is_some_and(|ends| ends <= self.from);
        !after && (!before || starts.is_some_and(|starts| starts >= self.from))
    }
}

fn midnight(at: Timestamp) -> Timestamp {
    let day = at.to_zoned(TimeZone::UTC).start_of_day();
    day.map_or(at, |day| day.timestamp())
}

fn moved(at: Timestamp, days: i32) -> Timestamp {
    at.saturating_add(DAY * days).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_never_longer_than_the_vendor_takes() {
        let now = at("2026-11-22T12:34:56Z");
        let window = Window::laid(now, None);
        assert_eq!(window.from, at("2023-11-23T00:00:00Z"));
        assert_eq!(window.until, at("2028-11-21T00:00:00Z"));
        for start in [
            "2001-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z",
            "2040-01-01T00:00:00Z",
        ] {
            let window = Window::laid(now, Some(at(start)));
            let length = window.until.duration_since(window.from);
            assert!(
                length > SignedDuration::ZERO && length <= DAY * MOST_DAYS,
                "{start}"
            );
            assert_eq!(window.from, at(start));
        }
    }

    #[test]
    fn it_is_laid_anew_after_a_week() {
        let window = Window::laid(at("2026-11-22T12:00:00Z"), None);
        assert!(!window.is_old(at("2026-11-29T11:59:59Z")));
        assert!(window.is_old(at("2026-11-29T12:00:00Z")));
    }

    #[test]
    fn what_overlaps_is_in_it() {
        let window = Window {
            from: at("2026-01-01T00:00:00Z"),
            until: at("2026-02-01T00:00:00Z"),
            ..Window::laid(at("2026-01-15T00:00:00Z"), None)
        };
        for (starts, ends, holds) in [
            ("2025-12-31T23:00:00Z", "2026-01-01T00:00:00Z", false),
            ("2025-12-31T23:00:00Z", "2026-01-01T01:00:00Z", true),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", true),
            ("2026-01-31T23:00:00Z", "2026-03-01T00:00:00Z", true),
            ("2026-02-01T00:00:00Z", "2026-02-01T01:00:00Z", false),
        ] {
            assert_eq!(
                window.holds(Some(at(starts)), Some(at(ends))),
                holds,
                "{starts}"
            );
        }
        assert!(window.holds(None, None));
    }
}
