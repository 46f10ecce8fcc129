use std::sync::Arc;

use futures::executor::block_on;
use serde_json::{Value, json};

use crate::model::clock::SystemClock;
use crate::model::dataset::Dataset;
use crate::model::privacy::Privacy;
use crate::model::row::{Change, RecordKey};
use crate::providers::microsoft365::api::Method;
use crate::providers::microsoft365::export::GraphExporter;
use crate::providers::microsoft365::export::scripted::{
    Answer, Asked, Scripted, Store, expired, gone, link, request,
};
use crate::providers::{Class, Error, ExportRequest, Exporter as _, Position, Reason};

fn exporter<V: Answer<Method>>(vendor: V) -> (Arc<Scripted<V>>, GraphExporter<Scripted<V>>) {
    let api = Arc::new(Scripted::new(vendor));
    (api.clone(), GraphExporter::new(api, Arc::new(SystemClock)))
}

fn files() -> ExportRequest {
    request(Dataset::Drive, Privacy::default())
}

fn file(id: &str, modified: &str) -> Value {
    json!({"id": id, "name": id, "file": {}, "lastModifiedDateTime": modified})
}

const NEW: &str = "2026-02-01T00:00:00Z";

/// Two pages of a listing, then a round with a deletion, then quiet.
fn drive(asked: &Asked<'_>) -> Result<Value, Error> {
    let next = |token: &str| link(&format!("drive/root/delta?token={token}"));
    match (asked.method, asked.get("token")) {
        (Method::ItemsDeltaStart, None) => {
            assert!(asked.get("$select").unwrap().contains("parentReference"));
            let top = json!({"id": "top", "root": {}, "folder": {}});
            Ok(json!({"value": [top, file("a", NEW)], "@odata.nextLink": next("2")}))
        }
        (Method::ItemsDelta, Some("2")) => {
            let folder = json!({"id": "f", "name": "f", "folder": {}, "lastModifiedDateTime": NEW});
            // The same item may be told more than once: the last one counts.
            let items = [file("b", NEW), folder, file("b", "2026-03-01T00:00:00Z")];
            Ok(json!({"value": items, "@odata.deltaLink": next("3")}))
        }
        (Method::ItemsDelta, Some("3")) => {
            let deleted = json!({"id": "a", "deleted": {"state": "deleted"}});
            Ok(json!({"value": [deleted], "@odata.deltaLink": next("4")}))
        }
        (Method::ItemsDelta, Some("4")) => Ok(json!({"value": [], "@odata.deltaLink": next("4")})),
        (Method::ItemsGet, _) if asked.segment(2) == "b" => Ok(file("b", NEW)),
        (Method::ItemsGet, _) => Err(gone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_drive_is_listed_then_followed() {
    let (api, exporter) = exporter(drive);
    let mut store = Store::default();
    let position = block_on(store.read(&exporter, &files(), 99)).unwrap();
    assert_eq!(position, Some(Position::Listed));
    assert_eq!(
        store.ids(),
        ["a", "b", "f"],
        "the drive's own top is no file"
    );
    block_on(store.read_anew(&exporter, &files())).unwrap();
    assert_eq!(store.ids(), ["b", "f"]);
    api.asked();
    let before = store.cursor.clone();
    block_on(store.read_anew(&exporter, &files())).unwrap();
    assert_eq!(api.asked().len(), 1, "a quiet poll is one request");
    assert_eq!(store.cursor, before);
}

#[test]
fn the_cursor_holds_no_host() {
    let (_, exporter) = exporter(drive);
    let mut store = Store::default();
    block_on(store.read(&exporter, &files(), 1)).unwrap();
    assert_eq!(
        store.cursor.unwrap().0["place"],
        json!({"at": "users/u1/drive/root/delta?token=2", "listed": false})
    );
}

#[test]
fn a_listing_goes_on_where_it_was_left() {
    let (api, exporter) = exporter(drive);
    let mut store = Store::default();
    block_on(store.read(&exporter, &files(), 1)).unwrap();
    api.asked();
    block_on(store.read(&exporter, &files(), 99)).unwrap();
    assert_eq!(api.asked(), ["driveItem.delta drive/root/delta?token=2"]);
    assert_eq!(store.ids(), ["a", "b", "f"]);
}

#[test]
fn a_forgotten_token_is_expired() {
    let mut forgotten = false;
    let (_, exporter) = exporter(move |asked: &Asked<'_>| match asked.get("token") {
        Some("3") if !std::mem::replace(&mut forgotten, true) => Err(expired()),
        _ => drive(asked),
    });
    let mut store = Store::default();
    block_on(store.read(&exporter, &files(), 99)).unwrap();
    let error = block_on(store.read(&exporter, &files(), 99)).unwrap_err();
    assert_eq!(error.class, Class::Expired);
    block_on(store.read_anew(&exporter, &files())).unwrap();
    assert_eq!(store.ids(), ["b", "f"]);
}

#[test]
fn what_is_too_old_is_left_out_and_taken_away_when_it_becomes_so() {
    let old = |asked: &Asked<'_>| {
        let next = |token: &str| link(&format!("drive/root/delta?token={token}"));
        let page = match asked.get("token") {
            None => {
                json!({"value": [file("a", "2025-01-01T00:00:00Z"), file("b", NEW)], "@odata.deltaLink": next("2")})
            }
            _ => {
                json!({"value": [file("b", "2025-01-01T00:00:00Z")], "@odata.deltaLink": next("3")})
            }
        };
        Ok(page)
    };
    let (_, exporter) = exporter(old);
    let request = ExportRequest {
        since: Some(jiff::civil::date(2026, 1, 1)),
        ..files()
    };
    let mut store = Store::default();
    block_on(store.read(&exporter, &request, 99)).unwrap();
    assert_eq!(store.ids(), ["b"]);
    block_on(store.read(&exporter, &request, 99)).unwrap();
    assert!(store.ids().is_empty());
}

#[test]
fn an_item_that_cannot_be_read_does_not_hide_the_others() {
    let (_, exporter) = exporter(|_: &Asked<'_>| {
        let broken = json!({"id": "x", "size": "secret"});
        Ok(
            json!({"value": [broken, file("a", NEW)], "@odata.deltaLink": link("drive/root/delta?token=1")}),
        )
    });
    let mut store = Store::default();
    block_on(store.read(&exporter, &files(), 1)).unwrap();
    assert_eq!(store.ids(), ["a"]);
    assert_eq!(store.failed[0].key.id, "x");
    assert!(!store.failed[0].why.contains("secret"));
}

#[test]
fn a_page_without_a_link_or_with_its_own_is_malformed() {
    for page in [
        json!({"value": []}),
        json!({"value": [], "@odata.nextLink": link("drive/root/delta?token=2")}),
    ] {
        let (_, exporter) = exporter(move |asked: &Asked<'_>| match asked.get("token") {
            None => drive(asked),
            _ => Ok(page.clone()),
        });
        let mut store = Store::default();
        let error = block_on(store.read(&exporter, &files(), 99)).unwrap_err();
        assert_eq!(error.reason, Reason::MalformedReply);
    }
}

#[test]
fn single_items_are_fetched_again() {
    let (_, exporter) = exporter(drive);
    let keys = ["b", "z"].map(RecordKey::plain);
    let (changes, failed) = block_on(exporter.refetch(&files(), &keys)).unwrap();
    assert!(matches!(&changes[0], Change::Upsert(key, _) if key.id == "b"));
    assert!(matches!(&changes[1], Change::Delete(key) if key.id == "z"));
    assert!(failed.is_empty());
}
