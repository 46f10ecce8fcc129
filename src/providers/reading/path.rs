//! Ids of the vendor as parts of a path.

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
}
