use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::model::clock::ManualClock;
use crate::model::dataset::Dataset;
use crate::model::privacy::{CalendarLevel, Privacy};
use crate::model::record::{Event, Record};
use crate::model::row::{Change, RecordKey};
use crate::providers::microsoft365::api::Method;
use crate::providers::microsoft365::export::GraphExporter;
use crate::providers::microsoft365::export::scripted::{
    Answer, Asked, Scripted, Store, expired, gone, link, request,
};
use crate::providers::{Class, Error, ExportRequest, Exporter as _, Position};

struct Calendar<V: Answer<Method>> {
    api: Arc<Scripted<V>>,
    exporter: GraphExporter<Scripted<V>>,
    clock: ManualClock,
}

fn calendar<V: Answer<Method>>(vendor: V) -> Calendar<V> {
    let api = Arc::new(Scripted::new(vendor));
    let clock = ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap());
    Calendar {
        exporter: GraphExporter::new(Arc::clone(&api), Arc::new(clock.clone())),
        api,
        clock,
    }
}

fn events() -> ExportRequest {
    let privacy = Privacy {
        calendar: CalendarLevel::Full,
        ..Privacy::default()
    };
    request(Dataset::Calendar, privacy)
}

fn moment(at: &str) -> Value {
    json!({"dateTime": format!("{at}.0000000"), "timeZone": "UTC"})
}

fn single(id: &str, day: &str) -> Value {
    json!({
        "id": id, "type": "singleInstance", "subject": id, "isAllDay": false,
        "start": moment(&format!("{day}T09:00:00")), "end": moment(&format!("{day}T10:00:00")),
    })
}

fn occurrence(id: &str, series: &str, day: &str) -> Value {
    json!({
        "id": id, "type": "occurrence", "seriesMasterId": series,
        "start": moment(&format!("{day}T09:00:00")), "end": moment(&format!("{day}T10:00:00")),
    })
}

fn series(id: &str) -> Value {
    let mut series = single(id, "2020-01-01");
    series["type"] = json!("seriesMaster");
    series["subject"] = json!("Weekly");
    series["recurrence"] = json!({
        "pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2020-01-01"},
    });
    series
}

fn delta(items: &[Value], token: &str) -> Value {
    json!({"value": items, "@odata.deltaLink": link(&format!("calendarView/delta?$deltatoken={token}"))})
}

fn event(store: &Store, id: &str) -> Event {
    match &store.rows[&RecordKey::plain(id)] {
        Record::Event(event) => (**event).clone(),
        other => panic!("{other:?}"),
    }
}

/// A window with a single event and two occurrences of a series that is not in the page.
fn vendor(asked: &Asked<'_>) -> Result<Value, Error> {
    match (asked.method, asked.get("$deltatoken")) {
        (Method::EventsDelta, None) => {
            assert_eq!(asked.get("startDateTime"), Some("2023-11-23T00:00:00Z"));
            assert_eq!(asked.get("endDateTime"), Some("2028-11-21T00:00:00Z"));
            assert_eq!(
                asked.query.len(),
                2,
                "nothing else can be asked of a window"
            );
            let items = [
                single("e", "2026-11-23"),
                occurrence("o1", "s", "2026-11-24"),
                occurrence("o2", "s", "2026-11-25"),
            ];
            Ok(delta(&items, "1"))
        }
        (Method::EventsDelta, Some(token)) => {
            let next = token.parse::<u32>().unwrap() + 1;
            Ok(delta(&[], &next.to_string()))
        }
        (Method::EventsGet, _) if asked.segment(1) == "s" => Ok(series("s")),
        (Method::EventsGet, _) => Err(gone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_occurrence_has_what_its_series_says() {
    let calendar = calendar(vendor);
    let mut store = Store::default();
    let position = block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
    assert_eq!(position, Some(Position::Listed));
    assert_eq!(store.ids(), ["e", "o1", "o2"]);
    let first = event(&store, "o1");
    assert_eq!(first.title.as_deref(), Some("Weekly"));
    assert_eq!(first.series_id.as_deref(), Some("s"));
    assert_eq!(first.starts_at, "2026-11-24T09:00:00Z".parse().ok());
    let asked = calendar.api.asked();
    let looked_up = asked.iter().filter(|line| line.starts_with("events.get"));
    assert_eq!(
        looked_up.count(),
        1,
        "a series is looked up once: {asked:?}"
    );
}

#[test]
fn a_quiet_poll_is_one_request_and_goes_on_from_the_newest_link() {
    let calendar = calendar(vendor);
    let mut store = Store::default();
    block_on(store.read_anew(&calendar.exporter, &events())).unwrap();
    // A run that finds nothing stores nothing, and the vendor forgets all but the newest links.
    let stored = store.cursor.clone();
    for token in 2..7 {
        calendar.api.asked();
        store.cursor.clone_from(&stored);
        block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
        let asked = calendar.api.asked();
        assert_eq!(asked.len(), 1);
        assert!(
            asked[0].ends_with(&format!("$deltatoken={token}")),
            "{asked:?}"
        );
    }
}

#[test]
fn a_window_is_laid_anew_after_a_week() {
    let calendar = calendar(|asked: &Asked<'_>| match asked.method {
        Method::EventsDelta => Ok(delta(&[single("e", "2026-11-23")], "1")),
        other => panic!("{other:?}"),
    });
    let mut store = Store::default();
    block_on(store.read_anew(&calendar.exporter, &events())).unwrap();
    calendar.clock.advance(SignedDuration::from_hours(7 * 24));
    calendar.api.asked();
    let error = block_on(store.read(&calendar.exporter, &events(), 99)).unwrap_err();
    assert_eq!(error.class, Class::Expired);
    assert!(
        calendar.api.asked().is_empty(),
        "the old chain is not asked"
    );
    store.begin_anew();
    block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
    assert_eq!(store.ids(), ["e"]);
}

#[test]
fn what_has_left_the_window_is_asked_for_before_it_is_deleted() {
    let removed = |id: &str| json!({"id": id, "@removed": {"reason": "deleted"}});
    let calendar = calendar(move |asked: &Asked<'_>| {
        match (asked.method, asked.get("$deltatoken"), asked.segment(1)) {
            (Method::EventsDelta, None, _) => {
                let items = [
                    single("gone", "2026-11-23"),
                    single("away", "2026-11-23"),
                    single("stays", "2026-11-23"),
                    series("s"),
                    occurrence("o1", "s", "2026-11-24"),
                ];
                Ok(delta(&items, "1"))
            }
            (Method::EventsDelta, Some("1"), _) => {
                let items = ["gone", "away", "stays", "s", "o1", "never"].map(removed);
                Ok(delta(&items, "2"))
            }
            (Method::EventsGet, _, "away") => Ok(single("away", "2035-01-01")),
            (Method::EventsGet, _, "stays") => Ok(single("stays", "2026-12-01")),
            (Method::EventsGet, _, "s") => Ok(series("s")),
            (Method::EventsGet, ..) => Err(gone()),
            other => panic!("{other:?}"),
        }
    });
    let mut store = Store::default();
    block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
    assert_eq!(
        store.ids(),
        ["away", "gone", "o1", "stays"],
        "a series is no row"
    );
    block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
    // One was deleted, one was moved beyond the window, and one is told as removed and lives.
    assert_eq!(store.ids(), ["stays"]);
    assert_eq!(
        event(&store, "stays").starts_at,
        "2026-12-01T09:00:00Z".parse().ok()
    );
}

#[test]
fn an_occurrence_of_a_series_that_is_gone_is_gone() {
    let calendar = calendar(|asked: &Asked<'_>| match asked.method {
        Method::EventsDelta => Ok(delta(&[occurrence("o1", "s", "2026-11-24")], "1")),
        Method::EventsGet => Err(gone()),
        other => panic!("{other:?}"),
    });
    let mut store = Store::default();
    block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
    assert!(store.rows.is_empty());
}

#[test]
fn privacy_is_applied_before_anything_is_given_on() {
    let invited = |asked: &Asked<'_>| match asked.method {
        Method::EventsDelta => {
            let mut one = single("lawyer", "2026-11-24");
            one["attendees"] = json!([{"emailAddress": {"address": "sue@lawyers.example"}}]);
            one["body"] = json!({"content": "secret"});
            let mut two = single("open", "2026-11-24");
            two["body"] = json!({"content": "secret"});
            Ok(delta(&[one, two], "1"))
        }
        other => panic!("{other:?}"),
    };
    let privacy = Privacy {
        calendar: CalendarLevel::FreeBusy,
        exclude_domains: vec!["lawyers.example".into()],
        ..Privacy::default()
    };
    let request = request(Dataset::Calendar, privacy);
    let calendar = calendar(invited);
    let mut store = Store::default();
    block_on(store.read(&calendar.exporter, &request, 99)).unwrap();
    assert_eq!(store.ids(), ["open"]);
    assert!(!format!("{:?}", store.rows).contains("secret"));
}

#[test]
fn a_listing_goes_on_where_it_was_left_and_a_forgotten_link_is_expired() {
    let calendar = calendar(
        |asked: &Asked<'_>| match (asked.method, asked.get("$skiptoken")) {
            (Method::EventsDelta, None) if asked.get("$deltatoken").is_none() => {
                let next = link("calendarView/delta?$skiptoken=2");
                Ok(json!({"value": [], "@odata.nextLink": next}))
            }
            (Method::EventsDelta, Some("2")) => Ok(delta(&[single("e", "2026-11-24")], "3")),
            (Method::EventsDelta, None) => Err(expired()),
            other => panic!("{other:?}"),
        },
    );
    let mut store = Store::default();
    let position = block_on(store.read(&calendar.exporter, &events(), 1)).unwrap();
    assert_eq!(position, Some(Position::Listing), "an empty page is a page");
    calendar.api.asked();
    block_on(store.read(&calendar.exporter, &events(), 99)).unwrap();
    assert_eq!(
        calendar.api.asked(),
        ["calendarView.delta calendarView/delta?$skiptoken=2"]
    );
    assert_eq!(store.ids(), ["e"]);
    let error = block_on(store.read(&calendar.exporter, &events(), 99)).unwrap_err();
    assert_eq!(error.class, Class::Expired);
}

#[test]
fn single_events_are_fetched_again() {
    let calendar = calendar(|asked: &Asked<'_>| match asked.segment(1) {
        "o1" => Ok(occurrence("o1", "s", "2026-11-24")),
        "s" => Ok(series("s")),
        _ => Err(gone()),
    });
    let keys = ["o1", "x"].map(RecordKey::plain);
    let request = events();
    let refetched = calendar.exporter.refetch(&request, &keys);
    let (changes, failed) = block_on(refetched).unwrap();
    assert!(matches!(&changes[0], Change::Upsert(key, _) if key.id == "o1"));
    assert!(matches!(&changes[1], Change::Delete(key) if key.id == "x"));
    assert!(failed.is_empty());
}
