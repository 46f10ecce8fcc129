//! From the vendor's pages to commits, until a listing is complete or the present is reached.

use std::pin::pin;

use futures::future::{Either, select};
use futures::{SinkExt, StreamExt, channel::mpsc};
use jiff::SignedDuration;

use super::batch::Batch;
use super::error::Error;
use super::progress::Progress;
use super::run::{Run, Stream, broken_promise};
use crate::model::cursor::Phase;
use crate::providers::{self, Class, Page, Position};

/// Pages that may wait while a batch is being committed.
const PAGES_AHEAD: usize = 1;
/// A cursor without changes is stored all the same when the stored one is older, before the vendor forgets that one.
const CURSOR_RENEWAL: SignedDuration = SignedDuration::from_hours(24);

/// How a row of pages ended.
pub(super) enum End {
    /// The listing is complete, and has been committed.
    Listed,
    /// The present state is reached, and has been committed.
    Current,
    /// The vendor no longer takes the cursor.
    Expired,
}

impl Run<'_> {
    /// Reads pages and commits them until the listing is complete or the present is reached.
    ///
    /// The next page is fetched while a batch is being committed.
    pub(super) async fn read(&mut self, progress: &mut Progress) -> Result<End, Error> {
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
                Position::Listing | Position::Behind if batch.is_full(self.stream.clock.now()) => {
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
}

fn ended_early(stream: &Stream<'_>) -> providers::Error {
    broken_promise(
        stream,
        "The pages ended before the present state was reached.",
    )
}
