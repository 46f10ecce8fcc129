//! Calendar's JSON, as far as it is read.
//!
//! Source: developers.google.com/workspace/calendar/api/v3/reference/events, …/calendarList, read 2026-11-22.

use serde::Deserialize;

use crate::providers::google::export::items::Item;

/// The calendars in the person's list.
pub(super) const CALENDAR_LIST: &str = "calendar/v3/users/me/calendarList";
/// All calendars, by id.
pub(super) const CALENDARS: &str = "calendar/v3/calendars";

/// The answer of `calendarList.list`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    /// Always there: a reply without it is not one of no calendars.
    pub(super) items: Vec<Entry>,
    /// Absent on the last page.
    pub(super) next_page_token: Option<String>,
}

/// A calendar in the person's list.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) id: String,
    #[serde(default)]
    pub(super) primary: bool,
}

/// The answer of `events.list`. A page may be short or empty and yet not the last one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Events {
    pub(super) items: Vec<Item>,
    /// Absent on the last page.
    pub(super) next_page_token: Option<String>,
    /// Only on the last page.
    pub(super) next_sync_token: Option<String>,
}

/// An event, a series, or an exception of a series. Of a cancelled one only the id is certain.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireEvent {
    pub(super) id: String,
    pub(super) status: Option<String>,
    pub(super) start: Option<Moment>,
    pub(super) end: Option<Moment>,
    pub(super) transparency: Option<String>,
    pub(super) visibility: Option<String>,
    #[serde(default)]
    pub(super) recurrence: Vec<String>,
    pub(super) recurring_event_id: Option<String>,
    pub(super) original_start_time: Option<Moment>,
    #[serde(rename = "iCalUID")]
    pub(super) ical_uid: Option<String>,
    pub(super) organizer: Option<Person>,
    #[serde(default)]
    pub(super) attendees: Vec<Attendee>,
    pub(super) created: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
}

/// A day or an instant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Moment {
    /// Of an all-day event.
    pub(super) date: Option<String>,
    /// With its offset.
    pub(super) date_time: Option<String>,
    /// The IANA name.
    pub(super) time_zone: Option<String>,
}

/// An organizer.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) email: Option<String>,
}

/// A person or a room that is invited.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attendee {
    pub(super) email: Option<String>,
    pub(super) response_status: Option<String>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) resource: bool,
}
