//! `RRULE`.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, ToSpan as _};

use super::recurrence::{Moment, days, local, nth_weekday};

/// Periods looked at before giving up on a rule that matches nothing.
const MOST_PERIODS: i64 = 5_000;

/// A part of RFC 5545 that the sandbox does not expand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsupported(pub(crate) String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A parsed rule.
#[derive(Debug)]
pub(crate) struct Rule {
    frequency: Frequency,
    interval: i64,
    count: Option<usize>,
    until: Option<String>,
    /// Position (0: every) and weekday.
    by_day: Vec<(i8, Weekday)>,
    by_month_day: Vec<i8>,
    by_month: Vec<i8>,
    week_start: Weekday,
}

impl Rule {
    pub(crate) fn parse(text: &str) -> Result<Self, Unsupported> {
        let refused = |what: &str| Unsupported(format!("RRULE:{text} ({what})"));
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            week_start: Weekday::Monday,
        };
        let mut frequency = None;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| refused(part))?;
            if name == "FREQ" {
                frequency = Some(self::frequency(value).ok_or_else(|| refused(part))?);
            } else {
                rule.add(name, value).ok_or_else(|| refused(part))?;
            }
        }
        rule.frequency = frequency.ok_or_else(|| refused("no FREQ"))?;
        let yearly_weekday = rule.frequency == Frequency::Yearly && rule.by_month.is_empty();
        if yearly_weekday && !rule.by_day.is_empty() {
            return Err(refused("BYDAY of a year"));
        }
        Ok(rule)
    }

    fn add(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "INTERVAL" => self.interval = value.parse().ok().filter(|interval| *interval > 0)?,
            "COUNT" => self.count = Some(value.parse().ok()?),
            "UNTIL" => self.until = Some(value.to_owned()),
            "WKST" => self.week_start = weekday(value)?,
            "BYDAY" => self.by_day = value.split(',').map(day).collect::<Option<_>>()?,
            "BYMONTHDAY" => self.by_month_day = numbers(value)?,
            "BYMONTH" => self.by_month = numbers(value)?,
            _ => return None,
        }
        Some(())
    }

    /// The wall times at which instances start, at most `most` if there is no end.
    pub(crate) fn starts(&self, start: &Moment, most: usize) -> Result<Vec<DateTime>, Unsupported> {
        let first = start.civil();
        let until = match &self.until {
            Some(text) => {
                let until = local(text, None, start);
                Some(until.ok_or_else(|| Unsupported(format!("UNTIL={text}")))?)
            }
            None => None,
        };
        let most = self.count.unwrap_or(most).min(most);
        let mut starts = Vec::new();
        for period in 0..MOST_PERIODS {
            let Some(mut dates) = self.dates(first.date(), period) else {
                break;
            };
            dates.sort_unstable();
            for date in dates.into_iter().filter(|date| *date >= first.date()) {
                let at = date.to_datetime(first.time());
                if starts.len() >= most || until.is_some_and(|until| at > until) {
                    return Ok(starts);
                }
                starts.push(at);
            }
        }
        Ok(starts)
    }

    /// The dates of the n-th period; `None` beyond the end of time.
    fn dates(&self, first: Date, period: i64) -> Option<Vec<Date>> {
        let step = period.checked_mul(self.interval)?;
        let dates = match self.frequency {
            Frequency::Daily => vec![first.checked_add(days(step)).ok()?],
            Frequency::Weekly => self.week(first, step)?,
            Frequency::Monthly => self.month(
                first.first_of_month().checked_add(months(step)?).ok()?,
                first,
            ),
            Frequency::Yearly => self.year(first, step)?,
        };
        Some(
            dates
                .into_iter()
                .filter(|date| self.admits(*date))
                .collect(),
        )
    }

    fn week(&self, first: Date, step: i64) -> Option<Vec<Date>> {
        let since = i64::from(first.weekday().since(self.week_start));
        let monday = first
            .checked_sub(days(since))
            .ok()?
            .checked_add(days(step.checked_mul(7)?))
            .ok()?;
        if self.by_day.is_empty() {
            return Some(vec![monday.checked_add(days(since)).ok()?]);
        }
        let offsets = self
            .by_day
            .iter()
            .map(|(_, day)| i64::from(day.since(self.week_start)));
        Some(
            offsets
                .filter_map(|offset| monday.checked_add(days(offset)).ok())
                .collect(),
        )
    }

    fn month(&self, month: Date, first: Date) -> Vec<Date> {
        let on = |day: i8| {
            let day = if day < 0 {
                month.days_in_month() + 1 + day
            } else {
                day
            };
            Date::new(month.year(), month.month(), day).ok()
        };
        if !self.by_month_day.is_empty() {
            return self
                .by_month_day
                .iter()
                .filter_map(|day| on(*day))
                .collect();
        }
        if self.by_day.is_empty() {
            return on(first.day()).into_iter().collect();
        }
        let positions = |nth: i8| {
            if nth == 0 {
                (1..=5).collect()
            } else {
                vec![nth]
            }
        };
        let dates = self.by_day.iter().flat_map(|(nth, weekday)| {
            positions(*nth)
                .into_iter()
                .filter_map(|nth| nth_weekday(month, *weekday, nth))
        });
        dates.collect()
    }

    fn year(&self, first: Date, step: i64) -> Option<Vec<Date>> {
        let year = first.year().checked_add(i16::try_from(step).ok()?)?;
        let own = [first.month()];
        let months = if self.by_month.is_empty() {
            &own[..]
        } else {
            &self.by_month
        };
        let firsts = months
            .iter()
            .filter_map(|month| Date::new(year, *month, 1).ok());
        let dates: Vec<Date> = firsts.flat_map(|month| self.month(month, first)).collect();
        (year < 9999).then_some(dates)
    }

    /// Whether the parts of the rule that only narrow let a date pass.
    fn admits(&self, date: Date) -> bool {
        let month = self.by_month.is_empty() || self.by_month.contains(&date.month());
        let weekday =
            self.by_day.is_empty() || self.by_day.iter().any(|(_, day)| *day == date.weekday());
        let from_end = date.day() - date.days_in_month() - 1;
        let day = self.by_month_day.is_empty()
            || self
                .by_month_day
                .iter()
                .any(|day| *day == date.day() || *day == from_end);
        month && weekday && day
    }
}

fn frequency(text: &str) -> Option<Frequency> {
    match text {
        "DAILY" => Some(Frequency::Daily),
        "WEEKLY" => Some(Frequency::Weekly),
        "MONTHLY" => Some(Frequency::Monthly),
        "YEARLY" => Some(Frequency::Yearly),
        _ => None,
    }
}

fn months(count: i64) -> Option<Span> {
    Some(i32::try_from(count).ok()?.months())
}

fn numbers(text: &str) -> Option<Vec<i8>> {
    text.split(',')
        .map(|number| number.trim().parse().ok().filter(|number| *number != 0))
        .collect()
}

fn weekday(text: &str) -> Option<Weekday> {
    match text {
        "MO" => Some(Weekday::Monday),
        "TU" => Some(Weekday::Tuesday),
        "WE" => Some(Weekday::Wednesday),
        "TH" => Some(Weekday::Thursday),
        "FR" => Some(Weekday::Friday),
        "SA" => Some(Weekday::Saturday),
        "SU" => Some(Weekday::Sunday),
        _ => None,
    }
}

/// `MO`, `1FR`, `-1SU`.
fn day(text: &str) -> Option<(i8, Weekday)> {
    let text = text.trim();
    let (nth, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let nth = if nth.is_empty() {
        0
    } else {
        nth.parse().ok().filter(|nth| (-5..=5).contains(nth))?
    };
    Some((nth, weekday(name)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn starts(start: &str, rule: &str) -> Vec<String> {
        let start = Moment::parse(&json!({ "date": start })).unwrap();
        let starts = Rule::parse(rule).unwrap().starts(&start, 730).unwrap();
        starts.iter().map(|at| at.date().to_string()).collect()
    }

    /// Expected values are those of RFC 5545, section 3.8.5.3, moved to 2026 where its examples need it.
    #[test]
    fn rules_give_the_dates_of_the_standard() {
        for (start, rule, expected) in [
            (
                "1997-09-02",
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,TH;WKST=SU",
                "1997-09-02 1997-09-04 1997-09-16 1997-09-18",
            ),
            (
                "1997-09-05",
                "FREQ=MONTHLY;COUNT=3;BYDAY=1FR",
                "1997-09-05 1997-10-03 1997-11-07",
            ),
            (
                "1997-09-22",
                "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO",
                "1997-09-22 1997-10-20 1997-11-17",
            ),
            (
                "1997-09-28",
                "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3",
                "1997-09-28 1997-10-29 1997-11-28",
            ),
            (
                "1997-08-05",
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
                "1997-08-05 1997-08-10 1997-08-19 1997-08-24",
            ),
            (
                "1997-08-05",
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
                "1997-08-05 1997-08-17 1997-08-19 1997-08-31",
            ),
            (
                "1997-06-10",
                "FREQ=YEARLY;COUNT=4;BYMONTH=6,7",
                "1997-06-10 1997-07-10 1998-06-10 1998-07-10",
            ),
            (
                "1996-11-05",
                "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
                "1996-11-05 2000-11-07 2004-11-02",
            ),
            (
                "2026-01-31",
                "FREQ=MONTHLY;COUNT=3",
                "2026-01-31 2026-03-31 2026-05-31",
            ),
            ("2024-02-29", "FREQ=YEARLY;COUNT=2", "2024-02-29 2028-02-29"),
            (
                "2026-01-01",
                "FREQ=DAILY;UNTIL=20260103",
                "2026-01-01 2026-01-02 2026-01-03",
            ),
        ] {
            assert_eq!(starts(start, rule).join(" "), expected, "{rule}");
        }
    }

    #[test]
    fn endless_and_empty_rules_end() {
        assert_eq!(starts("2026-01-01", "FREQ=DAILY").len(), 730);
        assert_eq!(
            starts("2026-01-01", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").len(),
            0
        );
    }

    #[test]
    fn the_rest_is_refused() {
        for rule in [
            "FREQ=HOURLY",
            "FREQ=MONTHLY;BYSETPOS=1;BYDAY=MO",
            "FREQ=YEARLY;BYDAY=20MO",
            "COUNT=3",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ",
        ] {
            assert!(Rule::parse(rule).is_err(), "{rule}");
        }
    }
}
