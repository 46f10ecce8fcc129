//! Outlook calendar: the primary one.
//!
//! Source: learn.microsoft.com/graph/api/resources/calendar, event and event-delta (read 2026-11-22).

pub(crate) mod arrival;
mod delta;
pub(crate) mod event;
mod list;
pub(crate) mod rule;
pub(crate) mod store;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use self::event::View;
use super::errors::GraphError;
use super::graph::access::Context;
use super::graph::route::Endpoint;
use super::roles::{Grant, Need};
use crate::call::Reply;

type Run = fn(&Context<'_>) -> Result<Reply, GraphError>;

const fn get(path: &'static [&'static str], run: Run) -> Endpoint {
    Endpoint {
        verb: "GET",
        api: "calendar",
        path,
        need: Need::Calendar,
        run,
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    get(&["users", "*", "calendar"], list::calendar),
    get(&["users", "*", "calendars"], list::calendars),
    get(&["users", "*", "calendarView"], list::view),
    get(&["users", "*", "calendar", "calendarView"], list::view),
    get(&["users", "*", "calendarView", "delta"], delta::delta),
    get(
        &["users", "*", "calendar", "calendarView", "delta"],
        delta::delta,
    ),
    get(&["users", "*", "events"], list::events),
    get(&["users", "*", "calendar", "events"], list::events),
    get(&["users", "*", "events", "*"], list::event),
    get(&["users", "*", "calendar", "events", "*"], list::event),
    get(&["users", "*", "events", "*", "instances"], list::instances),
];

/// How this request wants events shown.
fn view(context: &Context<'_>) -> Result<View, GraphError> {
    let zone = match context.preference("outlook.timezone") {
        None => TimeZone::UTC,
        Some(name) => TimeZone::get(&name).map_err(|_| {
            let message = format!(
                "A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
            );
            GraphError::new(400, "TimeZoneNotSupportedException", message)
        })?,
    };
    Ok(View {
        seed: context.user()?.seed,
        immutable_ids: context.immutable_ids(),
        full: context.grant == Grant::Full,
        zone,
    })
}

/// The window that the request asks for, in milliseconds since 1970.
fn window(context: &Context<'_>) -> Result<(i64, i64), GraphError> {
    let bound = |name: &str| {
        let text = context.param(name).ok_or_else(|| {
            let message = "This request requires a time window specified by the query string parameters StartDateTime \
                           and EndDateTime.";
            GraphError::new(400, "ErrorInvalidParameter", message)
        })?;
        instant(text).ok_or_else(|| {
            let message = format!("The value '{text}' of parameter '{name}' is invalid.");
            GraphError::new(400, "ErrorInvalidParameter", message)
        })
    };
    let (from, until) = (bound("startDateTime")?, bound("endDateTime")?);
    if from < until {
        Ok((from, until))
    } else {
        let message = "The specified end time must be after the start time.";
        Err(GraphError::new(400, "ErrorInvalidParameter", message))
    }
}

/// With an offset, or in UTC without one.
pub(crate) fn instant(text: &str) -> Option<i64> {
    let exact = text.parse::<Timestamp>().ok();
    let at = exact.or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    at.map(Timestamp::as_millisecond)
}
