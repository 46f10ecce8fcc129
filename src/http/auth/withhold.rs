//! What was sent in secret must not come back in a message: a vendor, or something between here and it, may repeat what it was
//! sent, and messages are quoted in conditions and logs.

use secrecy::{ExposeSecret, SecretString};

/// What stands in its place.
const WITHHELD: &str = "[withheld]";
/// What every JWT begins with: `{"` in base64url.
const JWT: &str = "eyJ";
/// Shorter than any that is signed.
const SHORTEST_JWT: usize = 40;

/// Takes a secret out of a body, as it is and as a form encodes it.
pub(super) fn secret(secret: &SecretString, body: Vec<u8>) -> Vec<u8> {
    let plain = secret.expose_secret();
    if plain.is_empty() {
        return body;
    }
    let encoded: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let text = String::from_utf8_lossy(&body);
    if text.contains(plain) || text.contains(&encoded) {
        let text = text.replace(plain, WITHHELD).replace(&encoded, WITHHELD);
        return text.into_bytes();
    }
    body
}

/// Takes whatever looks like a JWT out of a text, for assertions that a library makes and does not show.
pub(super) fn assertions(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, found)) = rest.split_once(JWT) {
        let after = found.trim_start_matches(is_part);
        kept.push_str(before);
        if found.len() - after.len() + JWT.len() < SHORTEST_JWT {
            kept.push_str(JWT);
            rest = found;
        } else {
            kept.push_str(WITHHELD);
            rest = after;
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_in_either_form_and_nothing_else_is_touched() {
        let taken = |body: &str| {
            let body = secret(&"can~ary+1".into(), body.as_bytes().to_vec());
            String::from_utf8(body).unwrap()
        };
        assert_eq!(taken("you sent can~ary+1."), "you sent [withheld].");
        let encoded: String = url::form_urlencoded::byte_serialize(b"can~ary+1").collect();
        assert_eq!(taken(&format!("a={encoded}&b")), "a=[withheld]&b");
        assert_eq!(taken("Grüße"), "Grüße");
        let bytes = secret(&"canary".into(), vec![0xff, 1]);
        assert_eq!(bytes, [0xff, 1]);
        assert_eq!(secret(&"".into(), b"x".to_vec()), b"x");
    }

    #[test]
    fn what_looks_like_an_assertion_is_taken_out() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl";
        let text = format!("bad {jwt}, and eyJ is none; {jwt}");
        let kept = "bad [withheld], and eyJ is none; [withheld]";
        assert_eq!(assertions(&text), kept);
        assert_eq!(assertions(""), "");
    }
}
