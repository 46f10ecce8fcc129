//! What this exporter finds wrong beyond what all of them may.

use crate::providers::microsoft365::NAME;
use crate::providers::reading::fault as reading;
use crate::providers::{Class, Error, Reason};

/// A reply that is not what the vendor documents.
pub(super) fn malformed(operation: &'static str, what: &str) -> Error {
    reading::malformed(NAME, operation, what)
}

/// Something is stored that only a full listing and its sweep can find: the vendor does not name it.
pub(super) fn read_anew(operation: &'static str, why: &str) -> Error {
    Error {
        class: Class::Expired,
        reason: Reason::CursorExpired,
        provider: NAME,
        operation,
        status: None,
        code: None,
        meaning: format!("{why} Everything is read anew."),
        remedy: String::new(),
        retry_after: None,
    }
}

/// A mailbox with more folders than a cursor holds.
pub(super) fn too_many_folders(most: usize) -> Error {
    Error {
        class: Class::Park,
        reason: Reason::RequestRefused,
        meaning: format!("The mailbox has more than {most} folders."),
        remedy: "Merge folders, or take mail out of the streams.".to_owned(),
        ..malformed("mailFolders.delta", "")
    }
}
