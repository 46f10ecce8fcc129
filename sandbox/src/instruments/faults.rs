//! Faults: replies that go wrong on purpose.

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use parking_lot::{Mutex, RwLock};
use serde::Deserialize;
use serde_json::Value;

use crate::call::{Call, Reply};

/// Which calls a fault is for; what is absent matches everything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Match {
    method: Option<String>,
    path_prefix: Option<String>,
    subject: Option<String>,
}

/// A reply in place of the right one.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Replacement {
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

/// What goes wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    Reply(Replacement),
    Cut(CutAt),
    Close(Yes),
    ApplyThenClose(Yes),
    #[serde(rename = "delayMs")]
    DelayMs(u64),
    Endless(Yes),
    Malformed(Yes),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CutAt {
    pub(crate) after_bytes: usize,
}

/// `true`, and nothing else.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "bool")]
pub(crate) struct Yes;

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value
            .then_some(Self)
            .ok_or("must be true; leave the fault out instead")
    }
}

/// A fault as the console takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default, rename = "match")]
    pattern: Match,
    #[serde(rename = "do")]
    action: Action,
    times: Option<u64>,
    #[serde(default)]
    skip: u64,
    probability: Option<f64>,
    #[serde(default)]
    seed: u64,
}

/// A fault and how often it has been met.
#[derive(Debug)]
struct Armed {
    fault: Fault,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    seen: u64,
    done: u64,
    random: fastrand::Rng,
}

/// All faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: RwLock<Vec<Armed>>,
}

impl Faults {
    pub(crate) fn replace(&self, faults: Vec<Fault>) {
        let arm = |fault: Fault| {
            let random = fastrand::Rng::with_seed(fault.seed);
            Armed {
                fault,
                progress: Mutex::new(Progress {
                    seen: 0,
                    done: 0,
                    random,
                }),
            }
        };
        *self.armed.write() = faults.into_iter().map(arm).collect();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.armed.read().is_empty()
    }

    /// The first fault that strikes this call.
    pub(crate) fn strike(&self, call: &Call, subject: Option<&str>) -> Option<Action> {
        let armed = self.armed.read();
        let struck = armed
            .iter()
            .find(|armed| armed.fault.pattern.fits(call, subject) && armed.fires());
        struck.map(|armed| armed.fault.action.clone())
    }
}

impl Armed {
    fn fires(&self) -> bool {
        let mut progress = self.progress.lock();
        progress.seen += 1;
        if progress.seen <= self.fault.skip || self.fault.times.is_some_and(|n| progress.done >= n)
        {
            return false;
        }
        let lucky = self
            .fault
            .probability
            .is_none_or(|limit| progress.random.f64() < limit);
        progress.done += u64::from(lucky);
        lucky
    }
}

impl Match {
    fn fits(&self, call: &Call, subject: Option<&str>) -> bool {
        let method = self.method.as_deref();
        method.is_none_or(|method| method.eq_ignore_ascii_case(call.method.as_str()))
            && self
                .path_prefix
                .as_deref()
                .is_none_or(|prefix| call.path.starts_with(prefix))
            && self.subject.as_deref().is_none_or(|wanted| {
                subject.is_some_and(|subject| subject.eq_ignore_ascii_case(wanted))
            })
    }
}

impl Replacement {
    pub(crate) fn reply(&self, call: &Call) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = match repeating(&self.body, call) {
            Value::Null => Reply::empty(status),
            Value::String(text) => Reply {
                body: text.into_bytes().into(),
                ..Reply::empty(status)
            },
            body => Reply::json(status, &body),
        };
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse(), value.parse()) {
                reply.headers.retain(|(present, _)| *present != name);
                reply.headers.push((name, value));
            }
        }
        let reason = self.reason();
        Reply { reason, ..reply }
    }

    fn reason(&self) -> Option<String> {
        let first = self
            .body
            .pointer("/error/errors/0/reason")
            .or_else(|| self.body.pointer("/error/code"))
            .filter(|reason| reason.is_string())
            .or_else(|| self.body.get("error"))
            .or_else(|| self.body.get("response").filter(|word| *word != "SUCCESS"));
        first.and_then(Value::as_str).map(str::to_owned)
    }
}

/// The headers in which vendors take what opens them.
const OPENS: [&str; 2] = ["authorization", "ss-api-key"];

/// The body with what the call had in the places of `$authorization` and `$body`.
fn repeating(body: &Value, call: &Call) -> Value {
    match body {
        Value::String(text) if text.contains('$') => {
            let sent = String::from_utf8_lossy(&call.body);
            let authorization = OPENS.iter().find_map(|name| call.headers.get(*name));
            let authorization = authorization.and_then(|value| value.to_str().ok());
            let text = text.replace("$authorization", authorization.unwrap_or_default());
            Value::String(text.replace("$body", &sent))
        }
        Value::Array(items) => items.iter().map(|item| repeating(item, call)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.clone(), repeating(value, call)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

impl Action {
    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Self::DelayMs(ms) => Some(Duration::from_millis(*ms)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;

    fn faults(json: &str) -> Faults {
        let faults = Faults::default();
        faults.replace(serde_json::from_str(json).unwrap());
        faults
    }

    fn call() -> Call {
        Call::new(
            Method::GET,
            "/google/gmail/v1/users/me/profile",
            HeaderMap::new(),
            Bytes::new(),
        )
    }

    #[test]
    fn skip_and_times_bound_a_fault() {
        let faults = faults(r#"[{"do": {"close": true}, "skip": 1, "times": 2}]"#);
        let struck: Vec<bool> = (0..5)
            .map(|_| faults.strike(&call(), None).is_some())
            .collect();
        assert_eq!(struck, [false, true, true, false, false]);
    }

    #[test]
    fn every_part_of_the_match_must_fit() {
        let faults = faults(
            r#"[{"match": {"method": "get", "pathPrefix": "/google/gmail/", "subject": "A@x"}, "do": {"delayMs": 5}}]"#,
        );
        assert!(faults.strike(&call(), Some("a@X")).is_some());
        assert!(faults.strike(&call(), Some("b@x")).is_none());
        assert!(faults.strike(&call(), None).is_none());
    }

    #[test]
    fn probability_is_repeatable() {
        let json = r#"[{"do": {"malformed": true}, "probability": 0.3, "seed": 9}]"#;
        let run = || -> Vec<bool> {
            let faults = faults(json);
            (0..200)
                .map(|_| faults.strike(&call(), None).is_some())
                .collect()
        };
        let struck = run();
        assert_eq!(struck, run());
        let hits = struck.iter().filter(|hit| **hit).count();
        assert!((30..90).contains(&hits), "{hits}");
    }

    #[test]
    fn false_and_unknown_actions_are_refused() {
        for json in [
            r#"[{"do": {"close": false}}]"#,
            r#"[{"do": {"explode": true}}]"#,
        ] {
            assert!(serde_json::from_str::<Vec<Fault>>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_replacement_repeats_what_was_sent() {
        let json = r#"{"status": 400, "body": {"error": {"message": "$authorization sent $body, at $5"}}}"#;
        let replacement: Replacement = serde_json::from_str(json).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer x".parse().unwrap());
        let call = Call::new(
            Method::POST,
            "/google/token",
            headers,
            Bytes::from_static(b"a=b"),
        );
        let body = String::from_utf8(replacement.reply(&call).body.to_vec()).unwrap();
        assert_eq!(body, r#"{"error":{"message":"Bearer x sent a=b, at $5"}}"#);
    }

    #[test]
    fn a_failure_in_a_success_names_its_reason() {
        let reason = |json: &str| serde_json::from_str::<Replacement>(json).unwrap().reason();
        let failed = reason(r#"{"status": 200, "body": {"response": "FAIL", "message": "busy"}}"#);
        assert_eq!(failed.as_deref(), Some("FAIL"));
        assert_eq!(
            reason(r#"{"status": 200, "body": {"response": "SUCCESS"}}"#),
            None
        );
    }

    #[test]
    fn a_replacement_keeps_its_headers_and_names_its_reason() {
        let json = r#"{"status": 429, "headers": {"Retry-After": "2"},
            "body": {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}}"#;
        let reply = serde_json::from_str::<Replacement>(json);
        let reply = reply.unwrap().reply(&call());
        assert_eq!(reply.status, 429);
        assert_eq!(reply.reason.as_deref(), Some("rateLimitExceeded"));
        assert!(
            reply
                .headers
                .iter()
                .any(|(name, value)| name == "retry-after" && value == "2")
        );
    }
}
