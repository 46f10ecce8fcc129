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

/// A licence that is assigned to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// The vendor's id of what was bought.
    pub id: String,
    /// Its name at the vendor, where that is known.
    pub name: Option<String>,
}

impl License {
    /// Returns whether it is the one that the YAML calls `sku`, by its id or its name.
    pub fn is(&self, sku: &str) -> bool {
        let name = self.name.as_deref();
        self.id.eq_ignore_ascii_case(sku) || name.is_some_and(|name| name.eq_ignore_ascii_case(sku))
    }
}

impl fmt::Display for License {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} ({})", self.id),
            None => f.write_str(&self.id),
        }
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
    /// The licences that are assigned; none where the connection has no means to tell.
    pub licenses: Option<Vec<License>>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_goes_by_its_id_or_its_name_whatever_the_capitals() {
        let license = License {
            id: "6fd2c87f-b296-42f0-b197-1e91e994b900".into(),
            name: Some("ENTERPRISEPACK".into()),
        };
        assert!(license.is("6FD2C87F-B296-42F0-B197-1E91E994B900"));
        assert!(license.is("EnterprisePack") && !license.is("ENTERPRISEPREMIUM"));
        let nameless = License {
            name: None,
            ..license
        };
        assert!(!nameless.is("ENTERPRISEPACK"));
    }
}
