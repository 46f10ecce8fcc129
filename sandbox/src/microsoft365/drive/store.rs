//! One person's `OneDrive`.

use std::collections::{BTreeMap, HashMap};

use crate::scenario::Resource;

/// A change of an item.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) seq: u64,
    pub(crate) item: String,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
}

/// The items of a drive and their changes; deleted ones stay, so that their end can be told.
#[derive(Debug)]
pub(crate) struct Drive {
    pub(crate) id: String,
    pub(crate) root: String,
    /// Live items, the root among them.
    pub(crate) items: BTreeMap<String, Resource>,
    /// What is left of deleted ones.
    pub(crate) deleted: HashMap<String, Resource>,
    changes: Vec<Change>,
    pub(crate) seq: u64,
    /// Tokens below this are too old.
    pub(crate) oldest: u64,
    /// How often tokens became too old.
    pub(crate) expiries: u64,
}

impl Drive {
    pub(crate) fn new(id: String, root: String) -> Self {
        Self {
            id,
            root,
            items: BTreeMap::new(),
            deleted: HashMap::new(),
            changes: Vec::new(),
            seq: 1,
            oldest: 1,
            expiries: 0,
        }
    }

    /// Adds an item that was there from the start.
    pub(crate) fn load(&mut self, id: String, item: Resource) {
        self.items.insert(id, item);
    }

    /// Stores an item, new or changed.
    pub(crate) fn put(&mut self, id: &str, item: Resource, now: i64) {
        self.deleted.remove(id);
        self.items.insert(id.to_owned(), item);
        self.note(id, now);
    }

    /// Deletes an item and what is in it; false if there is none, or if it is the root.
    pub(crate) fn remove(&mut self, id: &str, now: i64) -> bool {
        if id == self.root {
            return false;
        }
        let children: Vec<String> = self.children(id).map(|(id, _)| id.clone()).collect();
        let Some(item) = self.items.remove(id) else {
            return false;
        };
        for child in children {
            self.remove(&child, now);
        }
        self.deleted.insert(id.to_owned(), item);
        self.note(id, now);
        true
    }

    /// The items in a folder.
    pub(crate) fn children(&self, folder: &str) -> impl Iterator<Item = (&String, &Resource)> {
        self.items
            .iter()
            .filter(move |(_, item)| parent(item) == Some(folder))
    }

    /// Makes every token given out so far too old.
    pub(crate) fn expire(&mut self) {
        self.seq += 1;
        self.oldest = self.seq;
        self.expiries += 1;
    }

    fn note(&mut self, id: &str, now: i64) {
        self.seq += 1;
        self.changes.push(Change {
            seq: self.seq,
            item: id.to_owned(),
            time: now,
        });
    }

    /// The changes after one number and up to another, each item once.
    pub(crate) fn between(&self, since: u64, until: u64) -> impl Iterator<Item = &Change> {
        let from = self.changes.partition_point(|change| change.seq <= since);
        let to = self.changes.partition_point(|change| change.seq <= until);
        let changes = self.changes.get(from..to).unwrap_or_default();
        let mut seen = std::collections::HashSet::new();
        changes
            .iter()
            .filter(move |change| seen.insert(change.item.as_str()))
    }

    /// The number of the last change before an instant.
    pub(crate) fn before(&self, time: i64) -> u64 {
        let earlier = self.changes.iter().filter(|change| change.time < time);
        earlier
            .map(|change| change.seq)
            .max()
            .unwrap_or(self.oldest)
    }
}

/// The folder that an item is in.
pub(crate) fn parent(item: &Resource) -> Option<&str> {
    item.get("parentReference")?.get("id")?.as_str()
}
