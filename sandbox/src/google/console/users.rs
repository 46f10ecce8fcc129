//! People, as an administrator sees them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::Call;
use crate::console::{Outcome, Refusal, body};
use crate::google::Google;
use crate::google::gmail::{hex, without_bodies};
use crate::google::people::User;
use crate::scenario::UserScenario;

pub(crate) fn add(google: &Google, call: &Call, now: i64) -> Outcome {
    let given: UserScenario = body(call)?;
    let added = google.add_user(&given, now);
    let user = added.map_err(|error| Refusal::bad(format!("{error:#}")))?;
    Ok(summary(&user))
}

fn summary(user: &User) -> Value {
    let profile = user.profile.read();
    json!({
        "id": user.id, "email": profile.primary, "aliases": profile.aliases, "admin": profile.admin,
        "suspended": profile.suspended, "archived": profile.archived, "mailbox": profile.mailbox,
        "calendar": profile.calendar, "drive": profile.drive, "licenses": profile.licenses,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    suspended: Option<bool>,
    archived: Option<bool>,
    mailbox: Option<bool>,
    calendar: Option<bool>,
    drive: Option<bool>,
    admin: Option<bool>,
    licenses: Option<Vec<String>>,
    aliases: Option<Vec<String>>,
    primary_email: Option<String>,
}

pub(crate) fn change(google: &Google, call: &Call, user: &User) -> Outcome {
    let change: Change = body(call)?;
    let (old, mut aliases) = {
        let profile = user.profile.read();
        (
            profile.primary.clone(),
            change.aliases.unwrap_or_else(|| profile.aliases.clone()),
        )
    };
    let primary = change.primary_email.unwrap_or_else(|| old.clone());
    if primary != old {
        aliases.retain(|alias| *alias != primary);
        aliases.push(old);
    }
    let renamed = google.people.write().readdress(user, primary, aliases);
    renamed.map_err(Refusal::bad)?;
    {
        let mut profile = user.profile.write();
        profile.suspended = change.suspended.unwrap_or(profile.suspended);
        profile.archived = change.archived.unwrap_or(profile.archived);
        profile.mailbox = change.mailbox.unwrap_or(profile.mailbox);
        profile.calendar = change.calendar.unwrap_or(profile.calendar);
        profile.drive = change.drive.unwrap_or(profile.drive);
        profile.admin = change.admin.unwrap_or(profile.admin);
        if let Some(licenses) = change.licenses {
            profile.licenses = licenses;
        }
    }
    Ok(summary(user))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expiring {
    History,
    Calendar,
}

pub(crate) fn expire(call: &Call, user: &User) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        what: Expiring,
    }
    match body::<Request>(call)?.what {
        Expiring::History => user.mailbox.lock().history.expire(),
        Expiring::Calendar => user.calendars.lock().expire(),
    }
    Ok(json!({}))
}

/// Everything that a complete sync would find.
pub(crate) fn state(user: &User) -> Value {
    json!({ "messages": messages(user), "events": events(user), "files": files(user) })
}

fn messages(user: &User) -> Vec<Value> {
    let mailbox = user.mailbox.lock();
    let ids: Vec<u64> = mailbox
        .newest(None)
        .map(|(_, message)| message.id)
        .collect();
    let found = ids
        .into_iter()
        .filter_map(|id| without_bodies(&mailbox, id));
    found.collect()
}

/// Live events, and the cancelled instances of live series.
fn events(user: &User) -> Vec<Value> {
    let calendars = user.calendars.lock();
    let mut events = Vec::new();
    for calendar in &calendars.all {
        let live = |series: &str| {
            calendar
                .events
                .get(series)
                .is_some_and(|stored| !stored.cancelled())
        };
        for stored in calendar.events.values() {
            if !stored.cancelled() || stored.series().is_some_and(live) {
                let mut event = stored.resource.clone();
                event.insert("calendarId".to_owned(), json!(calendar.id));
                events.push(Value::Object(event));
            }
        }
    }
    events
}

fn files(user: &User) -> Vec<Value> {
    user.drive
        .lock()
        .files
        .values()
        .cloned()
        .map(Value::Object)
        .collect()
}

/// An id as the API writes it.
pub(crate) fn message_id(id: u64) -> String {
    hex(id)
}
