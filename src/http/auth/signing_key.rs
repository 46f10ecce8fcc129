//! Requests that are signed with a key's secret half, where a vendor has no bearer tokens.
//!
//! ```text
//! key, path, time and body, as they are sent ─► HMAC-SHA256 with the secret ─► three headers
//! ```

use std::fmt;
use std::fmt::Write as _;

use ::http::HeaderValue;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

use super::{read_secret_text, withhold};

/// A key and its secret half. Neither can be printed.
#[derive(Clone)]
pub struct SigningKey {
    key: SecretString,
    secret: SecretString,
}

/// What a vendor calls the headers of a signed request.
#[derive(Debug, Clone, Copy)]
pub struct SignedHeaders {
    /// The header with the key.
    pub key: &'static str,
    /// The header with the time.
    pub time: &'static str,
    /// The header with the signature, in lower-case hexadecimal digits.
    pub signature: &'static str,
}

/// What is to be signed.
#[derive(Debug, Clone)]
pub struct ToSign<'a> {
    /// The path as the vendor sees it, without the query.
    pub path: &'a str,
    /// The time, in the vendor's form.
    pub time: &'a str,
    /// The JSON that is sent, byte for byte; empty where nothing is.
    pub body: Bytes,
}

/// A body and the headers that vouch for it: what is signed is what is sent.
pub struct Signed {
    key: SecretString,
    headers: Vec<(&'static str, HeaderValue)>,
    body: Bytes,
}

impl SigningKey {
    /// Reads both halves. None where one of them is empty or no text.
    pub fn read(key: &SecretSlice<u8>, secret: &SecretSlice<u8>) -> Option<Self> {
        Some(Self {
            key: read_secret_text(key)?,
            secret: read_secret_text(secret)?,
        })
    }

    /// Signs a request. A key that no header can hold becomes an empty one, which the vendor refuses.
    pub fn sign(&self, names: SignedHeaders, what: ToSign<'_>) -> Signed {
        let mut key = header(self.key.expose_secret());
        key.set_sensitive(true);
        let mut signature = header(&self.signature(&what));
        signature.set_sensitive(true);
        Signed {
            key: self.key.clone(),
            headers: vec![
                (names.key, key),
                (names.time, header(what.time)),
                (names.signature, signature),
            ],
            body: what.body,
        }
    }

    fn signature(&self, what: &ToSign<'_>) -> String {
        let parts = [self.key.expose_secret(), what.path, what.time].map(str::as_bytes);
        signature(&self.secret, parts.into_iter().chain([what.body.as_ref()]))
    }
}

/// Returns the HMAC-SHA256 of what the parts come to, in lower-case hexadecimal digits.
pub(super) fn signature<'a>(
    secret: &SecretString,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> String {
    // A secret of any length makes a key.
    let keyed = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
    let Ok(mut hmac) = keyed else {
        return String::new();
    };
    parts.into_iter().for_each(|part| hmac.update(part));
    let mut text = String::with_capacity(64);
    for byte in hmac.finalize().into_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl Signed {
    /// Returns the headers, those that are secret marked as such.
    pub(in crate::http) fn headers(&self) -> impl Iterator<Item = (&'static str, &HeaderValue)> {
        self.headers.iter().map(|(name, value)| (*name, value))
    }

    /// Takes the key out of a reply that repeats it.
    pub(in crate::http) fn withheld(&self, body: Vec<u8>) -> Vec<u8> {
        withhold::secret(&self.key, body)
    }

    /// Returns the body as it is sent.
    pub(in crate::http) fn body(&self) -> Bytes {
        self.body.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed({} bytes)", self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: SignedHeaders = SignedHeaders {
        key: "ss-api-key",
        time: "ss-request-timestamp",
        signature: "ss-request-signature",
    };

    fn signed(path: &str, body: &str) -> Signed {
        let half = |text: &str| text.as_bytes().to_vec().into();
        let key = SigningKey::read(&half("k3yCanary\n"), &half("s3cretCanary")).unwrap();
        let what = ToSign {
            path,
            time: "2026-11-27T21:05:09+0000",
            body: Bytes::from(body.to_owned()),
        };
        key.sign(NAMES, what)
    }

    /// The signatures are those that the vendor's own client makes (sendsafely 1.0.11 for Python, run 2026-11-27).
    #[test]
    fn a_signature_is_the_one_that_a_known_client_makes() {
        let of = |path, body| {
            let signed = signed(path, body);
            let headers: Vec<_> = signed.headers().collect();
            assert_eq!(headers[0], (NAMES.key, &header("k3yCanary")));
            assert_eq!(headers[1].1, "2026-11-27T21:05:09+0000");
            headers[2].1.to_str().unwrap().to_owned()
        };
        assert_eq!(
            of("/api/v2.0/config/verify-credentials/", ""),
            "6b28b342b4193efb2b2e30684b7fc532807fa77c778218ffc5a2aa7d2b3c6d8e"
        );
        assert_eq!(
            of(
                "/api/v2.0/package/organization/search/",
                r#"{"sender":"peter.parker@acme.example","label":"café"}"#
            ),
            "3c6c23c9bf4c65eed126c2359eb54ec5ff1b868d327558b06be8cef1ea7b9794"
        );
    }

    #[test]
    fn neither_half_can_be_printed() {
        let half = |text: &str| text.as_bytes().to_vec().into();
        let key = SigningKey::read(&half("k3yCanary"), &half("s3cretCanary")).unwrap();
        let signed = signed("/", "{}");
        let headers: Vec<_> = signed.headers().collect();
        let shown = format!("{key:?} {signed:?} {headers:?}");
        assert!(!shown.contains("Canary"), "{shown}");
        assert!(SigningKey::read(&half(" \n"), &half("s")).is_none());
    }
}
