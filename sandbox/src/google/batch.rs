//! Batches: many calls in one `multipart/mixed` request.
//!
//! Source: developers.google.com/workspace/gmail/api/guides/batch (read 2026-11-22) and what google-api-python-client
//! sends. Parts count one by one against the quotas and run at the same time, so that more than
//! [`super::MOST_CONCURRENT`] for one person are refused while quotas are on.

use std::collections::HashMap;
use std::io::Write as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::errors::ApiError;
use super::{Google, MOST_CONCURRENT, too_many_concurrent};
use crate::app::App;
use crate::call::{Call, Reply};
use crate::scenario::QuotaProfile;
use crate::vendor::Vendor as _;

const MOST_PARTS: usize = 100;
/// What may follow `/google/batch/`.
const APIS: &[&str] = &[
    "gmail/v1",
    "calendar/v3",
    "drive/v3",
    "admin/directory_v1",
    "licensing",
];

struct Part {
    content_id: Option<String>,
    call: Option<Call>,
}

/// Answers `/google/batch…`; `rest` names the API, or nothing for Gmail's general endpoint.
pub(crate) fn answer(google: &Google, app: &App, call: &Call, rest: &[&str], seq: u64) -> Reply {
    let known = rest.is_empty() || APIS.contains(&rest.join("/").as_str());
    if call.method != Method::POST || !known {
        return ApiError::no_method().reply();
    }
    let Some(boundary) = boundary(call.content_type()) else {
        return refused(
            "Failed to parse batch request, error: missing boundary in multipart/mixed.",
        );
    };
    let parts = parts(call, &boundary, seq);
    match parts.len() {
        0 => refused("Failed to parse batch request, error: no parts found."),
        count if count > MOST_PARTS => refused(&format!(
            "Inner request count exceeds the limit. Received: {count}, Limit: {MOST_PARTS}"
        )),
        _ => joined(google, app, parts, seq),
    }
}

fn refused(message: &str) -> Reply {
    ApiError::new(400, "badRequest", message)
        .status("INVALID_ARGUMENT")
        .reply()
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    let mixed = kind.trim().eq_ignore_ascii_case("multipart/mixed");
    let value = parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("boundary="))?;
    Some(value.trim_matches('"').to_owned()).filter(|value| mixed && !value.is_empty())
}

fn parts(call: &Call, boundary: &str, seq: u64) -> Vec<Part> {
    let text = String::from_utf8_lossy(&call.body).replace("\r\n", "\n");
    let delimiter = format!("--{boundary}");
    let pieces = text
        .split(delimiter.as_str())
        .skip(1)
        .take_while(|piece| !piece.starts_with("--"));
    pieces
        .map(|piece| part(piece.trim_start_matches('\n'), call, seq))
        .collect()
}

fn part(text: &str, outer: &Call, seq: u64) -> Part {
    let (head, request) = text.split_once("\n\n").unwrap_or((text, ""));
    let content_id = headers(head)
        .get("content-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    Part {
        content_id,
        call: request_of(request.trim_start_matches('\n'), outer, seq),
    }
}

fn request_of(text: &str, outer: &Call, seq: u64) -> Option<Call> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (line, rest) = head.split_once('\n').unwrap_or((head, ""));
    let mut words = line.split_whitespace();
    let method: Method = words.next()?.parse().ok()?;
    let target = local_target(words.next()?);
    let mut headers = headers(rest);
    if let (false, Some(outer)) = (
        headers.contains_key(header::AUTHORIZATION),
        outer.headers.get(header::AUTHORIZATION),
    ) {
        headers.insert(header::AUTHORIZATION, outer.clone());
    }
    let body = Bytes::from(body.trim_end_matches('\n').to_owned());
    Some(Call {
        batch: Some(seq),
        ..Call::new(method, &target, headers, body)
    })
}

/// The target's path here: without scheme and host, and with `/google` in front.
fn local_target(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .map_or("/", |at| rest.get(at..).unwrap_or("/")),
        None => target,
    };
    if path.starts_with("/google/") {
        path.to_owned()
    } else {
        format!("/google{path}")
    }
}

fn headers(text: &str) -> HeaderMap {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let pairs = lines.filter_map(|(name, value)| {
        Some((
            name.trim().parse::<HeaderName>().ok()?,
            HeaderValue::from_str(value.trim()).ok()?,
        ))
    });
    pairs.collect()
}

fn joined(google: &Google, app: &App, parts: Vec<Part>, seq: u64) -> Reply {
    let boundary = format!("batch_sandbox_{seq:016x}");
    let limited = google.quota.profile() != QuotaProfile::Off;
    let mut at_once: HashMap<String, usize> = HashMap::new();
    let mut body = Vec::new();
    for part in parts {
        let reply = match &part.call {
            Some(call) if limited && too_many(google, call, &mut at_once) => {
                app.refuse_part(call, too_many_concurrent().reply())
            }
            Some(call) => app.answer_part(call),
            None => refused("Failed to parse batch request part."),
        };
        write_part(&boundary, part.content_id.as_deref(), &reply, &mut body);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let mut reply = Reply {
        body: body.into(),
        ..Reply::empty(StatusCode::OK)
    };
    if let Ok(value) = HeaderValue::from_str(&format!("multipart/mixed; boundary={boundary}")) {
        reply.headers.push((header::CONTENT_TYPE, value));
    }
    reply
}

/// Counts a Gmail call for its token.
fn too_many(google: &Google, call: &Call, at_once: &mut HashMap<String, usize>) -> bool {
    if google.api_of(call) != "gmail" {
        return false;
    }
    let count = at_once
        .entry(call.bearer().unwrap_or_default().to_owned())
        .or_default();
    *count += 1;
    *count > MOST_CONCURRENT
}

/// Writing to memory cannot fail.
fn write_part(boundary: &str, content_id: Option<&str>, reply: &Reply, out: &mut Vec<u8>) {
    let _ = write!(out, "--{boundary}\r\nContent-Type: application/http\r\n");
    if let Some(id) = content_id {
        let id = id.trim_start_matches('<').trim_end_matches('>');
        let _ = write!(out, "Content-ID: <response-{id}>\r\n");
    }
    let phrase = reply.status.canonical_reason().unwrap_or("Unknown");
    let _ = write!(out, "\r\nHTTP/1.1 {} {phrase}\r\n", reply.status.as_u16());
    for (name, value) in &reply.headers {
        let _ = write!(out, "{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    let _ = write!(out, "Content-Length: {}\r\n\r\n", reply.body.len());
    out.extend_from_slice(&reply.body);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_the_python_client_sends_them() {
        let body = "--===1==\nContent-Type: application/http\nMIME-Version: 1.0\nContent-Transfer-Encoding: binary\n\
                    Content-ID: <b29c + 1>\n\nGET /gmail/v1/users/me/profile?alt=json HTTP/1.1\naccept: application/json\n\
                    Host: gmail.googleapis.com\n\n\n--===1==\nContent-Type: application/http\n\n\
                    POST http://x:1/google/gmail/v1/users/me/messages/send HTTP/1.1\ncontent-type: application/json\n\n{\"a\": 1}\n--===1==--";
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer t"));
        let call = Call::new(Method::POST, "/google/batch", headers, Bytes::from(body));
        let parts = parts(&call, "===1==", 9);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].content_id.as_deref(), Some("<b29c + 1>"));
        let (get, post) = (
            parts[0].call.as_ref().unwrap(),
            parts[1].call.as_ref().unwrap(),
        );
        assert_eq!(
            (get.path.as_str(), get.bearer(), get.batch),
            ("/google/gmail/v1/users/me/profile", Some("t"), Some(9))
        );
        assert_eq!(
            (post.method.as_str(), post.path.as_str()),
            ("POST", "/google/gmail/v1/users/me/messages/send")
        );
        assert_eq!(&post.body[..], b"{\"a\": 1}");
    }

    #[test]
    fn boundaries_may_be_quoted() {
        assert_eq!(
            boundary("multipart/mixed; boundary=\"a b\"").as_deref(),
            Some("a b")
        );
        assert_eq!(boundary("text/plain; boundary=a"), None);
        assert_eq!(boundary("multipart/mixed"), None);
    }
}
