//! What becomes of what earlier commits left: rows that a new listing no longer sees, and files that are better one.

use super::batch::Batch;
use super::error::Error;
use super::progress::Progress;
use super::run::{Run, Stream};
use crate::model::cursor::{MAX_FAILED_ITEMS, Phase};

/// A run folds what it has written after so many commits: a slow quota makes many small ones of a long listing, and whoever
/// reads them should not have to wait for its end.
pub(super) const COMMITS_PER_FOLD: u64 = 64;
/// How many keys are swept in one commit: more than items can wait, which are left alone.
const SWEEP_KEYS: usize = 4_000;
const _: () = assert!(SWEEP_KEYS > MAX_FAILED_ITEMS, "a sweep comes to its end");

impl Run<'_> {
    /// Marks as deleted, after a listing, what neither that nor the changes since have shown, but for what was shown and could not
    /// be read. The last part of it and that it is done are one commit.
    pub(super) async fn sweep(&mut self, progress: &mut Progress) -> Result<(), Error> {
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
            let keys = progress.without_failed(keys);
            let mut batch = Batch::of_deletes(keys, progress.cursor.clone());
            self.commit(progress, &mut batch).await?;
        }
        Ok(())
    }

    /// Folds in mid-run where much has been committed since the last time.
    pub(super) async fn fold_now_and_then(&mut self) -> Result<(), Error> {
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
}
