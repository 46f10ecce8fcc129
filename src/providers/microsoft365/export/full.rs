//! A mailbox without room: the vendor keeps what it knows of a chain in the mailbox itself, so that every `/delta` of a full
//! one is refused, and nothing else is.
//!
//! ```text
//! /delta refused ─► what was followed is given up (a new generation) ─► a plain listing ─► Listed
//!                     nothing for an hour ─► anything changed, or a day gone by? ─► /delta is tried again, in a new generation
//! ```
//!
//! What is deleted meanwhile is found by the sweep that follows each complete listing.
//!
//! Source: github.com/microsoftgraph/microsoft-graph-docs-contrib issues 6596 and 7751, read 2026-11-27; a known client
//! (corso) lists such mailboxes too.

use jiff::SignedDuration;

use super::fault;
use crate::providers::{Advice, Error, Reason};

/// A listing is made no more often than this: it reads all there is.
pub(super) const PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// A listing is made at least this often: there may be room again, and what a look overlooks is found.
pub(super) const MOST_AGE: SignedDuration = SignedDuration::from_hours(24);

/// What the status says of a stream that is listed.
pub(super) const ADVICE: Advice = Advice {
    reason: Reason::MailboxFull,
    message: "The mailbox is full, and following its changes needs a little room in it. It is listed as a whole instead, at most \
              once an hour. Free space in the mailbox, or raise its quota in the Exchange admin center.",
};

/// Returns whether a mailbox has no room for a chain.
pub(super) fn is_meant(error: &Error) -> bool {
    error.reason == Reason::MailboxFull
}

/// Gives up what was followed.
pub(super) fn given_up(operation: &'static str) -> Error {
    fault::read_anew(
        operation,
        "The mailbox is full and can no longer be followed.",
    )
}

/// Time for another listing, with `/delta` tried first.
pub(super) fn over(operation: &'static str) -> Error {
    fault::read_anew(operation, "The mailbox was full when it was last listed.")
}
