//! `/_sandbox/…`: the console and the instruments. No vendor has such a path.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::App;
use crate::call::{Call, Reply};
use crate::instruments::faults::Fault;

/// Why the console refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: format!("no such {what}"),
        }
    }

    pub(crate) fn bad(message: impl std::fmt::Display) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.to_string(),
        }
    }
}

/// What the console answers.
pub(crate) type Outcome = Result<Value, Refusal>;

/// Answers a request to the console.
pub(crate) fn answer(app: &App, call: &Call) -> Reply {
    let path = call.segments_after(1);
    let vendor = path
        .split_first()
        .and_then(|(name, rest)| Some((app.vendor(name)?, rest)));
    let outcome = match vendor {
        Some((vendor, rest)) => vendor.console(app, call, rest),
        None => instruments(app, call, &path),
    };
    match outcome {
        Ok(value) => Reply::json(StatusCode::OK, &value),
        Err(refusal) => Reply::json(refusal.status, &json!({ "error": refusal.message })),
    }
}

/// The request's body; an empty one counts as `{}`.
pub(crate) fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    let bytes: &[u8] = if call.body.is_empty() {
        b"{}"
    } else {
        &call.body
    };
    serde_json::from_slice(bytes).map_err(Refusal::bad)
}

fn instruments(app: &App, call: &Call, path: &[&str]) -> Outcome {
    match (call.method.as_str(), path) {
        ("GET", ["log"]) => read_log(app, call),
        ("DELETE", ["log"]) => {
            app.instruments.log.clear();
            Ok(json!({}))
        }
        ("PUT", ["log"]) => enable_log(app, call),
        ("PUT", ["faults"]) => replace_faults(app, call),
        ("PUT", ["clock"]) => set_clock(app, call),
        ("GET", ["stats"]) => {
            let (vendors, throttled) = app.instruments.log.counts();
            let mut calls = BTreeMap::<&str, u64>::new();
            for (api, count) in vendors.values().flatten() {
                *calls.entry(api).or_default() += count;
            }
            Ok(json!({ "calls": calls, "vendors": vendors, "throttled": throttled }))
        }
        _ => Err(unknown(&call.method, path)),
    }
}

pub(crate) fn unknown(method: &Method, path: &[&str]) -> Refusal {
    Refusal::not_found(format!("console request: {method} {}", path.join("/")))
}

fn read_log(app: &App, call: &Call) -> Outcome {
    let since = call
        .param("since")
        .map_or(Ok(0), str::parse)
        .map_err(Refusal::bad)?;
    let (calls, next) = app.instruments.log.since(since);
    let calls = serde_json::to_value(calls).map_err(Refusal::bad)?;
    Ok(json!({ "calls": calls, "next": next }))
}

fn enable_log(app: &App, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        enabled: bool,
    }
    app.instruments.log.enable(body::<Request>(call)?.enabled);
    Ok(json!({}))
}

fn replace_faults(app: &App, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        faults: Vec<Fault>,
    }
    app.instruments
        .faults
        .replace(body::<Request>(call)?.faults);
    Ok(json!({}))
}

fn set_clock(app: &App, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        offset_seconds: i64,
    }
    app.instruments
        .clock
        .set_offset(body::<Request>(call)?.offset_seconds);
    Ok(json!({}))
}

/// Any JSON object.
pub(crate) fn object(call: &Call) -> Result<crate::scenario::Resource, Refusal> {
    match body(call)? {
        Value::Object(map) => Ok(map),
        _ => Err(Refusal::bad("the body must be a JSON object")),
    }
}
