//! One run of one stream, from its last commit to the vendor's present state.

use std::pin::pin;

use futures::future::{Either, select};
use futures::{SinkExt, StreamExt, channel::mpsc};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::exclusion::admit;
use super::plan::{Plan, plan};
use super::progress::Progress;
use super::report::Report;
use crate::destinations::Destination;
use crate::model::clock::Clock;
use crate::model::cursor::{Commit, Cursor, Lineage, Phase, StreamId};
use crate::model::row::{Change, FailedItem};
use crate::providers::{self, Class, ExportRequest, Exporter, Page, Position};

/// A batch is committed when it has this many changes, ...
const BATCH_CHANGES: usize = 4_000;
/// ... or this many bytes of text, about, ...
const BATCH_BYTES: usize = 8 << 20;
/// ... or is this old: a slow quota must not mean that a crash costs much of it.
const BATCH_AGE: SignedDuration = SignedDuration::from_secs(30);
/// Pages that may wait while a batch is being committed.
const PAGES_AHEAD: usize = 1;
/// A cursor without changes is stored all the same when the stored one is older, before the vendor forgets that one.
const CURSOR_RENEWAL: SignedDuration = SignedDuration::from_hours(24);
/// A run folds what it has written after so many commits: a slow quota makes many small ones of a long listing, and whoever
/// reads them should not have to wait for its end.
pub(super) const COMMITS_PER_FOLD: u64 = 64;
/// How many keys are swept in one commit.
const SWEEP_KEYS: usize = 4_000;

/// Tells whether this process may still write. A lost lease answers no at once.
pub trait Fence: Send + Sync {
    /// Returns whether a write that starts now is allowed.
    fn holds(&self) -> bool;
}

/// One stream and all that a run of it needs.
pub struct Stream<'a> {
    /// The place in the destination.
    pub id: StreamId,
    /// Whose data it must be.
    pub lineage: Lineage,
    /// What to read.
    pub request: &'a ExportRequest,
    /// Where to read it.
    pub exporter: &'a dyn Exporter,
    /// Where to write it.
    pub destination: &'a dyn Destination,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Whether writing is allowed.
    pub fence: &'a dyn Fence,
}

/// How a row of pages ended.
enum End {
    Listed,
    Current,
    Expired,
}

/// Changes that wait for their commit.
#[derive(Default)]
struct Batch {
    changes: Vec<Change>,
    bytes: usize,
    cursor: Option<Cursor>,
    since: Option<Timestamp>,
    dirty: bool,
}

impl Stream<'_> {
    /// Runs until the stream stands at the vendor's present state, and tells what it did, also where it fails.
    ///
    /// # Errors
    /// See [`Error`]. Whatever was committed stays, and the next run goes on from there.
    ///
    /// # Cancel
    /// `cancel` stops it between two steps: a commit in flight is finished, none is begun. Dropping the future is safe too.
    pub async fn run(
        &self,
        resync: Option<&str>,
        cancel: &CancellationToken,
    ) -> (Report, Result<(), Error>) {
        let mut run = Run {
            stream: self,
            cancel,
            resync,
            report: Report::default(),
            is_phase_new: false,
            folded_at: 0,
        };
        let result = run.run().await;
        (run.report, result)
    }
}

struct Run<'a> {
    stream: &'a Stream<'a>,
    cancel: &'a CancellationToken,
    resync: Option<&'a str>,
    report: Report,
    /// The phase has changed since the last commit.
    is_phase_new: bool,
    /// How many commits had been made at the last fold.
    folded_at: u64,
}

impl Run<'_> {
    async fn run(&mut self) -> Result<(), Error> {
        let mut progress = self.begin().await?;
        match self.follow(&mut progress).await {
            Err(Error::Stopped) => Err(Error::Stopped),
            // What was written before an error is counted and folded too.
            result => result.and(self.conclude(&progress).await),
        }
    }

    async fn begin(&self) -> Result<Progress, Error> {
        let Stream {
            id,
            lineage,
            destination,
            ..
        } = self.stream;
        let fresh = || Progress::begin(lineage.clone(), self.resync);
        let last = destination.last_commit(id).await?;
        let plan = plan(last.as_ref(), lineage, self.resync);
        let Some(last) = last else {
            return Ok(fresh());
        };
        match plan {
            Plan::Refuse(mismatch) => Err(Error::ForeignData(mismatch)),
            Plan::Begin => Ok(fresh()),
            Plan::Purge => {
                self.may_write()?;
                destination.erase_stream(id).await?;
                Ok(fresh())
            }
            Plan::Resume => Ok(Progress::resume(last, lineage.clone())),
            Plan::BeginAnew(cause) => {
                let cause: &str = cause.into();
                tracing::info!(
                    dataset = id.dataset.name(),
                    cause,
                    "A new generation begins"
                );
                let mut progress = Progress::resume(last, lineage.clone());
                progress.begin_anew(self.resync);
                Ok(progress)
            }
        }
    }

    async fn follow(&mut self, progress: &mut Progress) -> Result<(), Error> {
        self.retry_failed(progress).await?;
        let mut expired_before = false;
        loop {
            match self.read(progress).await? {
                End::Listed => {}
                // Only now: what moved out of the listing's way while it was read has been found meanwhile.
                End::Current => return self.sweep(progress).await,
                End::Expired if expired_before => return Err(expired_twice(self.stream)),
                End::Expired => {
                    expired_before = true;
                    tracing::info!(
                        "The vendor no longer accepts the cursor: a new generation begins"
                    );
                    progress.begin_anew(None);
                }
            }
        }
    }

    /// Asks again for the items that earlier runs could not read.
    async fn retry_failed(&mut self, progress: &mut Progress) -> Result<(), Error> {
        let keys = progress.retries();
        let Some(cursor) = progress.cursor.clone().filter(|_| !keys.is_empty()) else {
            return Ok(());
        };
        let Stream {
            exporter, request, ..
        } = self.stream;
        let (changes, failed) = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(Error::Stopped),
            fetched = exporter.refetch(request, &keys) => fetched?,
        };
        let mut batch = Batch::default();
        self.take(progress, &mut batch, changes, failed, cursor)?;
        self.commit(progress, &mut batch).await
    }

    /// Reads pages and commits them until the listing is complete or the present is reached.
    ///
    /// The next page is fetched while a batch is being committed.
    async fn read(&mut self, progress: &mut Progress) -> Result<End, Error> {
        let Stream {
            exporter, request, ..
        } = self.stream;
        let mut pages = exporter.pages(request, progress.cursor.clone());
        let (mut sender, receiver) = mpsc::channel(PAGES_AHEAD);
        let fetch = pin!(async move {
            while let Some(page) = pages.next().await {
                if sender.send(page).await.is_err() {
                    break;
                }
            }
        });
        let store = pin!(self.store(progress, receiver));
        match select(store, fetch).await {
            Either::Left((end, _)) => end,
            Either::Right(((), store)) => store.await,
        }
    }

    async fn store(
        &mut self,
        progress: &mut Progress,
        mut pages: mpsc::Receiver<Result<Page, providers::Error>>,
    ) -> Result<End, Error> {
        let mut batch = Batch::default();
        loop {
            let page = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Error::Stopped),
                page = pages.next() => page,
            };
            let page = match page {
                Some(Ok(page)) => page,
                Some(Err(error)) => return self.stopped_by(progress, &mut batch, error).await,
                None => return Err(ended_early(self.stream).into()),
            };
            let position = page.position;
            self.take(progress, &mut batch, page.changes, page.failed, page.cursor)?;
            match position {
                Position::Listed => return self.complete_listing(progress, &mut batch).await,
                Position::Current => return self.arrive(progress, &mut batch).await,
                Position::Compared => {
                    batch.dirty = true;
                    return self.arrive(progress, &mut batch).await;
                }
                Position::Listing | Position::Behind if self.is_full(&batch) => {
                    self.commit(progress, &mut batch).await?;
                    self.fold_now_and_then().await?;
                }
                Position::Listing | Position::Behind => {}
            }
        }
    }

    /// Keeps what was read before the error: its quota is spent.
    async fn stopped_by(
        &mut self,
        progress: &mut Progress,
        batch: &mut Batch,
        error: providers::Error,
    ) -> Result<End, Error> {
        self.commit(progress, batch).await?;
        match error.class {
            Class::Expired => Ok(End::Expired),
            _ => Err(error.into()),
        }
    }

    async fn complete_listing(
        &mut self,
        progress: &mut Progress,
        batch: &mut Batch,
    ) -> Result<End, Error> {
        // Nothing can be left over from before the first generation.
        progress.phase = if progress.generation > 1 {
            Phase::Sweeping
        } else {
            Phase::Following
        };
        batch.dirty = true;
        self.commit(progress, batch).await?;
        Ok(End::Listed)
    }

    async fn arrive(&mut self, progress: &mut Progress, batch: &mut Batch) -> Result<End, Error> {
        if progress.phase == Phase::Listing {
            progress.phase = Phase::Following;
            self.is_phase_new = true;
        }
        batch.dirty |= self.is_phase_new;
        batch.dirty |= batch.cursor.is_some() && self.is_cursor_old().await?;
        self.commit(progress, batch).await?;
        self.report.current = true;
        Ok(End::Current)
    }

    /// A cursor that nothing happened to is worth a commit only before the vendor forgets the stored one.
    async fn is_cursor_old(&self) -> Result<bool, Error> {
        if self.report.commits > 0 {
            return Ok(false);
        }
        let last = self.stream.destination.last_commit(&self.stream.id).await?;
        let now = self.stream.clock.now();
        Ok(last.is_none_or(|last| now.duration_since(last.at) > CURSOR_RENEWAL))
    }

    /// Marks as deleted, after a listing, what neither that nor the changes since have shown. The last part of it and that it is
    /// done are one commit.
    async fn sweep(&mut self, progress: &mut Progress) -> Result<(), Error> {
        let Stream {
            id, destination, ..
        } = self.stream;
        while progress.phase == Phase::Sweeping {
            let keys = destination
                .stale(id, progress.generation, SWEEP_KEYS)
                .await?;
            if keys.len() < SWEEP_KEYS {
                progress.phase = Phase::Following;
            }
            let mut batch = Batch {
                changes: keys.into_iter().map(Change::Delete).collect(),
                cursor: progress.cursor.clone(),
                dirty: true,
                ..Batch::default()
            };
            self.commit(progress, &mut batch).await?;
        }
        Ok(())
    }

    /// Puts a page's changes into the batch, as far as privacy admits them.
    fn take(
        &self,
        progress: &mut Progress,
        batch: &mut Batch,
        changes: Vec<Change>,
        failed: Vec<FailedItem>,
        cursor: Cursor,
    ) -> Result<(), Error> {
        batch.dirty |= !changes.is_empty() || !failed.is_empty();
        progress.note(&changes, failed)?;
        for change in changes {
            if let Some(change) = self.admitted(progress.phase, change) {
                batch.bytes += weight(&change);
                batch.changes.push(change);
            }
        }
        batch.cursor = Some(cursor);
        batch.since.get_or_insert_with(|| self.stream.clock.now());
        Ok(())
    }

    /// A record that privacy keeps out is not stored in a listing, whose sweep removes an older one; later it has to
    /// be removed, since it may have been admitted before.
    fn admitted(&self, phase: Phase, change: Change) -> Option<Change> {
        let Change::Upsert(key, record) = change else {
            return Some(change);
        };
        match admit(record, &self.stream.request.privacy) {
            Some(record) => Some(Change::Upsert(key, record)),
            None if phase == Phase::Listing => None,
            None => Some(Change::Delete(key)),
        }
    }

    fn is_full(&self, batch: &Batch) -> bool {
        let age = batch
            .since
            .map(|since| self.stream.clock.now().duration_since(since));
        batch.changes.len() >= BATCH_CHANGES
            || batch.bytes >= BATCH_BYTES
            || age.is_some_and(|age| age >= BATCH_AGE)
    }

    async fn commit(&mut self, progress: &mut Progress, batch: &mut Batch) -> Result<(), Error> {
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
            .filter(|c| matches!(c, Change::Delete(_)))
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

    async fn fold_now_and_then(&mut self) -> Result<(), Error> {
        let Stream {
            id,
            destination,
            fence,
            ..
        } = self.stream;
        if self.report.commits >= self.folded_at + COMMITS_PER_FOLD && fence.holds() {
            destination.compact(id).await?;
            self.folded_at = self.report.commits;
        }
        Ok(())
    }

    async fn conclude(&mut self, progress: &Progress) -> Result<(), Error> {
        let Stream {
            id,
            destination,
            exporter,
            ..
        } = self.stream;
        let cursor = progress.cursor.as_ref();
        self.report.advice = cursor.and_then(|cursor| exporter.advice(id.dataset, cursor));
        self.report.generation = if progress.sequence > 0 {
            progress.generation
        } else {
            0
        };
        self.report.failed_items = progress.failed_items();
        if self.report.commits > 0 && self.stream.fence.holds() {
            destination.compact(id).await?;
            self.report.records = Some(destination.count(id).await?);
        }
        Ok(())
    }

    fn may_write(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() || !self.stream.fence.holds() {
            return Err(Error::Stopped);
        }
        Ok(())
    }
}

/// About how many bytes a change takes in memory: its free text, which is what can be large.
fn weight(change: &Change) -> usize {
    use crate::model::record::Record;
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

fn ended_early(stream: &Stream<'_>) -> providers::Error {
    broken_promise(
        stream,
        "The pages ended before the present state was reached.",
    )
}

fn expired_twice(stream: &Stream<'_>) -> Error {
    broken_promise(
        stream,
        "The vendor refused a cursor that it had only just given out.",
    )
    .into()
}

fn broken_promise(stream: &Stream<'_>, meaning: &str) -> providers::Error {
    providers::Error {
        class: Class::Retry,
        reason: providers::Reason::MalformedReply,
        provider: "",
        operation: stream.id.dataset.name(),
        status: None,
        code: None,
        meaning: meaning.into(),
        remedy: String::new(),
        retry_after: None,
    }
}
