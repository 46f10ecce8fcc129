//! A vendor with one mailbox.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use jiff::SignedDuration;
use serde_json::json;

use crate::model::clock::ManualClock;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::record::{Message, Record};
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::{Class, Error, ExportRequest, Exporter, Page, Position, Reason};

/// Items of a page.
pub(super) const PAGE: usize = 3;

/// A vendor with one mailbox: what is in it, and a journal of what has changed.
#[derive(Default)]
pub(super) struct Vendor {
    pub(super) state: Mutex<Mailbox>,
    /// Requests until the next failure; none where nothing fails.
    pub(super) fuse: Mutex<Option<usize>>,
    pub(super) requests: AtomicUsize,
    /// By this clock, every request takes half a minute.
    pub(super) slow: Mutex<Option<ManualClock>>,
}

#[derive(Default, Clone)]
pub(super) struct Mailbox {
    pub(super) messages: BTreeMap<String, i64>,
    pub(super) journal: Vec<String>,
    /// Journal entries before this are forgotten.
    pub(super) forgotten: usize,
    unreadable: BTreeSet<String>,
    /// What changes while it is listed next, and so is on no page.
    pub(super) moving: BTreeSet<String>,
    /// Every look at changes reads everything.
    pub(super) compares: bool,
}

impl Vendor {
    pub(super) fn edit(&self, id: &str, size: Option<i64>) {
        let mut state = self.state.lock().unwrap();
        match size {
            Some(size) => state.messages.insert(id.to_owned(), size),
            None => state.messages.remove(id),
        };
        state.journal.push(id.to_owned());
    }

    /// Gives this message no more.
    pub(super) fn spoil(&self, id: &str) {
        self.state.lock().unwrap().unreadable.insert(id.to_owned());
    }

    /// Gives every message again.
    pub(super) fn mend(&self) {
        self.state.lock().unwrap().unreadable.clear();
    }

    fn ask(&self) -> Result<Mailbox, Error> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        if let Some(clock) = self.slow.lock().unwrap().as_ref() {
            clock.advance(SignedDuration::from_secs(30));
        }
        if let Some(left) = self.fuse.lock().unwrap().as_mut() {
            *left = left.checked_sub(1).ok_or_else(|| error(Class::Retry))?;
        }
        Ok(self.state.lock().unwrap().clone())
    }

    fn listing(&self, after: Option<&str>, start: usize) -> Result<Page, Error> {
        let mut state = self.ask()?;
        self.move_away(&mut state);
        let rest = state
            .messages
            .iter()
            .filter(|(id, _)| Some(id.as_str()) > after);
        let page: Vec<_> = rest
            .take(PAGE)
            .map(|(id, size)| (id.clone(), *size))
            .collect();
        let last = page.last().map(|(id, _)| id.clone());
        let is_last = page.len() < PAGE;
        let cursor = if is_last {
            json!({"at": start})
        } else {
            json!({"after": last, "at": start})
        };
        let (changes, failed) = read(&state, page.into_iter().map(|(id, _)| id));
        let position = if is_last {
            Position::Listed
        } else {
            Position::Listing
        };
        Ok(Page {
            changes,
            failed,
            cursor: Cursor(cursor),
            position,
        })
    }

    fn move_away(&self, shown: &mut Mailbox) {
        let mut state = self.state.lock().unwrap();
        let moved = std::mem::take(&mut state.moving);
        shown.messages.retain(|id, _| !moved.contains(id));
        state.journal.extend(moved);
    }

    fn following(&self, at: usize) -> Result<Page, Error> {
        let state = self.ask()?;
        if at < state.forgotten {
            return Err(error(Class::Expired));
        }
        let end = (at + PAGE).min(state.journal.len());
        let (changes, failed) = read(&state, state.journal[at..end].iter().cloned());
        let position = match end == state.journal.len() {
            true if state.compares => Position::Compared,
            true => Position::Current,
            false => Position::Behind,
        };
        Ok(Page {
            changes,
            failed,
            cursor: Cursor(json!({"at": end})),
            position,
        })
    }
}

fn read(state: &Mailbox, ids: impl Iterator<Item = String>) -> (Vec<Change>, Vec<FailedItem>) {
    let (mut changes, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        let key = RecordKey::plain(&id);
        if state.unreadable.contains(&id) {
            failed.push(FailedItem {
                key,
                attempts: 0,
                why: "500".into(),
            });
            continue;
        }
        changes.push(match state.messages.get(&id) {
            Some(size) => {
                let message = Message {
                    size: Some(*size),
                    ..Message::default()
                };
                Change::Upsert(key, Record::Message(Box::new(message)))
            }
            None => Change::Delete(key),
        });
    }
    (changes, failed)
}

fn error(class: Class) -> Error {
    Error {
        class,
        reason: Reason::ProviderUnavailable,
        provider: "vendor",
        operation: "list",
        status: None,
        code: None,
        meaning: String::new(),
        remedy: String::new(),
        retry_after: None,
    }
}

#[async_trait]
impl Exporter for Vendor {
    fn datasets(&self) -> &'static [Dataset] {
        &[Dataset::Mail]
    }

    fn pages<'a>(
        &'a self,
        _: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>> {
        let from = from.map_or_else(
            || json!({"after": null, "at": self.state.lock().unwrap().journal.len()}),
            |cursor| cursor.0,
        );
        stream::unfold(Some(from), move |from| async move {
            let from = from?;
            let at = usize::try_from(from["at"].as_u64().unwrap()).unwrap();
            let page = match from.get("after") {
                Some(after) => self.listing(after.as_str(), at),
                None => self.following(at),
            };
            let next = page
                .as_ref()
                .ok()
                .filter(|page| matches!(page.position, Position::Listing | Position::Behind));
            let next = next.map(|page| page.cursor.0.clone());
            Some((page, next))
        })
        .boxed()
    }

    async fn refetch(
        &self,
        _: &ExportRequest,
        keys: &[RecordKey],
    ) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
        let state = self.ask()?;
        Ok(read(&state, keys.iter().map(|key| key.id.clone())))
    }
}
