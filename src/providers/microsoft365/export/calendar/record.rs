//! From the vendor's event to the record.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::rule;
use super::wire::{Attendee, EmailAddress, Moment, WireEvent};
use super::zones;
use crate::model::privacy::{CalendarLevel, Privacy};
use crate::model::record::Event;
use crate::providers::reading::items::Misread;

/// An event as far as the level goes, and what decides whether it is wanted.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// The record.
    pub(super) event: Event,
    /// Whether a participant keeps it out.
    pub(super) excluded: bool,
}

/// Makes the record, with nothing beyond the level, whatever the vendor sent.
pub(super) fn read(wire: WireEvent, privacy: &Privacy) -> Result<Read, Misread> {
    let mut addresses = addresses(&wire);
    let excluded = addresses.any(|address| privacy.excludes_address(address));
    drop(addresses);
    let visibility = visibility(wire.sensitivity.as_deref());
    let level = match privacy.calendar {
        CalendarLevel::Metadata if visibility != "default" => CalendarLevel::FreeBusy,
        level => level,
    };
    let event = record(wire, visibility, level)?;
    Ok(Read { event, excluded })
}

fn addresses(wire: &WireEvent) -> impl Iterator<Item = &String> {
    let organizer = wire.organizer.iter();
    let organizer = organizer.filter_map(|one| one.email_address.as_ref());
    let attendees = wire.attendees.iter();
    let attendees = attendees.filter_map(|one| one.email_address.as_ref());
    organizer
        .chain(attendees)
        .filter_map(|one| one.address.as_ref())
}

fn visibility(sensitivity: Option<&str>) -> &'static str {
    match sensitivity {
        Some("private" | "personal") => "private",
        Some("confidential") => "confidential",
        _ => "default",
    }
}

fn record(
    wire: WireEvent,
    visibility: &'static str,
    level: CalendarLevel,
) -> Result<Event, Misread> {
    let zone = wire.original_start_time_zone.as_deref();
    let recurrence = wire.recurrence.as_ref().and_then(rule::line);
    let show_as = wire.show_as.as_deref();
    let mut event = Event {
        status: Some(status(&wire).to_owned()),
        starts_at: instant(wire.start.as_ref(), "start is not a time in UTC")?,
        ends_at: instant(wire.end.as_ref(), "end is not a time in UTC")?,
        all_day: wire.is_all_day,
        time_zone: zone.and_then(zones::iana),
        busy: Some(!matches!(show_as, Some("free" | "workingElsewhere"))),
        visibility: Some(visibility.to_owned()),
        original_starts_at: original_start(&wire)?,
        recurrence: recurrence.into_iter().collect(),
        series_id: wire.series_master_id,
        ..Event::default()
    };
    if level >= CalendarLevel::Metadata {
        event.ical_uid = wire.ical_uid;
        event.organizer = wire.organizer.and_then(|one| address(one.email_address));
        event.attendees = attendees(wire.attendees);
        event.created_at = wire.created_date_time;
        event.updated_at = wire.last_modified_date_time;
        event.vendor = Some(json!({"type": wire.kind, "showAs": wire.show_as}));
    }
    if level >= CalendarLevel::Full {
        event.title = wire.subject;
        event.description = wire.body.and_then(|body| body.content);
        event.location = wire.location.and_then(|place| place.display_name);
    }
    Ok(event)
}

fn status(wire: &WireEvent) -> &'static str {
    match (wire.is_cancelled, wire.show_as.as_deref()) {
        (Some(true), _) => "cancelled",
        (_, Some("tentative")) => "tentative",
        _ => "confirmed",
    }
}

/// An occurrence begins when its series says; an exception tells when it would have.
fn original_start(wire: &WireEvent) -> Result<Option<Timestamp>, Misread> {
    let why = "originalStart is not a time";
    match &wire.original_start {
        Some(at) => at.parse().map(Some).map_err(|_| Misread(why)),
        None if wire.is_occurrence() => instant(wire.start.as_ref(), why),
        None => Ok(None),
    }
}

fn address(of: Option<EmailAddress>) -> Option<String> {
    of?.address.filter(|address| !address.is_empty())
}

fn attendees(list: Vec<Attendee>) -> Option<Value> {
    let one = |it: Attendee| {
        let kind = it.kind.as_deref().unwrap_or_default();
        json!({
            "optional": kind == "optional",
            "resource": kind == "resource",
            "response": response(it.status.and_then(|status| status.response).as_deref()),
            "email": address(it.email_address),
        })
    };
    (!list.is_empty()).then(|| list.into_iter().map(one).collect())
}

/// In the words of iCalendar's PARTSTAT, as all vendors' records have them.
fn response(response: Option<&str>) -> &'static str {
    match response {
        Some("accepted" | "organizer") => "accepted",
        Some("declined") => "declined",
        Some("tentativelyAccepted") => "tentative",
        _ => "needsAction",
    }
}

/// Times are asked for in UTC; one that comes in another zone all the same is read in it.
fn instant(moment: Option<&Moment>, why: &'static str) -> Result<Option<Timestamp>, Misread> {
    let Some(moment) = moment else {
        return Ok(None);
    };
    let read = || -> Option<Timestamp> {
        let at: DateTime = moment.date_time.trim_end_matches('Z').parse().ok()?;
        let zone = match moment.time_zone.as_deref() {
            None | Some("UTC") => TimeZone::UTC,
            Some(name) => TimeZone::get(&zones::iana(name)?).ok()?,
        };
        Some(at.to_zoned(zone).ok()?.timestamp())
    };
    read().map(Some).ok_or(Misread(why))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn privacy(level: CalendarLevel) -> Privacy {
        Privacy {
            calendar: level,
            exclude_domains: vec!["lawyers.example".into()],
            ..Privacy::default()
        }
    }

    fn sample() -> Value {
        json!({
            "id": "e1", "type": "exception", "seriesMasterId": "s1", "iCalUId": "0400", "subject": "Pay talks",
            "bodyPreview": "secret", "body": {"contentType": "html", "content": "<b>secret</b>"},
            "location": {"displayName": "Room 1"}, "showAs": "tentative", "sensitivity": "normal",
            "isAllDay": false, "isCancelled": false, "originalStart": "2026-02-01T08:00:00Z",
            "originalStartTimeZone": "W. Europe Standard Time",
            "createdDateTime": "2026-01-02T08:00:00.1234567Z", "lastModifiedDateTime": "2026-01-03T08:00:00Z",
            "start": {"dateTime": "2026-02-01T09:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-02-01T10:30:00.0000000", "timeZone": "UTC"},
            "organizer": {"emailAddress": {"name": "MJ", "address": "mj@acme.example"}},
            "attendees": [
                {"type": "resource", "status": {"response": "accepted"}, "emailAddress": {"address": "room@acme.example"}},
                {"type": "optional", "status": {"response": "none"}, "emailAddress": {"address": "sue@acme.example"}}],
        })
    }

    fn read_with(level: CalendarLevel, change: impl Fn(&mut Value)) -> Result<Read, Misread> {
        let mut sample = sample();
        change(&mut sample);
        read(serde_json::from_value(sample).unwrap(), &privacy(level))
    }

    fn free_busy() -> Event {
        Event {
            status: Some("tentative".into()),
            starts_at: Some("2026-02-01T09:00:00Z".parse().unwrap()),
            ends_at: Some("2026-02-01T10:30:00Z".parse().unwrap()),
            all_day: Some(false),
            time_zone: Some("Europe/Berlin".into()),
            busy: Some(true),
            visibility: Some("default".into()),
            series_id: Some("s1".into()),
            original_starts_at: Some("2026-02-01T08:00:00Z".parse().unwrap()),
            ..Event::default()
        }
    }

    #[test]
    fn every_level_adds_its_own_and_no_more() {
        let at = |level| read_with(level, |_| ()).unwrap().event;
        assert_eq!(at(CalendarLevel::FreeBusy), free_busy());
        let metadata = Event {
            ical_uid: Some("0400".into()),
            organizer: Some("mj@acme.example".into()),
            attendees: Some(json!([
                {"email": "room@acme.example", "response": "accepted", "optional": false, "resource": true},
                {"email": "sue@acme.example", "response": "needsAction", "optional": true, "resource": false}])),
            created_at: Some("2026-01-02T08:00:00.1234567Z".parse().unwrap()),
            updated_at: Some("2026-01-03T08:00:00Z".parse().unwrap()),
            vendor: Some(json!({"type": "exception", "showAs": "tentative"})),
            ..free_busy()
        };
        assert_eq!(at(CalendarLevel::Metadata), metadata);
        let full = Event {
            title: Some("Pay talks".into()),
            description: Some("<b>secret</b>".into()),
            location: Some("Room 1".into()),
            ..metadata
        };
        assert_eq!(at(CalendarLevel::Full), full);
    }

    #[rstest]
    #[case("private", "private")]
    #[case("personal", "private")]
    #[case("confidential", "confidential")]
    fn a_private_event_is_only_a_time_below_full(#[case] sensitivity: &str, #[case] shown: &str) {
        let hide = |sample: &mut Value| sample["sensitivity"] = json!(sensitivity);
        let expected = Event {
            visibility: Some(shown.into()),
            ..free_busy()
        };
        let at = |level| read_with(level, hide).unwrap().event;
        assert_eq!(at(CalendarLevel::Metadata), expected);
        assert_eq!(at(CalendarLevel::Full).title.as_deref(), Some("Pay talks"));
    }

    #[test]
    fn an_excluded_participant_is_seen_at_every_level() {
        let invite = |sample: &mut Value| {
            sample["attendees"] = json!([{"emailAddress": {"address": "x@eu.lawyers.example"}}]);
        };
        for level in [CalendarLevel::FreeBusy, CalendarLevel::Full] {
            assert!(read_with(level, invite).unwrap().excluded);
            assert!(!read_with(level, |_| ()).unwrap().excluded);
        }
    }

    #[test]
    fn an_occurrence_is_its_series_at_another_time() {
        let occurrence: WireEvent = serde_json::from_value(json!({
            "id": "o1", "type": "occurrence", "seriesMasterId": "s1",
            "start": {"dateTime": "2026-03-01T09:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-01T10:00:00.0000000", "timeZone": "UTC"},
        }))
        .unwrap();
        let mut series = sample();
        series["id"] = json!("s1");
        series["type"] = json!("seriesMaster");
        series["seriesMasterId"] = json!(null);
        series["originalStart"] = json!(null);
        series["recurrence"] =
            json!({"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}});
        let series: WireEvent = serde_json::from_value(series).unwrap();
        let of_series = read(series.clone(), &privacy(CalendarLevel::Full)).unwrap();
        assert_eq!(of_series.event.recurrence, ["RRULE:FREQ=DAILY"]);
        let read = read(occurrence.of_series(&series), &privacy(CalendarLevel::Full));
        let event = read.unwrap().event;
        assert_eq!(event.title.as_deref(), Some("Pay talks"));
        assert_eq!(event.series_id.as_deref(), Some("s1"));
        assert_eq!(event.starts_at, "2026-03-01T09:00:00Z".parse().ok());
        assert_eq!(event.original_starts_at, event.starts_at);
        assert!(event.recurrence.is_empty());
    }

    #[test]
    fn a_whole_day_is_a_day_in_utc() {
        let read = read_with(CalendarLevel::Metadata, |sample| {
            sample["isAllDay"] = json!(true);
            sample["start"] = json!({"dateTime": "2026-03-01T00:00:00.0000000", "timeZone": "UTC"});
            sample["end"] = json!({"dateTime": "2026-03-02T00:00:00.0000000", "timeZone": "UTC"});
        });
        let event = read.unwrap().event;
        assert_eq!(event.all_day, Some(true));
        assert_eq!(event.starts_at, "2026-03-01T00:00:00Z".parse().ok());
    }

    #[rstest]
    #[case("start", json!({"dateTime": "noon", "timeZone": "UTC"}))]
    #[case("end", json!({"dateTime": "2026-02-30T00:00:00", "timeZone": "UTC"}))]
    #[case("start", json!({"dateTime": "2026-02-01T00:00:00", "timeZone": "Mars Standard Time"}))]
    #[case("originalStart", json!("soon"))]
    fn a_time_that_is_none_is_said_by_its_name(#[case] field: &str, #[case] value: Value) {
        let broken = |sample: &mut Value| sample[field] = value.clone();
        let Misread(why) = read_with(CalendarLevel::Full, broken).unwrap_err();
        assert!(why.starts_with(field), "{why}");
    }
}
