//! Reads which key a request claims to have.
//!
//! The secret is hashed as soon as it is read: nothing here can print it.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::secret::Digest;

/// Longer than any key.
const MOST_BYTES: usize = 512;

/// What a request says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    /// The id of a key.
    pub(super) id: String,
    /// The hash of its secret.
    pub(super) secret: Digest,
}

impl Claim {
    /// Reads `Bearer <id>.<secret>` or `Basic` with both. None where there is neither.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?;
        if value.len() > MOST_BYTES {
            return None;
        }
        let (scheme, rest) = split(value)?;
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Self::of(rest.split_once('.')?),
            "basic" => {
                let text = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
                Self::of(text.split_once(':')?)
            }
            _ => None,
        }
    }

    fn of((id, secret): (&str, &str)) -> Option<Self> {
        let is_id = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_whole = !id.is_empty() && id.chars().all(is_id) && !secret.is_empty();
        is_whole.then(|| Self {
            id: id.to_owned(),
            secret: Digest::of(secret.as_bytes()),
        })
    }

    /// Returns the mark of the account that the id is of.
    pub(super) fn mark(&self) -> Option<&str> {
        let (mark, _) = self.id.strip_prefix("dep_")?.split_once('_')?;
        Some(mark)
    }
}

fn split(value: &HeaderValue) -> Option<(&str, &str)> {
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    Some((scheme, rest.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(value: &str) -> Option<(String, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        let claim = Claim::read(&headers)?;
        Some((claim.id, claim.secret.matches(&Digest::of(b"deps_x.y"))))
    }

    #[test]
    fn a_key_is_read_from_either_scheme() {
        let found = Some(("dep_ab_1".to_owned(), true));
        assert_eq!(claim("Bearer dep_ab_1.deps_x.y"), found);
        assert_eq!(claim("bearer  dep_ab_1.deps_x.y"), found);
        let basic = STANDARD.encode("dep_ab_1:deps_x.y");
        assert_eq!(claim(&format!("Basic {basic}")), found);
    }

    #[test]
    fn what_is_no_key_is_none() {
        for value in [
            "",
            "Bearer",
            "Bearer x",
            "Bearer .x",
            "Bearer a b.c",
            "Basic %%%",
            "Basic eA==",
            "Digest a.b",
            &format!("Bearer a.{}", "x".repeat(600)),
        ] {
            assert_eq!(claim(value), None, "{value}");
        }
    }

    #[test]
    fn the_account_is_found_by_the_id() {
        let mark = |id: &str| {
            let claim = Claim::of((id, "x")).unwrap();
            claim.mark().map(str::to_owned)
        };
        assert_eq!(mark("dep_ab12_99"), Some("ab12".to_owned()));
        assert_eq!(mark("dep_ab12"), None);
        assert_eq!(mark("peter"), None);
    }
}
