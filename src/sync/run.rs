//! One run of one stream, from its last commit to the vendor's present state.

use tokio_util::sync::CancellationToken;

use super::batch::Batch;
use super::error::Error;
use super::pages::End;
use super::plan::{Plan, plan};
use super::progress::Progress;
use super::report::Report;
use crate::destinations::Destination;
use crate::model::clock::Clock;
use crate::model::cursor::{Lineage, StreamId};
use crate::providers::{self, Class, ExportRequest, Exporter};

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

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) stream: &'a Stream<'a>,
    pub(super) cancel: &'a CancellationToken,
    resync: Option<&'a str>,
    pub(super) report: Report,
    /// The phase has changed since the last commit.
    pub(super) is_phase_new: bool,
    /// How many commits had been made at the last fold.
    pub(super) folded_at: u64,
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

    /// Stops the run where this process may not write any more.
    pub(super) fn may_write(&self) -> Result<(), Error> {
        if self.cancel.is_cancelled() || !self.stream.fence.holds() {
            return Err(Error::Stopped);
        }
        Ok(())
    }
}

fn expired_twice(stream: &Stream<'_>) -> Error {
    broken_promise(
        stream,
        "The vendor refused a cursor that it had only just given out.",
    )
    .into()
}

/// The vendor, or what speaks for it, did what it must not.
pub(super) fn broken_promise(stream: &Stream<'_>, meaning: &str) -> providers::Error {
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
