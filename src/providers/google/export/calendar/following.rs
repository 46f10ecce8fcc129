//! Following calendars, several at a time: most have nothing new.

use std::collections::VecDeque;

use futures::future::join_all;

use super::cursor::{Calendar, CalendarPlace, Progress};
use super::events::{self, Next};
use super::query::Which;
use super::series::Mentioned;
use super::wire::Events;
use super::{Given, Reading, listing, refuses_calendar};
use crate::providers::google::export::ask::Ask;
use crate::providers::google::export::fault;
use crate::providers::google::export::items::Gathered;
use crate::providers::{Error, Page, Position};

/// A run through the changes of all calendars.
pub(super) struct Following {
    calendars: Vec<Calendar>,
    given: Given,
    /// Calendars that have not been asked yet, by their place in the list.
    waiting: VecDeque<usize>,
    /// First pages of calendars that have been asked; at most as many as requests may be under way.
    ready: VecDeque<(usize, Result<Events, Error>)>,
    /// The calendar whose changes take more than one page.
    open: Option<Open>,
}

struct Open {
    at: usize,
    /// The page to read next.
    token: String,
}

impl Following {
    /// Begins a run. Calendars that are still being listed are listed first.
    pub(super) fn new(calendars: Vec<Calendar>) -> Self {
        let followed = |it: &Calendar| matches!(it.at, Progress::Following { .. });
        let waiting = calendars.iter().enumerate().filter(|(_, it)| followed(it));
        Self {
            waiting: waiting.map(|(at, _)| at).collect(),
            calendars,
            given: Given::default(),
            ready: VecDeque::new(),
            open: None,
        }
    }

    /// Returns the next page that has changes, or the last one. A calendar's cursor moves with its last page.
    pub(super) async fn next<A: Ask>(&mut self, reading: &Reading<'_, A>) -> Result<Page, Error> {
        loop {
            let gathered = self.step(reading).await?;
            let position = if self.is_done() {
                Position::Current
            } else {
                Position::Behind
            };
            let nothing = gathered.changes.is_empty() && gathered.failed.is_empty();
            if position == Position::Current || !nothing {
                let place = CalendarPlace::Following(self.calendars.clone());
                return gathered.page(&place, position);
            }
        }
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty()
            && self.ready.is_empty()
            && self.open.is_none()
            && !self.calendars.iter().any(Calendar::is_listing)
    }

    async fn step<A: Ask>(&mut self, reading: &Reading<'_, A>) -> Result<Gathered, Error> {
        if self.calendars.iter().any(Calendar::is_listing) {
            return listing::step(reading, &mut self.calendars, &mut self.given).await;
        }
        if let Some(open) = self.open.take() {
            let reply = self.ask(reading, open.at, Some(&open.token)).await?;
            return self.read(reading, open.at, reply, Some(&open.token)).await;
        }
        if self.ready.is_empty() {
            self.ask_several(reading).await;
        }
        match self.ready.pop_front() {
            Some((at, reply)) => self.read(reading, at, reply?, None).await,
            None => Ok(Gathered::default()),
        }
    }

    async fn ask_several<A: Ask>(&mut self, reading: &Reading<'_, A>) {
        let count = self.waiting.len().min(reading.source.api.per_user());
        let asked: Vec<usize> = self.waiting.drain(..count).collect();
        let replies = asked.iter().map(|at| self.ask(reading, *at, None));
        let replies = join_all(replies).await;
        self.ready = asked.into_iter().zip(replies).collect();
    }

    /// Asks for a page of changes.
    ///
    /// # Errors
    /// [`Class::Expired`](crate::providers::Class) also where the calendar may no longer be read: its events are
    /// stored and have to go.
    async fn ask<A: Ask>(
        &self,
        reading: &Reading<'_, A>,
        at: usize,
        token: Option<&str>,
    ) -> Result<Events, Error> {
        let Some((calendar, sync_token)) = self.calendars.get(at).and_then(followed) else {
            return Ok(Events::default());
        };
        let which = Which::Changes(sync_token, token);
        let reply = events::ask(reading.source, &reading.query, &calendar.id, which).await;
        reply.map_err(|error| {
            if refuses_calendar(calendar, &error) {
                fault::calendar_left()
            } else {
                error
            }
        })
    }

    async fn read<A: Ask>(
        &mut self,
        reading: &Reading<'_, A>,
        at: usize,
        mut reply: Events,
        token: Option<&str>,
    ) -> Result<Gathered, Error> {
        let Some(calendar) = self.calendars.get_mut(at) else {
            return Ok(Gathered::default());
        };
        let reader = reading.reader(&calendar.id);
        let page = reader.read(&reply.items)?;
        let series = Mentioned::by(page.reads());
        let dead = series.dead(reading, &calendar.id).await?;
        let gathered = reader.follow(page, &dead);
        match events::next(&mut reply, token)? {
            Next::Page(token) => self.open = Some(Open { at, token }),
            Next::Token(sync_token) => calendar.at = Progress::Following { sync_token },
        }
        Ok(gathered)
    }
}

fn followed(calendar: &Calendar) -> Option<(&Calendar, &str)> {
    match &calendar.at {
        Progress::Following { sync_token } => Some((calendar, sync_token)),
        Progress::Listing { .. } | Progress::Refused => None,
    }
}
