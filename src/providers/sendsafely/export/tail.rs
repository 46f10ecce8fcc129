//! The newest part of a list, read again: what of it is new, different or gone.
//!
//! A row that moves to the top while a look goes from page to page is on none of them, and a reply may lack what is there. So
//! what a look misses is looked for once more before it counts as gone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::list::Judged;
use super::mark::{Mark, Sum};
use super::pass::Pass;
use crate::model::row::{Change, RecordKey};
use crate::providers::reading::items::Gathered;

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Following {
    pub(super) mark: Mark,
    /// All of it, where nothing has changed since.
    pub(super) sum: Option<Sum>,
    /// When its newest part was read.
    pub(super) read_at: Timestamp,
    /// When all of it was read.
    pub(super) compared_at: Timestamp,
}

/// The newest part of a list, being read again.
pub(super) struct Tail {
    pub(super) before: Following,
    pub(super) pass: Pass,
    mark: Mark,
    /// The ids that were met.
    met: BTreeSet<String>,
    has_changed: bool,
    is_second_look: bool,
}

impl Tail {
    /// Begins to read the newest part of a list that stood so before.
    pub(super) fn new(before: Following, pass: Pass) -> Self {
        Self {
            before,
            pass,
            mark: Mark::default(),
            met: BTreeSet::new(),
            has_changed: false,
            is_second_look: false,
        }
    }

    /// Notes a row and returns whether it is new or different. What is older than the newest part came along because the
    /// vendor's window is coarse, and nothing is known of how it was.
    pub(super) fn meets<K: Kind>(&mut self, judged: &Judged) -> bool {
        let Judged { head, digest, .. } = judged;
        let before = &self.before.mark;
        let is_older = head.at.is_some() && head.at < before.begins(K::LOOK_BACK);
        let known = self.mark.seen(head).or_else(|| before.seen(head));
        let is_news = !is_older && known != Some(*digest);
        self.mark.note(head, *digest, K::LOOK_BACK);
        self.met.insert(head.id.clone());
        self.has_changed |= is_news;
        is_news
    }

    /// Begins to read the same part once more, where something was missed for the first time. Returns whether it does.
    pub(super) fn looks_again<K: Kind>(&mut self, pass: Pass) -> bool {
        if self.is_second_look || self.gone::<K>().next().is_none() {
            return false;
        }
        self.is_second_look = true;
        self.pass = pass;
        true
    }

    /// Returns what was in the newest part and was not met; nothing where rows never go.
    fn gone<K: Kind>(&self) -> impl Iterator<Item = &String> {
        let missed = self.before.mark.without(&self.met);
        missed.filter(|_| K::COMPARED_AFTER.is_some())
    }

    /// Returns where the list stands now; what is no longer in its newest part is gone.
    pub(super) fn arrived<K: Kind>(mut self, gathered: &mut Gathered, now: Timestamp) -> Following {
        let before = gathered.changes.len();
        let gone = self.gone::<K>();
        let gone = gone.map(|id| Change::Delete(RecordKey::plain(id.clone())));
        gathered.changes.extend(gone);
        self.has_changed |= gathered.changes.len() > before;
        self.mark.not_before(&self.before.mark, K::LOOK_BACK);
        Following {
            mark: self.mark,
            sum: self.before.sum.filter(|_| !self.has_changed),
            read_at: now,
            compared_at: self.before.compared_at,
        }
    }
}
