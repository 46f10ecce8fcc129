//! Random edits, from a seed.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use super::items::{add_file, patch_file};
use crate::call::Call;
use crate::console::{Outcome, body};
use crate::corpus::generate::mail::Letters;
use crate::corpus::generate::{calendar, drive};
use crate::microsoft365::calendar::event::from_neutral;
use crate::microsoft365::calendar::store::WHOLE;
use crate::microsoft365::drive::item;
use crate::microsoft365::graph::chain::Key;
use crate::microsoft365::mail::folders;
use crate::microsoft365::mail::mailbox::Stored;
use crate::microsoft365::people::User;
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
    let mut made: BTreeMap<&'static str, u32> = BTreeMap::new();
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
        match (self.random.u8(..20), target) {
            (0..7, _) | (_, None) => {
                let letters = Letters {
                    seed: self.seed,
                    owner: mailbox.letters.owner.clone(),
                    owner_name: mailbox.letters.owner_name.clone(),
                    epoch: self.now,
                    count: self.count,
                };
                let stored = Stored::new(letters.rfc822(nth));
                mailbox.deliver(stored, folders::INBOX, self.now, false);
                "messageAdded"
            }
            (7..11, Some(id)) => {
                mailbox.change(id, self.now, |message| message.read = !message.read);
                "readFlag"
            }
            (11, Some(id)) => {
                let category = format!("Category {}", nth % 3);
                mailbox.change(id, self.now, |message| message.categories = vec![category]);
                "categorized"
            }
            (12..16, Some(id)) => {
                let known = mailbox
                    .folders
                    .all()
                    .iter()
                    .filter(|folder| !folder.deleted);
                let numbers: Vec<u32> = known.map(|folder| folder.number).collect();
                let folder = self.random.choice(&numbers).copied();
                mailbox.relocate(id, folder.unwrap_or(folders::ARCHIVE), self.now);
                "messageMoved"
            }
            (16, Some(id)) => {
                let folder = mailbox.add_folder(&format!("Folder {nth}"), folders::ROOT);
                mailbox.relocate(id, folder, self.now);
                "folderAdded"
            }
            (17, Some(id)) => {
                mailbox.relocate(id, folders::DELETED, self.now);
                "messageMoved"
            }
            (_, Some(id)) => {
                mailbox.delete(id);
                "messageDeleted"
            }
        }
    }

    fn calendar(&mut self, nth: u32) -> &'static str {
        let (seed, now) = (mix(self.seed, u64::from(nth)), self.now);
        let mut store = self.user.calendar.lock();
        let live = store.events.iter().filter(|(_, event)| !event.deleted);
        let keys: Vec<Key> = live.map(|(key, _)| *key).collect();
        let target = self.random.choice(&keys).copied();
        match (self.random.u8(..10), target) {
            (0..3, _) | (_, None) => {
                let (email, name) = {
                    let profile = self.user.profile.read();
                    (profile.email.clone(), profile.name.clone())
                };
                for given in calendar::events(seed, 1, now) {
                    if let Some(event) = from_neutral(&given, (&email, &name), now) {
                        store.add(event);
                    }
                }
                "eventAdded"
            }
            (3..6, Some(key)) => {
                let subject = json!(format!("changed {nth}"));
                store.change(key, now, |event| {
                    event.fields.insert("subject".to_owned(), subject);
                });
                "eventChanged"
            }
            (6, Some(key)) => {
                match self.occurrence(&store.occurrence_keys(key.0, i64::MIN, i64::MAX)) {
                    Some(key) => {
                        let subject = json!(format!("exception {nth}"));
                        store.change(key, now, |event| {
                            event.fields.insert("subject".to_owned(), subject);
                        });
                        "occurrenceChanged"
                    }
                    None => "nothing",
                }
            }
            (7, Some(key)) => {
                match self.occurrence(&store.occurrence_keys(key.0, i64::MIN, i64::MAX)) {
                    Some(key) => {
                        store.delete(key, now);
                        "occurrenceCancelled"
                    }
                    None => "nothing",
                }
            }
            (_, Some(key)) => {
                store.delete((key.0, WHOLE), now);
                "eventDeleted"
            }
        }
    }

    fn occurrence(&mut self, keys: &[Key]) -> Option<Key> {
        self.random.choice(keys).copied()
    }

    fn drive(&mut self, nth: u32) -> &'static str {
        let (seed, now) = (mix(self.seed ^ 0xD41E, u64::from(nth)), self.now);
        let (root, ids) = {
            let store = self.user.drive.lock();
            let ids = store.items.keys().filter(|id| **id != store.root);
            (store.root.clone(), ids.cloned().collect::<Vec<_>>())
        };
        let target = self.random.choice(&ids);
        match (self.random.u8(..10), target) {
            (0..4, _) | (_, None) => {
                // The first of a generated set is a folder.
                let given = drive::files(seed, 2, now, &root).pop().unwrap_or_default();
                let mut given = item::translated(&given, &root);
                given.insert("parentReference".to_owned(), json!({ "id": root }));
                match add_file(self.user, given, now) {
                    Ok(_) => "fileAdded",
                    Err(_) => "nothing",
                }
            }
            (4..8, Some(id)) => {
                let name = Value::from(format!("renamed {nth}"));
                let change = Resource::from_iter([("name".to_owned(), name)]);
                patch_file(self.user, id, change, now);
                "fileChanged"
            }
            (_, Some(id)) => {
                self.user.drive.lock().remove(id, now);
                "fileRemoved"
            }
        }
    }
}
