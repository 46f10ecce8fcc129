//! A mailbox: rounds over all folders, the first of which is the listing.
//!
//! ```text
//! one look: has anything happened? ─► no: Current
//!        │ yes, or the first round
//!        ▼
//! mailFolders/delta (the tree) ─► messages/delta of each folder, several at once ─► fold ─► Listed or Current
//! ```
//!
//! A mailbox that is full is listed instead (see [`plain`]).
//!
//! A folder that is kept out by its name, or is in one, is not read at all. A message's row is always the whole of it at
//! its level, never a patch. Junk and deleted items are folders like others.

mod cursor;
mod folders;
mod plain;
mod record;
mod round;
#[cfg(test)]
mod tests;
mod wire;

use self::cursor::{MailPlace, Mailbox};
use self::plain::Listing;
use self::round::Round;
use self::wire::{WireFolder, WireMessage, message_fields};
use super::ask::{Ask, Source};
use super::{fault, full, quiet};
use crate::model::cursor::Cursor;
use crate::model::privacy::MailLevel;
use crate::model::record::Record;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::reading::fault::concerns_item;
use crate::providers::reading::items::{self, Gathered};
use crate::providers::reading::pager::Pager;
use crate::providers::reading::path::segment;
use crate::providers::reading::{cursor as written, window};
use crate::providers::{Advice, Class, Error, Page, Position};

/// Folders above one another beyond which a tree is none.
const MAX_DEPTH: usize = 300;

/// Makes the pages of one mailbox.
pub(super) struct MailPager<'a, A> {
    source: Source<'a, A>,
    stage: Stage,
}

enum Stage {
    Start(Option<Cursor>),
    Reading(Box<Mailbox>, Round),
    Listing(Box<Listing>),
    Done,
}

impl<'a, A: Ask> MailPager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, from: Option<Cursor>) -> Self {
        Self {
            source,
            stage: Stage::Start(from),
        }
    }

    async fn start(&mut self, from: Option<Cursor>) -> Result<Page, Error> {
        let place = from.map(written::read::<MailPlace>).transpose()?;
        if self.source.request.privacy.mail == MailLevel::None {
            let position = place.map_or(Position::Listed, |_| Position::Current);
            return Gathered::default().page(&MailPlace::Off, position);
        }
        let mailbox = match place {
            Some(MailPlace::At(mailbox)) => mailbox,
            Some(MailPlace::Off) | None => Box::default(),
            Some(MailPlace::Plain(place)) if place.listed.is_some() => {
                return plain::rest(self.source, place).await;
            }
            Some(MailPlace::Plain(place)) => {
                let listing = Listing::resumed(self.source, *place).await?;
                return self.list(listing).await;
            }
        };
        let is_listed = mailbox.listed;
        let read = if mailbox.open {
            let round = Round::resumed(self.source);
            self.read(mailbox, round).await
        } else {
            self.begin(mailbox).await
        };
        self.unless_full(is_listed, read).await
    }

    /// Lists where there is no room to follow. What was followed until now is given up for that.
    async fn unless_full(
        &mut self,
        is_listed: bool,
        read: Result<Page, Error>,
    ) -> Result<Page, Error> {
        match read {
            Err(error) if full::is_meant(&error) && is_listed => {
                Err(full::given_up(error.operation))
            }
            Err(error) if full::is_meant(&error) => {
                let listing = Listing::begun(self.source, error).await?;
                self.list(listing).await
            }
            read => read,
        }
    }

    async fn list(&mut self, mut listing: Listing) -> Result<Page, Error> {
        let (gathered, is_whole) = listing.step(self.source).await?;
        let place = MailPlace::Plain(Box::new(listing.place.clone()));
        if is_whole {
            return gathered.page(&place, Position::Listed);
        }
        self.stage = Stage::Listing(Box::new(listing));
        gathered.page(&place, Position::Listing)
    }

    /// Begins a round, unless one look says that nothing has happened since the last.
    async fn begin(&mut self, mut mailbox: Box<Mailbox>) -> Result<Page, Error> {
        let now = quiet::look(self.source).await?;
        if let (true, Some(before), Some(now)) = (mailbox.listed, &mailbox.seen, &now)
            && before.is_all(now)
        {
            let place = MailPlace::At(mailbox);
            return Gathered::default().page(&place, Position::Current);
        }
        mailbox.seen_now = now;
        folders::update(self.source, &mut mailbox).await?;
        mailbox.open = true;
        for folder in mailbox.folders.values_mut() {
            folder.done = false;
        }
        let round = Round::begun(self.source, &mailbox);
        self.read(mailbox, round).await
    }

    async fn read(&mut self, mut mailbox: Box<Mailbox>, mut round: Round) -> Result<Page, Error> {
        let listed = mailbox.listed;
        let mut gathered = round.step(self.source, &mut mailbox).await?;
        if !mailbox.unread(1).is_empty() {
            let position = if listed {
                Position::Behind
            } else {
                Position::Listing
            };
            let read = gathered.page(&MailPlace::At(mailbox.clone()), position);
            self.stage = Stage::Reading(mailbox, round);
            return read;
        }
        round.end(self.source, &mut mailbox, &mut gathered).await?;
        let position = if listed {
            Position::Current
        } else {
            Position::Listed
        };
        gathered.page(&MailPlace::At(mailbox), position)
    }
}

impl<A: Ask> Pager for MailPager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => self.start(from).await.map(Some),
            Stage::Reading(mailbox, round) => {
                let is_listed = mailbox.listed;
                let read = self.read(mailbox, round).await;
                self.unless_full(is_listed, read).await.map(Some)
            }
            Stage::Listing(listing) => self.list(*listing).await.map(Some),
            Stage::Done => Ok(None),
        }
    }
}

/// Returns what is to be known of a mailbox that is read all the same.
pub(super) fn advice(cursor: &Cursor) -> Option<Advice> {
    match written::read::<MailPlace>(cursor.clone()) {
        Ok(MailPlace::Plain(_)) => Some(full::ADVICE),
        _ => None,
    }
}

/// Fetches single messages again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    if source.request.privacy.mail == MailLevel::None {
        let gone = keys.iter().cloned().map(Change::Delete);
        return Ok((gone.collect(), Vec::new()));
    }
    let at_once = source.api.per_user();
    items::refetch(at_once, keys, concerns_item, async |key| {
        one(source, None, key).await
    })
    .await
}

/// Asks for one message: where it is wanted, it is stored, else it is deleted. `mailbox` knows which folders are kept out;
/// without it the message's own are asked.
async fn one<A: Ask>(
    source: Source<'_, A>,
    mailbox: Option<&Mailbox>,
    key: RecordKey,
) -> Result<Change, Error> {
    let path = source.path(&format!("messages/{}", segment(&key.id)));
    let fields = message_fields(source.request.privacy.mail);
    let query = [("$select", fields.as_str())];
    let target = Target::Path(&path, &query);
    let wire: WireMessage = match source.get(Method::MessagesGet, target).await {
        Err(error) if error.class == Class::Gone => return Ok(Change::Delete(key)),
        wire => wire?,
    };
    let is_out = match (&wire.parent_folder_id, mailbox) {
        (Some(folder), Some(mailbox)) => mailbox.is_out(folder),
        (Some(folder), None) => is_out(source, folder).await?,
        (None, _) => false,
    };
    let read = record::read(wire, &source.request.privacy);
    let start = window::start(source.request.since);
    if is_out || read.excluded || window::is_before(read.message.received_at, start) {
        return Ok(Change::Delete(key));
    }
    let record = Record::Message(Box::new(read.message));
    Ok(Change::Upsert(key, record))
}

/// Asks for the names of a folder and those above it, where names can keep a message out.
async fn is_out<A: Ask>(source: Source<'_, A>, folder: &str) -> Result<bool, Error> {
    let privacy = &source.request.privacy;
    if privacy.exclude_labels.is_empty() {
        return Ok(false);
    }
    let mut next = folder.to_owned();
    for _ in 0..MAX_DEPTH {
        let path = source.path(&format!("mailFolders/{}", segment(&next)));
        let query = [("$select", wire::FOLDER_FIELDS)];
        let target = Target::Path(&path, &query);
        let folder: WireFolder = match source.get(Method::FoldersGet, target).await {
            // Above the last folder there is one that is not shown.
            Err(error) if error.class == Class::Gone => return Ok(false),
            folder => folder?,
        };
        let name = folder.display_name.unwrap_or_default();
        if record::is_excluded_label(&name, privacy) {
            return Ok(true);
        }
        match folder.parent_folder_id {
            Some(parent) if parent != next => next = parent,
            _ => return Ok(false),
        }
    }
    Err(fault::malformed(
        Method::FoldersGet.name(),
        "a folder has no end of folders above it",
    ))
}
