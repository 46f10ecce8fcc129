//! `$batch`: up to 20 calls in one JSON request.
//!
//! Source: learn.microsoft.com/graph/json-batching (read 2026-11-22). Replies come in any order.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::Microsoft365;
use super::super::errors::{GraphError, with_ids};
use super::access;
use crate::app::App;
use crate::call::{Call, Reply};

const MOST_PARTS: usize = 20;

#[derive(Deserialize)]
struct Request {
    requests: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    depends_on: Vec<String>,
}

pub(crate) fn answer(world: &Microsoft365, app: &App, call: &Call, seq: u64) -> Reply {
    let now = app.instruments.clock.now_ms();
    let outcome = access::granted(world, call, now)
        .and_then(|_| request(call))
        .map(|request| joined(app, call, &request, seq));
    match outcome {
        Ok(reply) => with_ids(reply, call),
        Err(error) => error.reply(call, now),
    }
}

fn request(call: &Call) -> Result<Request, GraphError> {
    if call.batch.is_some() {
        return Err(GraphError::bad_request("A batch cannot be in a batch."));
    }
    if call.method != Method::POST {
        let message = "Only POST method is supported for batch requests.";
        return Err(GraphError::bad_request(message));
    }
    let request: Request = serde_json::from_slice(&call.body)
        .map_err(|_| GraphError::bad_request("Invalid batch payload format."))?;
    if request.requests.len() > MOST_PARTS {
        let message = "Number of batch request steps exceeds the maximum value of 20.";
        return Err(GraphError::new(400, "MaximumValueExceeded", message));
    }
    let mut known = BTreeSet::new();
    for part in &request.requests {
        let unknown = part
            .depends_on
            .iter()
            .find(|id| !known.contains(id.as_str()));
        if part.id.is_empty() || unknown.is_some() || !known.insert(part.id.as_str()) {
            return Err(GraphError::bad_request(
                "Invalid batch request id or dependsOn.",
            ));
        }
    }
    Ok(request)
}

fn joined(app: &App, call: &Call, request: &Request, seq: u64) -> Reply {
    let mut failed: HashSet<&str> = HashSet::new();
    let mut responses = Vec::new();
    for part in &request.requests {
        let blocked = part
            .depends_on
            .iter()
            .any(|id| failed.contains(id.as_str()));
        let reply = match inner(call, part, seq) {
            Some(_) if blocked => None,
            Some(inner) => Some(app.answer_part(&inner)),
            None => Some(Reply::empty(StatusCode::BAD_REQUEST)),
        };
        let reply = reply.unwrap_or_else(|| Reply::empty(StatusCode::FAILED_DEPENDENCY));
        if !reply.status.is_success() {
            failed.insert(&part.id);
        }
        responses.push(response(&part.id, &reply));
    }
    responses.reverse();
    Reply::json(StatusCode::OK, &json!({ "responses": responses }))
}

fn inner(outer: &Call, part: &Part, seq: u64) -> Option<Call> {
    let method: Method = part.method.to_uppercase().parse().ok()?;
    let mut headers: HeaderMap = part
        .headers
        .iter()
        .filter_map(|(name, value)| {
            Some((
                name.parse::<HeaderName>().ok()?,
                HeaderValue::from_str(value).ok()?,
            ))
        })
        .collect();
    if let Some(token) = outer.headers.get(header::AUTHORIZATION) {
        headers.insert(header::AUTHORIZATION, token.clone());
    }
    let target = format!(
        "/microsoft365/graph/v1.0/{}",
        part.url.trim_start_matches('/')
    );
    let body = match &part.body {
        Value::Null => Bytes::new(),
        body => body.to_string().into(),
    };
    // Spaces in a query need not be escaped inside a batch.
    Some(Call {
        batch: Some(seq),
        ..Call::new(method, &target.replace(' ', "%20"), headers, body)
    })
}

fn response(id: &str, reply: &Reply) -> Value {
    let headers: Map<String, Value> = reply
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), json!(value.to_str().ok()?))))
        .collect();
    let mut response = json!({ "id": id, "status": reply.status.as_u16(), "headers": headers });
    let body = serde_json::from_slice::<Value>(&reply.body);
    if let (Ok(body), Some(fields)) = (body, response.as_object_mut()) {
        fields.insert("body".to_owned(), body);
    }
    response
}
