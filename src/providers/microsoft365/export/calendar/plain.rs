//! The calendar of a mailbox that is full: its window in slices of time, which needs no room in it.
//!
//! A slice is one request, so that nothing can shift between two pages of it; where it holds more than a page it is halved.
//! What moves meanwhile from a slice that is still to be read into one that was is found by the next listing.
//!
//! Source: learn.microsoft.com/graph/api/user-list-calendarview, read 2026-11-27.

use jiff::SignedDuration;

use super::cursor::{CalendarPlace, Plain, Window};
use super::events::Reader;
use super::wire::{self, event_fields};
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::microsoft365::export::ask::{Ask, Source};
use crate::providers::microsoft365::export::{fault, full};
use crate::providers::reading::items::Gathered;
use crate::providers::{Error, Page, Position};

/// Events on a page.
const TOP: &str = "250";
/// How long a slice is at first.
const SLICE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How short a slice may become.
const LEAST: SignedDuration = SignedDuration::from_mins(30);

/// A listing under way.
pub(super) struct Listing {
    /// Where it stands.
    pub(super) place: Plain,
    slice: SignedDuration,
}

impl Listing {
    /// Begins to list a window.
    pub(super) fn begun(window: Window) -> Self {
        Self::resumed(Plain {
            at: window.from,
            window,
            listed: None,
        })
    }

    /// Goes on with a listing that an earlier process began.
    pub(super) fn resumed(place: Plain) -> Self {
        Self {
            place,
            slice: SLICE,
        }
    }

    /// Reads a slice.
    pub(super) async fn step<A: Ask>(
        &mut self,
        source: Source<'_, A>,
        reader: &mut Reader<'_, A>,
    ) -> Result<Gathered, Error> {
        loop {
            let until = self.place.at.saturating_add(self.slice);
            let until = until.map_or(self.place.window.until, |it| {
                it.min(self.place.window.until)
            });
            let page = fetch(source, &self.place, until).await?;
            if page.next_link.is_some() {
                self.halve()?;
                continue;
            }
            let gathered = reader.read(&page, &self.place.window).await?;
            self.place.at = until;
            if until >= self.place.window.until {
                self.place.listed = Some(source.clock.now());
            }
            return Ok(gathered);
        }
    }

    fn halve(&mut self) -> Result<(), Error> {
        self.slice /= 2;
        if self.slice < LEAST {
            let what = "half an hour of the calendar holds more events than a page";
            return Err(fault::malformed(Method::EventsList.name(), what));
        }
        Ok(())
    }
}

async fn fetch<A: Ask>(
    source: Source<'_, A>,
    place: &Plain,
    until: jiff::Timestamp,
) -> Result<wire::Page, Error> {
    let path = source.path("calendarView");
    let (from, until) = (place.at.to_string(), until.to_string());
    let fields = event_fields(&source.request.privacy);
    let query = [
        ("startDateTime", from.as_str()),
        ("endDateTime", &until),
        ("$select", &fields),
        ("$top", TOP),
    ];
    source
        .get(Method::EventsList, Target::Path(&path, &query))
        .await
}

/// Returns what becomes of a calendar that was listed: it rests for a while.
///
/// # Errors
/// [`Class::Expired`](crate::providers::Class) where it is time to list it again, if it cannot be followed by then.
pub(super) fn rest<A: Ask>(source: Source<'_, A>, place: Plain) -> Result<Page, Error> {
    let now = source.clock.now();
    let rests = place
        .listed
        .is_some_and(|listed| now.duration_since(listed) < full::PAUSE);
    if rests {
        return Gathered::default().page(&CalendarPlace::Plain(place), Position::Current);
    }
    Err(full::over(Method::EventsList.name()))
}
