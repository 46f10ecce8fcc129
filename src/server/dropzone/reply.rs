//! Answers as they go over the wire: a page for people, JSON for programs that ask for it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use super::page;
use super::refusal::Refusal;
use crate::controllers::dropzone::DropBox;
use crate::destinations::quarantine::Content;
use crate::model::upload::{Manifest, ReceivedFile};
use crate::server::edge::{Body, BoxError};

/// An answer.
pub(super) type Reply = Response<Body>;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Whatever a stranger has sent is bytes, and nothing that a browser shows.
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// Which proofs the inbox takes.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"dropzone\", Basic realm=\"dropzone\"");

/// Returns whether a client would rather have JSON than a page.
pub(super) fn wants_json(asked: &HeaderMap) -> bool {
    let accepted = asked.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    accepted.is_some_and(|it| it.contains("application/json") && !it.contains("text/html"))
}

/// A page.
pub(super) fn html(status: StatusCode, page: String) -> Reply {
    let policy = HeaderValue::from_str(&page::POLICY);
    let mut reply = with(status, HTML, Full::new(Bytes::from(page)));
    if let Ok(policy) = policy {
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    reply
}

/// A document for programs.
pub(super) fn json(status: StatusCode, document: &Value) -> Reply {
    with(status, JSON, Full::new(Bytes::from(document.to_string())))
}

fn with(status: StatusCode, content_type: HeaderValue, body: Full<Bytes>) -> Reply {
    let body = Body::new(body.map_err(|never| match never {}));
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    reply
}

/// Headers of every answer: whoever is between keeps nothing, and a browser guesses nothing and tells nobody.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// A refusal, as a page of its own or as JSON.
pub(super) fn refused(refusal: &Refusal, asked: &HeaderMap) -> Reply {
    let reply = if wants_json(asked) {
        json(refusal.status, &document(refusal))
    } else {
        html(refusal.status, page::notice(refusal))
    };
    completed(reply, refusal)
}

/// A refusal above a form that can be filled in again, or as JSON.
pub(super) fn refused_above(refusal: &Refusal, form: String, asked: &HeaderMap) -> Reply {
    let reply = if wants_json(asked) {
        json(refusal.status, &document(refusal))
    } else {
        html(refusal.status, form)
    };
    completed(reply, refusal)
}

fn completed(mut reply: Reply, refusal: &Refusal) -> Reply {
    let headers = reply.headers_mut();
    // What was not read is still in the connection, so that it serves for nothing else.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = refusal.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    reply
}

fn document(refusal: &Refusal) -> Value {
    let fields = refusal.fields.iter();
    let fields = fields.map(|(field, fault)| json!({"field": field.id(), "detail": fault}));
    json!({"error": {
        "status": refusal.status.as_u16(),
        "reason": refusal.reason,
        "title": refusal.title,
        "detail": refusal.detail,
        "fields": fields.collect::<Vec<_>>(),
    }})
}

/// What came of an upload.
pub(super) fn received(drop_box: &DropBox, manifest: &Manifest, asked: &HeaderMap) -> Reply {
    if wants_json(asked) {
        let document = json!({"upload": manifest.upload, "expiresAt": manifest.expires_at, "files": manifest.files});
        return json(StatusCode::CREATED, &document);
    }
    html(StatusCode::CREATED, page::received(drop_box, manifest))
}

/// A file, to be kept and not to be shown.
pub(super) fn file(file: &ReceivedFile, content: Content) -> Reply {
    let frames = futures::StreamExt::map(content.pieces, |piece| {
        piece.map(Frame::data).map_err(BoxError::from)
    });
    let mut reply = with(StatusCode::OK, BYTES, Full::default());
    *reply.body_mut() = Body::new(StreamBody::new(frames));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(content.bytes));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if let Ok(disposition) = HeaderValue::from_str(&disposition(&file.name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    reply
}

/// Names a file for whoever keeps it. Source: RFC 6266, 4.3, read 2026-11-28.
fn disposition(name: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_ask_get_json_and_browsers_a_page() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            wants_json(&headers)
        };
        assert!(wants("application/json"));
        assert!(!wants("text/html,application/json;q=0.9,*/*;q=0.8"));
        assert!(!wants("*/*"));
        assert!(!wants_json(&HeaderMap::new()));
    }

    #[test]
    fn a_refusal_is_whole_in_both_forms() {
        let asked = HeaderMap::new();
        let busy = refused(&Refusal::busy(), &asked);
        assert_eq!(busy.headers()[header::RETRY_AFTER], "60");
        assert_eq!(busy.headers()[header::CACHE_CONTROL], "no-store");
        assert!(busy.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        let refused_key = refused(
            &Refusal::of_denial(&crate::server::auth::Denial::NotAuthenticated),
            &asked,
        );
        assert!(refused_key.headers().contains_key(header::WWW_AUTHENTICATE));
        let document = document(&Refusal::twice(super::super::form::Field::Email));
        assert_eq!(document["error"]["fields"][0]["field"], "email");
    }

    #[test]
    fn a_name_leaves_no_header() {
        assert_eq!(
            disposition("a \"b\"\r\nü.pdf"),
            "attachment; filename*=UTF-8''a%20%22b%22%0D%0A%C3%BC%2Epdf"
        );
    }
}
