//! A mailbox that is full: all its messages as a plain list, which needs no room in it.
//!
//! ```text
//! one look ─► messages, page after page ─► another look: the same, so the list is whole ─► Listed
//!                        ▲                                      │ something happened meanwhile
//!                        └──────────────────────────────────────┘
//! ```
//!
//! The vendor counts pages in messages, so that a deletion in the middle of a listing would hide another message from it, and
//! the sweep would take that for deleted too. So a listing counts only if nothing has happened meanwhile.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::cursor::{MailPlace, Plain};
use super::folders;
use super::record;
use super::wire::{Page as WirePage, WireMessage, message_fields};
use crate::model::privacy::MailLevel;
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::microsoft365::export::ask::{Ask, Source};
use crate::providers::microsoft365::export::quiet::{self, Seen};
use crate::providers::microsoft365::export::{fault, full};
use crate::providers::reading::items::{self, Gathered, Item, Misread};
use crate::providers::reading::window;
use crate::providers::{Class, Error, Page, Position};

/// How often a listing is begun again in one run because something happened meanwhile.
const MOST_TRIES: u32 = 5;

/// A listing under way.
pub(super) struct Listing {
    /// Where it stands.
    pub(super) place: Plain,
    /// Folders whose names keep their messages out.
    out: BTreeSet<String>,
    start: Option<Timestamp>,
    tries: u32,
}

/// What decides where a message is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    parent_folder_id: Option<String>,
}

impl Listing {
    /// Begins a listing, because of `refusal`.
    ///
    /// # Errors
    /// The refusal itself, where the vendor does not let one look: a listing could not be told from a torn one.
    pub(super) async fn begun<A: Ask>(
        source: Source<'_, A>,
        refusal: Error,
    ) -> Result<Self, Error> {
        let seen = quiet::look(source).await?.ok_or(refusal)?;
        let place = Plain {
            next: None,
            seen,
            listed: None,
        };
        Self::resumed(source, place).await
    }

    /// Goes on with a listing that an earlier process began.
    pub(super) async fn resumed<A: Ask>(
        source: Source<'_, A>,
        place: Plain,
    ) -> Result<Self, Error> {
        Ok(Self {
            place,
            out: folders::kept_out(source).await?,
            start: window::start(source.request.since),
            tries: 1,
        })
    }

    /// Reads a page, and returns whether the listing is whole with it.
    pub(super) async fn step<A: Ask>(
        &mut self,
        source: Source<'_, A>,
    ) -> Result<(Gathered, bool), Error> {
        let method = method_of(source);
        let page = self.fetch(source, method).await?;
        let mut gathered = Gathered::default();
        for item in &page.value {
            self.take(source, method, item, &mut gathered)?;
        }
        let next = page.next_link.as_deref();
        let next = next.map(|link| source.api.link(method, link)).transpose()?;
        if next.is_some() && next == self.place.next {
            return Err(fault::malformed(method.name(), "the next page is this one"));
        }
        self.place.next = next;
        let is_whole = self.place.next.is_none() && self.is_whole(source).await?;
        Ok((gathered, is_whole))
    }

    async fn fetch<A: Ask>(
        &self,
        source: Source<'_, A>,
        method: Method,
    ) -> Result<WirePage, Error> {
        let path = source.path("messages");
        let fields = message_fields(source.request.privacy.mail);
        let top = if method == Method::MessagesListFull {
            "50"
        } else {
            "500"
        };
        let query = [("$select", fields.as_str()), ("$top", top)];
        let next = self.place.next.as_ref();
        let target = next.map_or(Target::Path(&path, &query), Target::Link);
        source.get(method, target).await
    }

    fn take<A: Ask>(
        &self,
        source: Source<'_, A>,
        method: Method,
        item: &Item,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let malformed = |Misread(why)| fault::malformed(method.name(), why);
        let key = RecordKey::plain(items::id(item).map_err(malformed)?);
        if self.is_out(item) {
            return Ok(());
        }
        match items::read::<WireMessage>(item) {
            Ok(wire) => {
                let read = record::read(wire, &source.request.privacy);
                if !read.excluded && !window::is_before(read.message.received_at, self.start) {
                    let record = Record::Message(Box::new(read.message));
                    gathered.changes.push(Change::Upsert(key, record));
                }
                Ok(())
            }
            Err(misread) => gathered
                .fail(method.name(), key, misread)
                .map_err(malformed),
        }
    }

    fn is_out(&self, item: &Item) -> bool {
        let placed = items::read::<Placed>(item).ok();
        let folder = placed.and_then(|placed| placed.parent_folder_id);
        folder.is_some_and(|folder| self.out.contains(&folder))
    }

    /// Returns whether nothing has happened since the listing began; else it begins again.
    async fn is_whole<A: Ask>(&mut self, source: Source<'_, A>) -> Result<bool, Error> {
        let now = quiet::look(source).await?.ok_or_else(restless)?;
        if self.place.seen.is_like(&now) {
            self.place.listed = Some(source.clock.now());
            return Ok(true);
        }
        if self.tries >= MOST_TRIES {
            return Err(restless());
        }
        self.tries += 1;
        self.out = folders::kept_out(source).await?;
        self.place.seen = now;
        Ok(false)
    }
}

/// Returns what becomes of a mailbox that was listed: it rests for a while, and then as long as nothing happens.
///
/// # Errors
/// [`Class::Expired`] where it is time to list it again, if it cannot be followed by then.
pub(super) async fn rest<A: Ask>(source: Source<'_, A>, place: Box<Plain>) -> Result<Page, Error> {
    let now = source.clock.now();
    let age = place.listed.map(|listed| now.duration_since(listed));
    let rests = match age {
        Some(age) if age < full::PAUSE => true,
        Some(age) if age < full::MOST_AGE => is_unchanged(&place.seen, quiet::look(source).await?),
        _ => false,
    };
    if rests {
        return Gathered::default().page(&MailPlace::Plain(place), Position::Current);
    }
    Err(full::over(Method::MessagesList.name()))
}

fn is_unchanged(before: &Seen, now: Option<Seen>) -> bool {
    now.is_some_and(|now| before.is_settled() && before.is_like(&now))
}

fn method_of<A: Ask>(source: Source<'_, A>) -> Method {
    if source.request.privacy.mail >= MailLevel::Full {
        Method::MessagesListFull
    } else {
        Method::MessagesList
    }
}

/// A mailbox that does not hold still.
fn restless() -> Error {
    Error {
        class: Class::Retry,
        reason: full::ADVICE.reason,
        meaning: "The mailbox is full, and changed each time that it was being listed.".to_owned(),
        remedy: "It is tried again. Free space in the mailbox, and it is followed instead."
            .to_owned(),
        ..fault::malformed(Method::MessagesList.name(), "")
    }
}
