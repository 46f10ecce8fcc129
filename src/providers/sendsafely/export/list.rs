//! A list as a stream of changes: read once, then its newest part again and again.
//!
//! ```text
//! Listing ─► every row ─► Following ─┬─ the newest part: what is new, different or gone (Tail) ─► Following
//!                                    └─ once a day the whole list, as a sum: as it was ─► Following, else: anew
//! ```
//!
//! Where to go on is told by the vendor's own times and ids. Our clock only says when a comparison is due.

use std::marker::PhantomData;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Source;
use super::kind::{Head, Kind, Row, Window};
use super::mark::{Mark, Sum, digest};
use super::pass::{Pass, malformed};
use super::tail::{Following, Tail};
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::row::{Change, RecordKey};
use crate::providers::reading::cursor::{self as written, Place};
use crate::providers::reading::items::{Gathered, Item, Misread};
use crate::providers::reading::pager::Pager;
use crate::providers::reading::window;
use crate::providers::sendsafely::NAME;
use crate::providers::{Class, Error, Page, Position, Reason};

/// A place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Spot {
    Listing(Listing),
    Following(Following),
}

/// A list that is being read for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Listing {
    pass: Pass,
    mark: Mark,
    /// None once rows may have been counted twice.
    sum: Option<Sum>,
    began_at: Timestamp,
}

/// A place, as it is written down.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
struct Stored<K> {
    spot: Spot,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: Kind> Place for Stored<K> {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = K::DATASET;
}

/// Makes the pages of one person's list.
pub(super) struct ListPager<'a, K> {
    source: Source<'a>,
    step: Step,
    kind: PhantomData<K>,
}

enum Step {
    Begin(Option<Cursor>),
    List(Listing),
    Follow(Tail),
    Compare(Following, Pass, Sum, Sum),
    Done,
}

/// A row, judged.
pub(super) struct Judged {
    pub(super) head: Head,
    pub(super) digest: u64,
    row: Result<Row, Misread>,
}

impl<'a, K: Kind> ListPager<'a, K> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a>, from: Option<Cursor>) -> Self {
        Self {
            source,
            step: Step::Begin(from),
            kind: PhantomData,
        }
    }

    fn begin(&self, from: Option<Cursor>) -> Result<Step, Error> {
        let Some(from) = from else {
            return Ok(Step::List(Listing {
                pass: self.whole_list(),
                mark: Mark::default(),
                sum: Some(Sum::default()),
                began_at: self.source.clock.now(),
            }));
        };
        match written::read::<Stored<K>>(from)?.spot {
            Spot::Listing(listing) => Ok(Step::List(listing)),
            Spot::Following(before) => self.go_on(before),
        }
    }

    fn whole_list(&self) -> Pass {
        Pass::of(Window {
            from: window::start(self.source.request.since),
            until: None,
        })
    }

    fn go_on(&self, before: Following) -> Result<Step, Error> {
        let age = self.source.clock.now().duration_since(before.compared_at);
        if K::COMPARED_AFTER.is_some_and(|after| age >= after) {
            let expected = before.sum.ok_or_else(anew::<K>)?;
            return Ok(Step::Compare(
                before,
                self.whole_list(),
                Sum::default(),
                expected,
            ));
        }
        let pass = self.newest_part(&before.mark);
        Ok(Step::Follow(Tail::new(before, pass)))
    }

    fn newest_part(&self, mark: &Mark) -> Pass {
        let since = window::start(self.source.request.since);
        Pass::of(Window {
            from: mark.begins(K::LOOK_BACK + K::SLACK).max(since),
            until: None,
        })
    }

    /// Judges rows, and drops those that are not the person's.
    fn judge(&self, rows: Vec<(Head, Item)>) -> Vec<Judged> {
        let subject = self.source.request.subject.as_str();
        let start = window::start(self.source.request.since);
        let judge = |(head, item): (Head, Item)| {
            let row = K::read(&item, subject);
            let is_theirs = row != Ok(Row::NotTheirs) && !window::is_before(head.at, start);
            is_theirs.then(|| Judged {
                digest: digest(&item),
                head,
                row,
            })
        };
        rows.into_iter().filter_map(judge).collect()
    }

    async fn list(&mut self, mut listing: Listing) -> Result<Page, Error> {
        let fetched = listing.pass.next::<K>(self.source).await?;
        if fetched.begins_anew {
            // What was read before may be gone by now, and only a later comparison can find that out.
            listing.mark = Mark::default();
            listing.sum = None;
        }
        let mut gathered = Gathered::default();
        for judged in self.judge(fetched.rows) {
            listing.mark.note(&judged.head, judged.digest, K::LOOK_BACK);
            if let Some(sum) = &mut listing.sum {
                sum.add(&judged.head, judged.digest);
            }
            // What was deleted before was never stored.
            take::<K>(&mut gathered, judged, false)?;
        }
        if listing.pass.is_split {
            listing.sum = None;
        }
        if !fetched.is_last {
            let page = page::<K>(gathered, Spot::Listing(listing.clone()), Position::Listing);
            self.step = Step::List(listing);
            return page;
        }
        let spot = Spot::Following(Following {
            mark: listing.mark,
            sum: listing.sum,
            read_at: listing.began_at,
            compared_at: listing.began_at,
        });
        page::<K>(gathered, spot, Position::Listed)
    }

    async fn follow(&mut self, mut tail: Tail) -> Result<Page, Error> {
        let fetched = tail.pass.next::<K>(self.source).await?;
        let mut gathered = Gathered::default();
        for judged in self.judge(fetched.rows) {
            if tail.meets::<K>(&judged) {
                take::<K>(&mut gathered, judged, true)?;
            }
        }
        let again = self.newest_part(&tail.before.mark);
        if !fetched.is_last || tail.looks_again::<K>(again) {
            let spot = Spot::Following(tail.before.clone());
            self.step = Step::Follow(tail);
            return page::<K>(gathered, spot, Position::Behind);
        }
        let now = self.source.clock.now();
        self.tell_gap(&mut gathered, &tail.before, now);
        let spot = Spot::Following(tail.arrived::<K>(&mut gathered, now));
        page::<K>(gathered, spot, Position::Current)
    }

    /// Says what the vendor has dropped before it could be read.
    fn tell_gap(&self, gathered: &mut Gathered, before: &Following, now: Timestamp) {
        let from = before.read_at;
        let is_lost = K::KEPT.is_some_and(|kept| now.duration_since(from) > kept);
        let until = K::KEPT.and_then(|kept| now.checked_sub(kept).ok());
        let (true, Some(until)) = (is_lost, until) else {
            return;
        };
        let subject = self.source.request.subject.as_str();
        if let Some((id, record)) = K::gap(subject, from, until) {
            tracing::warn!(
                dataset = K::DATASET.name(),
                %from,
                %until,
                "The vendor has dropped what was not read for too long"
            );
            let change = Change::Upsert(RecordKey::plain(id), record);
            gathered.changes.push(change);
        }
    }

    async fn compare(
        &mut self,
        (before, mut pass): (Following, Pass),
        (mut sum, expected): (Sum, Sum),
    ) -> Result<Page, Error> {
        let fetched = pass.next::<K>(self.source).await?;
        if fetched.begins_anew {
            sum = Sum::default();
        }
        for judged in self.judge(fetched.rows) {
            sum.add(&judged.head, judged.digest);
        }
        if !fetched.is_last {
            let spot = Spot::Following(before.clone());
            self.step = Step::Compare(before, pass, sum, expected);
            return page::<K>(Gathered::default(), spot, Position::Behind);
        }
        if sum != expected {
            return Err(anew::<K>());
        }
        let now = self.source.clock.now();
        let spot = Spot::Following(Following {
            read_at: now,
            compared_at: now,
            ..before
        });
        page::<K>(Gathered::default(), spot, Position::Compared)
    }
}

/// Puts a row among the changes.
fn take<K: Kind>(gathered: &mut Gathered, judged: Judged, was_listed: bool) -> Result<(), Error> {
    let key = RecordKey::plain(judged.head.id);
    match judged.row {
        Ok(Row::Theirs(record)) => gathered.changes.push(Change::Upsert(key, *record)),
        Ok(Row::Gone) if was_listed => gathered.changes.push(Change::Delete(key)),
        Ok(Row::Gone | Row::NotTheirs) => {}
        Err(misread) => {
            let noted = gathered.fail(K::METHOD.name(), key, misread);
            noted.map_err(|Misread(why)| malformed::<K>(why))?;
        }
    }
    Ok(())
}

fn page<K: Kind>(gathered: Gathered, spot: Spot, position: Position) -> Result<Page, Error> {
    let place = Stored::<K> {
        spot,
        kind: PhantomData,
    };
    gathered.page(&place, position)
}

/// Something has changed that the newest part of the list does not show.
fn anew<K: Kind>() -> Error {
    Error {
        class: Class::Expired,
        reason: Reason::CursorExpired,
        meaning: "Something has changed that only a full listing shows. Everything is read anew."
            .to_owned(),
        ..malformed::<K>("")
    }
}

impl<K: Kind> Pager for ListPager<'_, K> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        let step = match std::mem::replace(&mut self.step, Step::Done) {
            Step::Begin(from) => self.begin(from)?,
            other => other,
        };
        match step {
            Step::List(listing) => self.list(listing).await.map(Some),
            Step::Follow(tail) => self.follow(tail).await.map(Some),
            Step::Compare(before, pass, sum, expected) => {
                let compared = self.compare((before, pass), (sum, expected));
                compared.await.map(Some)
            }
            Step::Begin(_) | Step::Done => Ok(None),
        }
    }
}
