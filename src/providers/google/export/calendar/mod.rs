//! The calendars in a person's list: each listed once, then followed through its own sync token.
//!
//! ```text
//! calendarList.list ─► events.list of each … ─► Listed ─► events.list(syncToken) of each ─► Current
//!         ▲                                                         │
//!         └── at most once an hour: new calendars are listed ◄──────┘
//! ```
//!
//! A calendar that the vendor does not let the person read is left out and tried again with the next look at the list;
//! one whose events are stored and that is gone, or a sync token that is too old, makes a new generation: only a full
//! listing and its sweep find what is to be deleted.

mod cursor;
mod events;
mod following;
mod list;
mod listing;
mod query;
mod record;
mod series;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;

use self::cursor::{Calendar, CalendarPlace};
use self::events::Reader;
use self::following::Following;
pub(super) use self::list::Looks;
use self::query::{Query, event_path};
use self::series::Mentioned;
use super::ask::{Ask, Source};
use super::items::{self, Gathered, Misread};
use super::pager::Pager;
use super::{cursor as written, fault, window};
use crate::model::cursor::Cursor;
use crate::model::privacy::CalendarLevel;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::{Error, Page, Position};

/// Makes the pages of one person's calendars.
pub(super) struct CalendarPager<'a, A> {
    reading: Reading<'a, A>,
    looks: &'a Looks,
    stage: Stage,
}

/// What every request of a run shares.
struct Reading<'a, A> {
    source: Source<'a, A>,
    query: Query,
    start: Option<Timestamp>,
}

enum Stage {
    Start(Option<Cursor>),
    Listing {
        calendars: Vec<Calendar>,
        given: Given,
    },
    Following(Following),
    Done,
}

/// The page token that the vendor gave in this run. Any other one was stored, and the vendor may have forgotten it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Given(Option<String>);

impl<'a, A: Ask> Reading<'a, A> {
    fn new(source: Source<'a, A>) -> Self {
        let start = window::start(source.request.since);
        Self {
            query: Query::new(&source.request.privacy, start),
            source,
            start,
        }
    }

    fn reader<'r>(&'r self, calendar: &'r str) -> Reader<'r> {
        Reader {
            calendar,
            privacy: &self.source.request.privacy,
            start: self.start,
        }
    }
}

impl<'a, A: Ask> CalendarPager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, looks: &'a Looks, from: Option<Cursor>) -> Self {
        Self {
            reading: Reading::new(source),
            looks,
            stage: Stage::Start(from),
        }
    }

    async fn start(&mut self, from: Option<Cursor>) -> Result<Option<Page>, Error> {
        let place = from.map(written::read::<CalendarPlace>).transpose()?;
        if self.reading.source.request.privacy.calendar == CalendarLevel::None {
            let position = place.map_or(Position::Listed, |_| Position::Current);
            return Gathered::default()
                .page(&CalendarPlace::Off, position)
                .map(Some);
        }
        self.stage = match place {
            Some(CalendarPlace::Listing(calendars)) => Stage::Listing {
                calendars,
                given: Given::default(),
            },
            Some(CalendarPlace::Following(calendars)) => {
                Stage::Following(self.follow(calendars).await?)
            }
            None | Some(CalendarPlace::Off) => Stage::Listing {
                calendars: list::unread(list::read(self.reading.source, self.looks).await?),
                given: Given::default(),
            },
        };
        self.advance().await
    }

    async fn follow(&self, mut calendars: Vec<Calendar>) -> Result<Following, Error> {
        let source = self.reading.source;
        if self.looks.are_due(&source.request.user.id) {
            let entries = list::read(source, self.looks).await?;
            list::reconcile(&mut calendars, entries)?;
        }
        Ok(Following::new(calendars))
    }

    async fn advance(&mut self) -> Result<Option<Page>, Error> {
        let page = match &mut self.stage {
            Stage::Listing { calendars, given } => {
                let gathered = listing::step(&self.reading, calendars, given).await?;
                let position = if calendars.iter().any(Calendar::is_listing) {
                    Position::Listing
                } else {
                    Position::Listed
                };
                let calendars = calendars.clone();
                let place = match position {
                    Position::Listing => CalendarPlace::Listing(calendars),
                    _ => CalendarPlace::Following(calendars),
                };
                gathered.page(&place, position)?
            }
            Stage::Following(following) => following.next(&self.reading).await?,
            Stage::Start(_) | Stage::Done => return Ok(None),
        };
        if matches!(page.position, Position::Listed | Position::Current) {
            self.stage = Stage::Done;
        }
        Ok(Some(page))
    }
}

impl<A: Ask> Pager for CalendarPager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => self.start(from).await,
            stage => {
                self.stage = stage;
                self.advance().await
            }
        }
    }
}

/// Returns whether the vendor refuses one calendar rather than all that is asked for.
///
/// Source: developers.google.com/workspace/calendar/api/guides/errors, read 2026-11-22.
fn refuses_calendar(calendar: &Calendar, error: &Error) -> bool {
    !calendar.primary && (error.status == Some(404) || is_forbidden(error))
}

fn is_forbidden(error: &Error) -> bool {
    error.status == Some(403) && error.code.as_deref() == Some("forbidden")
}

/// Fetches single events again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    let reading = &Reading::new(source);
    if source.request.privacy.calendar == CalendarLevel::None {
        return Ok((
            keys.iter().cloned().map(Change::Delete).collect(),
            Vec::new(),
        ));
    }
    let concerns_item = |error: &Error| fault::concerns_item(error) || is_forbidden(error);
    items::refetch(
        source.api.per_user(),
        keys,
        concerns_item,
        async |key: RecordKey| {
            let method = Method::EventsGet;
            let path = event_path(&key.container, &key.id);
            let wire = source.get(method, &path, &reading.query.one()).await?;
            let read = record::read(wire, &source.request.privacy);
            let read = read.map_err(|Misread(why)| fault::malformed(method.name(), why))?;
            let series = Mentioned::by(std::slice::from_ref(&read));
            let dead = series.dead(reading, &key.container).await?;
            Ok(reading.reader(&key.container).change(read, &dead))
        },
    )
    .await
}
