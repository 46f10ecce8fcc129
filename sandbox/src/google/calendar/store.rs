//! One person's calendars.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::event;
use crate::scenario::Resource;

/// An event, or what is left of it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) resource: Resource,
    /// The number of its last change; higher is later.
    pub(crate) seq: u64,
    /// Milliseconds since 1970 of its last change.
    pub(crate) updated: i64,
}

impl Stored {
    pub(crate) fn cancelled(&self) -> bool {
        self.resource.get("status").and_then(Value::as_str) == Some("cancelled")
    }

    /// The series that this is an exception of.
    pub(crate) fn series(&self) -> Option<&str> {
        self.resource
            .get("recurringEventId")
            .and_then(Value::as_str)
    }
}

/// A calendar and its entry in the person's list.
#[derive(Debug)]
pub(crate) struct Calendar {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) time_zone: String,
    pub(crate) access_role: String,
    pub(crate) primary: bool,
    /// The number of the entry's last change.
    pub(crate) seq: u64,
    pub(crate) events: BTreeMap<String, Stored>,
}

/// All of a person's calendars. One counter numbers all changes.
#[derive(Debug)]
pub(crate) struct Calendars {
    pub(crate) all: Vec<Calendar>,
    pub(crate) seq: u64,
    /// Sync tokens with a lower number are too old.
    pub(crate) oldest: u64,
}

impl Calendars {
    pub(crate) fn new() -> Self {
        Self {
            all: Vec::new(),
            seq: 1,
            oldest: 1,
        }
    }

    fn advance(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    /// Makes every sync token given out so far too old.
    pub(crate) fn expire(&mut self) {
        self.oldest = self.advance();
    }

    pub(crate) fn add(&mut self, mut calendar: Calendar) {
        calendar.seq = self.advance();
        self.all.push(calendar);
    }

    /// A calendar by id; `primary` is the person's own.
    pub(crate) fn find(&self, id: &str) -> Option<&Calendar> {
        self.all.iter().find(|calendar| calendar.answers_to(id))
    }

    /// Stores an event, which has its id.
    pub(crate) fn put(&mut self, calendar: &str, id: &str, resource: Resource, now: i64) -> bool {
        let seq = self.advance();
        let Some(calendar) = self.all.iter_mut().find(|known| known.answers_to(calendar)) else {
            return false;
        };
        calendar.events.insert(
            id.to_owned(),
            Stored {
                resource,
                seq,
                updated: now,
            },
        );
        true
    }

    /// Changes an event or one instance of a series; gives back what it is then.
    pub(crate) fn patch(
        &mut self,
        calendar: &str,
        id: &str,
        changes: &Resource,
        now: i64,
    ) -> Option<Resource> {
        let cancels = changes.get("status").and_then(Value::as_str) == Some("cancelled");
        if cancels {
            return self.cancel(calendar, id, now);
        }
        let known = self.find(calendar)?;
        let mut resource = match known.events.get(id) {
            Some(stored) if stored.cancelled() => return None,
            Some(stored) => stored.resource.clone(),
            None => known.instance(id)?,
        };
        for (name, value) in changes {
            if value.is_null() {
                resource.shift_remove(name);
            } else {
                resource.insert(name.clone(), value.clone());
            }
        }
        let sequence = resource
            .get("sequence")
            .and_then(Value::as_u64)
            .unwrap_or(0)
            + 1;
        resource.insert("sequence".to_owned(), json!(sequence));
        event::touch(&mut resource, now);
        self.put(calendar, id, resource.clone(), now);
        Some(resource)
    }

    /// Deletes an event, a series with its exceptions, or one instance of a series.
    pub(crate) fn cancel(&mut self, calendar: &str, id: &str, now: i64) -> Option<Resource> {
        let known = self.find(calendar)?;
        let stored = match known.events.get(id) {
            Some(stored) if stored.cancelled() => return None,
            Some(stored) => stored.resource.clone(),
            None => known.instance(id)?,
        };
        let exceptions: Vec<(String, Resource)> = known
            .events
            .iter()
            .filter(|(_, stored)| stored.series() == Some(id))
            .map(|(id, stored)| (id.clone(), event::tombstone(&stored.resource, now)))
            .collect();
        let tombstone = event::tombstone(&stored, now);
        self.put(calendar, id, tombstone.clone(), now);
        for (id, tombstone) in exceptions {
            self.put(calendar, &id, tombstone, now);
        }
        Some(tombstone)
    }
}

impl Calendar {
    pub(crate) fn new(id: String, summary: String, primary: bool) -> Self {
        Self {
            id,
            summary,
            time_zone: "Europe/Berlin".to_owned(),
            access_role: "owner".to_owned(),
            primary,
            seq: 0,
            events: BTreeMap::new(),
        }
    }

    fn answers_to(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id) || (self.primary && id == "primary")
    }

    /// An instance of a live series that is not stored as an exception yet.
    pub(crate) fn instance(&self, id: &str) -> Option<Resource> {
        let (series, _) = id.rsplit_once('_')?;
        let master = self
            .events
            .get(series)
            .filter(|stored| !stored.cancelled())?;
        event::instance(&master.resource, id)
    }
}
