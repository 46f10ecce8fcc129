//! What people do with their messages, events and files.

use serde::Deserialize;
use serde_json::{Value, json};

use super::users::message_id;
use crate::call::Call;
use crate::console::{Outcome, Refusal, body, object, unknown};
use crate::google::calendar::event;
use crate::google::drive::store as drive;
use crate::google::gmail::id_of;
use crate::google::gmail::labels::{LabelSet, LabelTable};
use crate::google::gmail::mailbox::Stored;
use crate::google::people::User;
use crate::scenario::Resource;

pub(crate) fn answer(call: &Call, user: &User, path: &[&str], now: i64) -> Outcome {
    match (call.method.as_str(), path) {
        ("POST", ["messages"]) => deliver(call, user, now),
        ("PATCH", ["messages", id]) => relabel(call, user, id),
        ("DELETE", ["messages", id]) => {
            let deleted = id_of(id).is_some_and(|id| user.mailbox.lock().delete(id));
            deleted
                .then(|| json!({}))
                .ok_or_else(|| Refusal::not_found("message"))
        }
        ("POST", ["events"]) => add_event(call, user, now),
        ("PATCH", ["events", calendar, id]) => {
            let changes = object(call)?;
            let event = user.calendars.lock().patch(calendar, id, &changes, now);
            event
                .map(Value::Object)
                .ok_or_else(|| Refusal::not_found("event"))
        }
        ("DELETE", ["events", calendar, id]) => {
            let left = user.calendars.lock().cancel(calendar, id, now);
            left.map(Value::Object)
                .ok_or_else(|| Refusal::not_found("event"))
        }
        ("POST", ["files"]) => Ok(Value::Object(add_file(user, object(call)?, now)?)),
        ("PATCH", ["files", id]) => change_file(user, id, object(call)?, now),
        ("DELETE", ["files", id]) => {
            let removed = user.drive.lock().remove(id, now);
            removed
                .then(|| json!({}))
                .ok_or_else(|| Refusal::not_found("file"))
        }
        _ => Err(unknown(&call.method, path)),
    }
}

/// The set of these labels; those that do not exist are made.
fn labels(table: &mut LabelTable, ids: &[String]) -> Result<LabelSet, Refusal> {
    let mut set = LabelSet::default();
    for id in ids {
        set = set.with(
            table
                .make(id)
                .ok_or_else(|| Refusal::bad("too many labels"))?,
        );
    }
    Ok(set)
}

fn deliver(call: &Call, user: &User, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        rfc822: String,
        #[serde(default = "inbox")]
        labels: Vec<String>,
    }
    fn inbox() -> Vec<String> {
        vec!["INBOX".to_owned(), "UNREAD".to_owned()]
    }
    let request: Request = body(call)?;
    let stored = Stored::new(request.rfc822.into_bytes());
    let mut mailbox = user.mailbox.lock();
    let labels = labels(&mut mailbox.labels, &request.labels)?;
    let id = mailbox.deliver(stored, now, labels);
    Ok(json!({ "id": message_id(id) }))
}

fn relabel(call: &Call, user: &User, id: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        #[serde(default)]
        add_labels: Vec<String>,
        #[serde(default)]
        remove_labels: Vec<String>,
    }
    let request: Request = body(call)?;
    let mut mailbox = user.mailbox.lock();
    let add = labels(&mut mailbox.labels, &request.add_labels)?;
    let remove = labels(&mut mailbox.labels, &request.remove_labels)?;
    let known = id_of(id).filter(|id| mailbox.relabel(*id, add, remove));
    let known = known.ok_or_else(|| Refusal::not_found("message"))?;
    let labels = mailbox
        .get(known)
        .map(|message| mailbox.labels.ids(message.labels));
    Ok(json!({ "id": message_id(known), "labelIds": labels }))
}

fn add_event(call: &Call, user: &User, now: i64) -> Outcome {
    let mut given = object(call)?;
    let calendar = match given.shift_remove("calendar") {
        Some(Value::String(calendar)) => calendar,
        None => "primary".to_owned(),
        Some(_) => return Err(Refusal::bad("calendar must be text")),
    };
    let id = match given.get("id") {
        Some(Value::String(id)) if event::is_id(id) => id.clone(),
        None => event::id_from(fastrand::u64(..)),
        Some(_) => {
            return Err(Refusal::bad(
                "an event id has the characters 0-9 and a-v, at least five",
            ));
        }
    };
    for bound in ["start", "end"] {
        let readable = given
            .get(bound)
            .and_then(crate::corpus::recurrence::Moment::parse);
        readable.ok_or_else(|| Refusal::bad(format!("{bound} needs a date or a dateTime")))?;
    }
    let resource = event::complete(given, &id, &user.primary(), now);
    let stored = user
        .calendars
        .lock()
        .put(&calendar, &id, resource.clone(), now);
    stored
        .then_some(Value::Object(resource))
        .ok_or_else(|| Refusal::not_found("calendar"))
}

/// Adds a file to a person's Drive.
pub(crate) fn add_file(user: &User, given: Resource, now: i64) -> Result<Resource, Refusal> {
    let (email, name) = {
        let profile = user.profile.read();
        (profile.primary.clone(), profile.name.clone())
    };
    let mut store = user.drive.lock();
    let id = match given.get("id") {
        Some(Value::String(id)) if !store.files.contains_key(id) => id.clone(),
        None => store.fresh_id(),
        Some(_) => return Err(Refusal::bad("the id is taken, or is no text")),
    };
    let file = drive::complete(given, &id, (&email, &name), &store.root, now);
    store.put(&id, file.clone(), now);
    Ok(file)
}

fn change_file(user: &User, id: &str, changes: Resource, now: i64) -> Outcome {
    let file = patch_file(user, id, changes, now);
    file.map(Value::Object)
        .ok_or_else(|| Refusal::not_found("file"))
}

/// Changes a file; `None` if there is none.
pub(crate) fn patch_file(user: &User, id: &str, changes: Resource, now: i64) -> Option<Resource> {
    let mut store = user.drive.lock();
    let mut file = store.files.get(id)?.clone();
    for (name, value) in changes {
        if name == "trashed" {
            file.insert("explicitlyTrashed".to_owned(), value.clone());
        }
        file.insert(name, value);
    }
    let version = file
        .get("version")
        .and_then(Value::as_str)
        .and_then(|text| text.parse::<u64>().ok());
    file.insert(
        "version".to_owned(),
        json!((version.unwrap_or(0) + 1).to_string()),
    );
    file.insert(
        "modifiedTime".to_owned(),
        json!(crate::instruments::clock::rfc3339(now)),
    );
    store.put(id, file.clone(), now);
    Some(file)
}
