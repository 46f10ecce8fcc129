//! The promises.

mod pages;
mod replies;
mod tokens;

use deputy::providers::{Class, Error, Reason};
use serde_json::{Value, json};

use super::subject::Subject;
use crate::company::dialect::Next;

pub(super) use self::pages::{
    a_page_elsewhere_is_not_asked_for, a_page_that_leads_to_itself_is_not_followed_for_ever,
    an_address_beyond_ascii_is_found_and_read, an_empty_page_is_not_the_end,
    its_accessors_are_what_it_can_do, pages_come_whole_and_once,
};
pub(super) use self::replies::{
    a_failure_that_passes_costs_one_request_more,
    a_throttled_request_waits_as_long_as_it_is_asked_to,
    what_is_no_reply_is_told_as_such_and_is_not_asked_for_ever,
};
pub(super) use self::tokens::{
    a_401_asks_for_another_token_and_a_403_does_not,
    an_ended_token_is_replaced_once_for_fifty_callers, fifty_callers_begin_with_one_token,
    no_error_shows_a_secret,
};

/// A fault: this reply in the place of the right one.
fn reply(status: u16, body: Value) -> Value {
    json!({"reply": {"status": status, "headers": {"Content-Type": "application/json"}, "body": body}})
}

/// A fault: the vendor refuses with this status.
fn refusal(subject: &Subject, status: u16) -> Value {
    reply(
        status,
        (subject.dialect.refusal)(status, "Something is wrong."),
    )
}

/// A fault: a page with this item, if any, and what follows it.
fn page(subject: &Subject, item: Option<&str>, next: Next<'_>) -> Value {
    reply(200, (subject.dialect.page)(subject.url(), item, next))
}

/// What decides what follows.
fn kind(error: &Error) -> (Class, Reason) {
    (error.class, error.reason)
}
