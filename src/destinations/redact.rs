//! Keeps what a Secret holds out of what is said about a failure.
//!
//! Libraries quote what servers answer, and servers quote what they were sent. So no library's error leaves this
//! layer as it is: it becomes text, without any value of the Secret in it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::model::secret::Credentials;

/// The longest text that is kept of a library's error, in bytes.
const LONGEST_CAUSE: usize = 1_000;

/// The shortest value that is looked for. Shorter ones are switches such as `true`, not secrets.
const SHORTEST_SECRET: usize = 6;

/// Knows the values that must not be seen.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    /// Learns the values of a Secret.
    pub(crate) fn new(credentials: Option<&Credentials>) -> Self {
        let mut redactor = Self::default();
        for name in credentials.into_iter().flat_map(Credentials::names) {
            let value = credentials.and_then(|all| all.get(name));
            if let Some(Ok(text)) = value.map(|value| std::str::from_utf8(value.expose_secret())) {
                redactor.learn(text);
            }
        }
        redactor
    }

    /// Learns one more value: a part of an entry that may turn up alone, such as a password within a URL.
    pub(crate) fn learn(&mut self, value: &str) {
        let value = value.trim();
        if value.len() >= SHORTEST_SECRET {
            self.0.push(value.into());
        }
    }

    /// Turns an error and all that led to it into one line without secrets.
    pub(crate) fn cause(&self, error: &(dyn std::error::Error + 'static)) -> Cause {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(inner) = next {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text.push_str(": ");
                text.push_str(&inner_text);
            }
            next = inner.source();
        }
        self.line(&text)
    }

    /// Turns what a server said into one line without secrets.
    pub(crate) fn line(&self, text: &str) -> Cause {
        Cause(self.clean(text))
    }

    fn clean(&self, text: &str) -> String {
        let mut text = text.replace(['\n', '\r'], " ");
        for secret in &self.0 {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), "***");
            }
        }
        text.truncate(text.floor_char_boundary(LONGEST_CAUSE));
        text
    }
}

/// What a library said, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Cause(String);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} values)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_secret_never_passes() {
        let secret = Credentials::new([("url".to_owned(), b"canary-1234".to_vec())]);
        let redactor = Redactor::new(Some(&secret));
        let inner = std::io::Error::other("the server said: canary-1234\nis wrong");
        let cause = redactor.cause(&inner).to_string();
        assert_eq!(cause, "the server said: *** is wrong");
        assert!(!format!("{redactor:?}").contains("canary"));
    }

    #[test]
    fn a_long_cause_is_cut_between_characters() {
        let cause = Redactor::default().cause(&std::io::Error::other("ä".repeat(2_000)));
        assert!(cause.to_string().len() <= LONGEST_CAUSE);
    }
}
