//! Events that are described the way Google's Calendar does it, as generators and calendar files give them.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::event::from_neutral;
use super::store::{Calendar, Event};
use crate::corpus::recurrence::{self, Moment};
use crate::scenario::Resource;

/// Puts events into a calendar: series first, then what is different about single occurrences of theirs.
pub(crate) fn fill(calendar: &mut Calendar, events: &[Resource], owner: (&str, &str), now: i64) {
    let text =
        |event: &Resource, name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut numbers: HashMap<String, u64> = HashMap::new();
    let (exceptions, whole): (Vec<&Resource>, Vec<&Resource>) = events
        .iter()
        .partition(|event| event.contains_key("recurringEventId"));
    for given in whole {
        let cancelled = text(given, "status").as_deref() == Some("cancelled");
        let Some(event) = from_neutral(given, owner, now).filter(|_| !cancelled) else {
            continue;
        };
        let series = event.rule.is_some();
        let number = calendar.load(event.clone());
        numbers.insert(text(given, "id").unwrap_or_default(), number);
        for original in excluded(given).into_iter().filter(|_| series) {
            calendar.load_exception((number, original), cancelled_from(&event));
        }
    }
    for given in exceptions {
        let cancelled = text(given, "status").as_deref() == Some("cancelled");
        let series = text(given, "recurringEventId").and_then(|id| numbers.get(&id));
        let original = given.get("originalStartTime").and_then(Moment::parse);
        let event = from_neutral(given, owner, now).map(|event| Event {
            rule: None,
            deleted: cancelled,
            ..event
        });
        match (event, series, original) {
            (Some(event), Some(number), Some(original))
                if has_occurrence(calendar, *number, original.ms()) =>
            {
                calendar.load_exception((*number, original.ms()), event);
            }
            // What is an exception of nothing is an event like any other.
            (Some(event), ..) if !cancelled => {
                calendar.load(event);
            }
            _ => {}
        }
    }
}

fn has_occurrence(calendar: &Calendar, number: u64, original: i64) -> bool {
    let all = calendar.occurrences(number);
    all.iter().any(|occurrence| occurrence.original == original)
}

fn cancelled_from(event: &Event) -> Event {
    Event {
        rule: None,
        deleted: true,
        ..event.clone()
    }
}

/// When the occurrences would start that a series leaves out, in milliseconds since 1970.
fn excluded(given: &Resource) -> Vec<i64> {
    let lines = given.get("recurrence").and_then(Value::as_array);
    let rules = lines.into_iter().flatten().filter_map(Value::as_str);
    let rules: Vec<&str> = rules.filter(|line| line.starts_with("RRULE")).collect();
    let mut plain = given.clone();
    plain.insert("recurrence".to_owned(), json!(rules));
    let starts = |event: &Resource| -> Vec<i64> {
        let all = recurrence::expand(event, i64::MIN, i64::MAX).unwrap_or_default();
        let start = |one: recurrence::Instance| {
            one.resource(event)
                .get("start")
                .and_then(Moment::parse)
                .map(|start| start.ms())
        };
        all.into_iter().filter_map(start).collect()
    };
    let kept = starts(given);
    starts(&plain)
        .into_iter()
        .filter(|start| !kept.contains(start))
        .collect()
}
