//! A mailbox that has no room for chains.

use std::sync::Arc;

use futures::executor::block_on;
use jiff::SignedDuration;

use super::mailbox::{Edit, Mailbox};
use super::{at_metadata, edit, leaving_out, stored, truth};
use crate::model::clock::ManualClock;
use crate::model::dataset::Dataset;
use crate::providers::microsoft365::export::GraphExporter;
use crate::providers::microsoft365::export::scripted::{Scripted, Store};
use crate::providers::{Class, Error, Exporter as _, Position, Reason};

struct Full {
    api: Arc<Scripted<Mailbox>>,
    exporter: GraphExporter<Scripted<Mailbox>>,
    clock: ManualClock,
    store: Store,
}

impl Full {
    fn of(mut mailbox: Mailbox) -> Self {
        mailbox.full = true;
        let api = Arc::new(Scripted::new(mailbox));
        let clock = ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap());
        Self {
            exporter: GraphExporter::new(Arc::clone(&api), Arc::new(clock.clone())),
            api,
            clock,
            store: Store::default(),
        }
    }

    fn read(&mut self) -> Result<Option<Position>, Error> {
        block_on(self.store.read(&self.exporter, &at_metadata(), 99))
    }

    fn read_all(&mut self) {
        block_on(self.store.read_anew(&self.exporter, &at_metadata())).unwrap();
    }

    fn is_advised(&self) -> bool {
        let cursor = self.store.cursor.as_ref().unwrap();
        let advice = self.exporter.advice(Dataset::Mail, cursor);
        advice.is_some_and(|advice| advice.reason == Reason::MailboxFull)
    }

    fn hours_later(&self, hours: i64) {
        self.clock.advance(SignedDuration::from_hours(hours));
    }
}

#[test]
fn it_is_listed_and_the_status_says_so() {
    let mut full = Full::of(Mailbox::with(&[("inbox", 7), ("sent", 3)]));
    assert_eq!(full.read().unwrap(), Some(Position::Listed));
    assert_eq!(stored(&full.store), truth(&full.api));
    assert!(full.is_advised());
    full.api.asked();
    assert_eq!(full.read().unwrap(), Some(Position::Current));
    assert!(full.api.asked().is_empty(), "it rests");
}

#[test]
fn what_changed_and_what_was_deleted_is_found_by_the_next_listing() {
    let mut full = Full::of(Mailbox::with(&[("inbox", 7)]));
    full.read_all();
    edit(&full.api, &[Edit::Delete(2), Edit::Deliver("inbox")]);
    full.hours_later(1);
    let error = full.read().unwrap_err();
    assert_eq!(
        error.class,
        Class::Expired,
        "a new generation, and its sweep"
    );
    full.store.begin_anew();
    full.read_all();
    assert_eq!(stored(&full.store), truth(&full.api));
    assert!(full.is_advised());
}

#[test]
fn a_quiet_one_costs_a_look_an_hour_and_is_listed_once_a_day() {
    let mut full = Full::of(Mailbox::with(&[("inbox", 7)]));
    full.read_all();
    full.api.asked();
    full.hours_later(2);
    assert_eq!(full.read().unwrap(), Some(Position::Current));
    assert_eq!(full.api.asked().len(), 1);
    full.hours_later(22);
    assert_eq!(full.read().unwrap_err().class, Class::Expired);
}

#[test]
fn it_is_followed_again_once_there_is_room() {
    let mut full = Full::of(Mailbox::with(&[("inbox", 3)]));
    full.read_all();
    full.api.vendor.lock().unwrap().full = false;
    edit(&full.api, &[Edit::Delete(0)]);
    full.hours_later(1);
    full.read_all();
    assert_eq!(stored(&full.store), truth(&full.api));
    assert!(!full.is_advised());
    edit(&full.api, &[Edit::Deliver("inbox")]);
    full.api.asked();
    full.read_all();
    assert_eq!(stored(&full.store), truth(&full.api));
    let asked = full.api.asked();
    assert!(
        asked.iter().any(|line| line.starts_with("messages.delta")),
        "{asked:?}"
    );
}

#[test]
fn one_that_fills_up_while_it_is_followed_is_read_anew() {
    let mut full = Full::of(Mailbox::with(&[("inbox", 7), ("sent", 2)]));
    full.api.vendor.lock().unwrap().full = false;
    full.read_all();
    full.api.vendor.lock().unwrap().full = true;
    edit(&full.api, &[Edit::Deliver("inbox")]);
    assert_eq!(full.read().unwrap_err().class, Class::Expired);
    full.read_all();
    assert_eq!(stored(&full.store), truth(&full.api));
    assert!(full.is_advised());
}

#[test]
fn a_listing_that_something_happened_in_is_begun_again() {
    let mut mailbox = Mailbox::with(&[("inbox", 7)]);
    mailbox.restless = 2;
    let mut full = Full::of(mailbox);
    assert_eq!(full.read().unwrap(), Some(Position::Listed));
    assert_eq!(stored(&full.store), truth(&full.api));
    // One that never holds still is never taken for listed: its sweep would delete what the pages have missed.
    let mut mailbox = Mailbox::with(&[("inbox", 7)]);
    mailbox.restless = usize::MAX;
    let mut full = Full::of(mailbox);
    let error = full.read().unwrap_err();
    assert_eq!(
        (error.class, error.reason),
        (Class::Retry, Reason::MailboxFull)
    );
    assert!(!full.store.positions.contains(&Position::Listed));
}

#[test]
fn without_a_look_it_stays_refused() {
    let mut mailbox = Mailbox::with(&[("inbox", 7)]);
    mailbox.looks = false;
    let error = Full::of(mailbox).read().unwrap_err();
    assert_eq!(
        (error.class, error.reason),
        (Class::Park, Reason::MailboxFull)
    );
}

#[test]
fn a_crash_costs_no_more_than_a_page() {
    let mut full = Full::of(Mailbox::with(&[("inbox", 10)]));
    block_on(full.store.read(&full.exporter, &at_metadata(), 2)).unwrap();
    assert_eq!(full.store.rows.len(), 6);
    full.api.asked();
    full.read_all();
    assert_eq!(stored(&full.store), truth(&full.api));
    let pages = full.api.asked();
    let pages = pages.iter().filter(|line| line.contains("$skip"));
    assert_eq!(pages.count(), 2);
}

#[test]
fn folders_that_are_kept_out_stay_out_with_those_in_them() {
    let folders = [
        ("inbox", 2),
        ("Private", 2),
        ("Private.Taxes", 2),
        ("Public.Taxes", 1),
    ];
    let full = Full::of(Mailbox::with(&folders));
    let mut store = Store::default();
    block_on(store.read(&full.exporter, &leaving_out("private"), 99)).unwrap();
    assert_eq!(store.ids(), ["m0", "m1", "m6"]);
}
