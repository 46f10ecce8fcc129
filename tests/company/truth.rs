//! The rows that there must be of Google's company, worked out from the vendor's own state and from nothing of Deputy's.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::place::{Rows, as_set};

/// The rows of a dataset.
pub(crate) fn rows(state: &Value, dataset: &str) -> Rows {
    match dataset {
        "mail" => keyed(&state["messages"], message),
        "calendar" => keyed(&state["events"], event),
        "drive" => keyed(&state["files"], file),
        other => panic!("there is no dataset {other}"),
    }
}

/// What is read from each item, by container and id.
pub(crate) fn keyed(items: &Value, read: fn(&Value) -> Value) -> Rows {
    let items = items.as_array().expect("the state has lists");
    let row = |item: &Value| {
        let container = item["calendarId"].as_str().unwrap_or_default().to_owned();
        let id = item["id"].as_str().expect("an item has an id").to_owned();
        ((container, id), read(item))
    };
    let rows: Rows = items.iter().map(row).collect();
    assert_eq!(rows.len(), items.len(), "keys are unique at the vendor");
    rows
}

fn message(item: &Value) -> Value {
    let headers = item["payload"]["headers"].as_array();
    let header = |name: &str| {
        let mut all = headers.into_iter().flatten();
        let found = all.find(|header| {
            let this = header["name"].as_str().unwrap_or_default();
            this.eq_ignore_ascii_case(name)
        });
        found
            .map(|header| header["value"].clone())
            .unwrap_or_default()
    };
    let sender = header("From").as_str().map(|from| from.replace('"', ""));
    let millis = number(&item["internalDate"]).expect("a message has a date");
    json!({
        "thread_id": item["threadId"],
        "labels": as_set(&item["labelIds"]),
        "received_at": millis * 1_000,
        "sender": sender,
        "internet_message_id": header("Message-ID"),
        "size": item["sizeEstimate"],
        "subject": header("Subject"),
    })
}

fn event(item: &Value) -> Value {
    json!({
        "status": item["status"],
        "starts_at": moment(&item["start"]),
        "ends_at": moment(&item["end"]),
        "original_starts_at": moment(&item["originalStartTime"]),
        "all_day": item["start"].as_object().map(|start| start.contains_key("date")),
        "series_id": item["recurringEventId"],
        "recurrence": as_set(&item["recurrence"]),
        "organizer": item["organizer"]["email"],
        "updated_at": instant(&item["updated"]),
        "title": item["summary"],
    })
}

fn file(item: &Value) -> Value {
    let owners: Vec<&Value> = item["owners"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|owner| &owner["emailAddress"])
        .collect();
    json!({
        "name": item["name"],
        "mime_type": item["mimeType"],
        "size": number(&item["size"]),
        "parents": as_set(&item["parents"]),
        "owners": as_set(&json!(owners)),
        "trashed": item["trashed"],
        "modified_at": instant(&item["modifiedTime"]),
        "version": number(&item["version"]),
    })
}

fn moment(moment: &Value) -> Option<i64> {
    match moment["date"].as_str() {
        Some(date) => instant(&json!(format!("{date}T00:00:00Z"))),
        None => instant(&moment["dateTime"]),
    }
}

/// Microseconds since 1970; none of what is no text.
pub(crate) fn instant(text: &Value) -> Option<i64> {
    let at: Timestamp = text.as_str()?.parse().expect("is a time");
    Some(at.as_microsecond())
}

fn number(text: &Value) -> Option<i64> {
    text.as_str()?.parse().ok()
}
