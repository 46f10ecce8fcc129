//! Answers as they go over the wire.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::{Map, Value};

use super::error::ScimError;

/// Source: RFC 7644, 8.1, read 2026-11-22.
const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");
/// Which proofs the server takes.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"scim\", Basic realm=\"scim\"");

/// What is sent.
pub(super) type Response = axum::http::Response<Full<Bytes>>;

/// An answer to a request that was done.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// None where there is nothing to say.
    pub(super) body: Option<Value>,
    /// Where what was made is.
    pub(super) location: Option<String>,
    /// The version of what is told.
    pub(super) version: Option<String>,
}

impl Reply {
    pub(super) fn of(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body: Some(body),
            location: None,
            version: None,
        }
    }

    /// Tells of one resource, of which perhaps a part is shown.
    pub(super) fn resource(whole: &Map<String, Value>, shown: Map<String, Value>) -> Self {
        let meta = |name: &str| Some(whole.get("meta")?.get(name)?.as_str()?.to_owned());
        Self {
            location: meta("location"),
            version: meta("version"),
            ..Self::of(Value::Object(shown))
        }
    }

    pub(super) fn created(self) -> Self {
        Self {
            status: StatusCode::CREATED,
            ..self
        }
    }

    pub(super) fn nothing() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            location: None,
            version: None,
        }
    }
}

/// Writes an answer down.
pub(super) fn of(answered: Result<Reply, ScimError>, asked: &HeaderMap) -> Response {
    let mut response = match answered {
        Ok(reply) => of_reply(reply, asked),
        Err(error) => of_error(&error),
    };
    // Whoever is between must keep nothing of people.
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn of_reply(reply: Reply, asked: &HeaderMap) -> Response {
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| {
        reply
            .version
            .as_deref()
            .is_some_and(|version| lists(known, version))
    });
    let (status, body) = match (reply.status, &reply.body) {
        (StatusCode::OK, _) if is_known => (StatusCode::NOT_MODIFIED, None),
        (status, body) => (status, body.as_ref()),
    };
    let mut response = with(status, body);
    let named = [
        (header::LOCATION, reply.location),
        (header::ETAG, reply.version),
    ];
    for (name, value) in named {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns whether a list of versions, as `If-Match` has it, has this one.
pub(super) fn lists(list: &str, version: &str) -> bool {
    let bare = |version: &str| version.trim().trim_start_matches("W/").to_owned();
    list.split(',')
        .any(|one| one.trim() == "*" || bare(one) == bare(version))
}

fn of_error(error: &ScimError) -> Response {
    let mut response = with(error.status, Some(&error.body()));
    let headers = response.headers_mut();
    if error.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
    }
    if let Some(seconds) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn with(status: StatusCode, body: Option<&Value>) -> Response {
    let bytes = body.map(|body| Bytes::from(body.to_string()));
    let mut response = Response::new(Full::new(bytes.unwrap_or_default()));
    *response.status_mut() = status;
    if body.is_some() {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, SCIM_JSON);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_any_list() {
        for (list, is) in [
            ("W/\"1\"", true),
            ("\"1\"", true),
            ("\"0\", W/\"1\"", true),
            ("*", true),
            ("W/\"11\"", false),
            ("", false),
        ] {
            assert_eq!(lists(list, "W/\"1\""), is, "{list}");
        }
    }

    #[test]
    fn a_stranger_is_told_how_to_come_in_and_when() {
        let refused = of(
            Err(ScimError::new(StatusCode::UNAUTHORIZED, "no")),
            &HeaderMap::new(),
        );
        assert!(refused.headers().contains_key(header::WWW_AUTHENTICATE));
        let later = of(Err(ScimError::later(7, "no")), &HeaderMap::new());
        assert_eq!(later.headers()[header::RETRY_AFTER], "7");
        assert_eq!(
            later.headers()[header::CONTENT_TYPE],
            "application/scim+json"
        );
    }
}
