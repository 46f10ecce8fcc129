//! A person as the vendor knows them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::email::Email;

/// The vendor's immutable id of a person. Addresses change hands; this does not.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Wraps an id as the vendor writes it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a yes-or-no fact. Unknown is never taken for yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Known {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// The connection has no means to tell.
    #[default]
    Unknown,
}

impl From<bool> for Known {
    fn from(yes: bool) -> Self {
        if yes { Self::True } else { Self::False }
    }
}

/// A person at the vendor, as far as the connection may know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUser {
    /// The immutable id.
    pub id: UserId,
    /// The address that the vendor calls primary today.
    pub primary_email: Email,
    /// Further addresses of the same account; empty also where they cannot be known.
    pub aliases: Vec<Email>,
    /// The account is shut by an administrator.
    pub suspended: Known,
    /// The account is kept without being in use.
    pub archived: Known,
    /// A licence that the connection asks for is assigned.
    pub licensed: Known,
    /// Mail is switched on and set up.
    pub mailbox: Known,
    /// Calendar is switched on.
    pub calendar: Known,
    /// The file store is switched on.
    pub drive: Known,
}

impl RemoteUser {
    /// Returns whether `email` is one of this account's addresses.
    pub fn answers_to(&self, email: &Email) -> bool {
        &self.primary_email == email || self.aliases.contains(email)
    }
}
