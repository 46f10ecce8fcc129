//! Addresses of the vendor's resources, and ids as parts of them.

use ::http::Uri;
use url::form_urlencoded;

/// Percent-encodes an id for use as one segment of a path. Ids come from the vendor, and some have `@`, `#` or `/`.
pub(in crate::providers) fn segment(id: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Room for the query of most requests, in bytes: one is made for each message.
const QUERY_BYTES: usize = 320;

/// Makes the address of a resource. `path` is relative to `base` and already percent-encoded; `query` is encoded here.
///
/// Returns nothing where it would be no address, or where a server could resolve a segment such as `..` into another
/// resource.
pub(in crate::providers) fn address(base: &str, path: &str, query: &[(&str, &str)]) -> Option<Uri> {
    if path.contains(['?', '#']) || path.split('/').any(leads_elsewhere) {
        return None;
    }
    let mut text = String::with_capacity(base.len() + path.len() + QUERY_BYTES);
    text.extend([base, "/", path]);
    if !query.is_empty() {
        text.push('?');
        let start = text.len();
        text = form_urlencoded::Serializer::for_suffix(text, start)
            .extend_pairs(query)
            .finish();
    }
    Uri::try_from(text).ok()
}

fn leads_elsewhere(segment: &str) -> bool {
    let of_dots = |byte| matches!(byte, b'.' | b'%' | b'2' | b'e' | b'E');
    let dots = || segment.to_ascii_uppercase().replace("%2E", ".");
    segment.bytes().all(of_dots) && matches!(dots().as_str(), "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_segment() {
        assert_eq!(segment("18c2-a_b~"), "18c2-a_b~");
        assert_eq!(
            segment("en.german#holiday@group.v.example"),
            "en%2Egerman%23holiday%40group%2Ev%2Eexample"
        );
        assert_eq!(segment("../../x?y"), "%2E%2E%2F%2E%2E%2Fx%3Fy");
    }

    #[test]
    fn an_address_is_the_one_that_was_meant() {
        let of = |path, query: &[(&str, &str)]| address("https://vendor.example/v1", path, query);
        let address = of("users/me", &[("q", "a b&c"), ("q", "d")]).unwrap();
        assert_eq!(address, "https://vendor.example/v1/users/me?q=a+b%26c&q=d");
        assert_eq!(of("users", &[]).unwrap(), "https://vendor.example/v1/users");
        for path in [
            "a/../b", "a/%2e%2E", "..", "./a", "a//b", "a b", "a?b", "a#b", "",
        ] {
            assert_eq!(of(path, &[]), None, "{path}");
        }
    }
}
