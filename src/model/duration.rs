//! Lengths of time as Kubernetes users write them.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A length of time in Go's notation, such as `90s`, `5m` or `2160h`; there is no unit for days.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(SignedDuration);

/// A text that is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a duration such as 90s, 5m or 2160h")]
pub struct SpanError(String);

impl Span {
    /// Makes a span of whole seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(SignedDuration::from_secs(seconds))
    }

    /// Returns the length.
    pub const fn get(self) -> SignedDuration {
        self.0
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        parse(text)
            .map(Self)
            .ok_or_else(|| SpanError(text.chars().take(40).collect()))
    }
}

fn parse(mut text: &str) -> Option<SignedDuration> {
    if text.is_empty() {
        return None;
    }
    let mut total = SignedDuration::ZERO;
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at_checked(digits)?;
        let unit_len = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (unit, rest) = rest.split_at_checked(unit_len)?;
        let seconds = number.parse::<f64>().ok()? * seconds_in(unit)?;
        total = total.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?)?;
        text = rest;
    }
    Some(total)
}

fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

impl TryFrom<String> for Span {
    type Error = SpanError;
    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        match self.0.subsec_nanos() {
            0 if rest > 0 || seconds == 0 => write!(f, "{rest}s"),
            0 => Ok(()),
            nanos => write!(f, "{}s", format!("{rest}.{nanos:09}").trim_end_matches('0')),
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": 40,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_written_the_same() {
        for (text, seconds, back) in [
            ("90s", 90, "1m30s"),
            ("5m", 300, "5m"),
            ("2160h", 7_776_000, "2160h"),
            ("1h30m", 5400, "1h30m"),
            ("1.5h", 5400, "1h30m"),
            ("0s", 0, "0s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(
                (span.get().as_secs(), span.to_string().as_str()),
                (seconds, back)
            );
        }
        assert_eq!("1500ms".parse::<Span>().unwrap().to_string(), "1.5s");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "90d",
            "m",
            "-5m",
            "5 m",
            "1..5s",
            "99999999999999999999h",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
