//! File metadata: a person's own drive, listed once, then followed. Content is never asked for.
//!
//! ```text
//! drive/root/delta ─► pages ─► Listed ─► the link at its end ─► pages ─► Current
//! ```
//!
//! The link at the end of a listing stands where the listing began: what changed meanwhile comes with the first round.

mod record;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::wire::{FIELDS, WireItem};
use super::ask::{Ask, Onward, Source};
use super::fault;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::record::Record;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::microsoft365::NAME;
use crate::providers::microsoft365::api::{Link, Method, Target};
use crate::providers::reading::cursor::{self as written, Place};
use crate::providers::reading::fault::concerns_item;
use crate::providers::reading::items::{self, Gathered, Item, Misread};
use crate::providers::reading::pager::Pager;
use crate::providers::reading::path::segment;
use crate::providers::reading::window;
use crate::providers::{Error, Page, Position};

/// Items on a page.
const PAGE_ITEMS: &str = "500";

/// A place in the stream of a person's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DrivePlace {
    /// Where it is read next.
    at: Link,
    /// The first round was completed.
    listed: bool,
}

impl Place for DrivePlace {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = Dataset::Drive;
}

/// Makes the pages of one person's files.
pub(super) struct DrivePager<'a, A> {
    source: Source<'a, A>,
    stage: Stage,
}

enum Stage {
    Start(Option<Cursor>),
    Reading(DrivePlace),
    Done,
}

impl<'a, A: Ask> DrivePager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, from: Option<Cursor>) -> Self {
        Self {
            source,
            stage: Stage::Start(from),
        }
    }

    async fn read(&mut self, place: Option<DrivePlace>) -> Result<Page, Error> {
        let listed = place.as_ref().is_some_and(|place| place.listed);
        let at = place.map(|place| place.at);
        let path = self.source.path("drive/root/delta");
        let query = [("$select", FIELDS), ("$top", PAGE_ITEMS)];
        let (method, target) = match &at {
            Some(link) => (Method::ItemsDelta, Target::Link(link)),
            None => (Method::ItemsDeltaStart, Target::Path(&path, &query)),
        };
        let fetched: wire::Page = self.source.get(method, target).await?;
        let gathered = gather(self.source, &fetched.value, listed)?;
        let links = (fetched.next_link.as_deref(), fetched.delta_link.as_deref());
        let (place, position) = match self.source.onward(method, links, at.as_ref())? {
            Onward::More(at) => {
                let place = DrivePlace { at, listed };
                self.stage = Stage::Reading(place.clone());
                let position = if listed {
                    Position::Behind
                } else {
                    Position::Listing
                };
                (place, position)
            }
            Onward::Done(at) => {
                let position = if listed {
                    Position::Current
                } else {
                    Position::Listed
                };
                (DrivePlace { at, listed: true }, position)
            }
        };
        let Gathered { changes, failed } = gathered;
        Ok(Page {
            changes,
            failed,
            cursor: written::write(&place)?,
            position,
        })
    }
}

impl<A: Ask> Pager for DrivePager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        let place = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => from.map(written::read::<DrivePlace>).transpose()?,
            Stage::Reading(place) => Some(place),
            Stage::Done => return Ok(None),
        };
        self.read(place).await.map(Some)
    }
}

fn gather<A: Ask>(source: Source<'_, A>, items: &[Item], listed: bool) -> Result<Gathered, Error> {
    let operation = Method::ItemsDelta.name();
    let malformed = |Misread(why)| fault::malformed(operation, why);
    let mut gathered = Gathered::default();
    for item in items {
        match items::read::<WireItem>(item) {
            Ok(wire) if wire.id.is_empty() => return Err(malformed(Misread("an item has no id"))),
            Ok(wire) => gathered.changes.extend(change(source, wire, listed)),
            Err(misread) => {
                let key = RecordKey::plain(items::id(item).map_err(malformed)?);
                let noted = gathered.fail(operation, key, misread);
                noted.map_err(malformed)?;
            }
        }
    }
    Ok(gathered)
}

/// Returns what becomes of an item. The drive's top is no file; what is too old was never stored, unless it has become so.
fn change<A: Ask>(source: Source<'_, A>, wire: WireItem, listed: bool) -> Option<Change> {
    let key = RecordKey::plain(wire.id.clone());
    if wire.root.is_some() {
        return None;
    }
    if wire.deleted.is_some() {
        return Some(Change::Delete(key));
    }
    let start: Option<Timestamp> = window::start(source.request.since);
    let file = record::read(wire, &source.request.user.primary_email);
    if window::is_before(file.modified_at, start) {
        return listed.then_some(Change::Delete(key));
    }
    Some(Change::Upsert(key, Record::File(Box::new(file))))
}

/// Fetches single items again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    let at_once = source.api.per_user();
    items::refetch(at_once, keys, concerns_item, async |key: RecordKey| {
        let path = source.path(&format!("drive/items/{}", segment(&key.id)));
        let query = [("$select", FIELDS)];
        let target = Target::Path(&path, &query);
        let wire: WireItem = source.get(Method::ItemsGet, target).await?;
        let wire = WireItem {
            id: key.id.clone(),
            ..wire
        };
        Ok(change(source, wire, true).unwrap_or(Change::Delete(key)))
    })
    .await
}
