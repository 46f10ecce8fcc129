//! Calendars of a test's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::scripted::{Answer, Asked, expired, gone};

#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Make { calendar: usize },
    Change { calendar: usize, at: usize },
    Cancel { calendar: usize, at: usize },
    LeaveOut { calendar: usize, at: usize },
}

/// An event with the number of its last change. `left_out`: an instance that its series leaves out.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) seq: u64,
    pub(super) version: u64,
    pub(super) cancelled: bool,
    pub(super) series: Option<String>,
}

#[derive(Default)]
pub(super) struct Vendor {
    /// In the list, in order; the first is primary.
    pub(super) listed: Vec<String>,
    pub(super) events: BTreeMap<String, BTreeMap<String, Event>>,
    pub(super) refused: Vec<(String, Error)>,
    pub(super) seq: u64,
    pub(super) oldest: u64,
    pub(super) made: u64,
    pub(super) pending: Vec<Edit>,
    /// Replaces an event's JSON.
    pub(super) odd: BTreeMap<String, Value>,
}

impl Vendor {
    pub(super) fn with(calendars: &[&str], events: usize) -> Self {
        let mut vendor = Self::default();
        for (calendar, id) in calendars.iter().enumerate() {
            vendor.listed.push((*id).to_owned());
            vendor.events.insert((*id).to_owned(), BTreeMap::new());
            (0..events).for_each(|_| vendor.edit(Edit::Make { calendar }));
        }
        vendor
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        self.seq += 1;
        let (Edit::Make { calendar }
        | Edit::Change { calendar, .. }
        | Edit::Cancel { calendar, .. }
        | Edit::LeaveOut { calendar, .. }) = edit;
        let id = self.listed[calendar % self.listed.len()].clone();
        let events = self.events.get_mut(&id).unwrap();
        let live = |it: &&Event| !it.cancelled && it.series.is_none();
        let ids: Vec<_> = events
            .iter()
            .filter(|(_, it)| live(it))
            .map(|(id, _)| id.clone())
            .collect();
        let pick = |at: usize| ids.get(at % ids.len().max(1)).cloned();
        let seq = self.seq;
        match edit {
            Edit::Make { .. } => {
                self.made += 1;
                let event = Event {
                    seq,
                    version: 0,
                    cancelled: false,
                    series: None,
                };
                events.insert(format!("e{}", self.made), event);
            }
            Edit::Change { at, .. } => {
                let Some(event) = pick(at).and_then(|id| events.get_mut(&id)) else {
                    return;
                };
                (event.seq, event.version) = (seq, event.version + 1);
            }
            Edit::LeaveOut { at, .. } => {
                let Some(series) = pick(at) else { return };
                let event = Event {
                    seq,
                    version: 0,
                    cancelled: true,
                    series: Some(series.clone()),
                };
                events.insert(format!("{series}_{seq}"), event);
            }
            Edit::Cancel { at, .. } => {
                let Some(id) = pick(at) else { return };
                let goes = |(key, it): &(&String, &mut Event)| {
                    **key == id || it.series.as_ref() == Some(&id)
                };
                for (_, event) in events.iter_mut().filter(goes) {
                    (event.seq, event.cancelled) = (seq, true);
                }
            }
        }
    }

    /// Gives the one instance that a series leaves out another id.
    pub(super) fn rename_instance(&mut self, calendar: &str, id: &str) {
        let events = self.events.get_mut(calendar).unwrap();
        let is_instance = |(_, it): &(&String, &Event)| it.series.is_some();
        let (old, event) = events.iter().find(is_instance).unwrap();
        let (old, event) = (old.clone(), event.clone());
        events.remove(&old);
        events.insert(id.to_owned(), event);
    }

    pub(super) fn json(&self, id: &str, event: &Event) -> Value {
        if let Some(odd) = self.odd.get(id) {
            return odd.clone();
        }
        if event.cancelled {
            let mut json = json!({"id": id, "status": "cancelled"});
            if let Some(series) = &event.series {
                json["recurringEventId"] = json!(series);
            }
            return json;
        }
        json!({"id": id, "status": "confirmed", "iCalUID": event.version.to_string(),
            "start": {"dateTime": "2026-01-01T10:00:00Z"}, "end": {"dateTime": "2026-01-01T11:00:00Z"}})
    }

    /// What a full listing has: live events, and instances that live series leave out.
    pub(super) fn is_shown(events: &BTreeMap<String, Event>, event: &Event) -> bool {
        match &event.series {
            Some(series) => !events[series].cancelled,
            None => !event.cancelled,
        }
    }

    pub(super) fn truth(&self) -> BTreeMap<(String, String), (bool, u64)> {
        let mut truth = BTreeMap::new();
        for calendar in &self.listed {
            let events = &self.events[calendar];
            for (id, it) in events.iter().filter(|(_, it)| Self::is_shown(events, it)) {
                truth.insert((calendar.clone(), id.clone()), (it.cancelled, it.version));
            }
        }
        truth
    }

    /// Pages of three; a listing's tokens are ids, those of changes are numbers. Sync tokens are numbers too.
    pub(super) fn list_events(&self, asked: &Asked<'_>) -> Result<Value, Error> {
        let calendar = asked.path.split('/').nth(3).unwrap().replace("%40", "@");
        if let Some((_, error)) = self.refused.iter().find(|(id, _)| *id == calendar) {
            return Err(error.clone());
        }
        let events = self.events.get(&calendar).ok_or_else(gone)?;
        let since = asked.get("syncToken").map(|it| it.parse::<u64>().unwrap());
        if since.is_some_and(|since| since < self.oldest) {
            return Err(expired());
        }
        let token = asked.get("pageToken").unwrap_or_default();
        // A page token knows the state that its chain of pages began with: what changes meanwhile is for the next sync.
        let (end, after) = match token.split_once(':') {
            Some((end, after)) => (end.parse().unwrap(), after),
            None => (self.seq, ""),
        };
        let wanted = |(id, it): &(&String, &Event)| {
            let newer = since.map_or_else(|| Self::is_shown(events, it), |since| it.seq > since);
            newer && id.as_str() > after
        };
        let mut found = events.iter().filter(wanted);
        let page: Vec<_> = found.by_ref().take(3).collect();
        let items = page.iter().map(|(id, it)| self.json(id, it));
        let mut reply = json!({"items": items.collect::<Vec<_>>()});
        match (found.next(), page.last()) {
            (Some(_), Some((id, _))) => reply["nextPageToken"] = json!(format!("{end}:{id}")),
            _ => reply["nextSyncToken"] = json!(end.to_string()),
        }
        Ok(reply)
    }

    pub(super) fn list_calendars(&self) -> Value {
        let entry = |(at, id): (usize, &String)| match at {
            0 => json!({"id": id, "primary": true, "accessRole": "owner"}),
            _ => json!({"id": id, "accessRole": "reader"}),
        };
        // The vendor's order is its own.
        let entries: Vec<_> = self.listed.iter().enumerate().map(entry).rev().collect();
        json!({"items": entries})
    }
}

impl Answer<Method> for Vendor {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        if let Some(edit) = self.pending.pop() {
            self.edit(edit);
        }
        match asked.method {
            Method::CalendarListList => Ok(self.list_calendars()),
            Method::EventsList => self.list_events(asked),
            Method::EventsGet => {
                let calendar = asked.path.split('/').nth(3).unwrap();
                let event = self.events[calendar].get(asked.id()).ok_or_else(gone)?;
                Ok(self.json(asked.id(), event))
            }
            other => panic!("{other:?} was asked for"),
        }
    }
}
