//! A Drive of a test's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::scripted::{Answer, Asked, gone};

#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Make,
    Change(usize),
    Remove(usize),
}

/// Files by id with their versions, and a log of changes. One edit of `pending` happens before each reply.
#[derive(Default)]
pub(super) struct Vendor {
    pub(super) files: BTreeMap<u64, i64>,
    pub(super) log: Vec<u64>,
    pub(super) made: u64,
    pub(super) pending: Vec<Edit>,
    /// What is put into a file's JSON.
    pub(super) odd: BTreeMap<u64, Value>,
}

impl Vendor {
    pub(super) fn with(count: u64) -> Self {
        let mut vendor = Self::default();
        (0..count).for_each(|_| vendor.edit(Edit::Make));
        vendor
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        let pick = |at: usize| self.files.keys().nth(at % self.files.len().max(1)).copied();
        let id = match edit {
            Edit::Make => Some(self.made),
            Edit::Change(at) | Edit::Remove(at) => pick(at),
        };
        let Some(id) = id else { return };
        self.made = self.made.max(id + 1);
        self.log.push(id);
        match edit {
            Edit::Remove(_) => drop(self.files.remove(&id)),
            Edit::Make | Edit::Change(_) => *self.files.entry(id).or_default() += 1,
        }
    }

    pub(super) fn file(&self, id: u64) -> Value {
        let mut file = json!({"id": id.to_string(), "version": self.files[&id].to_string(),
            "modifiedTime": format!("2026-01-{:02}T00:00:00Z", id % 28 + 1)});
        if let Some(Value::Object(odd)) = self.odd.get(&id) {
            file.as_object_mut().unwrap().extend(odd.clone());
        }
        file
    }

    pub(super) fn list(&self, asked: &Asked<'_>) -> Value {
        let from = asked.get("pageToken").map_or(0, |it| it.parse().unwrap());
        let mut ids = self.files.range(from..).map(|(id, _)| *id);
        let page: Vec<u64> = ids.by_ref().take(3).collect();
        let mut reply = json!({"files": page.iter().map(|id| self.file(*id)).collect::<Vec<_>>()});
        if let Some(next) = ids.next() {
            reply["nextPageToken"] = json!(next.to_string());
        }
        reply
    }

    pub(super) fn changes(&self, asked: &Asked<'_>) -> Value {
        let from: usize = asked.get("pageToken").unwrap().parse().unwrap();
        let change = |id: &u64| {
            if self.files.contains_key(id) {
                json!({"fileId": id.to_string(), "removed": false, "file": self.file(*id)})
            } else {
                json!({"fileId": id.to_string(), "removed": true})
            }
        };
        let mut changes: Vec<_> = self.log[from..].iter().take(2).map(change).collect();
        let end = from + changes.len();
        changes.push(json!({"changeType": "drive", "removed": false}));
        let token = if end == self.log.len() {
            "newStartPageToken"
        } else {
            "nextPageToken"
        };
        json!({"changes": changes, token: end.to_string()})
    }
}

impl Answer<Method> for Vendor {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        if let Some(edit) = self.pending.pop() {
            self.edit(edit);
        }
        match asked.method {
            Method::StartPageToken => Ok(json!({"startPageToken": self.log.len().to_string()})),
            Method::FilesList => Ok(self.list(asked)),
            Method::ChangesList => Ok(self.changes(asked)),
            Method::FilesGet => {
                let id = asked.id().parse().unwrap();
                let known = self.files.contains_key(&id);
                known.then(|| self.file(id)).ok_or_else(gone)
            }
            other => panic!("{other:?} was asked for"),
        }
    }
}
