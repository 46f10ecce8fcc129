//! Whatever is edited, wherever a run dies: in the end the destination holds what the vendor has, row for row.

mod chaos;
mod table;
mod vendor;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::run::{Fence, Stream};
use super::sweep::COMMITS_PER_FOLD;
use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::clock::ManualClock;
use crate::model::cursor::{Lineage, Phase, Query, StreamId};
use crate::model::dataset::Dataset;
use crate::model::privacy::{MailLevel, Privacy};
use crate::providers::ExportRequest;
use table::Table;
use vendor::Vendor;

struct Always;

impl Fence for Always {
    fn holds(&self) -> bool {
        true
    }
}

struct Lost;

impl Fence for Lost {
    fn holds(&self) -> bool {
        false
    }
}

fn request(level: MailLevel) -> ExportRequest {
    ExportRequest {
        user: RemoteUser {
            id: UserId::new("1"),
            primary_email: "peter@acme.example".parse().unwrap(),
            aliases: vec![],
            suspended: Known::False,
            archived: Known::False,
            licensed: Known::True,
            licenses: None,
            mailbox: Known::True,
            calendar: Known::True,
            drive: Known::True,
        },
        subject: "peter@acme.example".parse().unwrap(),
        dataset: Dataset::Mail,
        privacy: Privacy {
            mail: level,
            ..Privacy::default()
        },
        since: None,
    }
}

struct Bench {
    vendor: Arc<Vendor>,
    table: Table,
    clock: ManualClock,
    level: MailLevel,
    tenant: &'static str,
}

impl Bench {
    fn new() -> Self {
        Self {
            vendor: Arc::default(),
            table: Table::default(),
            clock: ManualClock::new(Timestamp::UNIX_EPOCH),
            level: MailLevel::Metadata,
            tenant: "acme.example",
        }
    }

    async fn run_with(
        &self,
        resync: Option<&str>,
        fence: &dyn Fence,
    ) -> (super::Report, Result<(), super::Error>) {
        let request = request(self.level);
        let stream = Stream {
            id: StreamId {
                namespace: "revops".into(),
                connection: "acme".into(),
                dataset: Dataset::Mail,
                user: UserId::new("1"),
            },
            lineage: Lineage {
                provider: "vendor".into(),
                tenant: self.tenant.into(),
                user: UserId::new("1"),
                query: Query::of(Dataset::Mail, &request.privacy, None),
            },
            request: &request,
            exporter: &*self.vendor,
            destination: &self.table,
            clock: &self.clock,
            fence,
        };
        stream.run(resync, &CancellationToken::new()).await
    }

    async fn run(&self) -> super::Report {
        let (report, result) = self.run_with(None, &Always).await;
        result.unwrap();
        report
    }

    fn assert_equal(&self) {
        assert_eq!(
            self.table.live(),
            self.vendor.state.lock().unwrap().messages
        );
    }
}

fn filled(messages: usize) -> Bench {
    let bench = Bench::new();
    for n in 0..messages {
        bench.vendor.edit(&format!("m{n:03}"), Some(1));
    }
    bench
}

#[tokio::test]
async fn a_quiet_run_costs_one_request_and_no_commit() {
    let bench = filled(10);
    bench.run().await;
    let before = (
        bench.vendor.requests.load(Ordering::SeqCst),
        bench.table.state.lock().unwrap().commit.clone(),
    );
    let report = bench.run().await;
    assert_eq!(bench.vendor.requests.load(Ordering::SeqCst), before.0 + 1);
    assert_eq!(bench.table.state.lock().unwrap().commit, before.1);
    assert!(!report.changed() && report.current && report.records.is_none());
}

#[tokio::test]
async fn a_quiet_cursor_is_stored_before_the_vendor_forgets_it() {
    let bench = filled(1);
    bench.run().await;
    bench.clock.advance(jiff::SignedDuration::from_hours(25));
    assert_eq!(bench.run().await.commits, 1);
    assert_eq!(bench.run().await.commits, 0);
}

#[tokio::test]
async fn an_expired_cursor_begins_a_generation_that_sweeps_what_is_gone() {
    let bench = filled(10);
    bench.run().await;
    bench.vendor.edit("m003", None);
    bench.vendor.edit("new", Some(5));
    {
        let mut state = bench.vendor.state.lock().unwrap();
        state.forgotten = state.journal.len();
    }
    let report = bench.run().await;
    bench.assert_equal();
    assert_eq!((report.generation, report.deletes), (2, 1));
    assert_eq!(bench.table.checkpoint().phase, Phase::Following);
}

#[tokio::test]
async fn what_moves_while_it_is_listed_is_not_deleted() {
    let bench = filled(10);
    bench.run().await;
    let moves = "m000".to_owned();
    bench.vendor.state.lock().unwrap().moving.insert(moves);
    let (report, result) = bench.run_with(Some("again"), &Always).await;
    result.unwrap();
    assert_eq!((report.generation, report.deletes), (2, 0));
    bench.assert_equal();
}

#[tokio::test]
async fn what_is_listed_and_cannot_be_read_keeps_its_row() {
    let bench = filled(10);
    bench.run().await;
    bench.vendor.spoil("m003");
    bench.vendor.edit("m004", None);
    let (report, result) = bench.run_with(Some("again"), &Always).await;
    result.unwrap();
    assert_eq!(
        (report.generation, report.deletes, report.failed_items),
        (2, 1, 1)
    );
    assert!(bench.table.live().contains_key("m003"));
    bench.vendor.mend();
    assert_eq!(bench.run().await.failed_items, 0);
    bench.assert_equal();
}

#[tokio::test]
async fn a_sweep_that_is_cut_short_is_finished_once() {
    for is_stored in [false, true] {
        let bench = filled(10);
        bench.run().await;
        bench.vendor.edit("m003", None);
        {
            let mut state = bench.vendor.state.lock().unwrap();
            state.forgotten = state.journal.len();
        }
        // The listing is the first commit, the sweep the second.
        *bench.table.fuse.lock().unwrap() = Some((1, is_stored));
        let (_, cut) = bench.run_with(None, &Always).await;
        assert!(cut.is_err());
        let live = bench.table.live();
        assert_eq!(live.contains_key("m003"), !is_stored);
        let phase = bench.table.checkpoint().phase;
        assert_eq!(phase == Phase::Sweeping, !is_stored);
        *bench.table.fuse.lock().unwrap() = None;
        assert_eq!(bench.run().await.deletes, u64::from(!is_stored));
        bench.assert_equal();
        assert_eq!(bench.run().await.deletes, 0);
    }
}

#[tokio::test]
async fn a_cursor_that_took_a_reading_of_everything_is_stored() {
    let bench = filled(1);
    bench.run().await;
    assert_eq!(bench.run().await.commits, 0);
    bench.vendor.state.lock().unwrap().compares = true;
    let report = bench.run().await;
    assert_eq!((report.commits, report.changed()), (1, false));
}

#[tokio::test]
async fn a_requested_resync_is_answered_once() {
    let bench = filled(4);
    bench.run().await;
    let generation = |report: super::Report| report.generation;
    assert_eq!(generation(bench.run_with(Some("a"), &Always).await.0), 2);
    assert_eq!(generation(bench.run_with(Some("a"), &Always).await.0), 2);
    assert_eq!(generation(bench.run_with(Some("b"), &Always).await.0), 3);
    bench.assert_equal();
}

#[tokio::test]
async fn a_long_listing_is_folded_while_it_lasts() {
    let commits = COMMITS_PER_FOLD * 5 / 2;
    // Half a minute after a batch was begun, it is old enough: every second page ends one.
    let bench = filled(usize::try_from(commits).unwrap() * 2 * vendor::PAGE);
    *bench.vendor.slow.lock().unwrap() = Some(bench.clock.clone());
    assert!(bench.run().await.commits >= commits);
    let folds = bench.table.folds.load(Ordering::SeqCst);
    assert_eq!(folds, 3, "two on the way and one at the end");
    bench.assert_equal();
}

#[tokio::test]
async fn a_tighter_level_erases_before_it_reads_again() {
    let mut bench = filled(4);
    bench.level = MailLevel::Full;
    bench.run().await;
    bench.level = MailLevel::Metadata;
    *bench.vendor.fuse.lock().unwrap() = Some(0);
    let (_, result) = bench.run_with(None, &Always).await;
    assert!(result.is_err());
    assert!(
        bench.table.live().is_empty(),
        "nothing that is no longer allowed stays, even so"
    );
    *bench.vendor.fuse.lock().unwrap() = None;
    bench.run().await;
    bench.assert_equal();
}

#[tokio::test]
async fn somebody_elses_rows_are_not_touched() {
    let mut bench = filled(4);
    bench.run().await;
    let before = bench.table.state.lock().unwrap().commit.clone();
    bench.tenant = "other.example";
    let (_, result) = bench.run_with(None, &Always).await;
    assert!(matches!(result, Err(super::Error::ForeignData(_))));
    assert_eq!(bench.table.state.lock().unwrap().commit, before);
}

#[tokio::test]
async fn an_item_that_fails_is_written_down_before_the_cursor_passes_it() {
    let bench = filled(7);
    bench.vendor.spoil("m002");
    assert_eq!(bench.run().await.failed_items, 1);
    assert_eq!(bench.table.live().len(), 6);
    bench.vendor.mend();
    assert_eq!(bench.run().await.failed_items, 0);
    bench.assert_equal();
}

#[tokio::test]
async fn who_may_not_write_writes_nothing() {
    let bench = filled(4);
    let (_, result) = bench.run_with(None, &Lost).await;
    assert!(matches!(result, Err(super::Error::Stopped)));
    assert!(bench.table.state.lock().unwrap().commit.is_none());
}
