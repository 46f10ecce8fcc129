//! Calendar.
//!
//! Source: developers.google.com/workspace/calendar/api/v3/reference, guides/sync and guides/errors (read 2026-11-22).

mod calendars;
pub(crate) mod event;
mod events;
mod instances;
mod question;
pub(crate) mod store;
mod sync;

use super::access::{Api, Context, Endpoint};
use super::errors::ApiError;
use super::quota::Cost;
use super::scopes::scope;

const LISTS: &[&str] = &[
    scope!("calendar"),
    scope!("calendar.readonly"),
    scope!("calendar.calendarlist"),
    scope!("calendar.calendarlist.readonly"),
];
const CALENDARS: &[&str] = &[
    scope!("calendar"),
    scope!("calendar.readonly"),
    scope!("calendar.app.created"),
    scope!("calendar.calendars"),
    scope!("calendar.calendars.readonly"),
];
/// Scopes that show events as they are.
const DETAILS: &[&str] = &[
    scope!("calendar"),
    scope!("calendar.readonly"),
    scope!("calendar.app.created"),
    scope!("calendar.events"),
    scope!("calendar.events.readonly"),
    scope!("calendar.events.owned"),
    scope!("calendar.events.owned.readonly"),
    scope!("calendar.events.public.readonly"),
];
const EVENTS: &[&str] = &[
    scope!("calendar"),
    scope!("calendar.readonly"),
    scope!("calendar.app.created"),
    scope!("calendar.events"),
    scope!("calendar.events.readonly"),
    scope!("calendar.events.owned"),
    scope!("calendar.events.owned.readonly"),
    scope!("calendar.events.public.readonly"),
    scope!("calendar.events.freebusy"),
];
const SETTINGS: &[&str] = &[
    scope!("calendar"),
    scope!("calendar.readonly"),
    scope!("calendar.settings.readonly"),
];

pub(crate) const API: Api = Api {
    label: "calendar",
    enabled_as: "calendar",
    service: "calendar-json.googleapis.com",
    title: "Google Calendar API",
    prefix: &["calendar", "v3"],
    endpoints: ENDPOINTS,
    fields: &[
        "kind",
        "etag",
        "id",
        "status",
        "htmlLink",
        "created",
        "updated",
        "summary",
        "description",
        "location",
        "colorId",
        "creator",
        "organizer",
        "email",
        "displayName",
        "self",
        "start",
        "end",
        "date",
        "dateTime",
        "timeZone",
        "endTimeUnspecified",
        "recurrence",
        "recurringEventId",
        "originalStartTime",
        "transparency",
        "visibility",
        "iCalUID",
        "sequence",
        "attendees",
        "responseStatus",
        "optional",
        "resource",
        "comment",
        "additionalGuests",
        "attendeesOmitted",
        "extendedProperties",
        "private",
        "shared",
        "hangoutLink",
        "conferenceData",
        "guestsCanInviteOthers",
        "guestsCanModify",
        "guestsCanSeeOtherGuests",
        "privateCopy",
        "locked",
        "reminders",
        "useDefault",
        "overrides",
        "method",
        "minutes",
        "source",
        "attachments",
        "eventType",
        "items",
        "nextPageToken",
        "nextSyncToken",
        "accessRole",
        "defaultReminders",
        "summaryOverride",
        "backgroundColor",
        "foregroundColor",
        "hidden",
        "selected",
        "primary",
        "deleted",
        "notificationSettings",
        "conferenceProperties",
        "value",
        "workingLocationProperties",
        "outOfOfficeProperties",
        "focusTimeProperties",
        "birthdayProperties",
    ],
    ready,
};

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        name: "calendar.events.list",
        verb: "GET",
        path: &["calendars", "*", "events"],
        scopes: EVENTS,
        cost: Cost::same(1),
        run: events::list,
    },
    Endpoint {
        name: "calendar.events.get",
        verb: "GET",
        path: &["calendars", "*", "events", "*"],
        scopes: EVENTS,
        cost: Cost::same(1),
        run: events::get,
    },
    Endpoint {
        name: "calendar.events.instances",
        verb: "GET",
        path: &["calendars", "*", "events", "*", "instances"],
        scopes: EVENTS,
        cost: Cost::same(1),
        run: instances::list,
    },
    Endpoint {
        name: "calendar.calendarList.list",
        verb: "GET",
        path: &["users", "me", "calendarList"],
        scopes: LISTS,
        cost: Cost::same(1),
        run: calendars::list,
    },
    Endpoint {
        name: "calendar.calendarList.get",
        verb: "GET",
        path: &["users", "me", "calendarList", "*"],
        scopes: LISTS,
        cost: Cost::same(1),
        run: calendars::entry,
    },
    Endpoint {
        name: "calendar.calendars.get",
        verb: "GET",
        path: &["calendars", "*"],
        scopes: CALENDARS,
        cost: Cost::same(1),
        run: calendars::get,
    },
    Endpoint {
        name: "calendar.settings.get",
        verb: "GET",
        path: &["users", "me", "settings", "*"],
        scopes: SETTINGS,
        cost: Cost::same(1),
        run: calendars::setting,
    },
];

fn ready(context: &Context<'_>) -> Result<(), ApiError> {
    if context.user.profile.read().calendar {
        return Ok(());
    }
    let message = "The user must be signed up for Google Calendar.";
    Err(ApiError::new(403, "notACalendarUser", message).domain("calendar"))
}

fn not_found() -> ApiError {
    ApiError::new(404, "notFound", "Not Found")
}

/// The id of the calendar that the path names: an address of the person's own is the primary one.
fn calendar_id(context: &Context<'_>) -> String {
    let asked = context.part(0);
    let own = context.user.profile.read().has_address(asked);
    if own {
        "primary".to_owned()
    } else {
        asked.to_owned()
    }
}
