//! What can go wrong with a ledger, in words.

use super::NAME;
use super::ledger::{LedgerError, MOST_KEYS, Refusal};
use crate::providers::error::{Class, Error, Reason};

/// An error without a reply of anybody's.
fn error(
    class: Class,
    reason: Reason,
    operation: &'static str,
    meaning: String,
    remedy: String,
) -> Error {
    Error {
        class,
        reason,
        provider: NAME,
        operation,
        status: None,
        code: None,
        meaning,
        remedy,
        retry_after: None,
    }
}

pub(super) fn of_ledger(operation: &'static str, fault: &LedgerError) -> Error {
    let (class, reason, remedy) = match fault {
        LedgerError::Conflict(_) => (
            Class::Retry,
            Reason::LedgerUnavailable,
            "Nothing: it is tried again by itself.".to_owned(),
        ),
        LedgerError::Unavailable { .. } => (
            Class::Retry,
            Reason::LedgerUnavailable,
            "Nothing, if it passes; it is tried again by itself.".to_owned(),
        ),
        LedgerError::Forbidden { verb, .. } => (
            Class::Park,
            Reason::PermissionDenied,
            format!(
                "Grant `{verb}` on secrets to Deputy's service account in that namespace; the chart does with scim.enabled=true or dropzone.enabled=true."
            ),
        ),
        LedgerError::Foreign(name) => (
            Class::Park,
            Reason::LedgerUnavailable,
            format!("Move it to another name, and delete {name}: Deputy makes its own."),
        ),
        LedgerError::Damaged { entry, .. } => (
            Class::Park,
            Reason::LedgerUnavailable,
            format!("Take the entry {entry} out of it. The key of that id is dead then."),
        ),
    };
    error(class, reason, operation, fault.to_string(), remedy)
}

/// There is no cluster around.
pub(super) fn homeless(operation: &'static str) -> Error {
    error(
        Class::Invalid,
        Reason::LedgerUnavailable,
        operation,
        "Keys of this account are kept in its cluster, and there is none here.".to_owned(),
        "Apply the connection and look at its conditions.".to_owned(),
    )
}

/// The key does not open what it should.
pub(super) fn of_refusal(refusal: &Refusal) -> Error {
    let (reason, meaning) = match refusal {
        Refusal::Unknown => (
            Reason::KeyRevoked,
            "The account has no key of this id, or no longer.".to_owned(),
        ),
        Refusal::WrongSecret => (
            Reason::SecretInvalid,
            "The secret is not the one that was issued with this key.".to_owned(),
        ),
        Refusal::Expired(end) => (
            Reason::SecretExpired,
            format!("The key has ended on {}.", end.strftime("%F")),
        ),
        Refusal::WrongPurpose(purpose) => (
            Reason::PermissionDenied,
            format!("The key is for {}.", purpose.as_str()),
        ),
    };
    let remedy = "Have a new key issued: delete the Secret that it was written to.".to_owned();
    error(Class::Park, reason, "keys.verify", meaning, remedy)
}

/// The Secret's entries are not a key.
pub(super) fn no_key(operation: &'static str, entry: &str) -> Error {
    error(
        Class::Invalid,
        Reason::KeyMissing,
        operation,
        format!("There is no entry {entry}."),
        "Have a new key issued: delete the Secret that it was written to.".to_owned(),
    )
}

/// The machine has no randomness to give.
pub(super) fn no_randomness() -> Error {
    error(
        Class::Retry,
        Reason::LedgerUnavailable,
        "keys.draft",
        "This machine gives no random numbers to make a key from.".to_owned(),
        "It is tried again by itself.".to_owned(),
    )
}

/// There are as many keys as there may be.
pub(super) fn too_many() -> Error {
    error(
        Class::Park,
        Reason::QuotaExhausted,
        "keys.issue",
        format!("The account has {MOST_KEYS} keys, which is the most that one may have."),
        "Delete ApiKeys that nobody uses.".to_owned(),
    )
}

/// A key of this id is there and is another one.
pub(super) fn id_is_taken() -> Error {
    error(
        Class::Park,
        Reason::SecretInvalid,
        "keys.issue",
        "The account has a key of this id with another secret.".to_owned(),
        "Take the entries of the next slot out of the Secret: a new key is drafted.".to_owned(),
    )
}
