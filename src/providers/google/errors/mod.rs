//! The vendor's errors, each with what it means, what follows and what to do.
//!
//! Three tables, one match each: [`token`] for the token endpoint, [`api`] for everything behind it, [`iam`] for what is
//! peculiar to keys. A row that the
//! tables do not know is judged by its status and quotes the vendor's own code.

pub(super) mod api;
mod iam;
pub(super) mod token;

use std::time::Duration;

use super::NAME;
use super::method::Method;
use crate::http;
use crate::http::limits::Paused;
use crate::providers::error::{Class, Error, Reason};

/// What a row of a table says.
pub(super) struct Row {
    class: Class,
    reason: Reason,
    meaning: String,
    remedy: String,
}

fn row(class: Class, reason: Reason, meaning: impl Into<String>, remedy: impl Into<String>) -> Row {
    Row {
        class,
        reason,
        meaning: meaning.into(),
        remedy: remedy.into(),
    }
}

/// What was answered, apart from its meaning.
struct Answer {
    operation: &'static str,
    status: u16,
    code: String,
    retry_after: Option<Duration>,
}

fn error(row: Row, answer: Answer) -> Error {
    Error {
        class: row.class,
        reason: row.reason,
        provider: NAME,
        operation: answer.operation,
        status: (answer.status != 0).then_some(answer.status),
        code: Some(answer.code)
            .filter(|code| !code.is_empty())
            .map(|code| http::shortened(&code, 100)),
        meaning: row.meaning,
        remedy: row.remedy,
        retry_after: answer.retry_after,
    }
}

/// Returns the error of a request that got no usable reply.
pub(super) fn transport(operation: &'static str, failed: &http::Error) -> Error {
    use http::Kind;
    let (class, reason) = match failed.kind {
        Kind::Refused => (Class::Invalid, Reason::EndpointRefused),
        Kind::Unreachable | Kind::TimedOut | Kind::Cut => {
            (Class::Retry, Reason::ProviderUnreachable)
        }
        Kind::TooLarge | Kind::Malformed => (Class::Retry, Reason::MalformedReply),
    };
    let remedy = match reason {
        Reason::EndpointRefused => {
            "Use Google's own endpoints, or start the operator with --allow-endpoint for this host."
        }
        Reason::ProviderUnreachable => {
            "It is tried again. If it lasts, look at DNS, NetworkPolicy and egress from the cluster to googleapis.com."
        }
        _ => "It is tried again. If it lasts, something between here and Google changes replies.",
    };
    let answer = Answer {
        operation,
        status: 0,
        code: String::new(),
        retry_after: None,
    };
    error(
        row(
            class,
            reason,
            format!("No usable reply to {operation} from {failed}."),
            remedy,
        ),
        answer,
    )
}

/// Returns the error of a request that is not sent, since the vendor has asked for silence.
pub(super) fn paused(method: Method, pause: Paused) -> Error {
    let answer = Answer {
        operation: method.name(),
        status: 0,
        code: String::new(),
        retry_after: Some(pause.left),
    };
    let meaning = format!(
        "Google has asked for a pause; it lasts {} seconds more.",
        pause.left.as_secs()
    );
    let remedy = "It goes on by itself.";
    error(
        row(Class::Throttled, Reason::RateLimited, meaning, remedy),
        answer,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_endpoint_is_not_tried_again() {
        for (kind, class, reason) in [
            (http::Kind::Refused, Class::Invalid, Reason::EndpointRefused),
            (
                http::Kind::Unreachable,
                Class::Retry,
                Reason::ProviderUnreachable,
            ),
            (
                http::Kind::TimedOut,
                Class::Retry,
                Reason::ProviderUnreachable,
            ),
            (http::Kind::Cut, Class::Retry, Reason::ProviderUnreachable),
            (http::Kind::TooLarge, Class::Retry, Reason::MalformedReply),
            (http::Kind::Malformed, Class::Retry, Reason::MalformedReply),
        ] {
            let error = transport("messages.get", &http::Error::new(kind, "host", "x"));
            assert_eq!((error.class, error.reason), (class, reason));
            assert_eq!(error.status, None);
        }
    }
}
