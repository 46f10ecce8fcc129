//! What this exporter finds wrong beyond what all of them may.

use crate::providers::google::NAME;
use crate::providers::reading::fault as reading;
pub(super) use crate::providers::reading::fault::{FAILED_PER_PAGE, concerns_item, failed};
use crate::providers::{Class, Error, Reason};

/// A reply that is not what the vendor documents.
pub(super) fn malformed(operation: &'static str, what: &str) -> Error {
    reading::malformed(NAME, operation, what)
}

/// A person with more calendars than a cursor holds.
pub(super) fn too_many_calendars(most: usize) -> Error {
    Error {
        class: Class::Park,
        reason: Reason::RequestRefused,
        provider: NAME,
        operation: "calendarList.list",
        status: None,
        code: None,
        meaning: format!("The person's calendar list has more than {most} calendars."),
        remedy: "Remove calendars that are not needed from the person's calendar list, \
                 or take calendar out of the streams."
            .to_owned(),
        retry_after: None,
    }
}

/// A calendar whose events are stored and that can no longer be read.
pub(super) fn calendar_left() -> Error {
    Error {
        class: Class::Expired,
        reason: Reason::CursorExpired,
        provider: NAME,
        operation: "events.list",
        status: None,
        code: None,
        meaning: "A calendar has left the person's list or may no longer be read. \
                  All calendars are read anew, so that its events go."
            .to_owned(),
        remedy: String::new(),
        retry_after: None,
    }
}
