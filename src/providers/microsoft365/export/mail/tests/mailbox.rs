//! A mailbox as the vendor tells of it: a journal, chains of which only the newest states are kept, moves as a removal and
//! an arrival, empty pages and repetitions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::providers::Error;
use crate::providers::microsoft365::api::Method;
use crate::providers::microsoft365::export::scripted::{
    Answer, Asked, expired, gone, link, refused,
};

const PAGE: usize = 3;
/// States of a chain that are kept.
const KEPT: u64 = 3;

/// Something that happens to a mailbox.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Deliver(&'static str),
    Delete(usize),
    Touch(usize),
    /// A message, by its number, from one folder to another.
    Move(usize, &'static str, &'static str),
    /// A message, wherever it is.
    MoveAny(usize, &'static str),
    AddFolder(&'static str),
    DropFolder(&'static str),
}

#[derive(Debug, Clone)]
struct Message {
    folder: String,
    version: u64,
}

#[derive(Debug, Clone)]
struct Happening {
    seq: u64,
    folder: String,
    message: String,
}

/// Where a chain stands.
#[derive(Debug, Clone)]
struct State {
    folder: Option<String>,
    /// Everything up to here has been told, or is in the plan.
    until: u64,
    /// What is told in this round, fixed when it begins: messages, or folders.
    plan: Vec<String>,
    at: usize,
    generation: u64,
    walking: bool,
}

#[derive(Debug, Default)]
pub(super) struct Mailbox {
    messages: BTreeMap<String, Message>,
    folders: BTreeMap<String, u64>,
    dropped: BTreeMap<String, u64>,
    journal: Vec<Happening>,
    seq: u64,
    delivered: usize,
    /// By chain: its generation.
    chains: Vec<u64>,
    states: BTreeMap<String, (usize, State)>,
    /// Whether the vendor answers a look.
    pub(super) looks: bool,
    /// A message with a field of another type than is documented.
    pub(super) broken: Option<String>,
}

impl Mailbox {
    pub(super) fn with(folders: &[(&'static str, usize)]) -> Self {
        let mut mailbox = Self {
            looks: true,
            ..Self::default()
        };
        for (folder, count) in folders {
            mailbox.folders.insert((*folder).to_owned(), 0);
            (0..*count).for_each(|_| mailbox.apply(Edit::Deliver(folder)));
        }
        mailbox
    }

    /// Message and folder.
    pub(super) fn truth(&self) -> BTreeMap<String, String> {
        let messages = self.messages.iter();
        messages
            .map(|(id, message)| (id.clone(), message.folder.clone()))
            .collect()
    }

    /// Forgets the state of every chain.
    pub(super) fn forget(&mut self) {
        self.states.clear();
    }

    pub(super) fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Deliver(folder) => {
                let id = format!("m{}", self.delivered);
                self.delivered += 1;
                self.place(id, folder);
            }
            Edit::Delete(number) => {
                let id = format!("m{number}");
                if let Some(message) = self.messages.remove(&id) {
                    self.note(&message.folder, &id);
                }
            }
            Edit::Touch(number) => {
                let id = format!("m{number}");
                if let Some(message) = self.messages.get(&id).cloned() {
                    self.place(id, &message.folder);
                }
            }
            Edit::Move(number, from, to) => {
                let id = format!("m{number}");
                let is_there = self.messages.get(&id).is_some_and(|it| it.folder == from);
                if is_there {
                    self.note(from, &id);
                    self.place(id, to);
                }
            }
            Edit::MoveAny(number, to) => {
                let id = format!("m{number}");
                let from = self.messages.get(&id).map(|it| it.folder.clone());
                if let Some(from) = from.filter(|from| from != to) {
                    self.note(&from, &id);
                    self.place(id, to);
                }
            }
            Edit::AddFolder(name) => {
                self.seq += 1;
                self.folders.insert(name.to_owned(), self.seq);
            }
            Edit::DropFolder(name) => {
                self.seq += 1;
                self.folders.remove(name);
                self.dropped.insert(name.to_owned(), self.seq);
                self.messages.retain(|_, message| message.folder != name);
            }
        }
    }

    fn place(&mut self, id: String, folder: &str) {
        self.note(folder, &id);
        let message = Message {
            folder: folder.to_owned(),
            version: self.seq,
        };
        self.messages.insert(id, message);
    }

    fn note(&mut self, folder: &str, message: &str) {
        self.seq += 1;
        self.journal.push(Happening {
            seq: self.seq,
            folder: folder.to_owned(),
            message: message.to_owned(),
        });
    }

    fn look(&self) -> Result<Value, Error> {
        if !self.looks {
            return Err(refused());
        }
        let last = self.messages.iter().max_by_key(|(_, it)| it.version);
        // The last change was long before the look, as it is for almost every look.
        let last = last.map(|(id, it)| {
            json!({"id": id, "changeKey": it.version.to_string(), "lastModifiedDateTime": "2026-11-22T10:00:00Z"})
        });
        Ok(
            json!({"@odata.count": self.messages.len(), "value": last.into_iter().collect::<Vec<_>>()}),
        )
    }

    fn message(&self, id: &str) -> Option<Value> {
        let message = self.messages.get(id)?;
        let broken = self.broken.as_deref() == Some(id);
        let subject = if broken {
            json!({"secret": 1})
        } else {
            json!("s")
        };
        Some(json!({
            "id": id, "parentFolderId": message.folder, "subject": subject,
            "receivedDateTime": "2026-01-01T00:00:00Z", "changeKey": message.version.to_string(),
        }))
    }

    /// Returns where a request goes on, of a new chain or of one that is still known.
    fn resume(&mut self, asked: &Asked<'_>, folder: Option<&str>) -> Result<(usize, State), Error> {
        let token = asked.get("$skiptoken").or_else(|| asked.get("$deltatoken"));
        let Some(token) = token else {
            self.chains.push(0);
            let state = State {
                folder: folder.map(str::to_owned),
                until: self.seq,
                plan: self.plan(folder, None),
                at: 0,
                generation: 0,
                walking: true,
            };
            return Ok((self.chains.len() - 1, state));
        };
        let (chain, mut state) = self.states.get(token).cloned().ok_or_else(expired)?;
        if state.generation + KEPT <= self.chains[chain] {
            return Err(expired());
        }
        assert_eq!(state.folder.as_deref(), folder, "a chain of another folder");
        if !state.walking {
            state = State {
                plan: self.plan(folder, Some(state.until)),
                until: self.seq,
                at: 0,
                walking: true,
                ..state
            };
        }
        Ok((chain, state))
    }

    /// Returns what a round tells of a folder, or of the tree where none is named.
    fn plan(&self, folder: Option<&str>, since: Option<u64>) -> Vec<String> {
        let is_new = |seq: u64| since.is_none_or(|since| seq > since);
        match (folder, since) {
            (Some(folder), None) => {
                let inside = self.messages.iter().filter(|(_, it)| it.folder == folder);
                inside.map(|(id, _)| id.clone()).collect()
            }
            (Some(folder), Some(_)) => {
                let happened = self.journal.iter();
                let happened = happened.filter(|it| it.folder == folder && is_new(it.seq));
                happened.map(|it| it.message.clone()).collect()
            }
            (None, _) => {
                let dropped = self.dropped.iter().filter(|_| since.is_some());
                let all = self.folders.iter().chain(dropped);
                let new = all.filter(|(_, seq)| since.is_none() || is_new(**seq));
                new.map(|(name, _)| name.clone()).collect()
            }
        }
    }

    /// Cuts a page out of all items and links it with what follows.
    fn page(&mut self, path: &str, chain: usize, state: State, items: Vec<Value>) -> Value {
        let pauses = state.at == PAGE && items.len() > PAGE && !state.generation.is_multiple_of(2);
        let taken = if pauses { 0 } else { PAGE };
        let rest = items.get(state.at..).unwrap_or_default();
        let page: Vec<Value> = rest.iter().take(taken).cloned().collect();
        let at = state.at + taken;
        let walking = pauses || at < items.len();
        self.chains[chain] += 1;
        let generation = self.chains[chain];
        let state = State {
            at,
            generation,
            walking,
            ..state
        };
        let token = format!("c{chain}g{generation}");
        self.states.insert(token.clone(), (chain, state));
        let (name, parameter) = if walking {
            ("@odata.nextLink", "$skiptoken")
        } else {
            ("@odata.deltaLink", "$deltatoken")
        };
        json!({"value": page, name: link(&format!("{path}?{parameter}={token}"))})
    }

    fn messages_delta(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        let folder = asked.segment(1).to_owned();
        if !self.folders.contains_key(&folder) {
            return Err(gone());
        }
        let (chain, state) = self.resume(asked, Some(&folder))?;
        let items = state.plan.iter().map(|id| self.told(&folder, id)).collect();
        let path = format!("mailFolders/{folder}/messages/delta");
        Ok(self.page(&path, chain, state, items))
    }

    /// A message as it is now, or that it is not in the folder.
    fn told(&self, folder: &str, id: &str) -> Value {
        let is_here = self.messages.get(id).is_some_and(|it| it.folder == folder);
        let removed = json!({"id": id, "@removed": {"reason": "deleted"}});
        match self.message(id) {
            Some(message) if is_here => message,
            _ => removed,
        }
    }

    fn folders_delta(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        let (chain, state) = self.resume(asked, None)?;
        let told = |name: &String| {
            if self.folders.contains_key(name) {
                json!({"id": name, "displayName": name, "parentFolderId": "top"})
            } else {
                json!({"id": name, "@removed": {"reason": "deleted"}})
            }
        };
        let items = state.plan.iter().map(told).collect();
        Ok(self.page("mailFolders/delta", chain, state, items))
    }
}

impl Answer<Method> for Mailbox {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        match asked.method {
            Method::MessagesList => self.look(),
            Method::FoldersDelta => self.folders_delta(asked),
            Method::MessagesDelta => self.messages_delta(asked),
            Method::MessagesGet => self.message(asked.segment(1)).ok_or_else(gone),
            Method::FoldersGet => {
                let name = asked.segment(1);
                let found = self.folders.contains_key(name);
                let folder = json!({"id": name, "displayName": name, "parentFolderId": "top"});
                found.then_some(folder).ok_or_else(gone)
            }
            other => panic!("{other:?} {}", asked.path),
        }
    }
}
