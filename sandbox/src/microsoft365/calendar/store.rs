//! One person's primary calendar.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::rule;
use crate::corpus::recurrence::{self, Moment};
use crate::microsoft365::graph::chain::Key;
use crate::scenario::Resource;

/// What stands for an event as a whole in a [`Key`], where an occurrence of a series has the instant that it would
/// start at, in milliseconds since 1970.
pub(crate) const WHOLE: i64 = i64::MIN;

/// An event, an exception of a series, or what is left of either.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) modified: i64,
    pub(crate) version: u32,
    pub(crate) deleted: bool,
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    /// The value of an `RRULE`; only series have one.
    pub(crate) rule: Option<String>,
    /// What the rule gives. The calendar works it out when the event is put into it.
    pub(crate) occurrences: Arc<[Occurrence]>,
    /// Everything else, as Graph has it.
    pub(crate) fields: Resource,
}

impl Event {
    /// Whether it overlaps a span of time.
    pub(crate) fn overlaps(&self, from: i64, until: i64) -> bool {
        let (start, end) = (self.start.ms(), self.end.ms());
        start < until && (end > from || (start == end && start >= from))
    }
}

/// One occurrence of a series: when it would start by the rule, and the times that the rule gives.
#[derive(Debug, Clone)]
pub(crate) struct Occurrence {
    pub(crate) original: i64,
    pub(crate) start: Moment,
    pub(crate) end: Moment,
}

#[derive(Debug)]
struct Entry {
    seq: u64,
    key: Key,
    /// Occurrences that the change took away.
    gone: Vec<i64>,
}

/// The calendar. One counter numbers all changes.
#[derive(Debug)]
pub(crate) struct Calendar {
    pub(crate) time_zone: String,
    pub(crate) seq: u64,
    next: u64,
    pub(crate) events: BTreeMap<Key, Event>,
    journal: Vec<Entry>,
}

impl Calendar {
    pub(crate) fn new(time_zone: String) -> Self {
        Self {
            time_zone,
            seq: 1,
            next: 1,
            events: BTreeMap::new(),
            journal: Vec::new(),
        }
    }

    /// Adds an event that was there from the start and returns its number.
    pub(crate) fn load(&mut self, mut event: Event) -> u64 {
        let number = self.next;
        event.occurrences = by_rule(&event).into();
        self.next += 1;
        self.events.insert((number, WHOLE), event);
        number
    }

    /// Adds an exception or a cancelled occurrence that was there from the start.
    pub(crate) fn load_exception(&mut self, key: Key, event: Event) {
        self.events.insert(key, event);
    }

    /// Adds an event and returns its number.
    pub(crate) fn add(&mut self, event: Event) -> u64 {
        let number = self.load(event);
        self.note((number, WHOLE), Vec::new());
        number
    }

    fn note(&mut self, key: Key, gone: Vec<i64>) {
        self.seq += 1;
        self.journal.push(Entry {
            seq: self.seq,
            key,
            gone,
        });
    }

    /// A series that exists.
    fn series(&self, number: u64) -> Option<&Event> {
        self.events
            .get(&(number, WHOLE))
            .filter(|event| !event.deleted && event.rule.is_some())
    }

    /// The occurrences that the rule of a series gives, exceptions and cancelled ones left out.
    pub(crate) fn occurrences(&self, number: u64) -> Vec<Occurrence> {
        let series = self.series(number);
        let all = series
            .map(|series| &series.occurrences[..])
            .unwrap_or_default();
        let own = |original: i64| self.events.contains_key(&(number, original));
        all.iter()
            .filter(|occurrence| !own(occurrence.original))
            .cloned()
            .collect()
    }

    /// What is at a key: an event, an exception, or an occurrence as the event that it would be.
    pub(crate) fn get(&self, key: Key) -> Option<Event> {
        if let Some(event) = self.events.get(&key) {
            return Some(event.clone()).filter(|event| !event.deleted);
        }
        let (number, original) = key;
        let series = self.series(number)?;
        let found = series
            .occurrences
            .iter()
            .find(|occurrence| occurrence.original == original)?;
        Some(Event {
            start: found.start.clone(),
            end: found.end.clone(),
            rule: None,
            occurrences: Arc::default(),
            ..series.clone()
        })
    }

    /// Changes an event or one occurrence of a series, which then is an exception; false if there is none.
    pub(crate) fn change(&mut self, key: Key, now: i64, edit: impl FnOnce(&mut Event)) -> bool {
        let Some(mut event) = self.get(key) else {
            return false;
        };
        let before = event.occurrences.clone();
        edit(&mut event);
        event.occurrences = by_rule(&event).into();
        event.version += 1;
        event.modified = now;
        let after: HashSet<i64> = event.occurrences.iter().map(|one| one.original).collect();
        let gone = before
            .iter()
            .map(|occurrence| occurrence.original)
            .filter(|original| !after.contains(original));
        let gone: Vec<i64> = gone.collect();
        // Exceptions of occurrences that the rule does not give any more go with them.
        for original in &gone {
            self.events.remove(&(key.0, *original));
        }
        self.events.insert(key, event);
        self.note(key, gone);
        true
    }

    /// Deletes an event, a series with its exceptions, or one occurrence; false if there is none.
    pub(crate) fn delete(&mut self, key: Key, now: i64) -> bool {
        let Some(mut event) = self.get(key) else {
            return false;
        };
        let gone: Vec<i64> = event.occurrences.iter().map(|one| one.original).collect();
        event.deleted = true;
        event.modified = now;
        if key.1 == WHOLE {
            let own: Vec<Key> = self
                .events
                .range((key.0, WHOLE + 1)..=(key.0, i64::MAX))
                .map(|(key, _)| *key)
                .collect();
            for key in own {
                self.events.remove(&key);
            }
        }
        self.events.insert(key, event);
        self.note(key, gone);
        true
    }

    /// Keys of what changed after one change and up to another, each once, in order.
    pub(crate) fn touched(&self, since: u64, until: u64) -> Vec<(Key, Vec<i64>)> {
        let from = self.journal.partition_point(|entry| entry.seq <= since);
        let to = self.journal.partition_point(|entry| entry.seq <= until);
        let entries = self.journal.get(from..to).unwrap_or_default();
        let mut touched: BTreeMap<Key, Vec<i64>> = BTreeMap::new();
        for entry in entries {
            touched.entry(entry.key).or_default().extend(&entry.gone);
        }
        touched.into_iter().collect()
    }

    /// Keys of what a view of the calendar shows, series as their occurrences; in order.
    pub(crate) fn view(&self, from: i64, until: i64) -> Vec<Key> {
        let mut keys = Vec::new();
        for (key, event) in &self.events {
            if event.deleted {
                continue;
            }
            if event.rule.is_some() {
                keys.extend(self.occurrence_keys(key.0, from, until));
            } else if event.overlaps(from, until) {
                keys.push(*key);
            }
        }
        keys
    }

    /// Whether an event, or anything of a series, is in a span of time.
    pub(crate) fn shows(&self, number: u64, from: i64, until: i64) -> bool {
        let stored = self.events.range((number, WHOLE)..=(number, i64::MAX));
        let mut live = stored.filter(|(_, event)| !event.deleted && event.rule.is_none());
        live.any(|(_, event)| event.overlaps(from, until))
            || !self.occurrence_keys(number, from, until).is_empty()
    }

    /// Keys of the occurrences of a series in a span of time, exceptions and cancelled ones left out.
    pub(crate) fn occurrence_keys(&self, number: u64, from: i64, until: i64) -> Vec<Key> {
        let inside = |one: &Occurrence| one.start.ms() < until && one.end.ms() > from;
        let all = self.occurrences(number).into_iter().filter(inside);
        all.map(|one| (number, one.original)).collect()
    }
}

/// Every occurrence that a rule gives.
fn by_rule(event: &Event) -> Vec<Occurrence> {
    let Some(rule) = &event.rule else {
        return Vec::new();
    };
    let master = Resource::from_iter([
        ("id".to_owned(), json!("x")),
        ("start".to_owned(), event.start.value()),
        ("end".to_owned(), event.end.value()),
        ("recurrence".to_owned(), json!([format!("RRULE:{rule}")])),
    ]);
    let instances = recurrence::expand(&master, i64::MIN, i64::MAX).unwrap_or_default();
    let occurrence = instances.into_iter().filter_map(|instance| {
        let resource = instance.resource(&master);
        let moment = |name: &str| resource.get(name).and_then(Moment::parse);
        let start = moment("start")?;
        Some(Occurrence {
            original: start.ms(),
            end: moment("end").unwrap_or_else(|| start.clone()),
            start,
        })
    });
    occurrence.collect()
}

/// The recurrence of a series as Graph shows it.
pub(crate) fn recurrence_of(event: &Event) -> Value {
    match &event.rule {
        Some(rule) => rule::shown(rule, &event.start),
        None => Value::Null,
    }
}
