//! One person's Drive.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use crate::corpus::generate::drive::file_id;
use crate::instruments::clock::rfc3339;
use crate::random::{hash, mix};
use crate::scenario::Resource;

/// A change of a file.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) seq: u64,
    pub(crate) file: String,
    /// Milliseconds since 1970.
    pub(crate) time: i64,
}

/// The files that a person can see, and their changes.
#[derive(Debug)]
pub(crate) struct Drive {
    pub(crate) root: String,
    pub(crate) files: BTreeMap<String, Resource>,
    changes: Vec<Change>,
    /// The newest change of each file.
    latest: HashMap<String, u64>,
    seq: u64,
    first: u64,
    seed: u64,
}

impl Drive {
    pub(crate) fn new(seed: u64) -> Self {
        let root = format!(
            "0A{}Uk9PVA",
            file_id(mix(seed, 0)).get(..12).unwrap_or_default()
        );
        Self {
            root,
            files: BTreeMap::new(),
            changes: Vec::new(),
            latest: HashMap::new(),
            seq: 1000 + seed % 9000,
            first: 1000 + seed % 9000,
            seed,
        }
    }

    /// The token that stands for now.
    pub(crate) fn token(&self) -> u64 {
        self.seq
    }

    /// The oldest token there is.
    pub(crate) fn first_token(&self) -> u64 {
        self.first
    }

    /// Adds a file that was there from the start.
    pub(crate) fn load(&mut self, id: String, file: Resource) {
        self.files.insert(id, file);
    }

    /// Stores a file, new or changed.
    pub(crate) fn put(&mut self, id: &str, file: Resource, now: i64) {
        self.files.insert(id.to_owned(), file);
        self.note(id, now);
    }

    /// Removes a file, or the person's access to it.
    pub(crate) fn remove(&mut self, id: &str, now: i64) -> bool {
        let known = self.files.remove(id).is_some();
        if known {
            self.note(id, now);
        }
        known
    }

    fn note(&mut self, id: &str, now: i64) {
        let seq = self.seq;
        self.seq += 1;
        self.latest.insert(id.to_owned(), seq);
        self.changes.push(Change {
            seq,
            file: id.to_owned(),
            time: now,
        });
    }

    /// The changes from a token on, each file once.
    pub(crate) fn since(&self, token: u64) -> impl Iterator<Item = &Change> {
        let from = self.changes.partition_point(|change| change.seq < token);
        let changes = self.changes.get(from..).unwrap_or_default();
        changes
            .iter()
            .filter(|change| self.latest.get(&change.file) == Some(&change.seq))
    }

    /// An id that no file has.
    pub(crate) fn fresh_id(&self) -> String {
        file_id(mix(self.seed, hash("file") ^ self.seq))
    }
}

/// Fills in everything that Google would.
pub(crate) fn complete(
    given: Resource,
    id: &str,
    owner: (&str, &str),
    root: &str,
    now: i64,
) -> Resource {
    let (email, name) = owner;
    let person = json!({ "kind": "drive#user", "displayName": name, "me": true,
        "permissionId": format!("{:020}", hash(email)), "emailAddress": email });
    let mut file = Resource::new();
    let at = json!(rfc3339(now));
    file.insert("kind".to_owned(), json!("drive#file"));
    file.insert("id".to_owned(), json!(id));
    file.insert("name".to_owned(), json!("Untitled"));
    file.insert("mimeType".to_owned(), json!("application/octet-stream"));
    file.insert("starred".to_owned(), json!(false));
    file.insert("trashed".to_owned(), json!(false));
    file.insert("explicitlyTrashed".to_owned(), json!(false));
    file.insert("parents".to_owned(), json!([root]));
    file.insert("spaces".to_owned(), json!(["drive"]));
    file.insert("version".to_owned(), json!("1"));
    file.insert(
        "webViewLink".to_owned(),
        json!(format!("https://drive.google.com/file/d/{id}/view")),
    );
    file.insert("createdTime".to_owned(), at.clone());
    file.insert("modifiedTime".to_owned(), at);
    file.insert("owners".to_owned(), json!([person]));
    file.insert("lastModifyingUser".to_owned(), person);
    file.insert("shared".to_owned(), json!(false));
    file.insert("ownedByMe".to_owned(), json!(true));
    let permission = json!({ "kind": "drive#permission", "id": format!("{:020}", hash(email)), "type": "user",
        "role": "owner", "emailAddress": email, "displayName": name });
    file.insert("permissions".to_owned(), json!([permission]));
    for (name, value) in given.into_iter().filter(|(name, _)| name != "id") {
        if value.is_null() {
            file.shift_remove(&name);
        } else {
            file.insert(name, value);
        }
    }
    file
}
