//! Calendar.
//!
//! Source: developers.google.com/workspace/calendar/api/v3/reference (read 2026-11-22).

pub(crate) mod event;
pub(crate) mod recurrence;
mod rule;
pub(crate) mod store;

use super::access::{Api, Context};
use super::errors::ApiError;

pub(crate) const API: Api = Api {
    label: "calendar",
    enabled_as: "calendar",
    service: "calendar-json.googleapis.com",
    title: "Google Calendar API",
    prefix: &["calendar", "v3"],
    endpoints: &[],
    fields: &[],
    ready,
};

fn ready(context: &Context<'_>) -> Result<(), ApiError> {
    if context.user.profile.read().calendar {
        return Ok(());
    }
    let message = "The user must be signed up for Google Calendar.";
    Err(ApiError::new(403, "notACalendarUser", message).domain("calendar"))
}
