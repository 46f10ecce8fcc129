//! An entry of the company's log.
//!
//! Source: sendsafely.zendesk.com article 16680201903885 (Audit Log API), read 2026-11-27. What the list of entries is called in
//! a reply is not documented, so that it is the one list that there is.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::activity::Activities;
use super::kind::Kind as _;
use super::pass::malformed;
use super::wire::List;
use crate::providers::Error;
use crate::providers::reading::items;

/// An entry as it comes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::providers::sendsafely) struct Entry {
    pub(super) event_id: Option<String>,
    /// ISO 8601, UTC.
    pub(in crate::providers::sendsafely) timestamp: Option<String>,
    pub(super) event_type: Option<String>,
    pub(in crate::providers::sendsafely) action: Option<String>,
    pub(super) ip_address: Option<String>,
    pub(in crate::providers::sendsafely) authenticated_user: Option<String>,
    pub(super) impersonated_user: Option<String>,
    #[serde(alias = "LogDetails")]
    log_details: Option<Value>,
}

/// Parts of the names of details that are not kept: they open a package, or are somebody's words.
const NOT_KEPT: &[&str] = &[
    "secret", "code", "key", "link", "url", "token", "password", "message",
];

impl Entry {
    /// Returns what it says beyond the standard fields, as far as it may be kept: single values, nothing that opens anything.
    pub(super) fn details(&self) -> Map<String, Value> {
        let fields = match &self.log_details {
            Some(Value::Object(fields)) => fields.clone(),
            // The article calls it JSON; it may be a text that holds JSON.
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            _ => Map::new(),
        };
        let may_stay = |name: &str| {
            let name = name.to_ascii_lowercase();
            !NOT_KEPT.iter().any(|part| name.contains(part))
        };
        let is_single = |value: &Value| !value.is_object() && !value.is_array();
        let kept = fields.into_iter();
        kept.filter(|(name, value)| may_stay(name) && is_single(value))
            .collect()
    }
}

/// Reads a time in ISO 8601, with whatever offset and fraction.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let zoned = || Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text);
    text.parse().or_else(|_| zoned()).ok()
}

/// Reads all entries of a reply.
///
/// # Errors
/// The reply is not what the vendor documents.
pub(in crate::providers::sendsafely) fn read_all(list: &List) -> Result<Vec<Entry>, Error> {
    let rows =
        Activities::rows(list).ok_or_else(|| malformed::<Activities>("there is no list in it"))?;
    let entries = rows.iter().map(|item| items::read(item));
    let entries: Result<Vec<Entry>, _> = entries.collect();
    entries.map_err(|items::Misread(why)| malformed::<Activities>(why))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn details(value: Value) -> Map<String, Value> {
        let entry = json!({"eventId": "1", "LogDetails": value});
        let entry: Entry = serde_json::from_value(entry).unwrap();
        entry.details()
    }

    #[test]
    fn details_are_kept_unless_they_open_something() {
        let all = json!({
            "packageId": "98HN", "packageOwner": "peter@acme.example", "fileName": "a.pdf", "packageCode": "canary",
            "serverSecret": "canary", "downloadUrl": "canary", "nested": {"keyCode": "canary"}, "size": 7,
        });
        let kept = details(all.clone());
        let mut names: Vec<_> = kept.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["fileName", "packageId", "packageOwner", "size"]);
        assert_eq!(
            details(json!(all.to_string())),
            kept,
            "a text that holds JSON"
        );
        assert!(details(json!("not JSON")).is_empty() && details(Value::Null).is_empty());
    }

    #[test]
    fn times_have_many_forms_of_iso_8601() {
        let wanted = "2026-11-20T10:00:00Z".parse().ok();
        for text in [
            "2026-11-20T10:00:00Z",
            "2026-11-20T10:00:00.000Z",
            "2026-11-20T10:00:00+00:00",
            "2026-11-20T10:00:00+0000",
        ] {
            assert_eq!(time(text), wanted, "{text}");
        }
        assert_eq!(time("yesterday"), None);
    }
}
