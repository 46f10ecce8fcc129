//! The vendor's recurrence as an iCalendar line.
//!
//! Source: learn.microsoft.com/graph/api/resources/recurrencepattern and …/recurrencerange, read 2026-11-22; RFC 5545,
//! 3.3.10.

use super::wire::{Pattern, Range, Recurrence};

/// Returns the rule, or none where the pattern is not one of the documented.
pub(super) fn line(recurrence: &Recurrence) -> Option<String> {
    let Recurrence { pattern, range } = recurrence;
    let mut parts = vec![format!("FREQ={}", frequency(&pattern.kind)?)];
    if pattern.interval > 1 {
        parts.push(format!("INTERVAL={}", pattern.interval));
    }
    parts.extend(ending(range));
    parts.extend(days(pattern)?);
    if pattern.kind == "weekly" {
        let first = pattern.first_day_of_week.as_deref().and_then(day);
        parts.extend(first.map(|day| format!("WKST={day}")));
    }
    Some(format!("RRULE:{}", parts.join(";")))
}

fn frequency(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "daily" => "DAILY",
        "weekly" => "WEEKLY",
        "absoluteMonthly" | "relativeMonthly" => "MONTHLY",
        "absoluteYearly" | "relativeYearly" => "YEARLY",
        _ => return None,
    })
}

fn ending(range: &Range) -> Option<String> {
    match range.kind.as_str() {
        "endDate" => {
            let date = range.end_date.as_deref()?.replace('-', "");
            Some(format!("UNTIL={date}"))
        }
        "numbered" => Some(format!("COUNT={}", range.number_of_occurrences)),
        _ => None,
    }
}

fn days(pattern: &Pattern) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    if pattern.kind.ends_with("Yearly") {
        parts.push(format!("BYMONTH={}", pattern.month));
    }
    match pattern.kind.as_str() {
        "absoluteMonthly" | "absoluteYearly" => {
            parts.push(format!("BYMONTHDAY={}", pattern.day_of_month));
        }
        "weekly" => parts.push(format!("BYDAY={}", named(pattern, "")?)),
        "relativeMonthly" | "relativeYearly" => {
            let place = match pattern.index.as_deref() {
                None | Some("first") => "1",
                Some("second") => "2",
                Some("third") => "3",
                Some("fourth") => "4",
                Some("last") => "-1",
                Some(_) => return None,
            };
            // Of several days the first that fits counts, not each of them.
            if pattern.days_of_week.len() > 1 {
                parts.push(format!("BYDAY={}", named(pattern, "")?));
                parts.push(format!("BYSETPOS={place}"));
            } else {
                parts.push(format!("BYDAY={}", named(pattern, place)?));
            }
        }
        _ => {}
    }
    Some(parts)
}

fn named(pattern: &Pattern, place: &str) -> Option<String> {
    let days: Option<Vec<String>> = pattern
        .days_of_week
        .iter()
        .map(|name| Some(format!("{place}{}", day(name)?)))
        .collect();
    days.map(|days| days.join(","))
}

fn day(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "monday" => "MO",
        "tuesday" => "TU",
        "wednesday" => "WE",
        "thursday" => "TH",
        "friday" => "FR",
        "saturday" => "SA",
        "sunday" => "SU",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[rstest]
    #[case(json!({"type": "daily", "interval": 1}), json!({"type": "noEnd"}), "FREQ=DAILY")]
    #[case(json!({"type": "daily", "interval": 3}), json!({"type": "numbered", "numberOfOccurrences": 10}),
           "FREQ=DAILY;INTERVAL=3;COUNT=10")]
    #[case(json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "sunday"}),
           json!({"type": "endDate", "endDate": "2026-06-30"}),
           "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260630;BYDAY=MO,FR;WKST=SU")]
    #[case(json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15}), json!({"type": "noEnd"}),
           "FREQ=MONTHLY;BYMONTHDAY=15")]
    #[case(json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"], "index": "last"}),
           json!({"type": "noEnd"}), "FREQ=MONTHLY;BYDAY=-1TU")]
    #[case(json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday", "tuesday"], "index": "second"}),
           json!({"type": "noEnd"}), "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2")]
    #[case(json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 24, "month": 12}), json!({"type": "noEnd"}),
           "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24")]
    #[case(json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["thursday"], "index": "fourth", "month": 11}),
           json!({"type": "noEnd"}), "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH")]
    fn each_pattern_has_its_line(
        #[case] pattern: Value,
        #[case] range: Value,
        #[case] expected: &str,
    ) {
        let recurrence = json!({"pattern": pattern, "range": range});
        let recurrence: Recurrence = serde_json::from_value(recurrence).unwrap();
        assert_eq!(line(&recurrence), Some(format!("RRULE:{expected}")));
    }

    #[test]
    fn what_is_not_documented_is_no_rule() {
        let recurrence = json!({"pattern": {"type": "hourly"}, "range": {}});
        let recurrence: Recurrence = serde_json::from_value(recurrence).unwrap();
        assert_eq!(line(&recurrence), None);
    }
}
