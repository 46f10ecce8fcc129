//! The primary calendar: a window of time, listed once, then followed, and laid anew every week.
//!
//! ```text
//! calendarView/delta (the window is in the link) ─► series of occurrences looked up ─► Listed or Current
//! ```
//!
//! The rows are what the calendar shows in the window: single events, exceptions, and each occurrence of a series with
//! what the series says of it. A series itself is no row: the vendor tells some of them and not others.
//!
//! The calendar of a mailbox that is full is listed instead (see [`plain`]).

mod cursor;
mod events;
mod plain;
mod record;
mod rule;
#[cfg(test)]
mod tests;
mod wire;
mod zones;

use self::cursor::{CalendarPlace, Window};
use self::events::Reader;
use self::plain::Listing;
use super::ask::{Ask, Onward, Source};
use super::{fault, full};
use crate::model::cursor::Cursor;
use crate::model::privacy::CalendarLevel;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::reading::fault::concerns_item;
use crate::providers::reading::items::{self, Gathered};
use crate::providers::reading::pager::Pager;
use crate::providers::reading::{cursor as written, window};
use crate::providers::{Advice, Error, Page, Position};

/// Makes the pages of one person's calendar.
pub(super) struct CalendarPager<'a, A> {
    source: Source<'a, A>,
    reader: Reader<'a, A>,
    stage: Stage,
}

enum Stage {
    Start(Option<Cursor>),
    Reading(Window),
    Listing(Listing),
    Done,
}

impl<'a, A: Ask> CalendarPager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, from: Option<Cursor>) -> Self {
        Self {
            source,
            reader: Reader::new(source),
            stage: Stage::Start(from),
        }
    }

    async fn start(&mut self, from: Option<Cursor>) -> Result<Page, Error> {
        let place = from.map(written::read::<CalendarPlace>).transpose()?;
        if self.source.request.privacy.calendar == CalendarLevel::None {
            let position = place.map_or(Position::Listed, |_| Position::Current);
            return Gathered::default().page(&CalendarPlace::Off, position);
        }
        match place {
            Some(CalendarPlace::At(window)) if window.open => self.read_or_list(window).await,
            Some(CalendarPlace::At(window)) => self.begin(window).await,
            Some(CalendarPlace::Off) | None => self.begin(laid(self.source)).await,
            Some(CalendarPlace::Plain(place)) if place.listed.is_some() => {
                plain::rest(self.source, place)
            }
            Some(CalendarPlace::Plain(place)) => self.list(Listing::resumed(place)).await,
        }
    }

    /// Reads on, or lists where there is no room to follow. What was followed until now is given up for that.
    async fn read_or_list(&mut self, window: Window) -> Result<Page, Error> {
        match self.read(window.clone()).await {
            Err(error) if full::is_meant(&error) && window.listed => {
                Err(full::given_up(error.operation))
            }
            Err(error) if full::is_meant(&error) => {
                self.list(Listing::begun(laid(self.source))).await
            }
            read => read,
        }
    }

    async fn list(&mut self, mut listing: Listing) -> Result<Page, Error> {
        let gathered = listing.step(self.source, &mut self.reader).await?;
        let place = CalendarPlace::Plain(listing.place.clone());
        if listing.place.listed.is_some() {
            return gathered.page(&place, Position::Listed);
        }
        self.stage = Stage::Listing(listing);
        gathered.page(&place, Position::Listing)
    }

    /// Begins a round, unless the window is to be laid anew.
    async fn begin(&mut self, mut window: Window) -> Result<Page, Error> {
        if window.is_old(self.source.clock.now()) {
            let why = "The window of the calendar is a week old.";
            return Err(fault::read_anew(Method::EventsDelta.name(), why));
        }
        window.open = true;
        self.read_or_list(window).await
    }

    async fn read(&mut self, mut window: Window) -> Result<Page, Error> {
        let method = Method::EventsDelta;
        let path = self.source.path("calendarView/delta");
        let (from, until) = (window.from.to_string(), window.until.to_string());
        let query = [("startDateTime", from.as_str()), ("endDateTime", &until)];
        let target = window
            .at
            .as_ref()
            .map_or(Target::Path(&path, &query), Target::Link);
        let fetched: wire::Page = self.source.get(method, target).await?;
        let gathered = self.reader.read(&fetched, &window).await?;
        let links = (fetched.next_link.as_deref(), fetched.delta_link.as_deref());
        let listed = window.listed;
        match self.source.onward(method, links, window.at.as_ref())? {
            Onward::More(next) => {
                window.at = Some(next);
                self.stage = Stage::Reading(window.clone());
                let position = if listed {
                    Position::Behind
                } else {
                    Position::Listing
                };
                gathered.page(&CalendarPlace::At(window), position)
            }
            Onward::Done(delta) => {
                window.at = Some(delta);
                window.open = false;
                window.listed = true;
                let position = if listed {
                    Position::Current
                } else {
                    Position::Listed
                };
                gathered.page(&CalendarPlace::At(window), position)
            }
        }
    }
}

impl<A: Ask> Pager for CalendarPager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => self.start(from).await.map(Some),
            Stage::Reading(window) => self.read_or_list(window).await.map(Some),
            Stage::Listing(listing) => self.list(listing).await.map(Some),
            Stage::Done => Ok(None),
        }
    }
}

/// Returns what is to be known of a calendar that is read all the same.
pub(super) fn advice(cursor: &Cursor) -> Option<Advice> {
    match written::read::<CalendarPlace>(cursor.clone()) {
        Ok(CalendarPlace::Plain(_)) => Some(full::ADVICE),
        _ => None,
    }
}

fn laid<A: Ask>(source: Source<'_, A>) -> Window {
    Window::laid(source.clock.now(), window::start(source.request.since))
}

/// Fetches single events again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    if source.request.privacy.calendar == CalendarLevel::None {
        let gone = keys.iter().cloned().map(Change::Delete);
        return Ok((gone.collect(), Vec::new()));
    }
    // The window that the items were told of is at most a week older than one that is laid now.
    let window = &laid(source);
    let at_once = source.api.per_user();
    items::refetch(at_once, keys, concerns_item, async |key| {
        Reader::new(source).one(key, window).await
    })
    .await
}
