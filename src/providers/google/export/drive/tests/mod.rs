//! Files that change while they are read.

mod vendor;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use proptest::prelude::*;
use serde_json::json;

use self::vendor::{Edit, Vendor};
use crate::model::clock::SystemClock;
use crate::model::dataset::Dataset;
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::google::export::GoogleExporter;
use crate::providers::google::export::scripted::{Answer, Asked, Scripted, Store, error, request};
use crate::providers::{Class, ExportRequest, Exporter as _, Position, Reason};

fn exporter(files: Vendor) -> (Arc<Scripted<Vendor>>, GoogleExporter<Scripted<Vendor>>) {
    let api = Arc::new(Scripted::new(files));
    (api.clone(), GoogleExporter::new(api, Arc::new(SystemClock)))
}

fn files() -> ExportRequest {
    request(Dataset::Drive, Privacy::default())
}

fn stored(store: &Store) -> BTreeMap<u64, i64> {
    let row = |(key, record): (&RecordKey, &Record)| match record {
        Record::File(file) => (key.id.parse().unwrap(), file.version.unwrap()),
        other => panic!("{other:?}"),
    };
    store.rows.iter().map(row).collect()
}

#[test]
fn the_place_is_pinned_before_the_first_file_is_listed() {
    let mut vendor = Vendor::with(7);
    vendor.pending = vec![Edit::Make, Edit::Remove(6), Edit::Change(0), Edit::Make];
    let (api, exporter) = exporter(vendor);
    let mut store = Store::default();
    block_on(store.read(&exporter, &files(), 99)).unwrap();
    assert_eq!(store.positions.last(), Some(&Position::Listed));
    assert_eq!(
        store.cursor.clone().unwrap().0["place"],
        json!({"following": {"token": "8"}})
    );
    block_on(store.read_all(&exporter, &files())).unwrap();
    assert_eq!(stored(&store), api.vendor.lock().unwrap().files);
}

#[test]
fn a_quiet_poll_is_one_request_for_metadata_only() {
    let (api, exporter) = exporter(Vendor::with(2));
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &files())).unwrap();
    api.asked();
    block_on(store.read_all(&exporter, &files())).unwrap();
    let asked = api.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    for wanted in [
        "includeRemoved=true",
        "includeItemsFromAllDrives=true",
        "spaces=drive",
    ] {
        assert!(asked[0].contains(wanted), "{asked:?}");
    }
    for unwanted in ["permissions", "thumbnail", "content", "*"] {
        assert!(!asked[0].contains(unwanted), "{asked:?}");
    }
}

#[test]
fn a_malformed_file_fails_alone_and_is_fetched_again() {
    let mut vendor = Vendor::with(5);
    vendor.odd.insert(1, json!({"parents": "not a list"}));
    vendor.odd.insert(3, json!({"size": "large"}));
    let (api, exporter) = exporter(vendor);
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &files())).unwrap();
    let keys: Vec<_> = store.failed.iter().map(|item| item.key.clone()).collect();
    assert_eq!(keys, [RecordKey::plain("1"), RecordKey::plain("3")]);
    assert_eq!(stored(&store).into_keys().collect::<Vec<_>>(), [0, 2, 4]);
    api.vendor.lock().unwrap().odd.remove(&3);
    api.vendor.lock().unwrap().files.remove(&1);
    let (changes, failed) = block_on(exporter.refetch(&files(), &keys)).unwrap();
    assert_eq!(changes[0], Change::Delete(keys[0].clone()));
    assert!(matches!(&changes[1], Change::Upsert(key, _) if *key == keys[1]));
    assert_eq!((changes.len(), failed.len()), (2, 0));
}

#[test]
fn a_malformed_change_is_kept_for_later() {
    let (api, exporter) = exporter(Vendor::with(1));
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &files())).unwrap();
    api.vendor.lock().unwrap().odd.insert(0, json!({"id": 7}));
    api.vendor.lock().unwrap().edit(Edit::Change(0));
    block_on(store.read_all(&exporter, &files())).unwrap();
    assert_eq!(store.failed[0].key, RecordKey::plain("0"));
}

#[test]
fn what_is_older_than_since_is_omitted_and_what_becomes_so_is_deleted() {
    let mut request = files();
    request.since = Some(jiff::civil::date(2026, 1, 4));
    let (api, exporter) = exporter(Vendor::with(6));
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &request)).unwrap();
    assert_eq!(stored(&store).into_keys().collect::<Vec<_>>(), [3, 4, 5]);
    assert!(
        !store
            .changes
            .iter()
            .any(|it| matches!(it, Change::Delete(_)))
    );
    let backdated = json!({"modifiedTime": "2020-01-01T00:00:00Z"});
    api.vendor.lock().unwrap().odd.insert(4, backdated);
    api.vendor.lock().unwrap().edit(Edit::Change(4));
    block_on(store.read_all(&exporter, &request)).unwrap();
    assert_eq!(stored(&store).into_keys().collect::<Vec<_>>(), [3, 5]);
}

#[test]
fn a_reply_that_is_none_is_not_a_drive_without_files() {
    let vendor = |asked: &Asked<'_>| match asked.method {
        Method::StartPageToken => Ok(json!({"startPageToken": "7"})),
        _ => Ok(json!({})),
    };
    let exporter = GoogleExporter::new(Arc::new(Scripted::new(vendor)), Arc::new(SystemClock));
    let error = block_on(Store::default().read_all(&exporter, &files())).unwrap_err();
    assert_eq!(error.reason, Reason::MalformedReply);
}

#[test]
fn a_stored_page_token_that_the_vendor_forgot_begins_the_listing_again() {
    let (api, exporter) = exporter(Vendor::with(7));
    let mut store = Store::default();
    block_on(store.read(&exporter, &files(), 1)).unwrap();
    let mut forgot = false;
    let forgetful = move |asked: &Asked<'_>| {
        if asked.get("pageToken") == Some("3") && !std::mem::replace(&mut forgot, true) {
            return Err(error(Class::Park, Reason::RequestRefused, 400));
        }
        api.vendor.lock().unwrap().answer(asked)
    };
    let again = GoogleExporter::new(Arc::new(Scripted::new(forgetful)), Arc::new(SystemClock));
    block_on(store.read_all(&again, &files())).unwrap();
    assert_eq!(store.rows.len(), 7);
}

#[test]
fn a_reply_that_leads_nowhere_is_an_error() {
    for reply in [json!({}), json!({"nextPageToken": "7"})] {
        let vendor = move |asked: &Asked<'_>| match asked.method {
            Method::StartPageToken => Ok(json!({"startPageToken": "7"})),
            Method::FilesList => Ok(json!({"files": []})),
            _ => Ok(reply.clone()),
        };
        let exporter = GoogleExporter::new(Arc::new(Scripted::new(vendor)), Arc::new(SystemClock));
        let mut store = Store::default();
        let error = block_on(store.read_all(&exporter, &files())).unwrap_err();
        assert_eq!(
            (error.class, error.reason),
            (Class::Retry, Reason::MalformedReply)
        );
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        2 => Just(Edit::Make),
        2 => (0usize..50).prop_map(Edit::Change),
        1 => (0usize..50).prop_map(Edit::Remove),
    ];
    proptest::collection::vec(edit, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is edited between requests, and wherever the reader is stopped: in the end it has all.
    #[test]
    fn nothing_is_lost_wherever_a_run_stops(
        start in 0u64..20,
        edits in edits(),
        stops in proptest::collection::vec(0usize..4, 0..12),
    ) {
        let mut vendor = Vendor::with(start);
        vendor.pending = edits;
        let (api, exporter) = exporter(vendor);
        let mut store = Store::default();
        for pages in stops {
            block_on(store.read(&exporter, &files(), pages)).unwrap();
        }
        while !api.vendor.lock().unwrap().pending.is_empty() {
            block_on(store.read_all(&exporter, &files())).unwrap();
        }
        block_on(store.read_all(&exporter, &files())).unwrap();
        prop_assert_eq!(stored(&store), api.vendor.lock().unwrap().files.clone());
    }
}
