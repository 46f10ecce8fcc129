//! What an account of Deputy's own stands on in its cluster.

use std::sync::Arc;

use super::ledger::LedgerStore;
use crate::model::email::Email;
use crate::model::secret::Digest;

/// How many hexadecimal digits of an account's mark its keys carry.
const MARK_DIGITS: usize = 12;

/// Where one account lives.
#[derive(Clone)]
pub struct Home {
    /// What every id of its keys carries: see [`mark`].
    pub mark: String,
    /// Its keys.
    pub ledger: Arc<dyn LedgerStore>,
    /// Who lives beside it.
    pub neighbours: Arc<dyn Neighbours>,
}

/// Returns what the ids of an account's keys carry, so that the account is found by a key without asking anybody. It is made
/// from the UID of the account's object: another object of the same name has other keys.
pub fn mark(uid: &str) -> String {
    let mut digits = Digest::of(uid.as_bytes()).to_string();
    digits.truncate(MARK_DIGITS);
    digits
}

/// The other connections, as an account sees them. Asks nobody.
pub trait Neighbours: Send + Sync {
    /// Returns the other accounts of this name, as `namespace/name`; only those that were there before.
    fn namesakes(&self, username: &Email) -> Vec<String>;

    /// Returns how a connection of the same namespace stands that SCIM is to provision.
    fn target(&self, name: &str) -> Target;
}

/// How a connection stands that SCIM is to provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// It is there, and admits somebody.
    Found,
    /// It admits nobody.
    AdmitsNobody,
    /// It has no people: it is an account of Deputy's own.
    HasNoPeople,
    /// There is none of that name.
    Missing,
}
