//! Calendar files, as events that the Calendar API could have.

use std::collections::HashMap;

use icalendar::parser::{Component, Property, read_components, unfold};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::{Value, json};

use super::generate::calendar::id_from;
use crate::random::hash;
use crate::scenario::Resource;

/// What a file gives.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each with an `id`.
    pub(crate) events: Vec<Resource>,
    /// Why some of its events cannot be read.
    pub(crate) unreadable: Vec<String>,
}

/// The events of a file; the error says why the file is no calendar.
///
/// Events are read one by one, so that what is wrong with one, or with anything around them, costs no other.
pub(crate) fn events(bytes: &[u8]) -> Result<Found, String> {
    let text = String::from_utf8_lossy(bytes);
    let unfolded = unfold(text.trim_start_matches('\u{feff}'));
    let blocks = blocks(&unfolded);
    let is_calendar = |line: &str| line.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR");
    if blocks.is_empty() && !unfolded.lines().any(is_calendar) {
        return Err("it has neither a calendar nor an event".to_owned());
    }
    let mut found = Found::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    for block in &blocks {
        let components = match read_components(block) {
            Ok(components) => components,
            Err(error) => {
                found.unreadable.push(first_line(&error));
                continue;
            }
        };
        let Some(event) = components.first().and_then(event) else {
            found
                .unreadable
                .push("an event without a readable start".to_owned());
            continue;
        };
        let id = event
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if let Some(known) = places
            .get(&id)
            .and_then(|place| found.events.get_mut(*place))
        {
            *known = event;
        } else {
            places.insert(id, found.events.len());
            found.events.push(event);
        }
    }
    Ok(found)
}

/// The text of each event, from its beginning to its end.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        let line = line.trim_end();
        if line.eq_ignore_ascii_case("BEGIN:VEVENT") {
            current = Some(String::new());
        }
        if let Some(block) = &mut current {
            block.push_str(line);
            block.push_str("\r\n");
        }
        if line.eq_ignore_ascii_case("END:VEVENT") {
            blocks.extend(current.take());
        }
    }
    blocks
}

fn first_line(error: &str) -> String {
    error
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

fn property<'a>(component: &'a Component<'a>, name: &str) -> Option<&'a Property<'a>> {
    component
        .properties
        .iter()
        .find(|property| property.name == name)
}

fn text(component: &Component<'_>, name: &str) -> Option<String> {
    property(component, name).map(|property| unescaped(property.val.as_str()))
}

fn unescaped(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\N", "\n")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
}

fn parameter<'a>(property: &'a Property<'_>, name: &str) -> Option<&'a str> {
    let found = property
        .params
        .iter()
        .find(|parameter| parameter.key == name)?;
    found
        .val
        .as_ref()
        .map(|value| value.as_str().trim_matches('"'))
}

/// An event without a start is no event to Google.
fn event(component: &Component<'_>) -> Option<Resource> {
    let start = moment(property(component, "DTSTART")?)?;
    let end = end(component, &start)?;
    let uid = text(component, "UID").unwrap_or_else(|| format!("{start:?}"));
    let series = id_from(hash(&uid));
    let mut event = Resource::new();
    let original = property(component, "RECURRENCE-ID").and_then(moment);
    match &original {
        Some(original) => {
            event.insert(
                "id".to_owned(),
                json!(format!("{series}_{}", original.suffix())),
            );
            event.insert("recurringEventId".to_owned(), json!(series));
            event.insert("originalStartTime".to_owned(), original.value());
        }
        None => {
            event.insert("id".to_owned(), json!(series));
        }
    }
    event.insert("iCalUID".to_owned(), json!(uid));
    event.insert("start".to_owned(), start.value());
    event.insert("end".to_owned(), end.value());
    describe(component, &mut event);
    let recurrence = recurrence(component);
    if original.is_none() && !recurrence.is_empty() {
        event.insert("recurrence".to_owned(), json!(recurrence));
    }
    Some(event)
}

fn describe(component: &Component<'_>, event: &mut Resource) {
    for (name, field) in [
        ("SUMMARY", "summary"),
        ("DESCRIPTION", "description"),
        ("LOCATION", "location"),
    ] {
        if let Some(text) = text(component, name) {
            event.insert(field.to_owned(), json!(text));
        }
    }
    let lower = |name: &str| text(component, name).map(|text| text.to_lowercase());
    if let Some(status) = lower("STATUS")
        .filter(|status| ["confirmed", "tentative", "cancelled"].contains(&status.as_str()))
    {
        event.insert("status".to_owned(), json!(status));
    }
    if let Some(class) = lower("CLASS")
        .filter(|class| ["public", "private", "confidential"].contains(&class.as_str()))
    {
        event.insert("visibility".to_owned(), json!(class));
    }
    if let Some(transparency) = lower("TRANSP").filter(|text| text == "transparent") {
        event.insert("transparency".to_owned(), json!(transparency));
    }
    if let Some(created) = property(component, "CREATED")
        .and_then(moment)
        .map(|created| created.value())
    {
        event.insert(
            "created".to_owned(),
            created.get("dateTime").cloned().unwrap_or_default(),
        );
    }
    let people: Vec<Value> = component
        .properties
        .iter()
        .filter(|p| p.name == "ATTENDEE")
        .filter_map(attendee)
        .collect();
    if !people.is_empty() {
        event.insert("attendees".to_owned(), Value::Array(people));
    }
    if let Some(organizer) = property(component, "ORGANIZER").and_then(person) {
        event.insert("organizer".to_owned(), organizer);
    }
}

fn person(property: &Property<'_>) -> Option<Value> {
    let value = property.val.as_str();
    let (scheme, rest) = value
        .split_at_checked("mailto:".len())
        .unwrap_or(("", value));
    let address = if scheme.eq_ignore_ascii_case("mailto:") {
        rest
    } else {
        value
    };
    let mut person = json!({ "email": address });
    if let (Some(name), Some(fields)) = (parameter(property, "CN"), person.as_object_mut()) {
        fields.insert("displayName".to_owned(), json!(name));
    }
    address.contains('@').then_some(person)
}

fn attendee(property: &Property<'_>) -> Option<Value> {
    let mut attendee = person(property)?;
    let response = match parameter(property, "PARTSTAT") {
        Some("ACCEPTED") => "accepted",
        Some("DECLINED") => "declined",
        Some("TENTATIVE") => "tentative",
        _ => "needsAction",
    };
    attendee
        .as_object_mut()?
        .insert("responseStatus".to_owned(), json!(response));
    Some(attendee)
}

fn recurrence(component: &Component<'_>) -> Vec<String> {
    let lines = component
        .properties
        .iter()
        .filter(|property| ["RRULE", "RDATE", "EXDATE"].contains(&property.name.as_str()));
    let line = |property: &Property<'_>| {
        let parameters = property.params.iter().filter_map(|parameter| {
            Some(format!(
                ";{}={}",
                parameter.key.as_str(),
                parameter.val.as_ref()?.as_str()
            ))
        });
        format!(
            "{}{}:{}",
            property.name.as_str(),
            parameters.collect::<String>(),
            property.val.as_str()
        )
    };
    lines.map(line).collect()
}

/// A point in a file's time.
#[derive(Debug, Clone)]
enum Point {
    Day(Date),
    At(DateTime, TimeZone),
}

fn moment(property: &Property<'_>) -> Option<Point> {
    let value = property.val.as_str().trim();
    if !value.contains('T') {
        return Some(Point::Day(Date::strptime("%Y%m%d", value).ok()?));
    }
    let (digits, utc) = value
        .strip_suffix('Z')
        .map_or((value, false), |digits| (digits, true));
    let at = DateTime::strptime("%Y%m%dT%H%M%S", digits).ok()?;
    let named = parameter(property, "TZID")
        .and_then(|name| TimeZone::get(name.trim_start_matches('/')).ok());
    let zone = if utc {
        TimeZone::UTC
    } else {
        named.unwrap_or(TimeZone::UTC)
    };
    Some(Point::At(at, zone))
}

/// `DTEND`, else `DTSTART` plus `DURATION`, else a day or nothing.
fn end(component: &Component<'_>, start: &Point) -> Option<Point> {
    if let Some(end) = property(component, "DTEND").and_then(moment) {
        return Some(end);
    }
    let duration = text(component, "DURATION").and_then(|text| text.parse::<Span>().ok());
    Some(match (start, duration) {
        (Point::Day(day), None) => Point::Day(day.tomorrow().ok()?),
        (Point::Day(day), Some(span)) => Point::Day(day.checked_add(span).ok()?),
        (Point::At(at, zone), Some(span)) => Point::At(at.checked_add(span).ok()?, zone.clone()),
        (Point::At(at, zone), None) => {
            Point::At(at.checked_add(SignedDuration::ZERO).ok()?, zone.clone())
        }
    })
}

impl Point {
    fn instant(&self) -> Timestamp {
        match self {
            Self::Day(day) => day.to_zoned(TimeZone::UTC),
            Self::At(at, zone) => at.to_zoned(zone.clone()),
        }
        .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
    }

    fn value(&self) -> Value {
        match self {
            Self::Day(day) => json!({ "date": day.to_string() }),
            Self::At(_, zone) => {
                let at = self.instant().to_zoned(zone.clone());
                json!({ "dateTime": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
                    "timeZone": zone.iana_name().unwrap_or("UTC") })
            }
        }
    }

    fn suffix(&self) -> String {
        match self {
            Self::Day(day) => day.strftime("%Y%m%d").to_string(),
            Self::At(..) => self.instant().strftime("%Y%m%dT%H%M%SZ").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:one@x\r\nDTSTART;TZID=Europe/Berlin:20261019T090000\r\n\
DTEND;TZID=Europe/Berlin:20261019T100000\r\nSUMMARY:Grüße\\, alle\r\n zusammen\r\nCLASS:PRIVATE\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n\
EXDATE;TZID=Europe/Berlin:20261026T090000\r\nORGANIZER;CN=Ada:mailto:ada@x.example\r\nATTENDEE;PARTSTAT=ACCEPTED:MAILTO:bob@x.example\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nUID:one@x\r\nRECURRENCE-ID:20261102T080000Z\r\nDTSTART:20261102T100000Z\r\nDURATION:PT30M\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nUID:day@x\r\nDTSTART;VALUE=DATE:20261224\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    #[test]
    fn events_are_what_the_api_would_show() {
        let events = events(FILE.as_bytes()).unwrap().events;
        assert_eq!(events.len(), 3);
        let (series, exception, day) = (&events[0], &events[1], &events[2]);
        assert_eq!(series["summary"], "Grüße, allezusammen");
        assert_eq!(
            series["start"],
            json!({"dateTime": "2026-10-19T09:00:00+02:00", "timeZone": "Europe/Berlin"})
        );
        assert_eq!(
            series["recurrence"],
            json!([
                "RRULE:FREQ=WEEKLY;COUNT=3",
                "EXDATE;TZID=Europe/Berlin:20261026T090000"
            ])
        );
        assert_eq!(
            series["attendees"][0],
            json!({"email": "bob@x.example", "responseStatus": "accepted"})
        );
        assert_eq!(
            (&series["visibility"], &series["organizer"]["displayName"]),
            (&json!("private"), &json!("Ada"))
        );
        assert_eq!(exception["recurringEventId"], series["id"]);
        let id = format!("{}_20261102T080000Z", series["id"].as_str().unwrap());
        assert_eq!(exception["id"], json!(id));
        assert_eq!(exception["end"]["dateTime"], "2026-11-02T10:30:00+00:00");
        assert_eq!(
            (&day["start"]["date"], &day["end"]["date"]),
            (&json!("2026-12-24"), &json!("2026-12-25"))
        );
    }

    #[test]
    fn one_bad_event_costs_no_other() {
        let broken = FILE.replace("UID:day@x\r\n", "UID:day@x\r\nno property at all\r\n");
        let found = events(format!("{broken}{FILE}").as_bytes()).unwrap();
        assert_eq!((found.events.len(), found.unreadable.len()), (3, 1));
        let endless = FILE.replace("DTSTART;VALUE=DATE:20261224", "DTSTART;VALUE=DATE:20261399");
        let found = events(endless.as_bytes()).unwrap();
        assert_eq!((found.events.len(), found.unreadable.len()), (2, 1));
    }

    #[test]
    fn what_is_no_calendar_is_an_error() {
        assert!(events(b"hello").is_err());
        assert!(events(b"\xff\xfe").is_err());
    }
}
