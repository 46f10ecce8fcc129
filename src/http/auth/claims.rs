//! What a JWT says of itself, read without a key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

/// The longest payload that is looked at, bytes in base64.
const MAX_PAYLOAD: usize = 64 * 1024;

/// Reads the claims. Nothing is verified, and a token may be anything: none where it is no JWT of this shape.
pub(super) fn unverified<T: DeserializeOwned>(token: &str) -> Option<T> {
    let mut parts = token.trim().split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if payload.len() > MAX_PAYLOAD {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn claims_are_read_and_anything_else_is_none() {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(r#"{"roles":["a"]}"#));
        assert_eq!(unverified::<Value>(&token), Some(json!({"roles": ["a"]})));
        for token in ["", "opaque", "a.b", "a.*.c", "a.e30", "a.bm90IGpzb24.c"] {
            assert_eq!(unverified::<Value>(token), None, "{token}");
        }
    }
}
