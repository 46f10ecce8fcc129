//! A mailbox that changes while it is read.

mod mailbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::json;

use self::mailbox::{Edit, Mailbox};
use crate::model::clock::ManualClock;
use crate::model::dataset::Dataset;
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::microsoft365::export::GraphExporter;
use crate::providers::microsoft365::export::scripted::{Scripted, Store, request};
use crate::providers::{Class, Error, ExportRequest, Exporter as _, Position};

type Exporter = GraphExporter<Scripted<Mailbox>>;

fn exporter(mailbox: Mailbox) -> (Arc<Scripted<Mailbox>>, Exporter) {
    let api = Arc::new(Scripted::new(mailbox));
    let clock = ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap());
    (api.clone(), GraphExporter::new(api, Arc::new(clock)))
}

fn at_metadata() -> ExportRequest {
    request(Dataset::Mail, Privacy::default())
}

fn leaving_out(label: &str) -> ExportRequest {
    let privacy = Privacy {
        exclude_labels: vec![label.into()],
        ..Privacy::default()
    };
    request(Dataset::Mail, privacy)
}

/// Message and folder of every row.
fn stored(store: &Store) -> BTreeMap<String, String> {
    let row = |(key, record): (&RecordKey, &Record)| match record {
        Record::Message(message) => (key.id.clone(), message.labels[0].clone()),
        other => panic!("{other:?}"),
    };
    store.rows.iter().map(row).collect()
}

fn truth(api: &Scripted<Mailbox>) -> BTreeMap<String, String> {
    api.vendor.lock().unwrap().truth()
}

fn edit(api: &Scripted<Mailbox>, edits: &[Edit]) {
    let mut vendor = api.vendor.lock().unwrap();
    for edit in edits {
        vendor.apply(*edit);
    }
}

fn read_all(exporter: &Exporter, store: &mut Store) {
    block_on(store.read_anew(exporter, &at_metadata())).unwrap();
}

#[test]
fn a_listing_reads_every_folder_several_at_once() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 7), ("sent", 3), ("empty", 0)]));
    let mut store = Store::default();
    let position = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap();
    assert_eq!(position, Some(Position::Listed));
    assert_eq!(stored(&store), truth(&api));
    // Pages of three, one of them empty: the folders go side by side, and the longest decides.
    assert_eq!(store.positions.len(), 4);
    let asked = api.asked();
    assert!(asked[0].starts_with("messages.list messages"), "{asked:?}");
    assert!(asked[1].starts_with("mailFolders.delta mailFolders/delta"));
}

#[test]
fn a_quiet_poll_is_one_look_and_leaves_the_cursor_as_it_is() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 2), ("sent", 2)]));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    api.asked();
    let before = store.cursor.clone();
    for _ in 0..10 {
        read_all(&exporter, &mut store);
        let asked = api.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
    }
    assert_eq!(store.cursor, before);
}

#[test]
fn where_no_look_is_possible_the_newest_links_are_kept_in_mind() {
    let mut mailbox = Mailbox::with(&[("inbox", 2)]);
    mailbox.looks = false;
    let (api, exporter) = exporter(mailbox);
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    // Nothing is stored by a run that finds nothing, and the vendor keeps only three states of a chain.
    let cursor = store.cursor.clone();
    for _ in 0..10 {
        store.cursor.clone_from(&cursor);
        block_on(store.read(&exporter, &at_metadata(), 99)).unwrap();
    }
    assert!(!store.positions.contains(&Position::Behind));
    assert_eq!(stored(&store), truth(&api));
}

#[test]
fn a_move_is_no_deletion_in_whatever_order_it_is_told() {
    for (from, to) in [("a", "b"), ("b", "a")] {
        let (api, exporter) = exporter(Mailbox::with(&[("a", 3), ("b", 3)]));
        let mut store = Store::default();
        read_all(&exporter, &mut store);
        edit(&api, &[Edit::Move(0, from, to), Edit::Delete(2)]);
        read_all(&exporter, &mut store);
        assert_eq!(stored(&store), truth(&api), "{from} to {to}");
        let asked = api.asked();
        let confirmed = asked.iter().filter(|line| line.starts_with("messages.get"));
        assert_eq!(
            confirmed.count(),
            1,
            "only the deletion is asked for: {asked:?}"
        );
    }
}

#[test]
fn what_left_is_asked_for_where_the_round_was_not_seen_as_a_whole() {
    let folders = [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)];
    let (api, exporter) = exporter(Mailbox::with(&folders));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    // Three folders are read at a time: the move is told in the first page, its end in the second.
    edit(&api, &[Edit::Move(0, "a", "e"), Edit::Delete(1)]);
    let position = block_on(store.read(&exporter, &at_metadata(), 1)).unwrap();
    assert_eq!(position, Some(Position::Behind));
    assert_eq!(
        stored(&store).len(),
        5,
        "nothing is deleted before all are folded"
    );
    read_all(&exporter, &mut store);
    assert_eq!(stored(&store), truth(&api));
    let asked = api.asked();
    let confirmed = asked.iter().filter(|line| line.starts_with("messages.get"));
    assert_eq!(confirmed.count(), 1, "{asked:?}");
}

#[test]
fn a_message_that_comes_and_goes_within_a_round_is_gone() {
    let (api, exporter) = exporter(Mailbox::with(&[("a", 9)]));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    edit(
        &api,
        &[
            Edit::Touch(0),
            Edit::Touch(1),
            Edit::Touch(2),
            Edit::Touch(3),
        ],
    );
    block_on(store.read(&exporter, &at_metadata(), 1)).unwrap();
    edit(&api, &[Edit::Delete(0), Edit::Delete(8)]);
    read_all(&exporter, &mut store);
    read_all(&exporter, &mut store);
    assert_eq!(stored(&store), truth(&api));
}

#[test]
fn a_new_folder_is_read_from_its_start() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 4)]));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    edit(
        &api,
        &[
            Edit::AddFolder("new"),
            Edit::Move(1, "inbox", "new"),
            Edit::Deliver("new"),
        ],
    );
    read_all(&exporter, &mut store);
    assert_eq!(stored(&store), truth(&api));
}

#[test]
fn a_folder_that_is_gone_with_its_messages_makes_a_new_generation() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 2), ("old", 2)]));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    edit(&api, &[Edit::DropFolder("old")]);
    let error = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap_err();
    assert_eq!(error.class, Class::Expired);
    read_all(&exporter, &mut store);
    assert_eq!(stored(&store), truth(&api));
}

#[test]
fn a_folder_that_never_held_anything_goes_without_a_word() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 2), ("empty", 0)]));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    edit(&api, &[Edit::DropFolder("empty"), Edit::Deliver("inbox")]);
    let position = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap();
    assert_eq!(position, Some(Position::Current));
    assert_eq!(stored(&store), truth(&api));
}

#[test]
fn a_folder_that_is_kept_out_is_not_read_and_a_move_into_it_is_a_deletion() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 3), ("Private", 3)]));
    let mut store = Store::default();
    let request = leaving_out("private");
    block_on(store.read_anew(&exporter, &request)).unwrap();
    assert_eq!(store.ids(), ["m0", "m1", "m2"]);
    edit(
        &api,
        &[
            Edit::Move(0, "inbox", "Private"),
            Edit::Move(3, "Private", "inbox"),
        ],
    );
    block_on(store.read_anew(&exporter, &request)).unwrap();
    assert_eq!(store.ids(), ["m1", "m2", "m3"]);
    let asked = api.asked();
    let private = asked
        .iter()
        .filter(|line| line.contains("mailFolders/Private"));
    assert_eq!(private.count(), 0, "{asked:?}");
}

#[test]
fn a_forgotten_chain_is_expired_and_nothing_else_is() {
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 2)]));
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    edit(&api, &[Edit::Deliver("inbox")]);
    api.vendor.lock().unwrap().forget();
    let error = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap_err();
    assert_eq!(error.class, Class::Expired);
    read_all(&exporter, &mut store);
    assert_eq!(stored(&store), truth(&api));
}

#[test]
fn single_messages_are_fetched_again() {
    let (_, exporter) = exporter(Mailbox::with(&[("inbox", 2), ("Private", 1)]));
    let keys = ["m0", "m2", "nobody"].map(RecordKey::plain);
    let kind = |change: &Change| match change {
        Change::Upsert(key, _) => format!("+{}", key.id),
        Change::Delete(key) => format!("-{}", key.id),
    };
    for (request, expected) in [
        (at_metadata(), ["+m0", "+m2", "-nobody"]),
        (leaving_out("Private"), ["+m0", "-m2", "-nobody"]),
    ] {
        let (changes, failed) = block_on(exporter.refetch(&request, &keys)).unwrap();
        let kinds: Vec<String> = changes.iter().map(kind).collect();
        assert_eq!(kinds, expected);
        assert!(failed.is_empty());
    }
}

#[test]
fn a_message_that_cannot_be_read_does_not_hide_the_others() {
    let mut mailbox = Mailbox::with(&[("inbox", 3)]);
    mailbox.broken = Some("m1".into());
    let (_, exporter) = exporter(mailbox);
    let mut store = Store::default();
    read_all(&exporter, &mut store);
    assert_eq!(store.ids(), ["m0", "m2"]);
    assert_eq!(store.failed[0].key.id, "m1");
    assert!(
        !store.failed[0].why.contains("secret"),
        "{}",
        store.failed[0].why
    );
}

#[test]
fn nothing_is_asked_where_nothing_is_allowed() {
    let privacy = Privacy {
        mail: crate::model::privacy::MailLevel::None,
        ..Privacy::default()
    };
    let request = request(Dataset::Mail, privacy);
    let (api, exporter) = exporter(Mailbox::with(&[("inbox", 3)]));
    let mut store = Store::default();
    block_on(store.read_anew(&exporter, &request)).unwrap();
    assert!(store.rows.is_empty() && api.asked().is_empty());
    assert_eq!(store.cursor.unwrap().0["place"], json!("off"));
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let folder = || prop::sample::select(vec!["a", "b", "c", "d"]);
    let one = prop_oneof![
        folder().prop_map(Edit::Deliver),
        (0..12_usize).prop_map(Edit::Delete),
        (0..12_usize).prop_map(Edit::Touch),
        (0..12_usize, folder()).prop_map(|(number, to)| Edit::MoveAny(number, to)),
    ];
    prop::collection::vec(one, 0..12)
}

/// What a crash leaves: the rows and the cursor of so many pages.
async fn crash_after(pages: usize, store: &mut Store, exporter: &Exporter) -> Result<(), Error> {
    match store.read(exporter, &at_metadata(), pages).await {
        Err(error) if error.class == Class::Expired => store.begin_anew(),
        other => drop(other?),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_crash_and_any_edits_end_in_the_vendors_state(
        rounds in prop::collection::vec((edits(), 1..6_usize), 1..6),
        looks in any::<bool>(),
    ) {
        let mut mailbox = Mailbox::with(&[("a", 5), ("b", 2), ("c", 0), ("d", 4)]);
        mailbox.looks = looks;
        let api = Arc::new(Scripted::new(mailbox));
        let mut store = Store::default();
        for (edits, pages) in rounds {
            // A new exporter each time: nothing is left in memory.
            let clock = Arc::new(ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap()));
            let exporter = GraphExporter::new(Arc::clone(&api), clock);
            block_on(crash_after(pages, &mut store, &exporter)).unwrap();
            edit(&api, &edits);
        }
        let clock = Arc::new(ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap()));
        let exporter = GraphExporter::new(Arc::clone(&api), clock);
        block_on(store.read_anew(&exporter, &at_metadata())).unwrap();
        // What moved while a round was under way is told by the next one.
        block_on(store.read_anew(&exporter, &at_metadata())).unwrap();
        prop_assert_eq!(stored(&store), truth(&api));
    }
}
