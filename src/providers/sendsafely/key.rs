//! The API key and its secret, from the Secret's entries.

use crate::http::auth::SigningKey;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::rows::{Answer, row};

/// The entry with the key.
pub(super) const KEY: &str = "api-key";
/// The entry with its secret half.
pub(super) const SECRET: &str = "api-secret";
/// The entries of one key.
pub(super) const ENTRIES: &[&str] = &[KEY, SECRET];

/// Reads the key. Makes no request.
///
/// # Errors
/// [`Class::Invalid`], with a reason and a remedy for each way in which the entries can be wrong.
pub(super) fn read(credentials: &Credentials) -> Result<SigningKey, Error> {
    let (Some(key), Some(secret)) = (credentials.get(KEY), credentials.get(SECRET)) else {
        return Err(missing(credentials));
    };
    SigningKey::read(key, secret).ok_or_else(|| {
        invalid(
            Reason::KeyEmpty,
            format!("{KEY} or {SECRET} is empty or no text."),
            "Store both halves of the key as the console showed them.",
        )
    })
}

fn missing(credentials: &Credentials) -> Error {
    let is_absent = |name: &&&str| credentials.get(name).is_none();
    let absent: Vec<&str> = ENTRIES.iter().filter(is_absent).copied().collect();
    let names: Vec<&str> = credentials.names().take(10).collect();
    invalid(
        Reason::KeyMissing,
        format!(
            "The Secret has no {}; it has: {}.",
            absent.join(" and no "),
            if names.is_empty() {
                "nothing".to_owned()
            } else {
                names.join(", ")
            }
        ),
        "Store the API key as api-key and its secret as api-secret.",
    )
}

fn invalid(reason: Reason, meaning: String, remedy: &str) -> Error {
    let answer = Answer {
        operation: "open",
        ..Answer::default()
    };
    super::errors::VENDOR.error(row(Class::Invalid, reason, meaning, remedy), answer)
}

#[cfg(test)]
mod tests {
    use super::super::NAME;
    use super::*;

    fn reason(entries: &[(&str, &str)]) -> (Reason, String) {
        let entries = entries.iter();
        let entries = entries.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let error = read(&Credentials::new(entries)).unwrap_err();
        assert_eq!((error.class, error.provider), (Class::Invalid, NAME));
        (error.reason, error.to_string())
    }

    #[test]
    fn each_way_of_being_wrong_has_its_reason() {
        let (why, says) = reason(&[]);
        assert_eq!(why, Reason::KeyMissing);
        assert!(says.contains("no api-key and no api-secret"), "{says}");
        let (why, says) = reason(&[("api-key", "canary"), ("token", "canary")]);
        assert_eq!(why, Reason::KeyMissing);
        assert!(says.contains("no api-secret") && says.contains("token"));
        assert!(!says.contains("canary"));
        let (why, _) = reason(&[("api-key", "canary"), ("api-secret", " \n")]);
        assert_eq!(why, Reason::KeyEmpty);
    }
}
