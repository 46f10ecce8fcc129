//! A mailbox of a test's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::scripted::{Answer, Asked, gone};

/// The first day of 2026, in milliseconds.
const NEW_YEAR: i64 = 1_767_225_600_000;

#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Deliver,
    Label(usize),
    Delete(usize),
}

/// A mailbox with small pages. One edit of `pending` happens before each reply.
#[derive(Default)]
pub(super) struct Mailbox {
    pub(super) messages: BTreeMap<u64, Vec<String>>,
    pub(super) history: Vec<Value>,
    pub(super) made: u64,
    pub(super) pending: Vec<Edit>,
    pub(super) page: usize,
    pub(super) bad: Vec<(u64, Error)>,
}

impl Mailbox {
    pub(super) fn with(count: u64) -> Self {
        let mut mailbox = Self {
            page: 3,
            ..Self::default()
        };
        (0..count).for_each(|_| mailbox.edit(Edit::Deliver));
        mailbox
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        let pick = |at: usize| self.messages.keys().nth(at % self.messages.len().max(1));
        let (list, id) = match edit {
            Edit::Deliver => ("messagesAdded", self.made),
            Edit::Label(at) => match pick(at) {
                Some(id) => ("labelsAdded", *id),
                None => return,
            },
            Edit::Delete(at) => match pick(at) {
                Some(id) => ("messagesDeleted", *id),
                None => return,
            },
        };
        let record = self.history.len() as u64 * 7 + 107;
        match edit {
            Edit::Deliver => {
                self.messages.insert(id, vec!["INBOX".into()]);
                self.made += 1;
            }
            Edit::Label(_) => {
                let labels = self.messages.get_mut(&id).unwrap();
                labels.push(format!("Label_{record}"));
            }
            Edit::Delete(_) => drop(self.messages.remove(&id)),
        }
        let touched = json!([{"message": {"id": id.to_string()}}]);
        self.history
            .push(json!({"id": record.to_string(), list: touched}));
    }

    pub(super) fn end(&self) -> u64 {
        self.history.len() as u64 * 7 + 100
    }

    pub(super) fn list(&self, asked: &Asked<'_>) -> Value {
        let below = asked
            .get("pageToken")
            .map_or(u64::MAX, |it| it.parse().unwrap());
        let mut ids = self.messages.range(..below).rev().map(|(id, _)| *id);
        let page: Vec<u64> = ids.by_ref().take(self.page).collect();
        let mut reply = json!({"resultSizeEstimate": page.len()});
        if !page.is_empty() {
            reply["messages"] = page
                .iter()
                .map(|id| json!({"id": id.to_string()}))
                .collect();
        }
        if ids.next().is_some() {
            reply["nextPageToken"] = json!(page.last().unwrap().to_string());
        }
        reply
    }

    /// Every other page has no records but a token.
    pub(super) fn changes(&self, asked: &Asked<'_>) -> Value {
        let start: u64 = asked.get("startHistoryId").unwrap().parse().unwrap();
        let token = asked.get("pageToken").unwrap_or("0+");
        let skip: usize = token.trim_end_matches('+').parse().unwrap();
        let mut reply = json!({"historyId": self.end().to_string()});
        let newer = |it: &&Value| it["id"].as_str().unwrap().parse::<u64>().unwrap() > start;
        let newer: Vec<_> = self.history.iter().filter(newer).skip(skip).collect();
        if newer.is_empty() {
            return reply;
        }
        if token.ends_with('+') {
            reply["nextPageToken"] = json!(skip.to_string());
            return reply;
        }
        reply["history"] = newer.iter().copied().take(self.page).cloned().collect();
        if newer.len() > self.page {
            reply["nextPageToken"] = json!(format!("{}+", skip + self.page));
        }
        reply
    }

    pub(super) fn message(&self, id: u64) -> Result<Value, Error> {
        if let Some((_, error)) = self.bad.iter().find(|(bad, _)| *bad == id) {
            return Err(error.clone());
        }
        let labels = self.messages.get(&id).ok_or_else(gone)?;
        let to = format!("Peter <peter@acme.example>, {id}@d{id}.example");
        Ok(json!({
            "id": id.to_string(), "threadId": "t", "labelIds": labels,
            "internalDate": (NEW_YEAR + (id.cast_signed() - 10) * 3_600_000).to_string(),
            "payload": {"headers": [{"name": "To", "value": to}, {"name": "Subject", "value": "s"}]},
        }))
    }
}

impl Answer<Method> for Mailbox {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        if let Some(edit) = self.pending.pop() {
            self.edit(edit);
        }
        match asked.method {
            Method::Profile => Ok(json!({"historyId": self.end().to_string()})),
            Method::MessagesList | Method::MessagesSearch => Ok(self.list(asked)),
            Method::HistoryList => Ok(self.changes(asked)),
            Method::MessagesGet => self.message(asked.id().parse().unwrap()),
            Method::LabelsList => Ok(labels()),
            other => panic!("{other:?} was asked for"),
        }
    }
}

pub(super) fn labels() -> Value {
    let user = (0..1000).map(|at| match at {
        254 => json!({"id": "Label_254", "name": "Personal"}),
        at => json!({"id": format!("Label_{at}"), "name": format!("Shelf {at}")}),
    });
    json!({"labels": user.chain([json!({"id": "INBOX", "name": "INBOX"})]).collect::<Vec<_>>()})
}
