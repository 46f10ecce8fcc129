//! The text of a message, out of its MIME parts. Never an attachment.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::decoders::charsets::map::charset_decoder;

use super::header;
use super::wire::{HeaderName, Part};

/// The vendor pads; RFC 4648 lets it leave that.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A message's text in both forms, each where there is one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bodies {
    /// The plain text.
    pub(super) text: Option<String>,
    /// The HTML.
    pub(super) html: Option<String>,
}

/// A part whose data is not base64.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotBase64;

/// Collects the text of a message. Several parts of one form are put together in their order.
pub(super) fn read(payload: &Part) -> Result<Bodies, NotBase64> {
    let mut bodies = Bodies::default();
    collect(payload, &mut bodies)?;
    Ok(bodies)
}

fn collect(part: &Part, bodies: &mut Bodies) -> Result<(), NotBase64> {
    if is_attachment(part) {
        return Ok(());
    }
    let kind = part.mime_type.to_ascii_lowercase();
    match kind.as_str() {
        "text/plain" => append(&mut bodies.text, &decode(part)?),
        "text/html" => append(&mut bodies.html, &decode(part)?),
        kind if kind.starts_with("multipart/") => {
            for inner in &part.parts {
                collect(inner, bodies)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn is_attachment(part: &Part) -> bool {
    let disposition = value_of(part, HeaderName::ContentDisposition).unwrap_or_default();
    let kind = disposition.split(';').next().unwrap_or_default();
    !part.filename.is_empty() || kind.trim().eq_ignore_ascii_case("attachment")
}

fn append(body: &mut Option<String>, text: &str) {
    match body {
        Some(body) => {
            body.push('\n');
            body.push_str(text);
        }
        None => *body = Some(text.to_owned()),
    }
}

fn decode(part: &Part) -> Result<String, NotBase64> {
    let bytes = BASE64
        .decode(part.body.data.as_bytes())
        .map_err(|_| NotBase64)?;
    let content_type = value_of(part, HeaderName::ContentType).unwrap_or_default();
    Ok(to_text(bytes, header::charset(content_type).as_deref()))
}

fn value_of(part: &Part, name: HeaderName) -> Option<&str> {
    let found = part.headers.iter().find(|header| header.name == name);
    found.map(|header| header.value.as_str())
}

/// Some parts come as UTF-8 whatever charset their header names, others as the sender wrote them. So what is UTF-8 is
/// taken as such, unless it has the escapes or zero bytes of the charsets that hide in ASCII.
fn to_text(bytes: Vec<u8>, charset: Option<&str>) -> String {
    let hidden = bytes.contains(&0x1b) || bytes.contains(&0) || is_seven_bit(charset);
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !hidden || charset.is_none() => return text,
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let named = charset.and_then(|name| charset_decoder(name.as_bytes()));
    match named.or_else(|| charset_decoder(b"windows-1252")) {
        Some(decoder) => decoder(&bytes),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

fn is_seven_bit(charset: Option<&str>) -> bool {
    charset.is_some_and(|name| {
        ["utf-7", "hz-gb-2312"]
            .iter()
            .any(|hidden| hidden.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn part(kind: &str, content_type: &str, bytes: &[u8]) -> Value {
        json!({"mimeType": kind, "filename": "", "body": {"data": URL_SAFE_NO_PAD.encode(bytes)},
               "headers": [{"name": "content-type", "value": content_type}]})
    }

    fn read_json(payload: Value) -> Result<Bodies, NotBase64> {
        read(&serde_json::from_value(payload).unwrap())
    }

    #[rstest]
    #[case("text/plain; charset=\"utf-8\"", "Grüße".as_bytes(), "Grüße")]
    #[case("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße")]
    #[case("text/plain; charset=ISO-8859-1", "Grüße".as_bytes(), "Grüße")]
    #[case("text/plain; charset=iso-2022-jp", b"\x1b$B$3$s\x1b(B", "こん")]
    #[case("text/plain; charset=utf-16le", b"H\0i\0", "Hi")]
    #[case("text/plain; charset=utf-7", b"Hi Mom -+Jjo--!", "Hi Mom -☺-!")]
    #[case("text/plain; charset=no-such-thing", b"caf\xe9", "café")]
    #[case("text/plain", b"caf\xe9", "café")]
    #[case("", b"", "")]
    fn charsets(#[case] content_type: &str, #[case] bytes: &[u8], #[case] expected: &str) {
        let bodies = read_json(part("text/plain", content_type, bytes)).unwrap();
        assert_eq!(bodies.text.as_deref(), Some(expected));
        assert_eq!(bodies.html, None);
    }

    #[test]
    fn text_is_found_in_nested_parts_and_attachments_are_not() {
        let plain = |text: &str| part("text/plain", "text/plain", text.as_bytes());
        let mut named = plain("a log file");
        named["filename"] = json!("log.txt");
        let mut disposed = plain("a patch");
        disposed["headers"] =
            json!([{"name": "Content-Disposition", "value": "ATTACHMENT; size=3"}]);
        let forwarded = json!({"mimeType": "message/rfc822", "parts": [plain("someone else's")]});
        let image = json!({"mimeType": "image/png", "body": {"attachmentId": "x", "size": 9}});
        let html = part("text/HTML", "text/html", b"<p>hello</p>");
        let both = json!({"mimeType": "multipart/alternative", "parts": [plain("hello"), html]});
        let mixed = json!({"mimeType": "multipart/mixed", "parts":
            [both, named, disposed, forwarded, image, plain("footer")]});
        let bodies = read_json(mixed).unwrap();
        assert_eq!(bodies.text.as_deref(), Some("hello\nfooter"));
        assert_eq!(bodies.html.as_deref(), Some("<p>hello</p>"));
    }

    #[test]
    fn padding_is_optional_and_rubbish_is_said_to_be_rubbish() {
        let with =
            |data: &str| read_json(json!({"mimeType": "text/plain", "body": {"data": data}}));
        assert_eq!(with("aGk=").unwrap().text.as_deref(), Some("hi"));
        assert_eq!(with("aGk").unwrap().text.as_deref(), Some("hi"));
        assert_eq!(with("a*k"), Err(NotBase64));
    }
}
