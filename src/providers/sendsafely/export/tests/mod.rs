mod vendor;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use self::vendor::{PETER, Vendor, at, entry, package};
use super::*;
use crate::model::clock::ManualClock;
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::providers::reading::scripted::{Store, request};
use crate::providers::sendsafely::testing::{FakePortal, spec};
use crate::providers::{Class, Position, Reason};

type Edit = fn(&mut vendor::State);

/// A portal with these lists, an exporter, a clock of the test's own, and a place for what is read.
struct Stage {
    vendor: Vendor,
    exporter: SendSafelyExporter,
    clock: ManualClock,
    request: ExportRequest,
    store: Store,
    _portal: FakePortal,
}

impl Stage {
    async fn of(vendor: Vendor, dataset: Dataset) -> Self {
        let portal = FakePortal::start().await;
        portal.serve(vendor.clone()).await;
        let clock = ManualClock::new(at(1));
        let api = Arc::clone(&portal.open(spec()).api);
        Self {
            exporter: SendSafelyExporter::new(api, Arc::new(clock.clone())),
            clock,
            request: request(PETER, dataset, Privacy::default()),
            store: Store::default(),
            vendor,
            _portal: portal,
        }
    }

    async fn of_packages(count: i64) -> Self {
        Self::of(Vendor::of(count), Dataset::Packages).await
    }

    async fn read(&mut self) -> Result<(), Error> {
        self.store.changes.clear();
        self.vendor.asked();
        self.store.read_all(&self.exporter, &self.request).await
    }

    /// Reads, and insists that it is a look at the newest part alone, and how many changes it brings.
    async fn finds(&mut self, changes: usize) {
        self.read().await.unwrap();
        assert_eq!(
            self.store.changes.len(),
            changes,
            "{:?}",
            self.store.changes
        );
        assert_eq!(self.vendor.asked(), 1);
    }

    /// Insists that what is stored is what the vendor has.
    fn is_equal(&self) {
        assert_eq!(self.store.ids(), self.vendor.ids());
    }

    fn passes(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
    }
}

#[tokio::test]
async fn everything_is_read_once_and_then_a_look_is_one_request() {
    let mut stage = Stage::of_packages(230).await;
    stage.read().await.unwrap();
    stage.is_equal();
    assert_eq!(
        stage.store.changes.len(),
        230,
        "each once, also where pages overlap"
    );
    assert!(!format!("{:?}", stage.store.rows).contains("canary"));
    for _ in 0..3 {
        stage.finds(0).await;
    }
}

#[tokio::test]
async fn a_listing_goes_on_where_it_was_stopped() {
    let mut stage = Stage::of_packages(230).await;
    let store = &mut stage.store;
    let position = store
        .read(&stage.exporter, &stage.request, 1)
        .await
        .unwrap();
    assert_eq!(position, Some(Position::Listing));
    stage.read().await.unwrap();
    stage.is_equal();
    assert!(
        stage.store.changes.len() <= 130,
        "{}",
        stage.store.changes.len()
    );
}

#[tokio::test]
async fn nothing_is_lost_where_rows_move_between_pages() {
    let arrives = |state: &mut vendor::State| state.packages.insert(0, package("new", 0));
    let few_go = |state: &mut vendor::State| drop(state.packages.drain(..3));
    let many_go = |state: &mut vendor::State| drop(state.packages.drain(..40));
    let last_goes = |state: &mut vendor::State| drop(state.packages.remove(99));
    let moves = |state: &mut vendor::State| {
        let mut row = state.packages.remove(150);
        row["packageUpdateTimestamp"] = json!(vendor::stamp(at(0)));
        state.packages.insert(0, row);
    };
    let edits: [(&str, Edit); 5] = [
        ("a package arrives", arrives),
        ("a few go", few_go),
        ("many go", many_go),
        ("the last of a page goes", last_goes),
        ("one moves to the top", moves),
    ];
    for (what, edit) in edits {
        let mut stage = Stage::of_packages(230).await;
        stage.vendor.then(edit);
        stage.read().await.unwrap();
        let stored = stage.store.ids();
        let missing: Vec<_> = stage.vendor.ids();
        let missing: Vec<_> = missing
            .iter()
            .filter(|id| !stored.contains(&id.as_str()))
            .collect();
        assert!(missing.is_empty(), "{what}: {missing:?} are missing");
        // What went while it was read is found by the next comparison.
        stage.passes(26);
        stage
            .store
            .read_anew(&stage.exporter, &stage.request)
            .await
            .unwrap();
        stage.is_equal();
    }
}

#[tokio::test]
async fn a_list_that_changes_without_end_is_given_up() {
    let mut stage = Stage::of_packages(230).await;
    for _ in 0..20 {
        stage.vendor.then(|state| state.packages.rotate_left(110));
    }
    let error = stage.read().await.unwrap_err();
    assert_eq!(
        (error.class, error.reason),
        (Class::Retry, Reason::MalformedReply)
    );
}

#[tokio::test]
async fn a_list_that_is_cut_off_is_read_in_parts() {
    let mut stage = Stage::of_packages(430).await;
    stage.vendor.edit(|state| state.most = Some(150));
    stage.read().await.unwrap();
    stage.is_equal();
    stage.finds(0).await;
}

#[tokio::test]
async fn more_in_one_day_than_is_shown_is_no_success() {
    let mut stage = Stage::of_packages(0).await;
    stage.vendor.edit(|state| {
        state.packages = (0..200).map(|n| package(&format!("p{n:03}"), 0)).collect();
        state.most = Some(120);
    });
    let error = stage.read().await.unwrap_err();
    assert_eq!(error.reason, Reason::MalformedReply);
    assert!(error.meaning.contains("more in one moment"), "{error}");
}

#[tokio::test]
async fn what_is_new_or_different_or_gone_is_a_change() {
    let mut stage = Stage::of_packages(20).await;
    stage.read().await.unwrap();
    stage
        .vendor
        .edit(|state| state.packages.insert(0, package("new", 1)));
    stage.finds(1).await;
    stage
        .vendor
        .edit(|state| state.packages[2]["packageState"] = json!(3));
    stage.finds(1).await;
    stage.vendor.edit(|state| drop(state.packages.remove(1)));
    stage.read().await.unwrap();
    let cost = (stage.store.changes.len(), stage.vendor.asked());
    assert_eq!(cost, (1, 2), "it is looked for once more");
    stage.is_equal();
    stage
        .vendor
        .edit(|state| state.packages[0]["packageState"] = json!(-3));
    stage.finds(1).await;
    assert!(!stage.store.ids().contains(&"new"));
    stage.finds(0).await;
}

#[tokio::test]
async fn what_has_become_too_old_to_be_looked_at_is_not_gone() {
    let mut stage = Stage::of_packages(60).await;
    stage.read().await.unwrap();
    stage
        .vendor
        .edit(|state| state.packages.insert(0, package("new", 30)));
    stage.finds(1).await;
    stage.is_equal();
    stage.finds(0).await;
}

#[tokio::test]
async fn what_moves_to_the_top_while_it_is_looked_for_is_not_gone() {
    let mut stage = Stage::of(Vendor::crowded(150), Dataset::Packages).await;
    stage.read().await.unwrap();
    stage.vendor.then(|state| {
        let mut row = state.packages.remove(120);
        row["packageUpdateTimestamp"] = json!(vendor::stamp(at(1)));
        state.packages.insert(0, row);
    });
    stage.read().await.unwrap();
    let is_upsert = |change: &Change| matches!(change, Change::Upsert(key, _) if key.id == "p120");
    assert!(
        matches!(&stage.store.changes[..], [change] if is_upsert(change)),
        "{:?}",
        stage.store.changes
    );
    stage.is_equal();
}

#[tokio::test]
async fn what_one_reply_lacks_is_not_gone() {
    let mut stage = Stage::of_packages(20).await;
    stage.read().await.unwrap();
    let empty = json!({"response": "SUCCESS", "packages": [], "pagination": {"rowsReturned": "0"}});
    stage.vendor.edit(|state| state.instead.push_back(empty));
    stage.read().await.unwrap();
    assert_eq!(
        (stage.store.changes.len(), stage.vendor.asked()),
        (0, 2),
        "{:?}",
        stage.store.changes
    );
    stage.finds(0).await;
}

#[tokio::test]
async fn a_look_that_is_not_whole_deletes_nothing() {
    let one = package("p000", 0);
    let replies = [
        json!({"response": "DENIED", "message": "no"}),
        json!({"response": "SUCCESS"}),
        json!({"response": "SUCCESS", "pagination": {}}),
        json!({"response": "SUCCESS", "packages": []}),
        json!({"response": "SUCCESS", "packages": [one], "pagination": {"rowsReturned": "20"}}),
    ];
    let mut stage = Stage::of(Vendor::crowded(150), Dataset::Packages).await;
    stage.read().await.unwrap();
    for reply in replies {
        for page in 0..2 {
            let wrong = reply.clone();
            let strike = move |state: &mut vendor::State| state.instead.push_back(wrong);
            match page {
                0 => stage.vendor.edit(strike),
                _ => stage.vendor.then(strike),
            }
            let read = stage.read().await;
            assert!(read.is_err(), "{reply} on page {page}");
            assert!(stage.store.changes.is_empty(), "{reply} on page {page}");
        }
    }
    stage.read().await.unwrap();
    assert!(stage.store.changes.is_empty());
    stage.is_equal();
}

#[tokio::test]
async fn a_page_without_rows_is_not_the_end() {
    let mut stage = Stage::of_packages(230).await;
    stage.vendor.edit(|state| state.hides = Some((0, 100)));
    stage.read().await.unwrap();
    assert_eq!(stage.store.ids().len(), 130);
}

#[tokio::test]
async fn what_others_have_sent_is_not_kept() {
    let mut stage = Stage::of_packages(3).await;
    stage.vendor.edit(|state| {
        let mut foreign = package("foreign", 0);
        foreign["packageUserName"] = json!(format!("not{PETER}"));
        state.packages.insert(0, foreign);
    });
    stage.read().await.unwrap();
    assert_eq!(stage.store.ids(), ["p000", "p001", "p002"]);
    let cursor = format!("{:?}", stage.store.cursor);
    assert!(!cursor.contains("foreign"), "{cursor}");
    stage.finds(0).await;
}

#[tokio::test]
async fn a_silent_change_is_found_within_a_day() {
    let mut stage = Stage::of_packages(130).await;
    stage.read().await.unwrap();
    // It expires, and does not move.
    stage
        .vendor
        .edit(|state| state.packages[120]["packageState"] = json!(1));
    stage.finds(0).await;
    stage.passes(26);
    let error = stage.read().await.unwrap_err();
    assert_eq!(
        (error.class, error.reason),
        (Class::Expired, Reason::CursorExpired)
    );
    stage
        .store
        .read_anew(&stage.exporter, &stage.request)
        .await
        .unwrap();
    let Record::Package(package) = &stage.store.rows[&RecordKey::plain("p120")] else {
        panic!("it is a package")
    };
    assert_eq!(package.state.as_deref(), Some("expired"));
    stage.finds(0).await;
}

#[tokio::test]
async fn a_list_that_is_as_it_was_is_not_read_anew() {
    let mut stage = Stage::of_packages(130).await;
    stage.read().await.unwrap();
    stage.passes(26);
    stage.read().await.unwrap();
    assert!(stage.store.changes.is_empty());
    assert_eq!(stage.store.positions.last(), Some(&Position::Compared));
    assert_eq!(stage.vendor.asked(), 2, "all of it, once");
    stage.finds(0).await;
}

#[tokio::test]
async fn a_package_that_cannot_be_read_does_not_hide_the_others() {
    let mut stage = Stage::of_packages(3).await;
    stage
        .vendor
        .edit(|state| state.packages[1]["filenames"] = json!("secretcanary"));
    stage.read().await.unwrap();
    assert_eq!(stage.store.ids(), ["p000", "p002"]);
    let failed = &stage.store.failed[0];
    assert_eq!(failed.key.id, "p001");
    assert!(!failed.why.contains("canary"), "{}", failed.why);
    let keys = [RecordKey::plain("p001")];
    let (changes, failed) = stage.exporter.refetch(&stage.request, &keys).await.unwrap();
    assert_eq!((changes.len(), failed.len()), (0, 1));
    stage
        .vendor
        .edit(|state| state.packages[1]["filenames"] = json!(["a.pdf"]));
    stage.finds(1).await;
}

#[tokio::test]
async fn nothing_older_than_asked_for_is_read() {
    let mut stage = Stage::of_packages(100).await;
    stage.request.since = Some(jiff::civil::date(2026, 11, 26));
    stage.read().await.unwrap();
    assert_eq!(
        stage.store.ids().len(),
        37,
        "from midnight of the 26th to noon of the 27th"
    );
    stage.finds(0).await;
}

async fn activity() -> Stage {
    let vendor = Vendor::default();
    vendor.edit(|state| {
        let mine = (0..130).map(|n| entry(&format!("e{n:03}"), PETER, -n));
        state.log = mine.collect();
        state
            .log
            .insert(0, entry("other", &format!("not{PETER}"), 1));
    });
    Stage::of(vendor, Dataset::Activity).await
}

#[tokio::test]
async fn what_a_person_did_is_read_once() {
    let mut stage = activity().await;
    stage.read().await.unwrap();
    assert_eq!(stage.store.ids().len(), 130);
    assert!(!stage.store.ids().contains(&"other"));
    stage.finds(0).await;
    stage
        .vendor
        .edit(|state| state.log.insert(0, entry("new", PETER, 5)));
    // It is written down late.
    stage
        .vendor
        .edit(|state| state.log.insert(20, entry("late", PETER, -18)));
    stage.finds(2).await;
    stage.finds(0).await;
}

#[tokio::test]
async fn entries_that_the_vendor_no_longer_keeps_stay() {
    let mut stage = activity().await;
    stage.read().await.unwrap();
    stage.vendor.edit(|state| state.log.clear());
    stage.passes(24 * 89);
    stage.finds(0).await;
    assert_eq!(stage.store.ids().len(), 130);
}

#[tokio::test]
async fn what_was_dropped_before_it_was_read_is_told() {
    let mut stage = activity().await;
    stage.read().await.unwrap();
    let read_at: Timestamp = at(1);
    stage.passes(24 * 100);
    stage.finds(1).await;
    let key = RecordKey::plain(format!("gap-{}", read_at.as_second()));
    let Record::Activity(gap) = &stage.store.rows[&key] else {
        panic!("it is an entry")
    };
    assert_eq!(gap.kind.as_deref(), Some("GAP"));
    assert_eq!(gap.occurred_at, Some(read_at));
    let until = read_at + SignedDuration::from_hours(24 * 10);
    assert_eq!(gap.vendor.as_ref().unwrap()["until"], json!(until));
    stage.finds(0).await;
}
