//! What every vendor's error table is made of: rows, and those that are the same for all vendors but for a name.
//!
//! A vendor's table is a match that ends in a [`row`]; [`Vendor::error`] makes the error of it.

use std::time::Duration;

use super::error::{Class, Error, Reason};
use crate::http;
use crate::http::limits::Paused;

/// The most that is kept of a vendor's code, bytes.
const CODE_BYTES: usize = 100;

/// What a row of a table says.
pub(in crate::providers) struct Row {
    /// What follows.
    pub(in crate::providers) class: Class,
    /// Why, in one word.
    pub(in crate::providers) reason: Reason,
    /// What it means, one sentence.
    pub(in crate::providers) meaning: String,
    /// What to do about it, with the exact values.
    pub(in crate::providers) remedy: String,
}

/// Makes a row.
pub(in crate::providers) fn row(
    class: Class,
    reason: Reason,
    meaning: impl Into<String>,
    remedy: impl Into<String>,
) -> Row {
    Row {
        class,
        reason,
        meaning: meaning.into(),
        remedy: remedy.into(),
    }
}

/// What was answered, apart from its meaning.
#[derive(Default)]
pub(in crate::providers) struct Answer {
    /// The vendor's name of what was asked for.
    pub(in crate::providers) operation: &'static str,
    /// The HTTP status; 0 where there was no reply.
    pub(in crate::providers) status: u16,
    /// The vendor's own code; empty where it gave none.
    pub(in crate::providers) code: String,
    /// How long the vendor asks to wait.
    pub(in crate::providers) retry_after: Option<Duration>,
}

/// How messages speak of a vendor.
pub(in crate::providers) struct Vendor {
    /// The provider's name.
    pub(in crate::providers) name: &'static str,
    /// The company's name.
    pub(in crate::providers) title: &'static str,
    /// What a cluster must be able to reach, as an administrator knows it.
    pub(in crate::providers) hosts: &'static str,
}

impl Vendor {
    /// Makes the error of a row.
    pub(in crate::providers) fn error(&self, row: Row, answer: Answer) -> Error {
        Error {
            class: row.class,
            reason: row.reason,
            provider: self.name,
            operation: answer.operation,
            status: (answer.status != 0).then_some(answer.status),
            code: Some(answer.code)
                .filter(|code| !code.is_empty())
                .map(|code| http::shortened(&code, CODE_BYTES)),
            meaning: row.meaning,
            remedy: row.remedy,
            retry_after: answer.retry_after,
        }
    }

    /// Returns the error of a request that got no usable reply.
    pub(in crate::providers) fn transport(
        &self,
        operation: &'static str,
        failed: &http::Error,
    ) -> Error {
        let answer = Answer {
            operation,
            ..Answer::default()
        };
        let meaning = format!("No usable reply to {operation} from {failed}.");
        let (class, reason, remedy) = self.unreached(failed.kind);
        self.error(row(class, reason, meaning, remedy), answer)
    }

    fn unreached(&self, kind: http::Kind) -> (Class, Reason, String) {
        use http::Kind;
        let Self { title, hosts, .. } = self;
        match kind {
            Kind::Refused => (
                Class::Invalid,
                Reason::EndpointRefused,
                format!(
                    "Use {title}'s own endpoints, or start the operator with --allow-endpoint for this host."
                ),
            ),
            Kind::Unreachable | Kind::TimedOut | Kind::Cut => (
                Class::Retry,
                Reason::ProviderUnreachable,
                format!(
                    "It is tried again. If it lasts, look at DNS, NetworkPolicy and egress from the cluster to {hosts}."
                ),
            ),
            Kind::TooLarge | Kind::Malformed => (
                Class::Retry,
                Reason::MalformedReply,
                format!(
                    "It is tried again. If it lasts, something between here and {title} changes replies."
                ),
            ),
        }
    }

    /// Returns the error of a request that is not sent, since the vendor has asked for silence.
    pub(in crate::providers) fn paused(&self, operation: &'static str, pause: Paused) -> Error {
        let answer = Answer {
            operation,
            retry_after: Some(pause.left),
            ..Answer::default()
        };
        let (title, seconds) = (self.title, pause.left.as_secs());
        let meaning = format!("{title} has asked for a pause; it lasts {seconds} seconds more.");
        let remedy = "It goes on by itself.";
        self.error(
            row(Class::Throttled, Reason::RateLimited, meaning, remedy),
            answer,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Kind;

    const VENDOR: Vendor = Vendor {
        name: "vendor",
        title: "Vendor",
        hosts: "api.vendor.example",
    };

    #[test]
    fn only_a_refused_endpoint_is_not_tried_again() {
        for (kind, class, reason, remedy) in [
            (
                Kind::Refused,
                Class::Invalid,
                Reason::EndpointRefused,
                "Use Vendor's own endpoints",
            ),
            (
                Kind::Unreachable,
                Class::Retry,
                Reason::ProviderUnreachable,
                "to api.vendor.example.",
            ),
            (
                Kind::TimedOut,
                Class::Retry,
                Reason::ProviderUnreachable,
                "DNS",
            ),
            (Kind::Cut, Class::Retry, Reason::ProviderUnreachable, "DNS"),
            (
                Kind::TooLarge,
                Class::Retry,
                Reason::MalformedReply,
                "and Vendor changes replies",
            ),
            (
                Kind::Malformed,
                Class::Retry,
                Reason::MalformedReply,
                "changes replies",
            ),
        ] {
            let error = VENDOR.transport("messages.get", &http::Error::new(kind, "host", "x"));
            assert_eq!((error.class, error.reason), (class, reason));
            assert_eq!((error.provider, error.status), ("vendor", None));
            assert!(error.meaning.contains("messages.get"), "{error}");
            assert!(error.remedy.contains(remedy), "{error}");
        }
    }

    #[test]
    fn a_code_is_cut_and_an_empty_one_is_none() {
        let of = |code: &str| {
            let answer = Answer {
                code: code.to_owned(),
                ..Answer::default()
            };
            VENDOR
                .error(row(Class::Park, Reason::RequestRefused, "", ""), answer)
                .code
        };
        assert_eq!(of(""), None);
        assert_eq!(of("quotaExceeded").as_deref(), Some("quotaExceeded"));
        assert!(of(&"x".repeat(500)).is_some_and(|code| code.len() <= CODE_BYTES));
    }

    #[test]
    fn a_pause_says_how_long() {
        let pause = Paused {
            left: Duration::from_secs(7),
        };
        let error = VENDOR.paused("messages.get", pause);
        assert_eq!(
            (error.class, error.retry_after),
            (Class::Throttled, Some(Duration::from_secs(7)))
        );
        assert!(error.meaning.contains("Vendor has asked"), "{error}");
        assert!(error.meaning.contains("7 seconds"), "{error}");
    }
}
