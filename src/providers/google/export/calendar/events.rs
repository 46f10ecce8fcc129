//! A page of one calendar's events as changes.

use std::collections::HashSet;

use jiff::Timestamp;

use super::query::{Query, Which, events_path};
use super::record::{self, Read};
use super::wire::Events;
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};
use crate::providers::google::export::fault;
use crate::providers::google::export::items::{self, Gathered, Item};

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another one.
    Page(String),
    /// Nothing; from this sync token on there are changes.
    Token(String),
}

/// Asks for a page of a calendar.
pub(super) async fn ask<A: Ask>(
    source: Source<'_, A>,
    query: &Query,
    calendar: &str,
    which: Which<'_>,
) -> Result<Events, Error> {
    let path = events_path(calendar);
    let query = query.page(which);
    source.get(Method::EventsList, &path, &query).await
}

/// Returns what follows a page that was asked for with `token`.
pub(super) fn next(reply: &mut Events, token: Option<&str>) -> Result<Next, Error> {
    let malformed = |what| fault::malformed(Method::EventsList.name(), what);
    match (reply.next_page_token.take(), reply.next_sync_token.take()) {
        (Some(next), _) if token == Some(next.as_str()) => {
            Err(malformed("the next page has the token of this one"))
        }
        (Some(next), _) => Ok(Next::Page(next)),
        (None, Some(token)) => Ok(Next::Token(token)),
        (None, None) => Err(malformed("the last page has no sync token")),
    }
}

/// What decides which events of a calendar are stored.
pub(super) struct Reader<'a> {
    /// The calendar's id.
    pub(super) calendar: &'a str,
    /// How much of an event is kept, and whose are not.
    pub(super) privacy: &'a Privacy,
    /// The first instant that is wanted.
    pub(super) start: Option<Timestamp>,
}

/// The events of a page, as far as they could be read.
pub(super) struct Page {
    reads: Vec<Read>,
    failed: Vec<FailedItem>,
}

impl Page {
    /// Returns what could be read.
    pub(super) fn reads(&self) -> &[Read] {
        &self.reads
    }
}

impl Reader<'_> {
    /// Reads the events of a page.
    ///
    /// # Errors
    /// More of them than may be malformed are.
    pub(super) fn read(&self, items: &[Item]) -> Result<Page, Error> {
        let mut reads = Vec::with_capacity(items.len());
        let mut gathered = Gathered::default();
        for item in items {
            match items::read(item).and_then(|wire| record::read(wire, self.privacy)) {
                Ok(read) => reads.push(read),
                Err(misread) => {
                    let key = self.key(items::id(Method::EventsList, item)?);
                    items::fail(&mut gathered, Method::EventsList, key, misread)?;
                }
            }
        }
        let failed = gathered.failed;
        Ok(Page { reads, failed })
    }

    /// Returns the changes of a page of a listing: what is not wanted is left out.
    pub(super) fn list(&self, page: Page) -> Gathered {
        let wanted = page.reads.into_iter();
        let wanted = wanted.filter(|read| !read.is_gone() && self.wants(read));
        Gathered {
            changes: wanted.map(|read| self.upsert(read)).collect(),
            failed: page.failed,
        }
    }

    /// Returns the changes of a page of changes: what is not wanted may be stored and is deleted.
    pub(super) fn follow(&self, page: Page, dead: &HashSet<String>) -> Gathered {
        let reads = page.reads.into_iter();
        Gathered {
            changes: reads.map(|read| self.change(read, dead)).collect(),
            failed: page.failed,
        }
    }

    /// Returns what is to be done about an event. `dead` are series that do not live.
    pub(super) fn change(&self, read: Read, dead: &HashSet<String>) -> Change {
        let series = read.event.series_id.as_ref();
        let is_dead = read.is_cancelled() && series.is_none_or(|id| dead.contains(id));
        if is_dead || !self.wants(&read) {
            Change::Delete(self.key(read.id))
        } else {
            self.upsert(read)
        }
    }

    fn upsert(&self, read: Read) -> Change {
        let record = Record::Event(Box::new(read.event));
        Change::Upsert(self.key(read.id), record)
    }

    fn wants(&self, read: &Read) -> bool {
        !read.excluded && !read.is_too_old(self.start)
    }

    fn key(&self, id: String) -> RecordKey {
        RecordKey {
            container: self.calendar.to_owned(),
            id,
        }
    }
}
