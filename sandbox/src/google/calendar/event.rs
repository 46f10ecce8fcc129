//! Event resources.

use serde_json::{Value, json};

pub(crate) use crate::corpus::generate::calendar::{ID_ALPHABET, id_from};
use crate::corpus::recurrence;
use crate::instruments::clock::rfc3339;
use crate::scenario::Resource;

/// Whether an id has only characters that ids may have.
pub(crate) fn is_id(id: &str) -> bool {
    let body = id.split_once('_').map_or(id, |(body, _)| body);
    (5..=1024).contains(&body.len()) && body.bytes().all(|byte| ID_ALPHABET.contains(&byte))
}

/// Fills in everything that Google would.
pub(crate) fn complete(mut given: Resource, id: &str, owner: &str, now: i64) -> Resource {
    let mut event = Resource::new();
    let created = given
        .shift_remove("created")
        .unwrap_or_else(|| json!(rfc3339(now)));
    event.insert("kind".to_owned(), json!("calendar#event"));
    event.insert("etag".to_owned(), json!(etag(now)));
    event.insert("id".to_owned(), json!(id));
    event.insert("status".to_owned(), json!("confirmed"));
    event.insert(
        "htmlLink".to_owned(),
        json!(format!("https://www.google.com/calendar/event?eid={id}")),
    );
    event.insert("created".to_owned(), created);
    event.insert("updated".to_owned(), json!(rfc3339(now)));
    let person = json!({ "email": owner, "self": true });
    event.insert("creator".to_owned(), person.clone());
    event.insert("organizer".to_owned(), person);
    event.insert("iCalUID".to_owned(), json!(format!("{id}@google.com")));
    event.insert("sequence".to_owned(), json!(0));
    event.insert("reminders".to_owned(), json!({ "useDefault": true }));
    event.insert("eventType".to_owned(), json!("default"));
    for (name, value) in given.into_iter().filter(|(name, _)| name != "id") {
        if value.is_null() {
            event.shift_remove(&name);
        } else {
            event.insert(name, value);
        }
    }
    event
}

/// Marks an event as changed now.
pub(crate) fn touch(event: &mut Resource, now: i64) {
    event.insert("etag".to_owned(), json!(etag(now)));
    event.insert("updated".to_owned(), json!(rfc3339(now)));
}

fn etag(now: i64) -> String {
    format!("\"{}\"", now.saturating_mul(2))
}

/// What is left of a deleted event: its id and, for an exception, which instance it was.
pub(crate) fn tombstone(event: &Resource, now: i64) -> Resource {
    let mut left = Resource::new();
    left.insert("kind".to_owned(), json!("calendar#event"));
    left.insert("etag".to_owned(), json!(etag(now)));
    for name in ["id", "recurringEventId", "originalStartTime"] {
        if let Some(value) = event.get(name) {
            left.insert(name.to_owned(), value.clone());
        }
    }
    left.insert("status".to_owned(), json!("cancelled"));
    left
}

/// One instance of a series, by its id; `None` if the series has none there.
pub(crate) fn instance(master: &Resource, id: &str) -> Option<Resource> {
    let instances = recurrence::expand(master, i64::MIN, i64::MAX).ok()?;
    let found = instances.into_iter().find(|instance| instance.id == id)?;
    Some(found.resource(master))
}

/// The parts of an event that free/busy access shows.
pub(crate) fn free_busy(event: &Resource) -> Resource {
    const SHOWN: &[&str] = &[
        "kind",
        "etag",
        "id",
        "status",
        "start",
        "end",
        "endTimeUnspecified",
        "recurrence",
        "recurringEventId",
        "originalStartTime",
        "transparency",
        "iCalUID",
        "eventType",
    ];
    let mut shown: Resource = event
        .iter()
        .filter(|(name, _)| SHOWN.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    if event.get("status").and_then(Value::as_str) != Some("cancelled") {
        shown.insert("visibility".to_owned(), json!("private"));
    }
    shown
}
