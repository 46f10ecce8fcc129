//! A round over all folders: each is read to its end, several at a time, and what is gone is known when all are.
//!
//! A message that moves is removed in one folder and added in another, in either order, and the reason says neither that
//! it moved nor that it was deleted. So nothing is deleted before the last folder of the round is folded. Even then it may
//! live: the arrival may have been told by the round before, if it moved while that one was under way. So what has left and
//! was seen nowhere else is asked for by its id, which stays the same wherever it is. So is a message of which the vendor told
//! only a part.

use std::collections::HashMap;
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::cursor::Mailbox;
use super::record::{self, Read};
use super::wire::{Head, Page, WireMessage, message_fields};
use super::{folders, one};
use crate::model::privacy::MailLevel;
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::microsoft365::api::{Link, Method, Target};
use crate::providers::microsoft365::export::ask::{Ask, Onward, Source};
use crate::providers::microsoft365::export::fault;
use crate::providers::reading::items::{self, Gathered, Item, Misread};
use crate::providers::reading::path::segment;
use crate::providers::reading::window;
use crate::providers::{Class, Error};

/// Messages that have left and are remembered until the round ends. Beyond it they are asked for at once.
const MOST_LEFT: usize = 500;
/// Messages that were seen in a round and are remembered until it ends.
const MOST_ADDED: usize = 50_000;

/// A round under way.
pub(super) struct Round {
    /// Messages that were seen in this round, and the folder that each was last seen in.
    added: HashMap<String, Arc<str>>,
    /// Whether what is seen is remembered, which only saves requests.
    remembers: bool,
    start: Option<Timestamp>,
}

impl Round {
    /// A round that begins now. A first listing adds everything there is, which is not remembered.
    pub(super) fn begun<A: Ask>(source: Source<'_, A>, mailbox: &Mailbox) -> Self {
        Self {
            added: HashMap::new(),
            remembers: mailbox.listed,
            start: window::start(source.request.since),
        }
    }

    /// A round that an earlier process began.
    pub(super) fn resumed<A: Ask>(source: Source<'_, A>) -> Self {
        Self {
            added: HashMap::new(),
            remembers: false,
            start: window::start(source.request.since),
        }
    }

    /// Reads a page of each of several folders at once.
    pub(super) async fn step<A: Ask>(
        &mut self,
        source: Source<'_, A>,
        mailbox: &mut Mailbox,
    ) -> Result<Gathered, Error> {
        let asked = mailbox.unread(source.api.per_user()).into_iter().map(|id| {
            let at = mailbox
                .folders
                .get(&id)
                .and_then(|folder| folder.at.clone());
            async move {
                let page = fetch(source, &id, at.as_ref()).await;
                (id, at, page)
            }
        });
        let pages: Vec<_> = futures::stream::iter(asked)
            .buffered(source.api.per_user())
            .collect()
            .await;
        let mut gathered = Gathered::default();
        for (id, at, page) in pages {
            match page {
                Ok(page) => self.fold(source, mailbox, (&id, at), &page, &mut gathered)?,
                Err(error) if error.class == Class::Gone => folders::remove(mailbox, &id)?,
                Err(error) => return Err(error),
            }
        }
        if mailbox.left.len() > MOST_LEFT {
            self.confirm(source, mailbox, &mut gathered).await?;
        }
        Ok(gathered)
    }

    fn fold<A: Ask>(
        &mut self,
        source: Source<'_, A>,
        mailbox: &mut Mailbox,
        (id, at): (&str, Option<Link>),
        page: &Page,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let mut may_be_stored = false;
        let folder: Arc<str> = id.into();
        for item in &page.value {
            let head = head(item)?;
            if head.removed.is_some() {
                // What was seen in another folder has moved there; what was seen in this one has left it since.
                if self.added.get(&head.id).is_none_or(|seen| **seen == *id) {
                    self.added.remove(&head.id);
                    mailbox.left.insert(head.id);
                }
                continue;
            }
            if head.is_partial() {
                // A row is always the whole of a message, so that this one is asked for by its id.
                mailbox.left.insert(head.id);
                may_be_stored = true;
                continue;
            }
            mailbox.left.remove(&head.id);
            self.note(&head.id, &folder);
            may_be_stored |= self.take(source, head.id, item, mailbox.listed, gathered)?;
        }
        let method = method_of(source);
        let onward = source.onward(
            method,
            (page.next_link.as_deref(), page.delta_link.as_deref()),
            at.as_ref(),
        )?;
        if let Some(folder) = mailbox.folders.get_mut(id) {
            folder.held |= may_be_stored;
            (folder.at, folder.done) = match onward {
                Onward::More(next) => (Some(next), false),
                Onward::Done(delta) => (Some(delta), true),
            };
        }
        Ok(())
    }

    fn note(&mut self, id: &str, folder: &Arc<str>) {
        if !self.remembers {
            return;
        }
        if self.added.len() >= MOST_ADDED {
            self.remembers = false;
            self.added.clear();
        } else {
            self.added.insert(id.to_owned(), Arc::clone(folder));
        }
    }

    /// Takes a message in, and returns whether it may now be stored.
    fn take<A: Ask>(
        &self,
        source: Source<'_, A>,
        id: String,
        item: &Item,
        listed: bool,
        gathered: &mut Gathered,
    ) -> Result<bool, Error> {
        let key = RecordKey::plain(id);
        match items::read::<WireMessage>(item) {
            Ok(wire) => {
                let read = record::read(wire, &source.request.privacy);
                let change = self.change(key, read, listed);
                let stores = matches!(change, Some(Change::Upsert(..)));
                gathered.changes.extend(change);
                Ok(stores)
            }
            Err(misread) => {
                let method = method_of(source).name();
                let noted = gathered.fail(method, key, misread);
                noted.map_err(|Misread(why)| fault::malformed(method, why))?;
                // It may be read yet.
                Ok(true)
            }
        }
    }

    /// What arrived before the first day that is wanted always did, so it was never stored. What is excluded may be since
    /// yesterday; in a first listing nothing is stored yet.
    fn change(&self, key: RecordKey, read: Read, listed: bool) -> Option<Change> {
        if window::is_before(read.message.received_at, self.start) {
            None
        } else if read.excluded {
            listed.then_some(Change::Delete(key))
        } else {
            let record = Record::Message(Box::new(read.message));
            Some(Change::Upsert(key, record))
        }
    }

    /// Ends the round: what has left and was seen nowhere else is asked for.
    pub(super) async fn end<A: Ask>(
        &mut self,
        source: Source<'_, A>,
        mailbox: &mut Mailbox,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        self.confirm(source, mailbox, gathered).await?;
        mailbox.open = false;
        mailbox.listed = true;
        mailbox.seen = mailbox.seen_now.take();
        Ok(())
    }

    /// Asks for each message that has left, by its id, which stays the same wherever it is.
    async fn confirm<A: Ask>(
        &self,
        source: Source<'_, A>,
        mailbox: &mut Mailbox,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let left = std::mem::take(&mut mailbox.left);
        let keys = left.into_iter().map(RecordKey::plain);
        let asked = keys.map(|key| one(source, Some(mailbox), key));
        let found: Vec<Change> = futures::stream::iter(asked)
            .buffered(source.api.per_user())
            .try_collect()
            .await?;
        gathered.changes.extend(found);
        Ok(())
    }
}

fn head(item: &Item) -> Result<Head, Error> {
    let malformed =
        |Misread(_)| fault::malformed(Method::MessagesDelta.name(), "an item has no id");
    items::read(item).map_err(malformed)
}

/// Returns how messages are asked for: pages with bodies are smaller.
pub(super) fn method_of<A: Ask>(source: Source<'_, A>) -> Method {
    if source.request.privacy.mail >= MailLevel::Full {
        Method::MessagesDeltaFull
    } else {
        Method::MessagesDelta
    }
}

async fn fetch<A: Ask>(
    source: Source<'_, A>,
    folder: &str,
    at: Option<&Link>,
) -> Result<Page, Error> {
    let path = source.path(&format!("mailFolders/{}/messages/delta", segment(folder)));
    let fields = message_fields(source.request.privacy.mail);
    let query = [("$select", fields.as_str())];
    let target = at.map_or(Target::Path(&path, &query), Target::Link);
    source.get(method_of(source), target).await
}
