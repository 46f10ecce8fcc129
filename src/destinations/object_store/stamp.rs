//! The commit within a file's footer: rows and cursor in one object, so that they cannot part.

use jiff::Timestamp;
use parquet::file::metadata::{FileMetaData, KeyValue};
use serde::{Deserialize, Serialize};

use super::layout::Span;
use crate::model::cursor::{Checkpoint, Commit};

/// The key of the footer's entry.
pub(super) const KEY: &str = "deputy.commit";

/// The version of the format that this code writes. It grows when older code would misread newer files.
const VERSION: u32 = 1;

/// The newest commit in a file, and who wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stamp {
    version: u32,
    /// Differs in every attempt to commit, so that a writer whose reply was lost knows its own file.
    pub(super) writer: String,
    sequence: u64,
    at: Timestamp,
    checkpoint: Checkpoint,
    /// How many of the file's rows are live, each of another key. Only folding finds it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    live: Option<u64>,
}

/// Why a footer is not one of ours.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// There is no entry.
    #[error("it carries no commit of Deputy")]
    Missing,
    /// The format is newer.
    #[error("it was written in format {0}, newer than this Deputy reads")]
    Newer(u32),
    /// The entry cannot be read.
    #[error("its commit cannot be read, at line {} column {}", .0.line(), .0.column())]
    Malformed(serde_json::Error),
    /// The file was renamed or copied.
    #[error("it carries commit {0}, which is not the one in its name")]
    Misnamed(u64),
}

impl Stamp {
    /// Makes the stamp of an attempt to commit.
    pub(super) fn new(commit: &Commit) -> Self {
        Self {
            version: VERSION,
            writer: format!("{:016x}{:016x}", random(), random()),
            sequence: commit.sequence,
            at: commit.at,
            checkpoint: commit.checkpoint.clone(),
            live: None,
        }
    }

    /// Makes the stamp of a file that was folded, with `live` rows that are live.
    pub(super) fn of_folded(self, live: u64) -> Self {
        Self {
            live: Some(live),
            ..self
        }
    }

    /// Returns how many of the file's rows are live, where it was folded.
    pub(super) fn live(&self) -> Option<u64> {
        self.live
    }

    /// Returns the commit.
    pub(super) fn into_commit(self) -> Commit {
        Commit {
            sequence: self.sequence,
            checkpoint: self.checkpoint,
            at: self.at,
        }
    }

    /// Returns the footer's entry.
    pub(super) fn to_entry(&self) -> Result<KeyValue, serde_json::Error> {
        Ok(KeyValue::new(KEY.to_owned(), serde_json::to_string(self)?))
    }

    /// Reads the stamp of the file that holds `span`.
    pub(super) fn read(footer: &FileMetaData, span: Span) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let text = footer
            .key_value_metadata()
            .into_iter()
            .flatten()
            .find(|entry| entry.key == KEY)
            .and_then(|entry| entry.value.as_deref())
            .ok_or(Unreadable::Missing)?;
        // The version first: the rest of a newer format may look like anything.
        let Version { version } = serde_json::from_str(text).map_err(Unreadable::Malformed)?;
        if version > VERSION {
            return Err(Unreadable::Newer(version));
        }
        let stamp: Self = serde_json::from_str(text).map_err(Unreadable::Malformed)?;
        if stamp.sequence == span.last {
            Ok(stamp)
        } else {
            Err(Unreadable::Misnamed(stamp.sequence))
        }
    }
}

/// Returns a number that nobody else has. The standard library seeds its hashers at random; nothing here is secret.
pub(super) fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
