//! What people do with their messages, folders, events and files.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Call;
use crate::console::{Outcome, Refusal, body, object, unknown};
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::calendar::event::{self, key_of};
use crate::microsoft365::calendar::store::WHOLE;
use crate::microsoft365::console::state;
use crate::microsoft365::drive::item::{self, Owner, item_id};
use crate::microsoft365::graph::chain::Key;
use crate::microsoft365::mail::folders;
use crate::microsoft365::mail::mailbox::{Mailbox, Stored};
use crate::microsoft365::mail::message::{find, find_folder};
use crate::microsoft365::people::User;
use crate::random::mix;
use crate::scenario::Resource;

pub(crate) fn answer(call: &Call, user: &User, path: &[&str], now: i64) -> Outcome {
    match (call.method.as_str(), path) {
        ("POST", ["messages"]) => deliver(call, user, now),
        ("PATCH", ["messages", id]) => change_message(call, user, id, now),
        ("DELETE", ["messages", id]) => {
            let mut mailbox = user.mailbox.lock();
            let number = message(&mailbox, user, id)?;
            mailbox.delete(number);
            Ok(json!({}))
        }
        ("POST", ["folders"]) => add_folder(call, user),
        ("PATCH", ["folders", id]) => change_folder(call, user, id),
        ("DELETE", ["folders", id]) => {
            let mut mailbox = user.mailbox.lock();
            let number = find_folder(&mailbox, user.seed, id);
            let deleted = number.is_some_and(|number| mailbox.delete_folder(number));
            deleted
                .then(|| json!({}))
                .ok_or_else(|| Refusal::not_found("folder that can be deleted"))
        }
        ("POST", ["events"]) => add_event(call, user, now),
        ("PATCH", ["events", id]) => change_event(call, user, id, now),
        ("DELETE", ["events", id]) => {
            let deleted =
                event_key(user, id).is_ok_and(|key| user.calendar.lock().delete(key, now));
            deleted
                .then(|| json!({}))
                .ok_or_else(|| Refusal::not_found("event"))
        }
        ("POST", ["files"]) => add_file(user, object(call)?, now),
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

/// A folder by well-known name, id or the name that people see; one that does not exist is made.
fn folder(mailbox: &mut Mailbox, user: &User, key: &str) -> u32 {
    let known = find_folder(mailbox, user.seed, key).or_else(|| mailbox.folders.named(key));
    known.unwrap_or_else(|| mailbox.add_folder(key, folders::ROOT))
}

fn message(mailbox: &Mailbox, user: &User, id: &str) -> Result<u64, Refusal> {
    let found = find(mailbox, &state::mail_view(user), id);
    found
        .map(|message| message.id)
        .ok_or_else(|| Refusal::not_found("message"))
}

fn deliver(call: &Call, user: &User, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        rfc822: String,
        #[serde(default = "inbox")]
        folder: String,
        #[serde(default)]
        is_read: bool,
    }
    fn inbox() -> String {
        "inbox".to_owned()
    }
    let request: Request = body(call)?;
    let stored = Stored::new(request.rfc822.into_bytes());
    let mut mailbox = user.mailbox.lock();
    let folder = folder(&mut mailbox, user, &request.folder);
    let number = mailbox.deliver(stored, folder, now, request.is_read);
    state::message(&mailbox, user, number).ok_or_else(|| Refusal::not_found("message"))
}

fn change_message(call: &Call, user: &User, id: &str, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        is_read: Option<bool>,
        categories: Option<Vec<String>>,
        subject: Option<String>,
        folder: Option<String>,
    }
    let request: Request = body(call)?;
    let mut mailbox = user.mailbox.lock();
    let number = message(&mailbox, user, id)?;
    if request.is_read.is_some() || request.categories.is_some() || request.subject.is_some() {
        mailbox.change(number, now, |message| {
            message.read = request.is_read.unwrap_or(message.read);
            if let Some(categories) = request.categories {
                message.categories = categories;
            }
            message.subject = request.subject.or(message.subject.take());
        });
    }
    if let Some(key) = request.folder {
        let folder = folder(&mut mailbox, user, &key);
        mailbox.relocate(number, folder, now);
    }
    state::message(&mailbox, user, number).ok_or_else(|| Refusal::not_found("message"))
}

fn add_folder(call: &Call, user: &User) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        display_name: String,
        parent: Option<String>,
    }
    let request: Request = body(call)?;
    let mut mailbox = user.mailbox.lock();
    let parent = match &request.parent {
        Some(key) => find_folder(&mailbox, user.seed, key),
        None => Some(folders::ROOT),
    };
    let parent = parent.ok_or_else(|| Refusal::not_found("folder"))?;
    let number = mailbox.add_folder(&request.display_name, parent);
    let id = state::mail_view(user).folder_id(number);
    Ok(json!({ "id": id, "displayName": request.display_name }))
}

fn change_folder(call: &Call, user: &User, id: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        display_name: Option<String>,
        parent: Option<String>,
    }
    let request: Request = body(call)?;
    let mut mailbox = user.mailbox.lock();
    let number = find_folder(&mailbox, user.seed, id);
    let number = number.ok_or_else(|| Refusal::not_found("folder"))?;
    if let Some(key) = &request.parent {
        let parent = find_folder(&mailbox, user.seed, key);
        let parent = parent.ok_or_else(|| Refusal::not_found("parent"))?;
        if !mailbox.move_folder(number, parent) {
            return Err(Refusal::bad("a folder cannot be moved into itself"));
        }
    }
    if let Some(name) = &request.display_name {
        mailbox.rename_folder(number, name);
    }
    let name = mailbox.folders.get(number).map(|folder| &folder.name);
    Ok(json!({ "id": id, "displayName": name }))
}

fn event_key(user: &User, id: &str) -> Result<Key, Refusal> {
    key_of(id, user.seed).ok_or_else(|| Refusal::not_found("event"))
}

fn event_at(user: &User, key: Key) -> Outcome {
    let calendar = user.calendar.lock();
    let found = calendar
        .get(key)
        .ok_or_else(|| Refusal::not_found("event"))?;
    let view = state::event_view(user);
    Ok(event::resource(&calendar, key, &found, &view))
}

fn add_event(call: &Call, user: &User, now: i64) -> Outcome {
    let (email, name) = owner_names(user);
    let event = event::from_graph(object(call)?, (&email, &name), now).map_err(Refusal::bad)?;
    let number = user.calendar.lock().add(event);
    event_at(user, (number, WHOLE))
}

fn change_event(call: &Call, user: &User, id: &str, now: i64) -> Outcome {
    let key = event_key(user, id)?;
    let changes = object(call)?;
    let mut outcome = Ok(());
    {
        let mut calendar = user.calendar.lock();
        // It is tried first, so that a refusal changes nothing.
        if let Some(mut copy) = calendar.get(key) {
            event::apply(&mut copy, changes.clone()).map_err(Refusal::bad)?;
        }
        let known = calendar.change(key, now, |event| outcome = event::apply(event, changes));
        if !known {
            return Err(Refusal::not_found("event"));
        }
    }
    outcome.map_err(Refusal::bad)?;
    event_at(user, key)
}

fn owner_names(user: &User) -> (String, String) {
    let profile = user.profile.read();
    (profile.email.clone(), profile.name.clone())
}

/// Adds a file or a folder to a person's drive.
pub(crate) fn add_file(user: &User, given: Resource, now: i64) -> Outcome {
    let (email, name) = owner_names(user);
    let owner = Owner {
        id: user.id.clone(),
        email,
        name,
    };
    let mut drive = user.drive.lock();
    if given.contains_key("id") {
        return Err(Refusal::bad("the drive makes the ids itself"));
    }
    let id = item_id(mix(user.seed ^ 0xF11E, drive.seq));
    let item = item::complete(given, &id, &drive, &owner, now);
    drive.put(&id, item.clone(), now);
    Ok(item::resource(&drive, &item))
}

fn change_file(user: &User, id: &str, changes: Resource, now: i64) -> Outcome {
    patch_file(user, id, changes, now).ok_or_else(|| Refusal::not_found("file"))
}

/// Changes a file; `None` if there is none.
pub(crate) fn patch_file(user: &User, id: &str, changes: Resource, now: i64) -> Option<Value> {
    let mut drive = user.drive.lock();
    let mut item = drive.items.get(id)?.clone();
    let version = item.get("version").and_then(Value::as_u64).unwrap_or(1);
    item.extend(changes.into_iter().filter(|(name, _)| name != "id"));
    item.insert("version".to_owned(), json!(version + 1));
    item.insert(
        "lastModifiedDateTime".to_owned(),
        json!(rfc3339_seconds(now)),
    );
    drive.put(id, item.clone(), now);
    Some(item::resource(&drive, &item))
}
