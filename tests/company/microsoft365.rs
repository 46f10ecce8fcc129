//! The company in Microsoft 365, and the rows that there must be of it, worked out from the vendor's own state.
//!
//! Of calendars that is what the calendar shows in the window that is read: a series is its occurrences.

use deputy::model::clock::{Clock as _, SystemClock};
use deputy::model::dataset::Dataset;
use deputy::providers::{Purpose, Reason};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use url::Url;

use super::dialect::{Dialect, Next};
use super::place::{Rows, as_set};
use super::truth::{instant, keyed};
use super::{PETER, Size};
use crate::support::sandbox::Sandbox;
use crate::support::tenant;

/// The immutable id of the person who is synced.
pub(crate) const PETER_ID: &str = "8d3f2c1a-0000-4000-8000-000000000011";
/// Whose mailbox nobody is to open.
pub(crate) const DECOY: &str = "decoy@acme.example";
/// The decoy's id.
pub(crate) const DECOY_ID: &str = "8d3f2c1a-0000-4000-8000-000000000012";

/// How far back and ahead of today's midnight (UTC) calendars are read, in days.
const WINDOW: (i64, i64) = (3 * 365, 2 * 365);

/// Microsoft's dialect.
pub(crate) const DIALECT: Dialect = Dialect {
    datasets: &[Dataset::Mail, Dataset::Calendar, Dataset::Drive],
    listed: Dataset::Drive,
    token: Some("/microsoft365/login/"),
    listing: "/microsoft365/graph/v1.0/users/",
    more_than_a_page: 1_200,
    page,
    refusal,
    overloaded: Vec::new,
    unauthenticated: Reason::TokenRequestRefused,
    denied: Reason::PermissionDenied,
    purposes: &[Purpose::Api],
    elsewhere: Reason::EndpointRefused,
};

fn page(vendor: &Url, item: Option<&str>, next: Next<'_>) -> Value {
    let link = |mark: &str| {
        let place = format!("{vendor}microsoft365/graph/v1.0/users/{PETER_ID}/drive/root/delta");
        json!(format!("{place}?token={mark}"))
    };
    let items: Vec<Value> = item
        .map(|id| json!({"id": id, "name": id}))
        .into_iter()
        .collect();
    let mut page = json!({"value": items});
    match next {
        Next::End => page["@odata.deltaLink"] = link("end"),
        Next::Mark(mark) => page["@odata.nextLink"] = link(mark),
        Next::At(url) => page["@odata.nextLink"] = json!(url),
    }
    page
}

/// Source: learn.microsoft.com/graph/errors, read 2026-11-22.
fn refusal(status: u16, words: &str) -> Value {
    let code = match status {
        401 => "InvalidAuthenticationToken",
        403 => "accessDenied",
        404 => "itemNotFound",
        429 => "activityLimitReached",
        500.. => "serviceNotAvailable",
        _ => "invalidRequest",
    };
    json!({"error": {"code": code, "message": words}})
}

/// What nobody may see of a client secret.
pub(crate) fn secrets(key: &Value) -> Vec<String> {
    let value = key["value"].as_str().expect("a secret has a value");
    vec![value.to_owned()]
}

/// A tenant with the person who is synced and the decoy.
pub(crate) fn scenario(size: Size) -> Value {
    let peter = json!({
        "email": PETER, "id": PETER_ID,
        "mail": {"generate": {"messages": size.messages}},
        "calendar": {"generate": {"events": 40}},
        "files": {"generate": {"files": size.files}},
    });
    let mut decoy = tenant::employee(DECOY, 3);
    decoy["id"] = json!(DECOY_ID);
    tenant::company(&[peter, decoy])
}

/// What is true of a person, the window being the one that is laid today.
pub(crate) async fn state(sandbox: &Sandbox, person: &str) -> Value {
    let now = SystemClock.now().to_zoned(TimeZone::UTC);
    let midnight = now.start_of_day().expect("a day has a start").timestamp();
    let at = |days: i64| {
        let at = midnight + SignedDuration::from_hours(24 * days);
        at.to_string()
    };
    let (from, until) = (at(-WINDOW.0), at(WINDOW.1));
    let mut state = sandbox.microsoft365().state(person, (&from, &until)).await;
    let files = state["files"].as_array_mut().expect("the state has files");
    // The top of a drive is no file.
    files.retain(|item| item.get("root").is_none());
    for file in files {
        file["owner"] = json!(person);
    }
    state
}

/// The rows of a dataset.
pub(crate) fn rows(state: &Value, dataset: &str) -> Rows {
    match dataset {
        "mail" => keyed(&state["messages"], message),
        "calendar" => keyed(&state["events"], event),
        "drive" => keyed(&state["files"], file),
        other => panic!("there is no dataset {other}"),
    }
}

fn message(item: &Value) -> Value {
    let mut labels = vec![&item["parentFolderId"]];
    labels.extend(item["categories"].as_array().into_iter().flatten());
    json!({
        "thread_id": item["conversationId"],
        "labels": as_set(&json!(labels)),
        "received_at": instant(&item["receivedDateTime"]),
        "sender": sender(&item["from"]["emailAddress"]),
        "internet_message_id": item["internetMessageId"],
        "size": null,
        "subject": item["subject"],
    })
}

/// The address, with the display name where it says more.
fn sender(from: &Value) -> Option<String> {
    let address = from["address"].as_str()?;
    let name = from["name"].as_str().unwrap_or_default();
    if name.is_empty() || name == address {
        return Some(address.to_owned());
    }
    Some(format!("{name} <{address}>"))
}

fn event(item: &Value) -> Value {
    let status = match item["showAs"].as_str() {
        _ if item["isCancelled"] == true => "cancelled",
        Some("tentative") => "tentative",
        _ => "confirmed",
    };
    let original = match item["type"].as_str() {
        Some("occurrence") => moment(&item["start"]),
        _ => instant(&item["originalStart"]),
    };
    json!({
        "status": status,
        "starts_at": moment(&item["start"]),
        "ends_at": moment(&item["end"]),
        "original_starts_at": original,
        "all_day": item["isAllDay"],
        "series_id": item["seriesMasterId"],
        "recurrence": [],
        "organizer": item["organizer"]["emailAddress"]["address"],
        "updated_at": instant(&item["lastModifiedDateTime"]),
        "title": item["subject"],
    })
}

fn file(item: &Value) -> Value {
    let is_folder = item.get("folder").is_some();
    let version = item["eTag"].as_str().and_then(|tag| {
        let (_, number) = tag.trim_matches('"').split_once(',')?;
        number.parse::<i64>().ok()
    });
    json!({
        "name": item["name"],
        "mime_type": item["file"]["mimeType"],
        "size": if is_folder { &Value::Null } else { &item["size"] },
        "parents": as_set(&json!([item["parentReference"]["id"]])),
        "owners": as_set(&json!([item["owner"]])),
        "trashed": false,
        "modified_at": instant(&item["lastModifiedDateTime"]),
        "version": version,
    })
}

/// The state tells times in UTC, without saying so in the text.
fn moment(moment: &Value) -> Option<i64> {
    assert_eq!(moment["timeZone"], "UTC");
    let text = moment["dateTime"].as_str()?;
    instant(&json!(format!("{text}Z")))
}

/// Lets the application make and end its own secrets.
pub(crate) fn permit_keys(company: &mut Value) {
    let app = &mut company["microsoft365"]["apps"][0];
    let roles = app["roles"].as_array_mut();
    roles
        .expect("an application has roles")
        .push(json!("Application.ReadWrite.OwnedBy"));
    app["ownsItself"] = json!(true);
}
