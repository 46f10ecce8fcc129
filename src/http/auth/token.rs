//! A bearer token.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use ::http::HeaderValue;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::withhold;

/// Tokens get numbers, so that two can be told apart without a look at them.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A bearer token that cannot be printed.
#[derive(Clone)]
pub struct Token {
    secret: SecretString,
    expires_at: Timestamp,
    number: u64,
}

impl Token {
    /// Takes a token over.
    pub fn new(secret: impl Into<SecretString>, expires_at: Timestamp) -> Self {
        Self {
            secret: secret.into(),
            expires_at,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Returns when it ends.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Returns whether `other` is this very token.
    pub fn is_same(&self, other: &Self) -> bool {
        self.number == other.number
    }

    /// Reads what a token that is a JWT says of itself. Nothing is verified: it is a hint, never a proof.
    pub fn claims<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        super::claims::unverified(self.secret.expose_secret())
    }

    /// Takes the token out of a body that repeats it.
    pub(in crate::http) fn withheld(&self, body: Vec<u8>) -> Vec<u8> {
        withhold::secret(&self.secret, body)
    }

    /// Returns the header, marked so that nothing below prints it. A token that no header can hold becomes an empty
    /// one, which the vendor refuses.
    pub(in crate::http) fn header(&self) -> HeaderValue {
        let text = format!("Bearer {}", self.secret.expose_secret());
        let mut header =
            HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
        header.set_sensitive(true);
        header
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(#{}, until {})", self.number, self.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_its_number_only() {
        let token = Token::new("canary".to_owned(), Timestamp::UNIX_EPOCH);
        assert!(!format!("{token:?} {:?}", token.header()).contains("canary"));
        assert_eq!(token.header().as_bytes(), b"Bearer canary");
    }
}
