//! From Calendar's event to the record.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::wire::{Attendee, Moment, WireEvent};
use crate::model::privacy::{CalendarLevel, Privacy};
use crate::model::record::Event;
use crate::providers::google::export::items::Misread;

/// The status of a deleted event, and of an instance that a series leaves out.
const CANCELLED: &str = "cancelled";

/// An event as far as the level goes, and what decides whether it is wanted.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// The id.
    pub(super) id: String,
    /// The record.
    pub(super) event: Event,
    /// Whether a participant keeps it out.
    pub(super) excluded: bool,
}

impl Read {
    /// Returns whether the event is gone. A cancelled instance of a series is not: that it is left out is what the
    /// record says.
    pub(super) fn is_gone(&self) -> bool {
        self.is_cancelled() && self.event.series_id.is_none()
    }

    /// Returns whether it is cancelled, as an event or as an instance.
    pub(super) fn is_cancelled(&self) -> bool {
        self.event.status.as_deref() == Some(CANCELLED)
    }

    /// Returns whether it was over by the first instant that is wanted, as the vendor's own `timeMin` has it. A series
    /// goes on.
    pub(super) fn is_too_old(&self, start: Option<Timestamp>) -> bool {
        let event = &self.event;
        let end = event.ends_at.or(event.starts_at);
        let end = end.or(event.original_starts_at);
        event.recurrence.is_empty()
            && matches!((end, start), (Some(end), Some(start)) if end <= start)
    }
}

/// Makes the record, with nothing beyond the level, whatever the vendor sent.
pub(super) fn read(wire: WireEvent, privacy: &Privacy) -> Result<Read, Misread> {
    let excluded = participants(&wire).any(|address| privacy.excludes_address(address));
    let private = matches!(wire.visibility.as_deref(), Some("private" | "confidential"));
    let level = match privacy.calendar {
        CalendarLevel::Metadata if private => CalendarLevel::FreeBusy,
        level => level,
    };
    let id = wire.id.clone();
    let event = record(wire, level)?;
    Ok(Read {
        id,
        event,
        excluded,
    })
}

fn participants(wire: &WireEvent) -> impl Iterator<Item = &String> {
    let organizer = wire.organizer.iter().filter_map(|it| it.email.as_ref());
    organizer.chain(wire.attendees.iter().filter_map(|it| it.email.as_ref()))
}

fn record(wire: WireEvent, level: CalendarLevel) -> Result<Event, Misread> {
    let mut event = Event {
        starts_at: instant(wire.start.as_ref(), "start is not a time")?,
        ends_at: instant(wire.end.as_ref(), "end is not a time")?,
        original_starts_at: instant(
            wire.original_start_time.as_ref(),
            "originalStartTime is not a time",
        )?,
        all_day: wire.start.as_ref().map(|start| start.date.is_some()),
        time_zone: wire.start.and_then(|start| start.time_zone),
        busy: Some(wire.transparency.as_deref() != Some("transparent")),
        visibility: Some(wire.visibility.unwrap_or_else(|| "default".to_owned())),
        status: Some(wire.status.unwrap_or_else(|| "confirmed".to_owned())),
        series_id: wire.recurring_event_id,
        recurrence: wire.recurrence,
        ..Event::default()
    };
    if level >= CalendarLevel::Metadata {
        event.ical_uid = wire.ical_uid;
        event.organizer = wire.organizer.and_then(|it| it.email);
        event.attendees = attendees(wire.attendees);
        event.created_at = wire.created.and_then(|at| at.parse().ok());
        event.updated_at = wire.updated.and_then(|at| at.parse().ok());
        event.vendor = wire.event_type.map(|kind| json!({"eventType": kind}));
    }
    if level >= CalendarLevel::Full {
        event.title = wire.summary;
        event.description = wire.description;
        event.location = wire.location;
    }
    Ok(event)
}

fn attendees(list: Vec<Attendee>) -> Option<Value> {
    let one = |it: Attendee| {
        json!({
            "email": it.email,
            "response": it.response_status,
            "optional": it.optional,
            "resource": it.resource,
        })
    };
    (!list.is_empty()).then(|| list.into_iter().map(one).collect())
}

fn instant(moment: Option<&Moment>, why: &'static str) -> Result<Option<Timestamp>, Misread> {
    let Some(moment) = moment else {
        return Ok(None);
    };
    let at = match (&moment.date_time, &moment.date) {
        (Some(time), _) => time.parse().ok(),
        (None, Some(date)) => midnight(date),
        (None, None) => return Ok(None),
    };
    at.map(Some).ok_or(Misread(why))
}

fn midnight(date: &str) -> Option<Timestamp> {
    let date: Date = date.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
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
            "kind": "calendar#event", "etag": "\"1\"", "id": "7ab", "status": "confirmed",
            "created": "2026-01-02T08:00:00.000Z", "updated": "2026-01-03T08:00:00.500Z",
            "summary": "Pay talks", "description": "<b>secret</b>", "location": "Room 1",
            "organizer": {"email": "mj@acme.example", "self": true},
            "start": {"dateTime": "2026-02-01T10:00:00+01:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-02-01T11:30:00+01:00", "timeZone": "Europe/Berlin"},
            "recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z"], "transparency": "transparent",
            "iCalUID": "7ab@google.com", "eventType": "default", "attendees": [
                {"email": "room@resource.acme.example", "resource": true, "responseStatus": "accepted"},
                {"email": "sue@acme.example", "optional": true, "responseStatus": "needsAction"}]
        })
    }

    fn read_with(level: CalendarLevel, change: impl Fn(&mut Value)) -> Result<Read, Misread> {
        let mut sample = sample();
        change(&mut sample);
        read(serde_json::from_value(sample).unwrap(), &privacy(level))
    }

    fn free_busy() -> Event {
        Event {
            status: Some("confirmed".into()),
            starts_at: Some("2026-02-01T09:00:00Z".parse().unwrap()),
            ends_at: Some("2026-02-01T10:30:00Z".parse().unwrap()),
            all_day: Some(false),
            time_zone: Some("Europe/Berlin".into()),
            busy: Some(false),
            visibility: Some("default".into()),
            recurrence: vec!["RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z".into()],
            ..Event::default()
        }
    }

    #[test]
    fn every_level_adds_its_own_and_no_more() {
        let at = |level| read_with(level, |_| ()).unwrap().event;
        assert_eq!(at(CalendarLevel::FreeBusy), free_busy());
        let metadata = Event {
            ical_uid: Some("7ab@google.com".into()),
            organizer: Some("mj@acme.example".into()),
            attendees: Some(json!([
                {"email": "room@resource.acme.example", "response": "accepted", "optional": false, "resource": true},
                {"email": "sue@acme.example", "response": "needsAction", "optional": true, "resource": false}])),
            created_at: Some("2026-01-02T08:00:00Z".parse().unwrap()),
            updated_at: Some("2026-01-03T08:00:00.5Z".parse().unwrap()),
            vendor: Some(json!({"eventType": "default"})),
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
    #[case("private")]
    #[case("confidential")]
    fn a_private_event_is_only_a_time_below_full(#[case] visibility: &str) {
        let hide = |sample: &mut Value| sample["visibility"] = json!(visibility);
        let expected = Event {
            visibility: Some(visibility.into()),
            ..free_busy()
        };
        let at = |level| read_with(level, hide).unwrap().event;
        assert_eq!(at(CalendarLevel::FreeBusy), expected);
        assert_eq!(at(CalendarLevel::Metadata), expected);
        assert_eq!(at(CalendarLevel::Full).title.as_deref(), Some("Pay talks"));
    }

    #[test]
    fn an_excluded_participant_is_seen_at_every_level() {
        let invite = |sample: &mut Value| {
            sample["attendees"] = json!([{"email": "x@eu.lawyers.example"}]);
            sample["visibility"] = json!("private");
        };
        for level in [CalendarLevel::FreeBusy, CalendarLevel::Full] {
            assert!(read_with(level, invite).unwrap().excluded);
            assert!(!read_with(level, |_| ()).unwrap().excluded);
        }
    }

    #[test]
    fn a_whole_day_is_a_day_in_utc() {
        let read = read_with(CalendarLevel::Metadata, |sample| {
            sample["start"] = json!({"date": "2026-03-01"});
            sample["end"] = json!({"date": "2026-03-02"});
        });
        let event = read.unwrap().event;
        assert_eq!(event.all_day, Some(true));
        assert_eq!(event.starts_at, "2026-03-01T00:00:00Z".parse().ok());
        assert_eq!(event.ends_at, "2026-03-02T00:00:00Z".parse().ok());
    }

    #[rstest]
    #[case(json!({"id": "1", "status": "cancelled"}), true)]
    #[case(json!({"id": "1_x", "status": "cancelled", "recurringEventId": "1",
                  "originalStartTime": {"dateTime": "2026-01-01T10:00:00Z"}}), false)]
    #[case(json!({"id": "1"}), false)]
    fn only_an_event_of_its_own_is_gone_when_cancelled(#[case] wire: Value, #[case] gone: bool) {
        let wire = serde_json::from_value(wire).unwrap();
        let read = read(wire, &privacy(CalendarLevel::Full)).unwrap();
        assert_eq!(read.is_gone(), gone);
    }

    #[rstest]
    #[case(json!({"id": "1", "end": {"date": "2026-01-01"}}), true)]
    #[case(json!({"id": "1", "end": {"date": "2026-01-02"}}), true)]
    #[case(json!({"id": "1", "end": {"date": "2026-01-03"}}), false)]
    #[case(json!({"id": "1", "end": {"date": "2025-01-02"}, "recurrence": ["RRULE:FREQ=DAILY"]}), false)]
    #[case(json!({"id": "1_x", "status": "cancelled", "originalStartTime": {"date": "2025-01-01"}}), true)]
    #[case(json!({"id": "1"}), false)]
    fn what_was_over_before_is_too_old(#[case] wire: Value, #[case] too_old: bool) {
        let wire = serde_json::from_value(wire).unwrap();
        let read = read(wire, &privacy(CalendarLevel::Full)).unwrap();
        let start = "2026-01-02T00:00:00Z".parse().ok();
        assert_eq!(read.is_too_old(start), too_old);
    }

    #[rstest]
    #[case("start", json!({"dateTime": "noon"}))]
    #[case("end", json!({"date": "2026-02-30"}))]
    #[case("originalStartTime", json!({"dateTime": "2026-02-01T10:00:00"}))]
    fn a_time_that_is_none_is_said_by_its_name(#[case] field: &str, #[case] value: Value) {
        let broken = |sample: &mut Value| sample[field] = value.clone();
        let Misread(why) = read_with(CalendarLevel::Full, broken).unwrap_err();
        assert!(why.starts_with(field), "{why}");
    }
}
