//! One request and one reply, with the transport taken off. A batch makes calls of its parts.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// As sent, without the query.
    pub(crate) path: String,
    /// The path's parts, percent-decoded.
    pub(crate) segments: Vec<String>,
    /// The query as sent.
    pub(crate) raw_query: String,
    /// The query's pairs, decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The log's number of the batch that this is a part of.
    pub(crate) batch: Option<u64>,
}

impl Call {
    pub(crate) fn new(method: Method, target: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            segments: path
                .trim_start_matches('/')
                .split('/')
                .map(percent_decoded)
                .collect(),
            raw_query: query.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers,
            body,
            batch: None,
        }
    }

    /// The path's parts after the first `skip`.
    pub(crate) fn segments_after(&self, skip: usize) -> Vec<&str> {
        self.segments
            .iter()
            .skip(skip)
            .map(String::as_str)
            .collect()
    }

    /// The last value of a query parameter; empty values count as absent.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let wanted = |(key, value): &&(String, String)| key == name && !value.is_empty();
        self.query
            .iter()
            .rev()
            .find(wanted)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a repeatable query parameter.
    pub(crate) fn params<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.query
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The token of `Authorization: Bearer …`, else of the `access_token` parameter.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let header = self
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        header
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .or_else(|| self.param("access_token"))
    }

    pub(crate) fn content_type(&self) -> &str {
        let value = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

/// A field of a form that is the call's body.
pub(crate) fn form(call: &Call, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(&call.body);
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Decodes `%XX` and nothing else; an escape that is none stays as it is.
fn percent_decoded(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.to_owned();
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let escape = after
            .split_at_checked(2)
            .filter(|(digits, _)| !digits.starts_with('+'));
        if let Some((byte, tail)) =
            escape.and_then(|(digits, rest)| Some((u8::from_str_radix(digits, 16).ok()?, rest)))
        {
            bytes.push(byte);
            rest = tail;
        } else {
            bytes.push(b'%');
            rest = after;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A reply.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// The vendor's word for what went wrong, for the log.
    pub(crate) reason: Option<String>,
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

impl Reply {
    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        Self::raw_json(status, value.to_string().into_bytes())
    }

    /// A reply whose JSON has been rendered already.
    pub(crate) fn raw_json(status: StatusCode, body: Vec<u8>) -> Self {
        let headers = vec![(header::CONTENT_TYPE, JSON)];
        Self {
            status,
            headers,
            body: body.into(),
            reason: None,
        }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            reason: None,
        }
    }

    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: &str) -> Call {
        Call::new(Method::GET, target, HeaderMap::new(), Bytes::new())
    }

    #[test]
    fn segments_are_decoded_and_plus_stays() {
        let call = call("/google/users/peter%2Bx%40acme.example/a+b/c%3Dd?x=1&x=2&y=");
        assert_eq!(
            call.segments,
            ["google", "users", "peter+x@acme.example", "a+b", "c=d"]
        );
        assert_eq!(call.params("x").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(call.param("x"), Some("2"));
        assert_eq!(call.param("y"), None);
    }

    #[test]
    fn bearer_comes_from_the_header_before_the_query() {
        let mut with_both = call("/p?access_token=query");
        assert_eq!(with_both.bearer(), Some("query"));
        with_both.headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_static("bearer head"),
        );
        assert_eq!(with_both.bearer(), Some("head"));
    }
}
