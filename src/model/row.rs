//! What is to be done to one record of a stream.

use serde::{Deserialize, Serialize};

use super::record::Record;

/// What tells one record of a stream from another. Both parts are the vendor's ids, never titles.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey {
    /// The calendar or shared drive that the id is unique in; empty where ids are unique by themselves.
    pub container: String,
    /// The item's id.
    pub id: String,
}

impl RecordKey {
    /// Makes a key whose id is unique by itself.
    pub fn plain(id: impl Into<String>) -> Self {
        Self {
            container: String::new(),
            id: id.into(),
        }
    }
}

/// One change of a stream, idempotent: done twice it is the same as done once.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The record is now this.
    Upsert(RecordKey, Record),
    /// The record is gone, or is no longer wanted. It may never have been stored.
    Delete(RecordKey),
}

impl Change {
    /// Returns whose change it is.
    pub fn key(&self) -> &RecordKey {
        match self {
            Self::Upsert(key, _) | Self::Delete(key) => key,
        }
    }
}

/// An item that could not be fetched or read, kept until it can be: the cursor passes it only because it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedItem {
    /// Which one.
    pub key: RecordKey,
    /// How often it was tried, over all runs.
    pub attempts: u32,
    /// What the vendor said, without anything of the item itself; at most 200 bytes.
    pub why: String,
}
