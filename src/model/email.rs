//! Addresses of people, and the patterns that an administrator lists them by.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An e-mail address in one normal form: trimmed and lower-case, one `@`, nothing empty.
///
/// Vendors compare addresses without regard to case, so two spellings of one person must never count as two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Why a text is not an address or not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There is no `@`, or more than one.
    #[error("an address has exactly one @")]
    At,
    /// The part before or after the `@` is empty.
    #[error("the part before and the part after the @ must not be empty")]
    Empty,
    /// White space, a control character or one of `<>,;:\"()[]` is inside.
    #[error("an address has no white space, control characters or any of <>,;:\\\"()[]")]
    Character,
    /// The text is longer than 254 bytes (RFC 5321, 4.5.3.1.3).
    #[error("an address has at most 254 bytes")]
    Length,
    /// A `*` stands where it cannot be matched.
    #[error("* may stand for the whole part before the @ or for a leading label of the domain")]
    Wildcard,
}

impl Email {
    /// Returns the address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Returns the part before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }
}

impl JsonSchema for Email {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Email".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 3,
            "maxLength": 254,
            "pattern": "^[^@\\s]+@[^@\\s]+$",
        })
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        check_text(text)?;
        if text.contains('*') {
            return Err(EmailError::Wildcard);
        }
        Ok(Self(text.to_lowercase()))
    }
}

fn check_text(text: &str) -> Result<(), EmailError> {
    let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
    if domain.contains('@') {
        return Err(EmailError::At);
    }
    if local.is_empty() || domain.is_empty() {
        return Err(EmailError::Empty);
    }
    if text.len() > 254 {
        return Err(EmailError::Length);
    }
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\\\"()[]".contains(c);
    if text.contains(forbidden) {
        return Err(EmailError::Character);
    }
    Ok(())
}

/// A text in a document that is not an address, with the text itself, so that it can be found there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no address: {why}")]
pub struct NotAnAddress {
    /// The first 100 characters.
    text: String,
    /// What is wrong with it.
    #[source]
    why: EmailError,
}

impl TryFrom<String> for Email {
    type Error = NotAnAddress;
    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse().map_err(|why| NotAnAddress {
            text: text.chars().take(100).collect(),
            why,
        })
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who an entry of `allowedUsers` or `deniedUsers` stands for.
///
/// `peter@acme.example` is one person, `*@acme.example` everyone of that domain (not of its subdomains),
/// `*@*.acme.example` everyone of any subdomain. Nothing else: a pattern that a reader has to work out is a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailPattern {
    /// One address.
    Exact(Email),
    /// Everyone in one domain, lower-case.
    Domain(String),
    /// Everyone in any subdomain of this domain, lower-case, without the leading dot.
    Subdomains(String),
}

impl EmailPattern {
    /// Returns whether the pattern stands for `email`.
    pub fn matches(&self, email: &Email) -> bool {
        match self {
            Self::Exact(one) => one == email,
            Self::Domain(domain) => email.domain() == domain,
            Self::Subdomains(domain) => email
                .domain()
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        }
    }
}

impl FromStr for EmailPattern {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let Some(domain) = text.strip_prefix("*@") else {
            return text.parse().map(Self::Exact);
        };
        check_text(text)?;
        let domain = domain.to_lowercase();
        match domain.strip_prefix("*.") {
            Some(parent) if !parent.contains('*') && !parent.is_empty() => {
                Ok(Self::Subdomains(parent.to_owned()))
            }
            None if !domain.contains('*') => Ok(Self::Domain(domain)),
            _ => Err(EmailError::Wildcard),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_normal_form() {
        let email: Email = " Peter.Parker@ACME.example ".parse().unwrap();
        assert_eq!(email.as_str(), "peter.parker@acme.example");
        assert_eq!(email.domain(), "acme.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, why) in [
            ("peter", EmailError::At),
            ("a@b@c", EmailError::At),
            ("@acme.example", EmailError::Empty),
            ("peter@", EmailError::Empty),
            ("pe ter@acme.example", EmailError::Character),
            ("*@acme.example", EmailError::Wildcard),
        ] {
            assert_eq!(text.parse::<Email>(), Err(why), "{text}");
        }
        assert_eq!(
            format!("{}@b", "a".repeat(260)).parse::<Email>(),
            Err(EmailError::Length)
        );
    }

    #[test]
    fn a_pattern_never_admits_a_neighbour() {
        let peter: Email = "peter@acme.example".parse().unwrap();
        for (pattern, admits) in [
            ("*@acme.example", true),
            ("*@ACME.example", true),
            ("peter@acme.example", true),
            ("*@cme.example", false),
            ("*@example", false),
            ("*@*.example", true),
            ("*@*.acme.example", false),
            ("mary@acme.example", false),
        ] {
            let pattern: EmailPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&peter), admits, "{pattern:?}");
        }
        for text in ["*", "p*@acme.example", "*@a*.example", "*@*.", "*@*"] {
            assert!(text.parse::<EmailPattern>().is_err(), "{text}");
        }
    }
}
