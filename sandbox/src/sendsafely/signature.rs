//! Who signed a request.
//!
//! The signature is over the key, the path on the company's host, the time and the body as they were sent; the query does not
//! count. Source: the Python client 1.0.11, the Node client 3.1.0 and the vendor's Code-Examples (read 2026-11-27).

use aws_lc_rs::hmac;
use http::HeaderMap;
use jiff::civil::DateTime;

use super::SendSafely;
use super::accounts::User;
use super::api::ApiError;
use crate::call::Call;
use crate::instruments::clock::seconds_of;

const KEY: &str = "ss-api-key";
const TIMESTAMP: &str = "ss-request-timestamp";
const SIGNATURE: &str = "ss-request-signature";

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The key that a request names.
pub(crate) fn key_of(call: &Call) -> Option<&str> {
    header(&call.headers, KEY)
}

/// The account whose key signed the request; `path` is that on the company's host, `now` in milliseconds since 1970.
///
/// What is checked first, and the words for times and signatures, are assumed.
pub(crate) fn signer(
    portal: &SendSafely,
    call: &Call,
    path: &str,
    now: i64,
) -> Result<User, ApiError> {
    let invalid_key = || ApiError::unauthenticated("Invalid API Key");
    let id = key_of(call).ok_or_else(invalid_key)?;
    let window = portal.features.read().timestamp_window_seconds;
    let accounts = portal.accounts.read();
    let key = accounts.key(id).ok_or_else(invalid_key)?;
    let timestamp = header(&call.headers, TIMESTAMP).unwrap_or_default();
    let sent = seconds(timestamp);
    let apart = sent.map(|sent| (now.div_euclid(1000) - sent).abs());
    if apart.is_none_or(|apart| apart > window) {
        return Err(ApiError::unauthenticated("Invalid Request Timestamp"));
    }
    let message = [
        id.as_bytes(),
        path.as_bytes(),
        timestamp.as_bytes(),
        &call.body,
    ]
    .concat();
    let signature = header(&call.headers, SIGNATURE).and_then(bytes_of);
    if !signature.is_some_and(|signature| signed(&key.secret, &message, &signature)) {
        return Err(ApiError::unauthenticated("Invalid Request Signature"));
    }
    let owner = accounts.user(&key.owner).filter(|owner| owner.active);
    owner.cloned().ok_or_else(invalid_key)
}

fn signed(secret: &str, message: &[u8], signature: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, message, signature).is_ok()
}

/// `2026-11-01T09:30:00+0000`, to the letter.
fn seconds(timestamp: &str) -> Option<i64> {
    let text = timestamp.strip_suffix("+0000")?;
    let at = DateTime::strptime("%Y-%m-%dT%H:%M:%S", text).ok()?;
    Some(seconds_of(at))
}

/// The bytes of lower-case hexadecimal digits.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: Vec<u8> = text.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_the_python_client_makes() {
        // hmac.new(b"secret", b"key/api/v2.0/user2026-11-01T09:30:00+0000", "sha256").hexdigest()
        let signature = "b8230f0022f367dcd9fa438fa5e4dd2a534bcecd7f645c30cf07c325b5bfb932";
        let message = b"key/api/v2.0/user2026-11-01T09:30:00+0000";
        let bytes = bytes_of(signature).unwrap();
        assert!(signed("secret", message, &bytes));
        assert!(!signed("other", message, &bytes));
        assert_eq!(bytes_of(&signature.to_uppercase()), None);
        assert_eq!(bytes_of("abc"), None);
    }

    #[test]
    fn a_time_has_one_form() {
        assert_eq!(seconds("1970-01-01T00:01:00+0000"), Some(60));
        for text in ["", "1970-01-01T00:01:00Z", "1970-01-01 00:01:00+0000", "60"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
