//! One way through a list, page by page, though rows move between two pages.
//!
//! A page begins a few rows before the end of the one before it, and the last row of that one must be found again: then
//! nothing has slipped past between them. Where it is not found, the way begins anew.
//!
//! ```text
//! page 1   a b c d e f g h          rows move down: found later, the same rows come twice and are passed over
//! page 2         e f g h i j k l    rows move up: found earlier, and nothing is missed
//!                      └ found again
//! ```

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Source;
use super::kind::{Head, Kind, Window};
use super::mark::of_id;
use super::wire::List;
use crate::providers::Error;
use crate::providers::reading::fault;
use crate::providers::reading::items::{Item, Misread};
use crate::providers::sendsafely::NAME;

/// Rows that two pages have in common.
const OVERLAP: u64 = 5;
/// How often a way is begun anew before its list counts as one that cannot be read.
const MOST_RESTARTS: u32 = 5;
/// How much of an older part of the list is asked for again where the vendor has cut it off: its windows may be whole days.
const SPLIT_OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// Where a way through a list stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Pass {
    window: Window,
    /// Where the next page begins.
    row: u64,
    /// The last row that was read, as a digest of its id: it may be somebody else's.
    anchor: Option<u64>,
    restarts: u32,
    /// Rows may come twice, since an older part of the list was asked for by itself.
    #[serde(default)]
    pub(super) is_split: bool,
}

/// A page's rows that were not on the page before.
pub(super) struct Fetched {
    pub(super) rows: Vec<(Head, Item)>,
    /// What is read of the list so far does not count: it begins anew.
    pub(super) begins_anew: bool,
    pub(super) is_last: bool,
}

impl Pass {
    pub(super) fn of(window: Window) -> Self {
        Self {
            window,
            ..Self::default()
        }
    }

    /// Reads the next page and moves on.
    ///
    /// # Errors
    /// As the vendor's table has it, and where the list cannot be read to its end.
    pub(super) async fn next<K: Kind>(&mut self, source: Source<'_>) -> Result<Fetched, Error> {
        let first = match self.anchor {
            Some(_) => self.row.saturating_sub(OVERLAP),
            None => self.row,
        };
        let list = ask::<K>(source, self.window, first).await?;
        let (next, is_cut_off) = (list.next_row(), list.is_cut_off());
        let rows = heads::<K>(&list)?;
        let Some(fresh) = self.beyond_anchor(rows.iter().map(|(head, _)| head)) else {
            return self.begin_anew::<K>();
        };
        let is_last = self.advance::<K>(first, next, is_cut_off, &rows)?;
        Ok(Fetched {
            rows: rows.into_iter().skip(fresh).collect(),
            begins_anew: false,
            is_last,
        })
    }

    /// Returns how many rows were on the page before; none where the last of those is not found again.
    fn beyond_anchor<'a>(&self, rows: impl Iterator<Item = &'a Head>) -> Option<usize> {
        let Some(anchor) = &self.anchor else {
            return Some(0);
        };
        let mut rows = rows;
        rows.position(|head| of_id(&head.id) == *anchor)
            .map(|at| at + 1)
    }

    fn begin_anew<K: Kind>(&mut self) -> Result<Fetched, Error> {
        if self.restarts >= MOST_RESTARTS {
            return Err(malformed::<K>(
                "the list changes faster than it can be read",
            ));
        }
        *self = Self {
            restarts: self.restarts + 1,
            ..Self::of(Window {
                until: None,
                ..self.window
            })
        };
        Ok(Fetched {
            rows: Vec::new(),
            begins_anew: true,
            is_last: false,
        })
    }

    /// Moves on to the next page, or to the part of the list that the vendor has cut off. Returns whether there is none.
    fn advance<K: Kind>(
        &mut self,
        first: u64,
        next: Option<u64>,
        is_cut_off: bool,
        rows: &[(Head, Item)],
    ) -> Result<bool, Error> {
        let last = rows.last().map(|(head, _)| head);
        match (next, last) {
            (Some(next), Some(last)) if next > first => {
                self.row = next;
                self.anchor = Some(of_id(&last.id));
                Ok(false)
            }
            // The vendor may leave all rows of a page out. There is none to be found again on the next one.
            (Some(next), None) if next > first => {
                self.row = next;
                self.anchor = None;
                Ok(false)
            }
            (Some(_), _) => Err(malformed::<K>("the next page is not beyond this one")),
            (None, Some(last)) if is_cut_off => self.split::<K>(last.at).map(|()| false),
            (None, _) if is_cut_off => Err(malformed::<K>("an empty list was cut off")),
            (None, _) => Ok(true),
        }
    }

    /// Goes on with what is as old as the last row, and older.
    fn split<K: Kind>(&mut self, oldest: Option<Timestamp>) -> Result<(), Error> {
        let oldest =
            oldest.ok_or_else(|| malformed::<K>("a list was cut off at a row without a time"))?;
        let generous = oldest.saturating_add(SPLIT_OVERLAP).unwrap_or(oldest);
        let is_narrower = |until: Timestamp| self.window.until.is_none_or(|before| until < before);
        let until = [generous, oldest].into_iter().find(|it| is_narrower(*it));
        let until = until
            .ok_or_else(|| malformed::<K>("there is more in one moment than the vendor shows"))?;
        self.window.until = Some(until);
        self.row = 0;
        self.anchor = None;
        self.is_split = true;
        Ok(())
    }
}

async fn ask<K: Kind>(source: Source<'_>, window: Window, row: u64) -> Result<List, Error> {
    let asking = K::asking(source.request.subject.as_str(), window, row);
    let query = K::query(&asking);
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    source.api.ask(K::METHOD, &query, Some(&asking.body)).await
}

/// A row that cannot even be named spoils the page: it could not be kept for later.
fn heads<K: Kind>(list: &List) -> Result<Vec<(Head, Item)>, Error> {
    let rows = K::rows(list).ok_or_else(|| malformed::<K>("there is no list in it"))?;
    if list.lacks_some_of(rows.len()) {
        return Err(malformed::<K>("it has fewer rows than it says"));
    }
    let rows = rows.into_iter().map(|item| {
        let head = K::head(&item).map_err(|Misread(why)| malformed::<K>(why))?;
        Ok((head, item))
    });
    rows.collect()
}

pub(super) fn malformed<K: Kind>(what: &str) -> Error {
    fault::malformed(NAME, K::METHOD.name(), what)
}
