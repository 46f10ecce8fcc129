//! Generated events.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::words::{DOMAINS, PEOPLE, PLACES, SENTENCES, TOPICS, ZONES};
use crate::corpus::recurrence;
use crate::random::{mix, pick, word};
use crate::scenario::Resource;

/// The characters of event ids.
pub(crate) const ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// An event id from a number.
pub(crate) fn id_from(number: u64) -> String {
    let digits = (0..26_u64).map(|place| {
        let digit = mix(number, place) % 32;
        usize::try_from(digit)
            .ok()
            .and_then(|digit| ID_ALPHABET.get(digit))
            .map_or('0', |byte| char::from(*byte))
    });
    digits.collect()
}

/// Series, all-day and private events, guests and time zones; some series have a cancelled and a moved instance.
pub(crate) fn events(seed: u64, count: u32, epoch: i64) -> Vec<Resource> {
    let made = (0..u64::from(count)).flat_map(|nth| {
        let number = mix(seed, nth);
        let event = event(number, nth, epoch);
        let exceptions = if nth % 9 == 4 {
            exceptions(&event)
        } else {
            Vec::new()
        };
        std::iter::once(event).chain(exceptions)
    });
    made.collect()
}

fn event(number: u64, nth: u64, epoch: i64) -> Resource {
    let mut event = Resource::new();
    event.insert("id".to_owned(), json!(id_from(number)));
    event.insert(
        "summary".to_owned(),
        json!(format!("{} #{nth}", word(TOPICS, number))),
    );
    if !number.is_multiple_of(3) {
        event.insert(
            "description".to_owned(),
            json!(word(SENTENCES, number >> 6)),
        );
    }
    let place = word(PLACES, number >> 9);
    if !place.is_empty() {
        event.insert("location".to_owned(), json!(place));
    }
    when(number, nth, epoch, &mut event);
    if number.is_multiple_of(7) {
        event.insert("visibility".to_owned(), json!("private"));
    }
    if number % 8 == 1 {
        event.insert("transparency".to_owned(), json!("transparent"));
    }
    guests(number, &mut event);
    event
}

fn when(number: u64, nth: u64, epoch: i64, event: &mut Resource) {
    // Half a year before the epoch to half a year after it, on the half hour.
    let half_hours = i64::try_from((number >> 12) % (365 * 48)).unwrap_or(0) - 180 * 48;
    let zone = TimeZone::get(word(ZONES, number >> 30)).unwrap_or(TimeZone::UTC);
    let start = Timestamp::from_millisecond(epoch + half_hours * 30 * 60_000).unwrap_or_default();
    let start = start.to_zoned(zone);
    if nth % 6 == 5 {
        let days = i64::try_from(1 + number % 3).unwrap_or(1);
        let last = start
            .date()
            .checked_add(SignedDuration::from_hours(24 * days));
        event.insert(
            "start".to_owned(),
            json!({ "date": start.date().to_string() }),
        );
        event.insert(
            "end".to_owned(),
            json!({ "date": last.unwrap_or_else(|_| start.date()).to_string() }),
        );
        return;
    }
    let minutes = i64::try_from(15 * (1 + number % 8)).unwrap_or(30);
    let end = start
        .checked_add(SignedDuration::from_mins(minutes))
        .unwrap_or_else(|_| start.clone());
    event.insert("start".to_owned(), moment(&start));
    event.insert("end".to_owned(), moment(&end));
    let rule = match nth % 9 {
        4 => Some("RRULE:FREQ=WEEKLY;COUNT=12".to_owned()),
        7 => Some("RRULE:FREQ=MONTHLY;COUNT=6".to_owned()),
        8 => Some("RRULE:FREQ=DAILY;COUNT=10;INTERVAL=2".to_owned()),
        _ => None,
    };
    if let Some(rule) = rule {
        event.insert("recurrence".to_owned(), json!([rule]));
    }
}

fn moment(at: &jiff::Zoned) -> Value {
    json!({ "dateTime": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "timeZone": at.time_zone().iana_name().unwrap_or("UTC") })
}

fn guests(number: u64, event: &mut Resource) {
    let answers = ["accepted", "declined", "tentative", "needsAction"];
    let guests = (0..number % 5).filter_map(|nth| {
        let number = mix(number, nth);
        let (name, local) = pick(PEOPLE, number)?;
        Some(json!({ "email": format!("{local}@{}", word(DOMAINS.get(..4)?, number >> 8)), "displayName": name,
            "responseStatus": word(&answers, number >> 16) }))
    });
    let guests: Vec<Value> = guests.collect();
    if !guests.is_empty() {
        event.insert("attendees".to_owned(), Value::Array(guests));
    }
}

/// One cancelled and one renamed instance.
fn exceptions(series: &Resource) -> Vec<Resource> {
    let instances = recurrence::expand(series, i64::MIN, i64::MAX).unwrap_or_default();
    let nth = |nth: usize| instances.get(nth).map(|instance| instance.resource(series));
    let cancelled = nth(1).map(|mut instance| {
        instance.insert("status".to_owned(), json!("cancelled"));
        instance
    });
    let renamed = nth(2).map(|mut instance| {
        instance.insert("summary".to_owned(), json!("moved to another topic"));
        instance
    });
    cancelled.into_iter().chain(renamed).collect()
}
