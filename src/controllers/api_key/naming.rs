//! What a key is called at the vendor: the same for every try, and unlike every other key's. Pure.

/// The longest name that every vendor takes: the subject of a certificate has room for 64.
const LONGEST: usize = 63;

/// Returns the name of an object's key. The start of the UID keeps objects of one name apart, in time and over clusters.
pub(super) fn name(object: &str, uid: &str, sequence: u32) -> String {
    let end = format!("-{}-{sequence}", start(uid));
    let room = LONGEST - "deputy-".len();
    let mut short: String = object
        .chars()
        .take(room.saturating_sub(end.len()))
        .collect();
    // The name of an object may hold dots.
    short = short.replace('.', "-");
    format!("deputy-{}{end}", short.trim_end_matches('-'))
}

/// Returns whether a name is that of a key of this object, whichever.
pub(super) fn is_of(name: &str, object: &str, uid: &str) -> bool {
    let sequence = name.rsplit('-').next().and_then(|end| end.parse().ok());
    sequence.is_some_and(|sequence| self::name(object, uid, sequence) == name)
}

/// Returns the first eight characters of a UID that are no hyphens: 32 bits.
fn start(uid: &str) -> String {
    uid.chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "6a2c1a4e-8f0b-4d53-9c3c-1f0f0b7f6d11";

    #[test]
    fn a_name_is_the_objects_own_and_fits_everywhere() {
        assert_eq!(name("okta-scim", UID, 4), "deputy-okta-scim-6a2c1a4e-4");
        let long = name(&"a.".repeat(120), UID, u32::MAX);
        assert!(long.len() <= LONGEST, "{long}");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(long.chars().all(plain), "{long}");
        assert_ne!(name("okta", UID, 1), name("okta", "7a2c1a4e", 1));
    }

    #[test]
    fn a_name_is_known_again() {
        assert!(is_of(&name("okta", UID, 12), "okta", UID));
        for other in [
            "deputy-okta-6a2c1a4e-x",
            "deputy-okta-7a2c1a4e-1",
            "okta",
            "",
        ] {
            assert!(!is_of(other, "okta", UID), "{other}");
        }
    }
}
