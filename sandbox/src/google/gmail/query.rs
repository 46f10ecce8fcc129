//! The part of Gmail's search language that the sandbox understands. Anything else is refused rather than guessed.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use super::labels::{self, LabelSet, LabelTable};
use super::mailbox::Message;
use crate::google::errors::ApiError;

/// A search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Query {
    /// Milliseconds since 1970, inclusive.
    from: i64,
    /// Milliseconds since 1970, exclusive.
    until: i64,
    pub(crate) labels: LabelSet,
    without: LabelSet,
    /// Spam and trash are included.
    pub(crate) anywhere: bool,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            from: i64::MIN,
            until: i64::MAX,
            labels: LabelSet::default(),
            without: LabelSet::default(),
            anywhere: false,
        }
    }
}

impl Query {
    pub(crate) fn parse(text: &str, labels: &LabelTable, now: i64) -> Result<Self, ApiError> {
        let mut query = Self::default();
        for term in text.split_whitespace() {
            query.add(term, labels, now).ok_or_else(|| {
                ApiError::invalid_argument(format!(
                    "The sandbox does not understand this search: {term}"
                ))
            })?;
        }
        Ok(query)
    }

    fn add(&mut self, term: &str, labels: &LabelTable, now: i64) -> Option<()> {
        let (operator, value) = term.split_once(':')?;
        match operator {
            "after" | "newer" => self.from = self.from.max(instant(value)?),
            "before" | "older" => self.until = self.until.min(instant(value)?),
            "newer_than" => self.from = self.from.max(ago(value, now)?),
            "older_than" => self.until = self.until.min(ago(value, now)?),
            "in" if value == "anywhere" => self.anywhere = true,
            "in" | "label" => self.labels = self.labels.with(labels.find_by_name(value)?),
            "-in" | "-label" => self.without = self.without.with(labels.find_by_name(value)?),
            "is" => self.be(value)?,
            _ => return None,
        }
        Some(())
    }

    fn be(&mut self, value: &str) -> Option<()> {
        match value {
            "unread" => self.labels = self.labels.with(labels::UNREAD),
            "read" => self.without = self.without.with(labels::UNREAD),
            "starred" => self.labels = self.labels.with(labels::STARRED),
            "important" => self.labels = self.labels.with(labels::IMPORTANT),
            _ => return None,
        }
        Some(())
    }

    pub(crate) fn fits(&self, message: &Message) -> bool {
        (self.from..self.until).contains(&message.date)
            && message.labels.contains(self.labels)
            && !message.labels.overlaps(self.without)
    }
}

/// Seconds since 1970, or a day (Gmail takes midnight in the person's zone; the sandbox takes UTC).
fn instant(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    let mut parts = text.split(['/', '-']);
    let year: i16 = parts.next()?.parse().ok()?;
    let month: i8 = parts.next()?.parse().ok()?;
    let day: i8 = parts.next()?.parse().ok()?;
    let date = Date::new(year, month, day)
        .ok()
        .filter(|_| parts.next().is_none())?;
    Some(
        date.to_zoned(TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond(),
    )
}

/// `3d`, `2m`, `1y`, `12h` before now.
fn ago(text: &str, now: i64) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i32 = number.parse().ok().filter(|number| *number >= 0)?;
    let span = match unit {
        "h" => number.hours(),
        "d" => number.days(),
        "m" => number.months(),
        "y" => number.years(),
        _ => return None,
    };
    let now = Timestamp::from_millisecond(now)
        .ok()?
        .to_zoned(TimeZone::UTC);
    Some(now.checked_sub(span).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_793_491_200_000;

    fn parse(text: &str) -> Result<Query, ApiError> {
        Query::parse(text, &LabelTable::default(), NOW)
    }

    #[test]
    fn terms_narrow() {
        let query =
            parse("after:2026/10/01 before:1793491200 label:inbox -in:spam is:unread").unwrap();
        assert_eq!(query.from, 1_790_812_800_000);
        assert_eq!(query.until, NOW);
        assert_eq!(
            query.labels,
            LabelSet::default().with(labels::INBOX).with(labels::UNREAD)
        );
        assert_eq!(query.without, LabelSet::default().with(labels::SPAM));
        assert_eq!(parse("newer_than:2d").unwrap().from, NOW - 2 * 86_400_000);
        assert_eq!(parse("newer_than:1m").unwrap().from, 1_790_812_800_000);
        assert!(parse("in:anywhere").unwrap().anywhere);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "from:peter",
            "hello",
            "after:tomorrow",
            "after:2026/13/01",
            "newer_than:3w",
            "newer_than:d",
            "label:nope",
            "newer_than:é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
