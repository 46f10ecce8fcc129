//! Whatever is edited, wherever a run dies: in the end the destination holds what the vendor has, row for row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::run::{Fence, Stream};
use crate::destinations::{self, Destination, Erasure, Kind};
use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::clock::ManualClock;
use crate::model::cursor::{Commit, Cursor, Lineage, Owner, Phase, Query, StreamId};
use crate::model::dataset::Dataset;
use crate::model::privacy::{MailLevel, Privacy};
use crate::model::record::{Message, Record};
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::{Class, Error, ExportRequest, Exporter, Page, Position, Reason};

const PAGE: usize = 3;

/// A vendor with one mailbox: what is in it, and a journal of what has changed.
#[derive(Default)]
struct Vendor {
    state: Mutex<Mailbox>,
    /// Requests until the next failure; none where nothing fails.
    fuse: Mutex<Option<usize>>,
    requests: AtomicUsize,
}

#[derive(Default, Clone)]
struct Mailbox {
    messages: BTreeMap<String, i64>,
    journal: Vec<String>,
    /// Journal entries before this are forgotten.
    forgotten: usize,
    unreadable: BTreeSet<String>,
}

impl Vendor {
    fn edit(&self, id: &str, size: Option<i64>) {
        let mut state = self.state.lock().unwrap();
        match size {
            Some(size) => state.messages.insert(id.to_owned(), size),
            None => state.messages.remove(id),
        };
        state.journal.push(id.to_owned());
    }

    fn ask(&self) -> Result<Mailbox, Error> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        if let Some(left) = self.fuse.lock().unwrap().as_mut() {
            *left = left.checked_sub(1).ok_or_else(|| error(Class::Retry))?;
        }
        Ok(self.state.lock().unwrap().clone())
    }

    fn listing(&self, after: Option<&str>, start: usize) -> Result<Page, Error> {
        let state = self.ask()?;
        let rest = state
            .messages
            .iter()
            .filter(|(id, _)| Some(id.as_str()) > after);
        let page: Vec<_> = rest
            .take(PAGE)
            .map(|(id, size)| (id.clone(), *size))
            .collect();
        let last = page.last().map(|(id, _)| id.clone());
        let is_last = page.len() < PAGE;
        let cursor = if is_last {
            json!({"at": start})
        } else {
            json!({"after": last, "at": start})
        };
        let (changes, failed) = read(&state, page.into_iter().map(|(id, _)| id));
        let position = if is_last {
            Position::Listed
        } else {
            Position::Listing
        };
        Ok(Page {
            changes,
            failed,
            cursor: Cursor(cursor),
            position,
        })
    }

    fn following(&self, at: usize) -> Result<Page, Error> {
        let state = self.ask()?;
        if at < state.forgotten {
            return Err(error(Class::Expired));
        }
        let end = (at + PAGE).min(state.journal.len());
        let (changes, failed) = read(&state, state.journal[at..end].iter().cloned());
        let position = if end == state.journal.len() {
            Position::Current
        } else {
            Position::Behind
        };
        Ok(Page {
            changes,
            failed,
            cursor: Cursor(json!({"at": end})),
            position,
        })
    }
}

fn read(state: &Mailbox, ids: impl Iterator<Item = String>) -> (Vec<Change>, Vec<FailedItem>) {
    let (mut changes, mut failed) = (Vec::new(), Vec::new());
    for id in ids {
        let key = RecordKey::plain(&id);
        if state.unreadable.contains(&id) {
            failed.push(FailedItem {
                key,
                attempts: 0,
                why: "500".into(),
            });
            continue;
        }
        changes.push(match state.messages.get(&id) {
            Some(size) => {
                let message = Message {
                    size: Some(*size),
                    ..Message::default()
                };
                Change::Upsert(key, Record::Message(Box::new(message)))
            }
            None => Change::Delete(key),
        });
    }
    (changes, failed)
}

fn error(class: Class) -> Error {
    Error {
        class,
        reason: Reason::ProviderUnavailable,
        provider: "vendor",
        operation: "list",
        status: None,
        code: None,
        meaning: String::new(),
        remedy: String::new(),
        retry_after: None,
    }
}

#[async_trait]
impl Exporter for Vendor {
    fn datasets(&self) -> &'static [Dataset] {
        &[Dataset::Mail]
    }

    fn pages<'a>(
        &'a self,
        _: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>> {
        let from = from.map_or_else(
            || json!({"after": null, "at": self.state.lock().unwrap().journal.len()}),
            |cursor| cursor.0,
        );
        stream::unfold(Some(from), move |from| async move {
            let from = from?;
            let at = usize::try_from(from["at"].as_u64().unwrap()).unwrap();
            let page = match from.get("after") {
                Some(after) => self.listing(after.as_str(), at),
                None => self.following(at),
            };
            let next = page
                .as_ref()
                .ok()
                .filter(|page| matches!(page.position, Position::Listing | Position::Behind));
            let next = next.map(|page| page.cursor.0.clone());
            Some((page, next))
        })
        .boxed()
    }

    async fn refetch(
        &self,
        _: &ExportRequest,
        keys: &[RecordKey],
    ) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
        let state = self.ask()?;
        Ok(read(&state, keys.iter().map(|key| key.id.clone())))
    }
}

/// Rows in memory, with a fuse: a commit may fail before or after it has happened.
#[derive(Default)]
struct Table {
    state: Mutex<Rows>,
    fuse: Mutex<Option<(usize, bool)>>,
}

#[derive(Default, Clone)]
struct Rows {
    rows: BTreeMap<RecordKey, (Option<i64>, u64)>,
    commit: Option<Commit>,
}

impl Table {
    fn live(&self) -> BTreeMap<String, i64> {
        let state = self.state.lock().unwrap();
        let live = state
            .rows
            .iter()
            .filter_map(|(key, (size, _))| Some((key.id.clone(), (*size)?)));
        live.collect()
    }

    fn checkpoint(&self) -> crate::model::cursor::Checkpoint {
        self.state
            .lock()
            .unwrap()
            .commit
            .clone()
            .unwrap()
            .checkpoint
    }
}

fn broken(kind: Kind) -> destinations::Error {
    destinations::Error {
        kind,
        operation: "commit",
        meaning: String::new(),
        remedy: String::new(),
        source: None,
    }
}

#[async_trait]
impl Destination for Table {
    async fn check(&self) -> Result<(), destinations::Error> {
        Ok(())
    }

    async fn last_commit(&self, _: &StreamId) -> Result<Option<Commit>, destinations::Error> {
        Ok(self.state.lock().unwrap().commit.clone())
    }

    async fn commit(
        &self,
        _: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), destinations::Error> {
        let mut fuse = self.fuse.lock().unwrap();
        let blown = fuse
            .as_mut()
            .and_then(|(left, after)| match left.checked_sub(1) {
                Some(less) => {
                    *left = less;
                    None
                }
                None => Some(*after),
            });
        if blown == Some(false) {
            return Err(broken(Kind::DestinationUnreachable));
        }
        let mut state = self.state.lock().unwrap();
        let last = state.commit.as_ref().map_or(0, |commit| commit.sequence);
        if commit.sequence != last + 1 {
            return Err(broken(Kind::DestinationContested));
        }
        for change in changes {
            let size = match &change {
                Change::Upsert(_, Record::Message(message)) => message.size,
                _ => None,
            };
            state
                .rows
                .insert(change.key().clone(), (size, commit.checkpoint.generation));
        }
        state.commit = Some(commit.clone());
        if blown == Some(true) {
            Err(broken(Kind::DestinationUnreachable))
        } else {
            Ok(())
        }
    }

    async fn stale(
        &self,
        _: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, destinations::Error> {
        let state = self.state.lock().unwrap();
        let stale = state
            .rows
            .iter()
            .filter(|(_, (size, of))| size.is_some() && *of < generation);
        Ok(stale.take(limit).map(|(key, _)| key.clone()).collect())
    }

    async fn count(&self, _: &StreamId) -> Result<u64, destinations::Error> {
        Ok(self.live().len() as u64)
    }

    async fn erase_stream(&self, _: &StreamId) -> Result<Erasure, destinations::Error> {
        *self.state.lock().unwrap() = Rows::default();
        Ok(Erasure::default())
    }

    async fn erase(&self, _: &Owner) -> Result<Erasure, destinations::Error> {
        Ok(Erasure::default())
    }

    async fn compact(&self, _: &StreamId) -> Result<(), destinations::Error> {
        Ok(())
    }
}

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
    bench
        .vendor
        .state
        .lock()
        .unwrap()
        .unreadable
        .insert("m002".into());
    assert_eq!(bench.run().await.failed_items, 1);
    assert_eq!(bench.table.live().len(), 6);
    bench.vendor.state.lock().unwrap().unreadable.clear();
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

#[derive(Debug, Clone)]
enum Step {
    Put(u8, i64),
    Remove(u8),
    Forget,
    Run {
        requests: Option<usize>,
        commits: Option<(usize, bool)>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let run = (
        prop::option::of(0..6_usize),
        prop::option::of((0..3_usize, any::<bool>())),
    );
    prop_oneof![
        6 => (0..20_u8, any::<i64>()).prop_map(|(id, size)| Step::Put(id, size)),
        3 => (0..20_u8).prop_map(Step::Remove),
        1 => Just(Step::Forget),
        4 => run.prop_map(|(requests, commits)| Step::Run { requests, commits }),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_doubled(steps in prop::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            for step in steps {
                match step {
                    Step::Put(id, size) => bench.vendor.edit(&format!("m{id}"), Some(size)),
                    Step::Remove(id) => bench.vendor.edit(&format!("m{id}"), None),
                    Step::Forget => {
                        let mut state = bench.vendor.state.lock().unwrap();
                        state.forgotten = state.journal.len();
                    }
                    Step::Run { requests, commits } => {
                        *bench.vendor.fuse.lock().unwrap() = requests;
                        *bench.table.fuse.lock().unwrap() = commits;
                        // Whether it fails or not: the last run has to mend everything.
                        let _ = bench.run_with(None, &Always).await;
                    }
                }
            }
            *bench.vendor.fuse.lock().unwrap() = None;
            *bench.table.fuse.lock().unwrap() = None;
            bench.run().await;
            bench.assert_equal();
        });
    }
}
