//! Recurrence: `RRULE` as a pattern and a range, and back.
//!
//! Source: learn.microsoft.com/graph/api/resources/patternedrecurrence (read 2026-11-22).

use serde_json::{Value, json};

use crate::corpus::recurrence::Moment;
use crate::corpus::rule::Rule;

const DAYS: [(&str, &str); 7] = [
    ("MO", "monday"),
    ("TU", "tuesday"),
    ("WE", "wednesday"),
    ("TH", "thursday"),
    ("FR", "friday"),
    ("SA", "saturday"),
    ("SU", "sunday"),
];
const INDEXES: [(&str, &str); 5] = [
    ("1", "first"),
    ("2", "second"),
    ("3", "third"),
    ("4", "fourth"),
    ("-1", "last"),
];
const NO_END: &str = "0001-01-01";

fn part<'a>(rule: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
    parts
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

fn day_name(code: &str) -> Option<&'static str> {
    DAYS.iter()
        .find(|(known, _)| *known == code)
        .map(|(_, name)| *name)
}

fn day_code(name: &str) -> Option<&'static str> {
    DAYS.iter()
        .find(|(_, known)| *known == name)
        .map(|(code, _)| *code)
}

/// Whether a rule has a pattern and the sandbox can expand it.
pub(crate) fn is_supported(rule: &str) -> bool {
    let days: Vec<&str> = part(rule, "BYDAY")
        .into_iter()
        .flat_map(|days| days.split(','))
        .collect();
    let plain = |name: &str| part(rule, name).is_none_or(|value| !value.contains(','));
    let frequency = part(rule, "FREQ").unwrap_or_default();
    let fits = match frequency {
        "DAILY" => days.is_empty(),
        "WEEKLY" => days.iter().all(|day| day.len() == 2),
        "MONTHLY" | "YEARLY" => match days.as_slice() {
            [] => true,
            [day] => INDEXES
                .iter()
                .any(|(index, _)| day.len() > 2 && day.strip_suffix(tail(day)) == Some(*index)),
            _ => false,
        },
        _ => false,
    };
    let narrowed = match frequency {
        "YEARLY" => plain("BYMONTH") && (days.is_empty() || part(rule, "BYMONTH").is_some()),
        _ => part(rule, "BYMONTH").is_none(),
    };
    let month_day = part(rule, "BYMONTHDAY").is_none_or(|day| day.parse::<u8>().is_ok());
    fits && narrowed && month_day && Rule::parse(rule).is_ok()
}

/// The last two letters: the weekday of `-1SU`.
fn tail(day: &str) -> &str {
    let at = day.len().saturating_sub(2);
    day.get(at..).unwrap_or_default()
}

/// `{"pattern", "range"}`.
pub(crate) fn shown(rule: &str, start: &Moment) -> Value {
    let first = start.civil().date();
    let number = |name: &str, default: i64| -> i64 {
        part(rule, name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    let days: Vec<&str> = part(rule, "BYDAY")
        .into_iter()
        .flat_map(|days| days.split(','))
        .collect();
    let names: Vec<&str> = days.iter().filter_map(|day| day_name(tail(day))).collect();
    let relative = days.first().filter(|day| day.len() > 2).map(|day| {
        let index = day.strip_suffix(tail(day)).unwrap_or_default();
        INDEXES
            .iter()
            .find(|(known, _)| *known == index)
            .map_or("first", |(_, name)| *name)
    });
    let kind = match (part(rule, "FREQ"), relative) {
        (Some("WEEKLY"), _) => "weekly",
        (Some("MONTHLY"), Some(_)) => "relativeMonthly",
        (Some("MONTHLY"), None) => "absoluteMonthly",
        (Some("YEARLY"), Some(_)) => "relativeYearly",
        (Some("YEARLY"), None) => "absoluteYearly",
        _ => "daily",
    };
    let own_day = first.weekday().to_monday_zero_offset();
    let own_day = usize::try_from(own_day).ok().and_then(|at| DAYS.get(at));
    let weekday = own_day.map_or("monday", |(_, name)| *name);
    let weekdays = match (kind, names.is_empty()) {
        ("weekly", true) => vec![weekday],
        _ => names,
    };
    let yearly = kind.ends_with("Yearly");
    let by_date = kind.starts_with("absolute");
    json!({
        "pattern": {
            "type": kind,
            "interval": number("INTERVAL", 1),
            "month": if yearly { number("BYMONTH", first.month().into()) } else { 0 },
            "dayOfMonth": if by_date { number("BYMONTHDAY", first.day().into()) } else { 0 },
            "daysOfWeek": weekdays,
            "firstDayOfWeek": part(rule, "WKST").and_then(day_name).unwrap_or("monday"),
            "index": relative.unwrap_or("first"),
        },
        "range": range(rule, start),
    })
}

fn range(rule: &str, start: &Moment) -> Value {
    let zone = match start {
        Moment::Day(_) => "UTC",
        Moment::At(_, zone) => zone.iana_name().unwrap_or("UTC"),
    };
    let until = part(rule, "UNTIL").and_then(|until| {
        Some(format!(
            "{}-{}-{}",
            until.get(..4)?,
            until.get(4..6)?,
            until.get(6..8)?
        ))
    });
    let count = part(rule, "COUNT").and_then(|count| count.parse::<u32>().ok());
    let kind = match (count, &until) {
        (Some(_), _) => "numbered",
        (None, Some(_)) => "endDate",
        (None, None) => "noEnd",
    };
    json!({
        "type": kind,
        "startDate": start.civil().date().to_string(),
        "endDate": until.unwrap_or_else(|| NO_END.to_owned()),
        "recurrenceTimeZone": zone,
        "numberOfOccurrences": count.unwrap_or(0),
    })
}

/// The rule of a pattern and a range; `None` for what has no rule or cannot be expanded.
pub(crate) fn read(recurrence: &Value, start: &Moment) -> Option<String> {
    let (pattern, range) = (recurrence.get("pattern")?, recurrence.get("range")?);
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let number =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).filter(|n| *n > 0);
    let kind = text(pattern, "type")?;
    let frequency = match kind.as_str() {
        "daily" => "DAILY",
        "weekly" => "WEEKLY",
        "absoluteMonthly" | "relativeMonthly" => "MONTHLY",
        "absoluteYearly" | "relativeYearly" => "YEARLY",
        _ => return None,
    };
    let mut rule = format!("FREQ={frequency}");
    let mut add = |name: &str, value: String| {
        rule.extend([";", name, "=", value.as_str()]);
    };
    if let Some(interval) = number(pattern, "interval").filter(|interval| *interval > 1) {
        add("INTERVAL", interval.to_string());
    }
    let days = pattern.get("daysOfWeek").and_then(Value::as_array);
    let days = days
        .into_iter()
        .flatten()
        .filter_map(|day| day_code(day.as_str()?));
    let days: Vec<&str> = days.collect();
    match kind.as_str() {
        "weekly" if !days.is_empty() => add("BYDAY", days.join(",")),
        "relativeMonthly" | "relativeYearly" => {
            let index = text(pattern, "index").unwrap_or_else(|| "first".to_owned());
            let index = INDEXES.iter().find(|(_, name)| *name == index)?.0;
            add("BYDAY", format!("{index}{}", days.first()?));
        }
        "absoluteMonthly" | "absoluteYearly" => {
            let own = u64::try_from(start.civil().day()).unwrap_or(1);
            add(
                "BYMONTHDAY",
                number(pattern, "dayOfMonth").unwrap_or(own).to_string(),
            );
        }
        _ => {}
    }
    if let Some(month) = number(pattern, "month").filter(|_| frequency == "YEARLY") {
        add("BYMONTH", month.to_string());
    }
    match text(range, "type")?.as_str() {
        "numbered" => add("COUNT", number(range, "numberOfOccurrences")?.to_string()),
        "endDate" => add(
            "UNTIL",
            format!("{}T235959Z", text(range, "endDate")?.replace('-', "")),
        ),
        "noEnd" => {}
        _ => return None,
    }
    Some(rule).filter(|rule| Rule::parse(rule).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_survive_the_way() {
        let start = Moment::parse(
            &json!({ "dateTime": "2026-11-04T09:00:00+01:00", "timeZone": "Europe/Berlin" }),
        );
        let start = start.unwrap();
        for rule in [
            "FREQ=DAILY;INTERVAL=2;COUNT=10",
            "FREQ=WEEKLY;BYDAY=WE",
            "FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261231T235959Z",
            "FREQ=MONTHLY;BYMONTHDAY=4;COUNT=6",
            "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
            "FREQ=YEARLY;BYMONTHDAY=4;BYMONTH=11",
            "FREQ=YEARLY;BYDAY=1WE;BYMONTH=11;COUNT=2",
        ] {
            assert!(is_supported(rule), "{rule}");
            assert_eq!(read(&shown(rule, &start), &start).as_deref(), Some(rule));
        }
        let weekly = shown("FREQ=WEEKLY;COUNT=2", &start);
        assert_eq!(weekly["pattern"]["daysOfWeek"], json!(["wednesday"]));
        assert_eq!(weekly["range"]["recurrenceTimeZone"], "Europe/Berlin");
    }

    #[test]
    fn what_has_no_pattern_is_known() {
        for rule in [
            "FREQ=HOURLY",
            "FREQ=MONTHLY;BYDAY=1MO,2TU",
            "FREQ=MONTHLY;BYDAY=MO",
            "FREQ=YEARLY;BYMONTH=1,2",
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "FREQ=DAILY;BYDAY=MO",
        ] {
            assert!(!is_supported(rule), "{rule}");
        }
    }
}
