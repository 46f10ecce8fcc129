//! What a reader itself finds wrong, and what becomes of an item that could not be read.

use crate::model::dataset::Dataset;
use crate::model::row::{FailedItem, RecordKey};
use crate::providers::{Class, Error, Reason};

/// The most that is kept of why an item failed, in bytes.
const WHY_BYTES: usize = 200;

/// How many items of one page may fail before the page does: beyond that it is not the items.
pub(in crate::providers) const FAILED_PER_PAGE: usize = 20;

/// A reply that is not what the vendor documents.
pub(in crate::providers) fn malformed(
    provider: &'static str,
    operation: &'static str,
    what: &str,
) -> Error {
    Error {
        class: Class::Retry,
        reason: Reason::MalformedReply,
        provider,
        operation,
        status: None,
        code: None,
        meaning: format!("The vendor's reply is not what it documents: {what}."),
        remedy: String::new(),
        retry_after: None,
    }
}

/// A stored cursor that this version cannot read.
pub(in crate::providers) fn unreadable_cursor(provider: &'static str) -> Error {
    Error {
        class: Class::Invalid,
        reason: Reason::CursorExpired,
        provider,
        operation: "resume",
        status: None,
        code: None,
        meaning: "The stored cursor was written by another version of Deputy or for other data."
            .to_owned(),
        remedy: "Run the version that wrote it, or set the annotation \
                 deputy.dev/resync-requested-at on the SyncedUser to read everything anew."
            .to_owned(),
        retry_after: None,
    }
}

/// A kind of data that the system does not have.
pub(in crate::providers) fn no_such_data(provider: &'static str, dataset: Dataset) -> Error {
    Error {
        class: Class::Invalid,
        reason: Reason::UnsupportedByProvider,
        meaning: format!("{provider} has no {dataset}."),
        remedy: format!("Take {dataset} out of the streams."),
        ..malformed(provider, "pages", "")
    }
}

/// Returns whether an error is about the item that was asked for, so that the page can go on without it.
///
/// What would befall every other item as well (no token, no quota, no network) is not.
pub(in crate::providers) fn concerns_item(error: &Error) -> bool {
    match error.class {
        Class::Retry => {
            error.reason == Reason::MalformedReply || error.status.is_some_and(|it| it >= 500)
        }
        Class::Invalid | Class::Park => error.reason == Reason::RequestRefused,
        Class::Gone | Class::Expired | Class::Throttled => false,
    }
}

/// Makes a failed item of an error.
pub(in crate::providers) fn failed(key: RecordKey, error: &Error) -> FailedItem {
    failed_because(key, &error.to_string())
}

/// Makes a failed item. `why` has nothing of the item itself in it.
pub(in crate::providers) fn failed_because(key: RecordKey, why: &str) -> FailedItem {
    let end = why.floor_char_boundary(WHY_BYTES);
    FailedItem {
        key,
        attempts: 1,
        why: why.get(..end).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_is_cut_between_characters() {
        let item = failed_because(RecordKey::plain("1"), &"ä".repeat(150));
        assert_eq!(item.why, "ä".repeat(100));
        let item = failed_because(RecordKey::plain("1"), &format!("x{}", "ä".repeat(150)));
        assert_eq!(item.why.len(), 199);
    }

    #[test]
    fn only_what_is_about_the_item_lets_the_page_go_on() {
        let of = |class, reason, status| Error {
            class,
            reason,
            status,
            ..malformed("vendor", "messages.get", "cut off")
        };
        for (class, reason, status, goes_on) in [
            (Class::Retry, Reason::ProviderUnavailable, Some(500), true),
            (Class::Retry, Reason::MalformedReply, Some(200), true),
            (Class::Retry, Reason::ProviderUnreachable, None, false),
            (Class::Throttled, Reason::RateLimited, Some(429), false),
            (Class::Park, Reason::ScopeNotAuthorized, Some(401), false),
            (Class::Park, Reason::RequestRefused, Some(400), true),
            (Class::Expired, Reason::CursorExpired, Some(404), false),
        ] {
            assert_eq!(concerns_item(&of(class, reason, status)), goes_on);
        }
    }
}
