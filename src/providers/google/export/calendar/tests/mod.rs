//! Calendars that change while they are read.

mod vendor;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use self::vendor::{Edit, Vendor};
use crate::model::clock::ManualClock;
use crate::model::dataset::Dataset;
use crate::model::privacy::{CalendarLevel, Privacy};
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::google::export::GoogleExporter;
use crate::providers::google::export::scripted::{Scripted, Store, error, gone, request};
use crate::providers::{Class, Error, ExportRequest, Exporter as _, Position, Reason};

struct Bench {
    api: Arc<Scripted<Vendor>>,
    exporter: GoogleExporter<Scripted<Vendor>>,
    clock: ManualClock,
    store: Store,
    request: ExportRequest,
}

impl Bench {
    fn new(vendor: Vendor) -> Self {
        let api = Arc::new(Scripted::new(vendor));
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        Self {
            exporter: GoogleExporter::new(api.clone(), Arc::new(clock.clone())),
            api,
            clock,
            store: Store::default(),
            request: request(Dataset::Calendar, Privacy::default()),
        }
    }

    fn edit(&self, change: impl FnOnce(&mut Vendor)) {
        change(&mut self.api.vendor.lock().unwrap());
    }

    fn read(&mut self, most: usize) -> Result<Option<Position>, Error> {
        block_on(self.store.read(&self.exporter, &self.request, most))
    }

    fn read_all(&mut self) -> Result<(), Error> {
        block_on(self.store.read_all(&self.exporter, &self.request))
    }

    fn stored(&self) -> BTreeMap<(String, String), (bool, u64)> {
        let row = |(key, record): (&RecordKey, &Record)| match record {
            Record::Event(event) => {
                let version = event.ical_uid.as_ref().map_or(0, |it| it.parse().unwrap());
                let cancelled = event.status.as_deref() == Some("cancelled");
                (
                    (key.container.clone(), key.id.clone()),
                    (cancelled, version),
                )
            }
            other => panic!("{other:?}"),
        };
        self.store.rows.iter().map(row).collect()
    }

    fn truth(&self) -> BTreeMap<(String, String), (bool, u64)> {
        self.api.vendor.lock().unwrap().truth()
    }
}

#[test]
fn all_calendars_are_listed_the_own_one_first() {
    let mut bench = Bench::new(Vendor::with(&["me", "team", "room"], 4));
    bench.read(99).unwrap();
    assert_eq!(bench.store.positions.last(), Some(&Position::Listed));
    assert_eq!(bench.stored(), bench.truth());
    let asked = bench.api.asked();
    assert_eq!(asked.len(), 1 + 3 * 2, "{asked:#?}");
    assert!(asked[1].contains("/calendars/me/"), "{asked:#?}");
}

#[test]
fn a_quiet_poll_is_one_request_a_calendar_and_an_hour_later_one_more() {
    let mut bench = Bench::new(Vendor::with(&["me", "a", "b", "c", "d"], 1));
    bench.read_all().unwrap();
    for (minutes, requests) in [(1, 5), (30, 5), (30, 6), (1, 5)] {
        bench.clock.advance(SignedDuration::from_mins(minutes));
        bench.api.asked();
        let before = bench.store.cursor.clone();
        bench.read_all().unwrap();
        assert_eq!(bench.api.asked().len(), requests, "after {minutes} minutes");
        assert_eq!(bench.store.cursor, before);
    }
}

#[test]
fn cancelled_events_go_and_cancelled_instances_stay_until_their_series_goes() {
    let mut bench = Bench::new(Vendor::with(&["me"], 6));
    bench.read_all().unwrap();
    bench.edit(|it| {
        it.edit(Edit::LeaveOut { calendar: 0, at: 5 });
        it.edit(Edit::LeaveOut { calendar: 0, at: 0 });
        it.edit(Edit::Cancel { calendar: 0, at: 1 });
    });
    bench.read_all().unwrap();
    assert_eq!(bench.stored(), bench.truth());
    let left_out = bench
        .stored()
        .into_values()
        .filter(|(cancelled, _)| *cancelled)
        .count();
    assert_eq!((bench.store.rows.len(), left_out), (7, 2));
    bench.edit(|it| it.edit(Edit::Cancel { calendar: 0, at: 0 }));
    bench.read_all().unwrap();
    assert_eq!(bench.stored(), bench.truth());
    assert_eq!(bench.store.rows.len(), 5);
}

#[test]
fn an_instance_that_comes_pages_before_its_dead_series_goes_with_it() {
    let mut bench = Bench::new(Vendor::with(&["me"], 9));
    bench.read_all().unwrap();
    bench.edit(|it| {
        // Ids decide the order: the instance sorts first, its series on a later page.
        it.edit(Edit::LeaveOut { calendar: 0, at: 8 });
        let events = it.events.get_mut("me").unwrap();
        let (id, event) = events.iter().find(|(_, it)| it.series.is_some()).unwrap();
        let (id, event) = (id.clone(), event.clone());
        events.remove(&id);
        events.insert("a_first".into(), event);
        (0..9).for_each(|at| it.edit(Edit::Change { calendar: 0, at }));
        it.edit(Edit::Cancel { calendar: 0, at: 8 });
    });
    bench.read_all().unwrap();
    assert_eq!(bench.stored(), bench.truth());
    assert_eq!(bench.store.rows.len(), 8);
}

#[test]
fn an_expired_sync_token_is_an_error_and_nothing_else() {
    let mut bench = Bench::new(Vendor::with(&["me", "team"], 2));
    bench.read_all().unwrap();
    bench.edit(|it| it.oldest = it.seq + 1);
    let before = bench.store.cursor.clone();
    let changes = bench.store.changes.len();
    assert_eq!(bench.read_all().unwrap_err().class, Class::Expired);
    assert_eq!(
        (bench.store.cursor.clone(), bench.store.changes.len()),
        (before, changes)
    );
}

#[test]
fn a_new_calendar_is_read_with_the_next_look_at_the_list() {
    let mut bench = Bench::new(Vendor::with(&["me"], 2));
    bench.read_all().unwrap();
    bench.edit(|it| {
        it.listed.push("new".into());
        it.events.insert("new".into(), BTreeMap::new());
        (0..7).for_each(|_| it.edit(Edit::Make { calendar: 1 }));
        it.edit(Edit::Change { calendar: 0, at: 0 });
    });
    bench.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(
        bench.read(1).unwrap(),
        Some(Position::Behind),
        "a stop in its listing"
    );
    bench.read_all().unwrap();
    assert_eq!(bench.stored(), bench.truth());
    assert_eq!(bench.store.rows.len(), 9);
}

#[test]
fn a_calendar_that_left_the_list_or_may_no_longer_be_read_makes_a_new_generation() {
    let forbidden = || Error {
        code: Some("forbidden".into()),
        ..error(Class::Park, Reason::PermissionDenied, 403)
    };
    let leave: [fn(&mut Vendor, Error); 2] = [
        |it, _| it.listed.truncate(1),
        |it, error| it.refused.push(("team".into(), error)),
    ];
    for leave in leave {
        let mut bench = Bench::new(Vendor::with(&["me", "team"], 2));
        bench.read_all().unwrap();
        bench.edit(|it| leave(it, forbidden()));
        bench.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(bench.read_all().unwrap_err().class, Class::Expired);
        bench.store = Store::default();
        bench.read_all().unwrap();
        assert_eq!(
            bench.store.rows.len(),
            2,
            "the new generation has the other calendar alone"
        );
        bench.clock.advance(SignedDuration::from_hours(1));
        bench.read_all().unwrap();
    }
}

#[test]
fn a_refused_calendar_does_not_stop_the_others_and_is_tried_again() {
    let mut bench = Bench::new(Vendor::with(&["me", "broken", "team"], 2));
    bench.edit(|it| it.refused.push(("broken".into(), gone())));
    bench.read_all().unwrap();
    assert_eq!(bench.store.rows.len(), 4);
    bench.api.asked();
    bench.read_all().unwrap();
    assert_eq!(
        bench.api.asked().len(),
        2,
        "it is left alone until the next look"
    );
    bench.edit(|it| it.refused.clear());
    bench.clock.advance(SignedDuration::from_hours(1));
    bench.read_all().unwrap();
    assert_eq!(bench.stored(), bench.truth());
}

#[test]
fn the_own_calendar_may_not_be_refused_and_no_calendar_may_fail_otherwise() {
    let outage = error(Class::Retry, Reason::ProviderUnavailable, 503);
    for (id, error, class) in [
        ("me", gone(), Class::Park),
        (
            "team",
            error(Class::Park, Reason::ApiDisabled, 403),
            Class::Park,
        ),
        ("team", outage, Class::Retry),
    ] {
        let mut bench = Bench::new(Vendor::with(&["me", "team"], 2));
        bench.edit(|it| it.refused.push((id.into(), error)));
        assert_eq!(bench.read_all().unwrap_err().class, class);
    }
}

#[test]
fn more_calendars_than_a_cursor_holds_is_said() {
    let ids: Vec<String> = (0..251).map(|at| format!("c{at}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let error = Bench::new(Vendor::with(&ids, 0)).read_all().unwrap_err();
    assert_eq!(error.class, Class::Park);
    assert!(error.to_string().contains("250"), "{error}");
}

#[test]
fn a_malformed_event_fails_alone_and_is_fetched_again() {
    let mut bench = Bench::new(Vendor::with(&["me"], 3));
    let broken = json!({"id": "e2", "start": "noon", "summary": "a secret"});
    bench.edit(|it| drop(it.odd.insert("e2".into(), broken)));
    bench.read_all().unwrap();
    let key = RecordKey {
        container: "me".into(),
        id: "e2".into(),
    };
    assert_eq!(bench.store.rows.len(), 2);
    assert_eq!(bench.store.failed[0].key, key);
    assert!(!bench.store.failed[0].why.contains("secret"));
    let keys = [key.clone()];
    let refetch = |bench: &Bench| block_on(bench.exporter.refetch(&bench.request, &keys)).unwrap();
    let (changes, failed) = refetch(&bench);
    assert_eq!((changes.len(), failed.len()), (0, 1));
    bench.edit(|it| it.odd.clear());
    assert!(matches!(&refetch(&bench).0[..], [Change::Upsert(read, _)] if *read == key));
    bench.edit(|it| it.edit(Edit::Cancel { calendar: 0, at: 1 }));
    assert_eq!(refetch(&bench).0, [Change::Delete(key.clone())]);
}

#[test]
fn calendars_that_are_not_wanted_are_not_asked_for() {
    let mut bench = Bench::new(Vendor::with(&["me"], 3));
    bench.request.privacy.calendar = CalendarLevel::None;
    bench.read_all().unwrap();
    assert_eq!(bench.store.positions, [Position::Listed, Position::Current]);
    assert_eq!(bench.api.asked(), Vec::<String>::new());
}

#[test]
fn a_person_without_calendars_is_listed() {
    let mut bench = Bench::new(Vendor::default());
    bench.read_all().unwrap();
    assert_eq!(bench.store.positions, [Position::Listed, Position::Current]);
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let (calendar, at) = (0usize..3, 0usize..30);
    let edit = prop_oneof![
        calendar
            .clone()
            .prop_map(|calendar| Edit::Make { calendar }),
        (calendar.clone(), at.clone()).prop_map(|(calendar, at)| Edit::Change { calendar, at }),
        (calendar.clone(), at.clone()).prop_map(|(calendar, at)| Edit::Cancel { calendar, at }),
        (calendar, at).prop_map(|(calendar, at)| Edit::LeaveOut { calendar, at }),
    ];
    proptest::collection::vec(edit, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is edited between requests, and wherever the reader is stopped: in the end it has all.
    #[test]
    fn nothing_is_lost_wherever_a_run_stops(
        start in 0usize..8,
        edits in edits(),
        stops in proptest::collection::vec((0usize..4, any::<bool>()), 0..12),
    ) {
        let mut vendor = Vendor::with(&["me", "team", "room"], start);
        vendor.pending = edits;
        let mut bench = Bench::new(vendor);
        for (pages, hour) in stops {
            bench.read(pages).unwrap();
            bench.clock.advance(SignedDuration::from_hours(i64::from(hour)));
        }
        while !bench.api.vendor.lock().unwrap().pending.is_empty() {
            bench.read_all().unwrap();
        }
        bench.read_all().unwrap();
        prop_assert_eq!(bench.stored(), bench.truth());
    }
}
