//! What a webhook is told, with proof that it is from here.
//!
//! The proof is one header, `Deputy-Signature: t=<seconds since 1970>,v1=<hex>`: an HMAC-SHA256 of `<t>.<body>` under the secret
//! that both sides have. The time is signed too, so that an old notification cannot be sent again as a new one.

use std::fmt;

use ::http::HeaderValue;
use bytes::Bytes;
use jiff::Timestamp;
use secrecy::{SecretSlice, SecretString};

use super::read_secret_text;
use super::signing_key::signature;

/// The header with the proof.
pub(in crate::http) const SIGNATURE: &str = "deputy-signature";

/// The secret that notifications are signed with. It cannot be printed.
#[derive(Clone)]
pub struct NoticeKey(SecretString);

/// A notification as it is sent: what is signed is what is sent.
pub struct Notice {
    body: Bytes,
    signature: Option<HeaderValue>,
}

impl NoticeKey {
    /// Reads it. None where it is empty or no text.
    pub fn read(secret: &SecretSlice<u8>) -> Option<Self> {
        read_secret_text(secret).map(Self)
    }

    fn sign(&self, at: Timestamp, body: &[u8]) -> Option<HeaderValue> {
        let at = at.as_second();
        let signature = signature(&self.0, [format!("{at}.").as_bytes(), body]);
        HeaderValue::from_str(&format!("t={at},v1={signature}")).ok()
    }
}

impl Notice {
    /// Makes a notification, signed where there is a key.
    pub fn new(json: &serde_json::Value, key: Option<&NoticeKey>, at: Timestamp) -> Self {
        let body = Bytes::from(json.to_string());
        Self {
            signature: key.and_then(|key| key.sign(at, &body)),
            body,
        }
    }

    /// Returns what is sent.
    pub(in crate::http) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// Returns the proof.
    pub(in crate::http) fn signature(&self) -> Option<&HeaderValue> {
        self.signature.as_ref()
    }
}

impl fmt::Debug for NoticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeKey(…)")
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notice({} bytes)", self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key() -> NoticeKey {
        NoticeKey::read(&b"s3cretCanary\n".to_vec().into()).unwrap()
    }

    /// The digits are what `openssl dgst -sha256 -hmac s3cretCanary` says of `1790000000.{"a":1}`.
    #[test]
    fn a_signature_is_what_any_library_makes_of_it() {
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let notice = Notice::new(&json!({"a": 1}), Some(&key()), at);
        assert_eq!(notice.body(), "{\"a\":1}");
        let proof = notice.signature().unwrap().to_str().unwrap();
        assert_eq!(
            proof,
            "t=1790000000,v1=a50e8306d7ce941add3a37d3038c34740a225642eb4fab4acfbc212186d4e22a"
        );
        assert!(Notice::new(&json!({}), None, at).signature().is_none());
    }

    #[test]
    fn the_secret_cannot_be_printed() {
        let notice = Notice::new(&json!({}), Some(&key()), Timestamp::UNIX_EPOCH);
        let shown = format!("{:?} {notice:?}", key());
        assert!(!shown.contains("Canary"), "{shown}");
        assert!(NoticeKey::read(&b" \n".to_vec().into()).is_none());
    }
}
