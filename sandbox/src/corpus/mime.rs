//! Taking a message apart the way Gmail shows it. Nothing is refused: damaged mail is mail.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use mail_parser::parsers::MessageStream;
use mail_parser::{HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use serde_json::{Value, json};

use super::generate::wire::snippet as shorten;

/// Parts nested deeper than this are shown as attachments.
const DEEPEST: usize = 16;

/// `None` for what has no parts at all: an empty file.
fn parse(raw: &[u8]) -> Option<Message<'_>> {
    MessageParser::default()
        .parse(raw)
        .filter(|message| !message.parts.is_empty())
}

/// The headers with their values unfolded and decoded, in order.
pub(crate) fn headers(raw: &[u8]) -> Vec<(String, String)> {
    let Some(message) = parse(raw) else {
        return Vec::new();
    };
    message
        .parts
        .first()
        .map(|part| part_headers(part, &message.raw_message))
        .unwrap_or_default()
}

fn part_headers(part: &MessagePart<'_>, raw: &[u8]) -> Vec<(String, String)> {
    let slice = |from: u32, to: u32| raw.get(from as usize..to as usize).unwrap_or_default();
    let headers = part.headers.iter().map(|header| {
        let name = String::from_utf8_lossy(slice(header.offset_field, header.offset_start));
        let name = name.trim_end_matches([':', ' ', '\t']).to_owned();
        (name, decoded(slice(header.offset_start, header.offset_end)))
    });
    headers.collect()
}

/// A header's value without folding and RFC 2047.
fn decoded(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let unfolded = text.replace(['\r', '\n'], "").replace('\t', " ");
    if !unfolded.contains("=?") {
        return unfolded.trim().to_owned();
    }
    let line = format!("{}\r\n", text.trim());
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => unfolded.trim().to_owned(),
    }
}

/// The beginning of the text, HTML-escaped.
pub(crate) fn snippet(raw: &[u8]) -> String {
    let message = parse(raw);
    shorten(
        &message
            .as_ref()
            .and_then(|message| message.body_text(0))
            .unwrap_or_default(),
    )
}

/// Milliseconds since 1970 from the `Date` header.
pub(crate) fn date(raw: &[u8]) -> Option<i64> {
    let message = parse(raw)?;
    let date = message.date().filter(|date| date.is_valid())?;
    Some(date.to_timestamp().saturating_mul(1000)).filter(|ms| *ms > 0)
}

/// `payload` of `format=full`.
pub(crate) fn payload(raw: &[u8], message_id: &str) -> Value {
    let message = parse(raw).unwrap_or_default();
    part_value(&message, 0, "", message_id, 0)
}

/// The content of an attachment, by the id that [`payload`] gave it.
pub(crate) fn attachment(raw: &[u8], part: &str) -> Option<Vec<u8>> {
    let message = parse(raw)?;
    let index: usize = part.parse().ok()?;
    Some(message.parts.get(index)?.contents().to_vec())
}

fn mime_type(part: &MessagePart<'_>) -> String {
    let given = part.content_type().map(|kind| {
        let main = kind.ctype().to_lowercase();
        kind.subtype()
            .map_or(main.clone(), |sub| format!("{main}/{}", sub.to_lowercase()))
    });
    given
        .filter(|given| given.contains('/'))
        .unwrap_or_else(|| "text/plain".to_owned())
}

/// The type of the whole message.
pub(crate) fn top_mime_type(raw: &[u8]) -> String {
    let message = parse(raw).unwrap_or_default();
    message
        .parts
        .first()
        .map_or_else(|| "text/plain".to_owned(), mime_type)
}

fn part_value(message: &Message<'_>, index: usize, part_id: &str, id: &str, depth: usize) -> Value {
    let Some(part) = message.parts.get(index) else {
        return json!({ "partId": part_id, "mimeType": "text/plain", "filename": "", "headers": [],
            "body": { "size": 0 } });
    };
    let headers: Vec<Value> = part_headers(part, &message.raw_message)
        .into_iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let file = part.attachment_name().unwrap_or_default();
    let mut value = json!({
        "partId": part_id,
        "mimeType": mime_type(part),
        "filename": file,
        "headers": headers,
        "body": body(part, index, file, id),
    });
    let children = match &part.body {
        PartType::Multipart(children) if depth < DEEPEST => children.as_slice(),
        _ => &[],
    };
    if let (Some(map), false) = (value.as_object_mut(), children.is_empty()) {
        let parts = children.iter().enumerate().map(|(nth, child)| {
            let below = if part_id.is_empty() {
                nth.to_string()
            } else {
                format!("{part_id}.{nth}")
            };
            part_value(message, *child as usize, &below, id, depth + 1)
        });
        map.insert("parts".to_owned(), Value::Array(parts.collect()));
    }
    value
}

fn body(part: &MessagePart<'_>, index: usize, file: &str, id: &str) -> Value {
    if matches!(part.body, PartType::Multipart(_)) {
        return json!({ "size": 0 });
    }
    let content = part.contents();
    let inline = matches!(part.body, PartType::Text(_) | PartType::Html(_)) && file.is_empty();
    if inline {
        json!({ "size": content.len(), "data": URL_SAFE.encode(content) })
    } else {
        json!({ "size": content.len(), "attachmentId": attachment_id(id, index) })
    }
}

fn attachment_id(message: &str, part: usize) -> String {
    URL_SAFE.encode(format!("sandbox:{message}:{part}"))
}

/// The part's number out of an attachment id, if it is one of this message's.
pub(crate) fn attachment_part(id: &str, message: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE.decode(id).ok()?).ok()?;
    let part = text
        .strip_prefix("sandbox:")?
        .strip_prefix(message)?
        .strip_prefix(':')?;
    Some(part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[u8] = b"From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n =?utf-8?B?8J+RiyE=?=\r\n\
X-Folded: one\r\n\ttwo\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHi <you> & all\r\n\
--b\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\nAAEC\r\n--b--\r\n";

    #[test]
    fn headers_are_decoded_and_unfolded() {
        let headers = headers(MIXED);
        let value = |name: &str| {
            headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(value("From"), Some("Jürgen <j@x.example>"));
        assert_eq!(value("Subject"), Some("Grüße👋!"));
        assert_eq!(value("X-Folded"), Some("one two"));
    }

    #[test]
    fn the_payload_shows_parts_and_hides_attachments() {
        let payload = payload(MIXED, "18aa");
        assert_eq!(payload["mimeType"], "multipart/mixed");
        assert_eq!(
            payload["parts"][0]["body"]["data"],
            URL_SAFE.encode("Hi <you> & all")
        );
        let file = &payload["parts"][1];
        assert_eq!(
            (&file["filename"], &file["body"]["size"]),
            (&json!("a.bin"), &json!(3))
        );
        let id = file["body"]["attachmentId"].as_str().unwrap();
        let part = attachment_part(id, "18aa").unwrap();
        assert_eq!(attachment(MIXED, &part), Some(vec![0, 1, 2]));
        assert_eq!(attachment_part(id, "18ab"), None);
        assert_eq!(snippet(MIXED), "Hi &lt;you&gt; &amp; all");
    }

    #[test]
    fn damaged_mail_is_mail() {
        for raw in [
            &b""[..],
            b"\xff\xfe\x00",
            b"no headers at all",
            b"Subject: =?utf-8?B?broken\r\nDate: yesterday\r\n\r\n\xff",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        ] {
            assert!(payload(raw, "1")["headers"].is_array());
            assert!(headers(raw).len() < 4);
            assert!(snippet(raw).len() < 1000);
            assert_eq!(date(raw), None);
        }
    }
}
