//! Random edits, from a seed.

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use super::items::{add_file, patch_file};
use crate::call::Call;
use crate::console::{Outcome, body};
use crate::corpus::generate::mail::Letters;
use crate::corpus::generate::{calendar, drive};
use crate::corpus::recurrence;
use crate::google::calendar::event;
use crate::google::gmail::labels::{self, LabelSet};
use crate::google::gmail::mailbox::Stored;
use crate::google::people::User;
use crate::random::mix;
use crate::scenario::Resource;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stream {
    Mail,
    Calendar,
    Drive,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    count: u32,
    #[serde(default)]
    seed: u64,
    #[serde(default = "all")]
    streams: Vec<Stream>,
}

fn all() -> Vec<Stream> {
    vec![Stream::Mail, Stream::Calendar, Stream::Drive]
}

/// Makes the edits and says how many of each kind there were.
pub(crate) fn make(call: &Call, user: &User, now: i64) -> Outcome {
    let request: Request = body(call)?;
    let mut editor = Editor {
        user,
        random: Rng::with_seed(mix(user.seed, request.seed)),
        seed: mix(user.seed ^ 0xED17, request.seed),
        now,
        count: request.count,
    };
    let mut made: std::collections::BTreeMap<&'static str, u32> = std::collections::BTreeMap::new();
    for nth in 0..request.count {
        let Some(stream) = editor.random.choice(&request.streams) else {
            break;
        };
        let kind = match stream {
            Stream::Mail => editor.mail(nth),
            Stream::Calendar => editor.calendar(nth),
            Stream::Drive => editor.drive(nth),
        };
        *made.entry(kind).or_default() += 1;
    }
    Ok(json!({ "made": made }))
}

struct Editor<'a> {
    user: &'a User,
    random: Rng,
    seed: u64,
    now: i64,
    count: u32,
}

impl Editor<'_> {
    fn mail(&mut self, nth: u32) -> &'static str {
        let mut mailbox = self.user.mailbox.lock();
        let target = mailbox.some(self.random.u64(..)).map(|message| message.id);
        let label = |bit: usize| LabelSet::default().with(bit);
        match (self.random.u8(..10), target) {
            (0..4, _) | (_, None) => {
                let letters = Letters {
                    seed: self.seed,
                    owner: mailbox.letters.owner.clone(),
                    owner_name: mailbox.letters.owner_name.clone(),
                    epoch: self.now,
                    count: self.count,
                };
                let stored = Stored::new(letters.rfc822(nth));
                mailbox.deliver(
                    stored,
                    self.now,
                    label(labels::INBOX).plus(label(labels::UNREAD)),
                );
                "messageAdded"
            }
            (4..6, Some(id)) => {
                mailbox.relabel(
                    id,
                    label(labels::STARRED).plus(label(labels::own(0))),
                    label(labels::UNREAD),
                );
                "labelled"
            }
            (6, Some(id)) => {
                mailbox.relabel(
                    id,
                    LabelSet::default(),
                    label(labels::INBOX).plus(label(labels::STARRED)),
                );
                "unlabelled"
            }
            (7, Some(id)) => {
                mailbox.relabel(id, label(labels::TRASH), label(labels::INBOX));
                "messageTrashed"
            }
            (_, Some(id)) => {
                mailbox.delete(id);
                "messageDeleted"
            }
        }
    }

    fn calendar(&mut self, nth: u32) -> &'static str {
        let (seed, now) = (mix(self.seed, u64::from(nth)), self.now);
        let mut calendars = self.user.calendars.lock();
        let ids: Vec<String> = calendars
            .all
            .iter()
            .map(|calendar| calendar.id.clone())
            .collect();
        let Some(id) = self.random.choice(&ids).cloned() else {
            return "nothing";
        };
        let live: Vec<Resource> = calendars
            .find(&id)
            .into_iter()
            .flat_map(|calendar| calendar.events.values())
            .filter(|stored| !stored.cancelled())
            .map(|stored| stored.resource.clone())
            .collect();
        let target = self.random.choice(&live);
        match (self.random.u8(..10), target) {
            (0..3, _) | (_, None) => {
                for given in calendar::events(seed, 1, now) {
                    let event_id = text(&given, "id");
                    let resource = event::complete(given, &event_id, &self.user.primary(), now);
                    calendars.put(&id, &event_id, resource, now);
                }
                "eventAdded"
            }
            (3..6, Some(target)) => {
                let mut change = Resource::new();
                change.insert("summary".to_owned(), json!(format!("changed {nth}")));
                calendars.patch(&id, &text(target, "id"), &change, now);
                "eventChanged"
            }
            (6..8, Some(target)) => match instance_of(target, &mut self.random) {
                Some(instance) if calendars.cancel(&id, &instance, now).is_some() => {
                    "instanceCancelled"
                }
                _ => "nothing",
            },
            (_, Some(target)) => {
                calendars.cancel(&id, &text(target, "id"), now);
                "eventCancelled"
            }
        }
    }

    fn drive(&mut self, nth: u32) -> &'static str {
        let (seed, now) = (mix(self.seed ^ 0xD41E, u64::from(nth)), self.now);
        let (root, ids) = {
            let store = self.user.drive.lock();
            (
                store.root.clone(),
                store.files.keys().cloned().collect::<Vec<_>>(),
            )
        };
        let target = self.random.choice(&ids);
        let change = |name: &str, value: Value| Resource::from_iter([(name.to_owned(), value)]);
        match (self.random.u8(..10), target) {
            (0..4, _) | (_, None) => {
                // The first of a generated set is a folder.
                let given = drive::files(seed, 2, now, &root).pop().unwrap_or_default();
                if add_file(self.user, given, now).is_ok() {
                    "fileAdded"
                } else {
                    "nothing"
                }
            }
            (4..7, Some(id)) => {
                patch_file(
                    self.user,
                    id,
                    change("name", json!(format!("renamed {nth}"))),
                    now,
                );
                "fileChanged"
            }
            (7, Some(id)) => {
                patch_file(self.user, id, change("trashed", json!(true)), now);
                "fileTrashed"
            }
            (_, Some(id)) => {
                self.user.drive.lock().remove(id, now);
                "fileRemoved"
            }
        }
    }
}

fn text(resource: &Resource, name: &str) -> String {
    resource
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn instance_of(event: &Resource, random: &mut Rng) -> Option<String> {
    if !recurrence::is_recurring(event) {
        return None;
    }
    let instances = recurrence::expand(event, i64::MIN, i64::MAX).ok()?;
    random
        .choice(&instances)
        .map(|instance| instance.id.clone())
}
