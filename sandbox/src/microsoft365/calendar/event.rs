//! Events as Graph shows them.
//!
//! Source: learn.microsoft.com/graph/api/resources/event (read 2026-11-22).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::rule;
use super::store::{Calendar, Event, WHOLE, recurrence_of};
use crate::corpus::envelope::preview;
use crate::corpus::recurrence::Moment;
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::graph::chain::Key;
use crate::microsoft365::graph::ids::{ItemId, Kind};
use crate::random::mix;
use crate::scenario::Resource;

/// Every property of an event.
pub(crate) const PROPERTIES: &[&str] = &[
    "id",
    "createdDateTime",
    "lastModifiedDateTime",
    "changeKey",
    "categories",
    "transactionId",
    "originalStartTimeZone",
    "originalEndTimeZone",
    "originalStart",
    "iCalUId",
    "uid",
    "reminderMinutesBeforeStart",
    "isReminderOn",
    "hasAttachments",
    "subject",
    "bodyPreview",
    "importance",
    "sensitivity",
    "isAllDay",
    "isCancelled",
    "isOrganizer",
    "responseRequested",
    "seriesMasterId",
    "showAs",
    "type",
    "webLink",
    "onlineMeetingUrl",
    "isOnlineMeeting",
    "onlineMeetingProvider",
    "allowNewTimeProposals",
    "occurrenceId",
    "isDraft",
    "hideAttendees",
    "recurrence",
    "responseStatus",
    "body",
    "start",
    "end",
    "location",
    "locations",
    "attendees",
    "organizer",
    "onlineMeeting",
];
/// What `Calendars.ReadBasic` hides.
const HIDDEN: &[&str] = &["body", "bodyPreview", "hasAttachments"];

/// How events are shown.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// The calendar's owner: seed, address and name.
    pub(crate) seed: u64,
    pub(crate) immutable_ids: bool,
    /// Bodies are shown too.
    pub(crate) full: bool,
    pub(crate) zone: TimeZone,
}

impl View {
    pub(crate) fn id(&self, key: Key) -> String {
        let place = if key.1 == WHOLE {
            0
        } else {
            key.1.cast_unsigned()
        };
        ItemId::new(Kind::Event, key.0, place, self.immutable_ids).encode(self.seed)
    }

    fn moment(&self, moment: &Moment) -> Value {
        let (at, zone) = match moment {
            Moment::Day(date) => (date.to_datetime(jiff::civil::Time::midnight()), "UTC"),
            Moment::At(..) => {
                let at = Timestamp::from_millisecond(moment.ms()).unwrap_or_default();
                let name = self.zone.iana_name().unwrap_or("UTC");
                (at.to_zoned(self.zone.clone()).datetime(), name)
            }
        };
        let text = at.strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string();
        json!({ "dateTime": text, "timeZone": zone })
    }
}

/// The key that an id stands for.
pub(crate) fn key_of(id: &str, seed: u64) -> Option<Key> {
    let id = ItemId::decode(id, seed).filter(|id| id.kind == Kind::Event)?;
    let original = if id.place == 0 {
        WHOLE
    } else {
        id.place.cast_signed()
    };
    Some((id.number, original))
}

/// `singleInstance`, `seriesMaster`, `occurrence` or `exception`.
fn kind(calendar: &Calendar, key: Key, event: &Event) -> &'static str {
    match (key.1, &event.rule, calendar.events.contains_key(&key)) {
        (WHOLE, Some(_), _) => "seriesMaster",
        (WHOLE, None, _) => "singleInstance",
        (_, _, true) => "exception",
        (_, _, false) => "occurrence",
    }
}

/// The whole event.
pub(crate) fn resource(calendar: &Calendar, key: Key, event: &Event, view: &View) -> Value {
    let change = STANDARD.encode(mix(view.seed ^ key.0, event.version.into()).to_be_bytes());
    let series = (key.1 != WHOLE).then(|| view.id((key.0, WHOLE)));
    let zone = match &event.start {
        Moment::Day(_) => "UTC",
        Moment::At(_, zone) => zone.iana_name().unwrap_or("UTC"),
    };
    let mut shown = Map::new();
    let mut put = |name: &str, value: Value| {
        shown.insert(name.to_owned(), value);
    };
    put("@odata.etag", json!(format!("W/\"{change}\"")));
    put("id", json!(view.id(key)));
    put("createdDateTime", json!(rfc3339_seconds(event.created)));
    put(
        "lastModifiedDateTime",
        json!(rfc3339_seconds(event.modified)),
    );
    put("changeKey", json!(change));
    put("originalStartTimeZone", json!(zone));
    put("originalEndTimeZone", json!(zone));
    put("iCalUId", json!(format!("{:032X}", mix(view.seed, key.0))));
    put("type", json!(kind(calendar, key, event)));
    put("seriesMasterId", json!(series));
    put("isAllDay", json!(matches!(event.start, Moment::Day(_))));
    put("start", view.moment(&event.start));
    put("end", view.moment(&event.end));
    put("recurrence", recurrence_of(event));
    shown.extend(event.fields.clone());
    if !view.full {
        shown.retain(|name, _| !HIDDEN.contains(&name.as_str()));
    }
    Value::Object(shown)
}

/// All that change tracking tells of an occurrence.
pub(crate) fn occurrence(key: Key, event: &Event, view: &View) -> Value {
    let change = STANDARD.encode(mix(view.seed ^ key.0, event.version.into()).to_be_bytes());
    json!({
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": format!("W/\"{change}\""),
        "seriesMasterId": view.id((key.0, WHOLE)),
        "type": "occurrence",
        "id": view.id(key),
        "start": view.moment(&event.start),
        "end": view.moment(&event.end),
    })
}

/// The properties that every event has, unless it is said otherwise.
fn defaults(owner: (&str, &str)) -> Resource {
    let (email, name) = owner;
    let organizer = json!({ "emailAddress": { "name": name, "address": email } });
    let fields = json!({
        "categories": [],
        "transactionId": null,
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": true,
        "hasAttachments": false,
        "subject": "",
        "bodyPreview": "",
        "importance": "normal",
        "sensitivity": "normal",
        "isCancelled": false,
        "isOrganizer": true,
        "responseRequested": true,
        "showAs": "busy",
        "webLink": "https://outlook.office365.com/owa/?path=/calendar/item",
        "onlineMeetingUrl": null,
        "isOnlineMeeting": false,
        "onlineMeetingProvider": "unknown",
        "allowNewTimeProposals": true,
        "occurrenceId": null,
        "isDraft": false,
        "hideAttendees": false,
        "responseStatus": { "response": "organizer", "time": "0001-01-01T00:00:00Z" },
        "body": { "contentType": "html", "content": "" },
        "location": { "displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {},
            "coordinates": {} },
        "locations": [],
        "attendees": [],
        "organizer": organizer,
        "onlineMeeting": null,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Resource::new(),
    }
}

/// An event that is described the way Google's Calendar does it.
pub(crate) fn from_neutral(given: &Resource, owner: (&str, &str), now: i64) -> Option<Event> {
    let start = given.get("start").and_then(Moment::parse)?;
    let end = given
        .get("end")
        .and_then(Moment::parse)
        .unwrap_or_else(|| start.clone());
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let mut fields = defaults(owner);
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put("subject", json!(text("summary").unwrap_or_default()));
    if let Some(text) = text("description") {
        put("body", json!({ "contentType": "text", "content": text }));
        put("bodyPreview", json!(preview(text)));
    }
    if let Some(place) = text("location") {
        let place = json!({ "displayName": place, "locationType": "default", "uniqueId": place,
            "uniqueIdType": "private" });
        put("locations", json!([place]));
        put("location", place);
    }
    let sensitivity = text("visibility")
        .filter(|word| matches!(*word, "private" | "confidential"))
        .unwrap_or("normal");
    put("sensitivity", json!(sensitivity));
    let show = match (text("transparency"), text("status")) {
        (Some("transparent"), _) => "free",
        (_, Some("tentative")) => "tentative",
        _ => "busy",
    };
    put("showAs", json!(show));
    put_people(&mut put, given, owner.0);
    Some(Event {
        created: now,
        modified: now,
        version: 0,
        deleted: false,
        start,
        end,
        rule: rule_of(given),
        occurrences: Arc::default(),
        fields,
    })
}

fn put_people(put: &mut dyn FnMut(&str, Value), given: &Resource, owner: &str) {
    let address = |person: &Value| {
        let email = person
            .get("email")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = person
            .get("displayName")
            .and_then(Value::as_str)
            .unwrap_or(email);
        json!({ "name": name, "address": email })
    };
    let guests = given.get("attendees").and_then(Value::as_array);
    let guests = guests.into_iter().flatten().map(|guest| {
        let response = match guest.get("responseStatus").and_then(Value::as_str) {
            Some("accepted") => "accepted",
            Some("declined") => "declined",
            Some("tentative") => "tentativelyAccepted",
            _ => "none",
        };
        json!({ "type": "required", "status": { "response": response, "time": "0001-01-01T00:00:00Z" },
            "emailAddress": address(guest) })
    });
    put("attendees", Value::Array(guests.collect()));
    if let Some(organizer) = given.get("organizer") {
        let own = organizer
            .get("email")
            .and_then(Value::as_str)
            .is_none_or(|email| email.eq_ignore_ascii_case(owner));
        put("organizer", json!({ "emailAddress": address(organizer) }));
        put("isOrganizer", json!(own));
    }
}

/// The rule of a series, if it is one that Graph has too.
fn rule_of(given: &Resource) -> Option<String> {
    let lines = given.get("recurrence").and_then(Value::as_array)?;
    let mut rules = lines
        .iter()
        .filter_map(|line| line.as_str()?.strip_prefix("RRULE:"));
    let rule = rules.next()?;
    (rules.next().is_none() && rule::is_supported(rule)).then(|| rule.to_owned())
}

/// An event as Graph takes it; the error says what is wrong with it.
pub(crate) fn from_graph(given: Resource, owner: (&str, &str), now: i64) -> Result<Event, String> {
    let moment = |name: &str| {
        let value = given
            .get(name)
            .ok_or_else(|| format!("{name} is missing"))?;
        parsed(value, &given).ok_or_else(|| format!("{name} needs a dateTime and a timeZone"))
    };
    let mut event = Event {
        created: now,
        modified: now,
        version: 0,
        deleted: false,
        start: moment("start")?,
        end: moment("end")?,
        rule: None,
        occurrences: Arc::default(),
        fields: defaults(owner),
    };
    apply(&mut event, given)?;
    Ok(event)
}

/// Changes what is given. All-day events are days, whatever their time zone says.
pub(crate) fn apply(event: &mut Event, given: Resource) -> Result<(), String> {
    let all_day = given.get("isAllDay").cloned();
    let was_day = matches!(event.start, Moment::Day(_));
    let day = all_day.as_ref().and_then(Value::as_bool).unwrap_or(was_day);
    let mut told = given.clone();
    told.insert("isAllDay".to_owned(), json!(day));
    for (name, value) in given {
        match name.as_str() {
            "start" | "end" => {
                let moment = parsed(&value, &told)
                    .ok_or_else(|| format!("{name} needs a dateTime and a timeZone"))?;
                if name == "start" {
                    event.start = moment;
                } else {
                    event.end = moment;
                }
            }
            "recurrence" if value.is_null() => event.rule = None,
            "recurrence" => {
                let rule = rule::read(&value, &event.start);
                event.rule = Some(rule.ok_or("the sandbox cannot expand this recurrence")?);
            }
            "id" | "type" | "seriesMasterId" | "isAllDay" => {}
            "body" => {
                let text = value
                    .get("content")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                event
                    .fields
                    .insert("bodyPreview".to_owned(), json!(preview(text)));
                event.fields.insert(name, value);
            }
            _ if PROPERTIES.contains(&name.as_str()) => {
                event.fields.insert(name, value);
            }
            _ => return Err(format!("an event has no {name}")),
        }
    }
    Ok(())
}

/// `{"dateTime", "timeZone"}`; the zone is UTC or one of IANA's.
fn parsed(value: &Value, event: &Resource) -> Option<Moment> {
    let moment = Moment::parse(value)?;
    if event.get("isAllDay").and_then(Value::as_bool) == Some(true) {
        return Some(Moment::Day(moment.civil().date()));
    }
    Some(moment)
}
