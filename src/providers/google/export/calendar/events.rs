//! A page of one calendar's events as changes.

use jiff::Timestamp;

use super::query::{Query, Which, events_path};
use super::record::{self, Read};
use super::series::DeadSeries;
use super::wire::{Events, WireEvent};
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};
use crate::providers::google::export::fault;
use crate::providers::google::export::items::{self, Gathered, Item, Misread};

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

impl Reader<'_> {
    /// Returns the changes of a page of a listing: what is not wanted is left out.
    pub(super) fn list(&self, items: &[Item]) -> Result<Gathered, Error> {
        self.gather(items, |_, read| {
            (!read.is_gone() && self.wants(read)).then_some(Verdict::Keep)
        })
    }

    /// Returns the changes of a page of changes: what is not wanted may be stored and is deleted.
    pub(super) fn follow(
        &self,
        items: &[Item],
        series: &mut DeadSeries,
    ) -> Result<Gathered, Error> {
        let mut gathered = self.gather(items, |key, read| {
            let taken_along = series.took_along(key, read);
            let keep = !taken_along && !read.is_gone() && self.wants(read);
            Some(if keep { Verdict::Keep } else { Verdict::Delete })
        })?;
        gathered.changes.extend(series.bury());
        Ok(gathered)
    }

    /// Returns the change that one event, fetched by itself, comes to.
    pub(super) fn one(&self, wire: WireEvent) -> Result<Change, Misread> {
        let key = self.key(wire.id.clone());
        let read = record::read(wire, self.privacy)?;
        Ok(if !read.is_gone() && self.wants(&read) {
            Change::Upsert(key, Record::Event(Box::new(read.event)))
        } else {
            Change::Delete(key)
        })
    }

    fn gather(
        &self,
        items: &[Item],
        mut judge: impl FnMut(&RecordKey, &Read) -> Option<Verdict>,
    ) -> Result<Gathered, Error> {
        let mut gathered = Gathered::default();
        for item in items {
            match items::read(item).and_then(|wire| record::read(wire, self.privacy)) {
                Ok(read) => {
                    let key = self.key(read.id.clone());
                    let verdict = judge(&key, &read);
                    gathered
                        .changes
                        .extend(verdict.map(|it| it.change(key, read)));
                }
                Err(misread) => {
                    let key = self.key(items::id(Method::EventsList, item)?);
                    gathered.fail(Method::EventsList, key, misread)?;
                }
            }
        }
        Ok(gathered)
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

enum Verdict {
    Keep,
    Delete,
}

impl Verdict {
    fn change(self, key: RecordKey, read: Read) -> Change {
        match self {
            Self::Keep => Change::Upsert(key, Record::Event(Box::new(read.event))),
            Self::Delete => Change::Delete(key),
        }
    }
}
