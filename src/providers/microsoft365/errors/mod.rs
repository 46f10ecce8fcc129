//! The vendor's errors, each with what it means, what follows and what to do.
//!
//! Two tables, one match each: [`token`] for the token endpoint, [`api`] for Graph. A row that the tables do not know is
//! judged by its status and quotes the vendor's own code.

pub(super) mod api;
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
#[derive(Default)]
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
            "Use Microsoft's own endpoints, or start the operator with --allow-endpoint for this host."
        }
        Reason::ProviderUnreachable => {
            "It is tried again. If it lasts, look at DNS, NetworkPolicy and egress from the cluster to login and Graph."
        }
        _ => {
            "It is tried again. If it lasts, something between here and Microsoft changes replies."
        }
    };
    let meaning = format!("No usable reply from {failed}.");
    let answer = Answer {
        operation,
        ..Answer::default()
    };
    error(row(class, reason, meaning, remedy), answer)
}

/// Returns the error of a request that is not sent, since the vendor has asked for silence.
pub(super) fn paused(method: Method, pause: Paused) -> Error {
    let answer = Answer {
        operation: method.name(),
        retry_after: Some(pause.left),
        ..Answer::default()
    };
    let meaning = format!(
        "Microsoft has asked for a pause; it lasts {} seconds more.",
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
        use crate::http::Kind;
        for (kind, class, reason) in [
            (Kind::Refused, Class::Invalid, Reason::EndpointRefused),
            (Kind::Unreachable, Class::Retry, Reason::ProviderUnreachable),
            (Kind::TimedOut, Class::Retry, Reason::ProviderUnreachable),
            (Kind::Cut, Class::Retry, Reason::ProviderUnreachable),
            (Kind::TooLarge, Class::Retry, Reason::MalformedReply),
            (Kind::Malformed, Class::Retry, Reason::MalformedReply),
        ] {
            let error = transport("messages.get", &http::Error::new(kind, "host", "x"));
            assert_eq!((error.class, error.reason), (class, reason));
            assert_eq!(error.status, None);
        }
    }
}
