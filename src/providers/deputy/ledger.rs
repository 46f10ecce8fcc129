//! The keys of one account, by what may be kept of them.
//!
//! ```text
//! key made ─► only its SHA-256 is written down ─► presented ─► hashed again ─► compared ─► admitted, or a refusal
//! ```
//!
//! A secret is 256 random bits, so a plain SHA-256 keeps it: there is no list of likely ones to try, which is all that a
//! slow hash is good against, and every request of every client pays for it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::key::Purpose;
use crate::model::secret::Digest;

/// How many keys an account may have: rotation needs two of each, and a ledger is read for every request.
pub const MOST_KEYS: usize = 100;

/// When a key was last used is kept this coarsely, so that a busy client costs one write an hour.
const USE_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LedgerEntry {
    /// The hash of its secret.
    pub sha256: Digest,
    /// The name that it was asked for with.
    pub name: String,
    /// What it opens.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// The keys of one account, as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By the keys' ids.
    pub keys: BTreeMap<String, LedgerEntry>,
    /// The version that was read; none where nothing has been written yet.
    pub version: Option<String>,
}

/// Why a key is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The account has no such key, or no longer.
    Unknown,
    /// The secret is not the key's.
    WrongSecret,
    /// It has ended.
    Expired(Timestamp),
    /// It is for something else.
    WrongPurpose(Purpose),
}

impl Ledger {
    /// Returns the entry of a key whose secret has this hash.
    ///
    /// # Errors
    /// Why it is not good at `now`. Only who has the secret learns more than that it is not.
    pub fn admit(
        &self,
        id: &str,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<&LedgerEntry, Refusal> {
        let entry = self.keys.get(id).ok_or(Refusal::Unknown)?;
        if !entry.sha256.matches(secret) {
            return Err(Refusal::WrongSecret);
        }
        match entry.expires_at {
            Some(end) if end <= now => Err(Refusal::Expired(end)),
            _ => Ok(entry),
        }
    }

    /// Notes that a key has been used. Returns whether that is worth writing down.
    pub fn used(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(entry) = self.keys.get_mut(id) else {
            return false;
        };
        let is_fresh = |last: Timestamp| now.duration_since(last) < USE_INTERVAL;
        if entry.last_used_at.is_some_and(is_fresh) {
            return false;
        }
        entry.last_used_at = Some(now);
        true
    }
}

/// Why a ledger could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Somebody else has written it meanwhile. To be read again.
    #[error("the ledger {0} has changed meanwhile")]
    Conflict(String),
    /// The operator's own account may not.
    #[error("Deputy may not {verb} the Secret {name}, which keeps the account's keys.")]
    Forbidden {
        /// What it may not.
        verb: &'static str,
        /// The Secret, with its namespace.
        name: String,
    },
    /// The Secret is there and is somebody else's.
    #[error("The Secret {0} is in the place of the account's keys, and is not Deputy's.")]
    Foreign(String),
    /// An entry cannot be read.
    #[error(
        "The Secret {name}, which keeps the account's keys, has an entry that cannot be read: {entry}."
    )]
    Damaged {
        /// The Secret, with its namespace.
        name: String,
        /// The entry's name, at most 100 bytes.
        entry: String,
    },
    /// The API server did not answer as it should. May pass.
    #[error(
        "The Secret {name}, which keeps the account's keys, cannot be reached: the API server {complaint}."
    )]
    Unavailable {
        /// The Secret, with its namespace.
        name: String,
        /// What the API server did.
        complaint: String,
    },
}

/// Where the ledger of one account is kept.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Reads it as it is now: what has been revoked is gone at once.
    async fn read(&self) -> Result<Ledger, LedgerError>;

    /// Writes it, if nobody has written since it was read.
    ///
    /// # Errors
    /// [`LedgerError::Conflict`] where somebody has.
    async fn write(&self, ledger: &Ledger) -> Result<(), LedgerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ledger() -> Ledger {
        let entry = LedgerEntry {
            sha256: Digest::of(b"right"),
            name: "deputy-okta-1".to_owned(),
            purpose: Purpose::Scim,
            created_at: at("2026-11-22T12:00:00Z"),
            expires_at: Some(at("2026-12-22T12:00:00Z")),
            last_used_at: None,
        };
        Ledger {
            keys: [("dep_1".to_owned(), entry)].into(),
            version: None,
        }
    }

    #[test]
    fn only_the_right_secret_opens_and_only_until_its_end() {
        let (ledger, now) = (ledger(), at("2026-12-01T00:00:00Z"));
        let admit = |id, secret: &[u8], now| ledger.admit(id, &Digest::of(secret), now).map(|_| ());
        let end = at("2026-12-22T12:00:00Z");
        assert_eq!(admit("dep_1", b"right", now), Ok(()));
        assert_eq!(admit("dep_1", b"wrong", now), Err(Refusal::WrongSecret));
        assert_eq!(admit("dep_2", b"right", now), Err(Refusal::Unknown));
        assert_eq!(admit("dep_1", b"right", end), Err(Refusal::Expired(end)));
        assert_eq!(
            admit("dep_1", b"wrong", end),
            Err(Refusal::WrongSecret),
            "who does not have the secret does not learn when it ended"
        );
    }

    #[test]
    fn use_is_written_down_once_an_hour() {
        let mut ledger = ledger();
        assert!(ledger.used("dep_1", at("2026-12-01T00:00:00Z")));
        assert!(!ledger.used("dep_1", at("2026-12-01T00:59:59Z")));
        assert!(ledger.used("dep_1", at("2026-12-01T01:00:00Z")));
        assert!(!ledger.used("dep_2", at("2026-12-01T01:00:00Z")));
    }

    #[test]
    fn nothing_of_a_secret_is_written_down() {
        let text = serde_json::to_string(&ledger().keys).unwrap();
        assert!(!text.contains("right"), "{text}");
        let read: BTreeMap<String, LedgerEntry> = serde_json::from_str(&text).unwrap();
        assert_eq!(read, ledger().keys);
    }
}
