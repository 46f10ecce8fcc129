//! The truth about a person's mail, calendar and files.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::call::Call;
use crate::console::{Outcome, Refusal};
use crate::microsoft365::calendar::event::{self, resource};
use crate::microsoft365::calendar::instant;
use crate::microsoft365::calendar::store::Calendar;
use crate::microsoft365::drive::item;
use crate::microsoft365::mail::mailbox::Mailbox;
use crate::microsoft365::mail::message::{self, View};
use crate::microsoft365::people::User;

/// Messages as the console shows them: with immutable ids.
pub(crate) fn mail_view(user: &User) -> View<'static> {
    View {
        owner: user.seed,
        immutable_ids: true,
        select: None,
        full: true,
        prefer_text: false,
    }
}

/// Events as the console shows them: with immutable ids, in UTC.
pub(crate) fn event_view(user: &User) -> event::View {
    event::View {
        seed: user.seed,
        immutable_ids: true,
        full: true,
        zone: TimeZone::UTC,
    }
}

/// One message.
pub(crate) fn message(mailbox: &Mailbox, user: &User, number: u64) -> Option<Value> {
    let message = mailbox.get(number)?;
    Some(message::resource(mailbox, message, &mail_view(user)))
}

/// Everything that a complete sync would find.
///
/// With a window the events are what the window shows; without one they are single events, series and exceptions.
pub(crate) fn of(call: &Call, user: &User) -> Outcome {
    let bound = |name: &str| match call.param(name) {
        None => Ok(None),
        Some(text) => instant(text)
            .map(Some)
            .ok_or_else(|| Refusal::bad(format!("{name} is no instant"))),
    };
    let window = match (bound("startDateTime")?, bound("endDateTime")?) {
        (Some(from), Some(until)) => Some((from, until)),
        (None, None) => None,
        _ => return Err(Refusal::bad("a window has a start and an end")),
    };
    let messages = {
        let mailbox = user.mailbox.lock();
        // Bodies are left out: they would be most of the answer.
        let names = message::PROPERTIES
            .iter()
            .filter(|name| !name.contains("ody"));
        let names: Vec<String> = names.map(|name| (*name).to_owned()).collect();
        let view = View {
            select: Some(&names),
            ..mail_view(user)
        };
        let all = mailbox.all();
        all.map(|message| message::resource(&mailbox, message, &view))
            .collect::<Vec<_>>()
    };
    let folders = {
        let mailbox = user.mailbox.lock();
        let live = mailbox
            .folders
            .all()
            .iter()
            .filter(|folder| !folder.deleted);
        live.map(|folder| message::folder_resource(&mailbox, folder, &mail_view(user)))
            .collect::<Vec<_>>()
    };
    let events = events(&user.calendar.lock(), user, window);
    let drive = user.drive.lock();
    let files: Vec<Value> = drive
        .items
        .values()
        .map(|found| item::resource(&drive, found))
        .collect();
    Ok(json!({ "messages": messages, "folders": folders, "events": events, "files": files }))
}

fn events(calendar: &Calendar, user: &User, window: Option<(i64, i64)>) -> Vec<Value> {
    let keys = match window {
        Some((from, until)) => calendar.view(from, until),
        None => calendar
            .events
            .iter()
            .filter(|(_, event)| !event.deleted)
            .map(|(key, _)| *key)
            .collect(),
    };
    let view = event_view(user);
    let shown = keys.into_iter().filter_map(|key| {
        let event = calendar.get(key)?;
        Some(resource(calendar, key, &event, &view))
    });
    shown.collect()
}
