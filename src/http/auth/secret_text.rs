//! Reading a text that is a secret.

use secrecy::{ExposeSecret, SecretSlice, SecretString};

/// Reads a secret text without the white space around it, which editors add. None where nothing is left or it is no text.
pub fn read_secret_text(bytes: &SecretSlice<u8>) -> Option<SecretString> {
    let text = std::str::from_utf8(bytes.expose_secret()).ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_it_is_not_part_of_it() {
        let read = |bytes: &[u8]| read_secret_text(&bytes.to_vec().into());
        assert_eq!(read(b" s3cret\n").unwrap().expose_secret(), "s3cret");
        assert!(read(b" \n").is_none());
        assert!(read(b"\xff\xfe").is_none());
    }
}
