//! Listing calendars, one page of one calendar at a time.

use super::cursor::{Calendar, Progress};
use super::events::{self, Next};
use super::query::Which;
use super::wire::Events;
use super::{Given, Reading, refuses_calendar};
use crate::providers::Error;
use crate::providers::google::export::ask::Ask;
use crate::providers::google::export::items::Gathered;

/// Reads the next page of the first calendar that is still being listed, and notes how far that brought it. Where none
/// is, there is nothing to read.
pub(super) async fn step<A: Ask>(
    reading: &Reading<'_, A>,
    calendars: &mut [Calendar],
    given: &mut Given,
) -> Result<Gathered, Error> {
    let is_listing = |calendar: &&mut Calendar| calendar.is_listing();
    let Some(calendar) = calendars.iter_mut().find(is_listing) else {
        return Ok(Gathered::default());
    };
    let token = match &calendar.at {
        Progress::Listing { page_token } => page_token.clone(),
        Progress::Following { .. } | Progress::Refused => None,
    };
    let mut reply = match ask(reading, &calendar.id, token.as_deref(), given).await {
        Err(error) if refuses_calendar(calendar, &error) => {
            tracing::warn!(
                reason = error.reason.as_str(),
                "A calendar of a person's list may not be read. It is left out until it may."
            );
            calendar.at = Progress::Refused;
            return Ok(Gathered::default());
        }
        reply => reply?,
    };
    let gathered = reading.reader(&calendar.id).list(&reply.items)?;
    calendar.at = match events::next(&mut reply, token.as_deref())? {
        Next::Page(token) => {
            *given = Given(Some(token.clone()));
            Progress::Listing {
                page_token: Some(token),
            }
        }
        Next::Token(sync_token) => Progress::Following { sync_token },
    };
    Ok(gathered)
}

/// Asks for a page. A stored token that the vendor refuses begins the calendar's listing again.
async fn ask<A: Ask>(
    reading: &Reading<'_, A>,
    calendar: &str,
    token: Option<&str>,
    given: &Given,
) -> Result<Events, Error> {
    let is_stored = token.is_some() && token != given.0.as_deref();
    let ask = |token| {
        events::ask(
            reading.source,
            &reading.query,
            calendar,
            Which::Listing(token),
        )
    };
    match ask(token).await {
        Err(error) if is_stored && error.status == Some(400) => ask(None).await,
        reply => reply,
    }
}
