//! Changes on their way from the vendor's pages to a commit.

use jiff::{SignedDuration, Timestamp};

use super::error::Error;
use super::exclusion::admit;
use super::progress::Progress;
use super::run::Run;
use crate::model::cursor::{Commit, Cursor, Phase};
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, FailedItem, RecordKey};

/// A batch is committed when it has this many changes, ...
const BATCH_CHANGES: usize = 4_000;
/// ... or this many bytes of text, about, ...
const BATCH_BYTES: usize = 8 << 20;
/// ... or is this old: a slow quota must not mean that a crash costs much of it.
const BATCH_AGE: SignedDuration = SignedDuration::from_secs(30);

/// Changes that wait for their commit.
#[derive(Default)]
pub(super) struct Batch {
    changes: Vec<Change>,
    /// About how much memory the changes take.
    bytes: usize,
    /// Where the vendor's pages stand behind the changes.
    pub(super) cursor: Option<Cursor>,
    /// When the first page came.
    since: Option<Timestamp>,
    /// There is something to be stored, be it only the cursor.
    pub(super) dirty: bool,
}

impl Batch {
    /// Rows to be marked as deleted, where nothing was read.
    pub(super) fn of_deletes(keys: Vec<RecordKey>, cursor: Option<Cursor>) -> Self {
        Self {
            changes: keys.into_iter().map(Change::Delete).collect(),
            cursor,
            dirty: true,
            ..Self::default()
        }
    }

    fn add(&mut self, change: Change) {
        self.bytes += weight(&change);
        self.changes.push(change);
    }

    /// Returns whether it is worth a commit at this time.
    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        let age = self.since.map(|since| now.duration_since(since));
        self.changes.len() >= BATCH_CHANGES
            || self.bytes >= BATCH_BYTES
            || age.is_some_and(|age| age >= BATCH_AGE)
    }
}

impl Run<'_> {
    /// Puts a page's changes into the batch, as far as privacy admits them.
    pub(super) fn take(
        &self,
        progress: &mut Progress,
        batch: &mut Batch,
        changes: Vec<Change>,
        failed: Vec<FailedItem>,
        cursor: Cursor,
    ) -> Result<(), Error> {
        batch.dirty |= !changes.is_empty() || !failed.is_empty();
        progress.note(&changes, failed)?;
        let privacy = &self.stream.request.privacy;
        for change in changes {
            if let Some(change) = admitted(change, privacy, progress.phase) {
                batch.add(change);
            }
        }
        batch.cursor = Some(cursor);
        batch.since.get_or_insert_with(|| self.stream.clock.now());
        Ok(())
    }

    /// Stores the rows and the cursor behind them in one atomic step, where there is anything to be stored.
    pub(super) async fn commit(
        &mut self,
        progress: &mut Progress,
        batch: &mut Batch,
    ) -> Result<(), Error> {
        let Batch {
            changes,
            cursor,
            dirty,
            ..
        } = std::mem::take(batch);
        let Some(cursor) = cursor.filter(|_| dirty) else {
            return Ok(());
        };
        self.may_write()?;
        let commit = Commit {
            sequence: progress.sequence + 1,
            checkpoint: progress.checkpoint(cursor.clone()),
            at: self.stream.clock.now(),
        };
        let deletes = changes
            .iter()
            .filter(|change| matches!(change, Change::Delete(_)))
            .count() as u64;
        let upserts = changes.len() as u64 - deletes;
        self.stream
            .destination
            .commit(&self.stream.id, &commit, changes)
            .await?;
        self.is_phase_new = false;
        progress.sequence += 1;
        progress.cursor = Some(cursor);
        self.report.commits += 1;
        self.report.upserts += upserts;
        self.report.deletes += deletes;
        Ok(())
    }
}

/// A record that privacy keeps out is not stored in a listing, whose sweep removes an older one; later it has to
/// be removed, since it may have been admitted before.
fn admitted(change: Change, privacy: &Privacy, phase: Phase) -> Option<Change> {
    let Change::Upsert(key, record) = change else {
        return Some(change);
    };
    match admit(record, privacy) {
        Some(record) => Some(Change::Upsert(key, record)),
        None if phase == Phase::Listing => None,
        None => Some(Change::Delete(key)),
    }
}

/// About how many bytes a change takes in memory: its free text, which is what can be large.
fn weight(change: &Change) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match change {
        Change::Upsert(_, Record::Message(message)) => {
            500 + text(&message.body_text) + text(&message.body_html)
        }
        Change::Upsert(_, Record::Event(event)) => 500 + text(&event.description),
        Change::Upsert(_, Record::File(_) | Record::Package(_) | Record::Activity(_)) => 500,
        Change::Delete(_) => 50,
    }
}
