//! A mailbox that changes while it is read.

mod ahead;
mod mailbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::mailbox::{Edit, Mailbox};
use crate::model::clock::SystemClock;
use crate::model::dataset::Dataset;
use crate::model::privacy::{MailLevel, Privacy};
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::google::export::GoogleExporter;
use crate::providers::google::export::scripted::{
    Answer, Asked, Scripted, Store, error, expired, request,
};
use crate::providers::{Class, Error, ExportRequest, Exporter as _, Position, Reason};

type Exporter = GoogleExporter<Scripted<Mailbox>>;

/// Messages are read on a thread of the runtime's.
fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn exporter(mailbox: Mailbox) -> (Arc<Scripted<Mailbox>>, Exporter) {
    let api = Arc::new(Scripted::new(mailbox));
    (api.clone(), GoogleExporter::new(api, Arc::new(SystemClock)))
}

fn at_metadata() -> ExportRequest {
    request(Dataset::Mail, Privacy::default())
}

fn stored(store: &Store) -> BTreeMap<u64, Vec<String>> {
    let row = |(key, record): (&RecordKey, &Record)| match record {
        Record::Message(message) => (key.id.parse().unwrap(), message.labels.clone()),
        other => panic!("{other:?}"),
    };
    store.rows.iter().map(row).collect()
}

#[test]
fn a_listing_ends_before_its_first_request_and_following_begins_there() {
    let mut mailbox = Mailbox::with(7);
    mailbox.pending = vec![
        Edit::Label(6),
        Edit::Delete(0),
        Edit::Deliver,
        Edit::Deliver,
    ];
    let (api, exporter) = exporter(mailbox);
    let mut store = Store::default();
    let position = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap();
    assert_eq!(position, Some(Position::Listed));
    assert_eq!(
        store.cursor.clone().unwrap().0["place"],
        json!({"following": {"historyId": "156"}})
    );
    block_on(store.read_all(&exporter, &at_metadata())).unwrap();
    assert_eq!(stored(&store), api.vendor.lock().unwrap().messages);
    assert_eq!(store.positions.last(), Some(&Position::Current));
}

#[test]
fn a_quiet_poll_is_one_request() {
    let (api, exporter) = exporter(Mailbox::with(2));
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &at_metadata())).unwrap();
    api.asked();
    let before = store.cursor.clone();
    block_on(store.read_all(&exporter, &at_metadata())).unwrap();
    let asked = api.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with("history.list gmail/v1/users/me/history?startHistoryId=114&"));
    assert_eq!(store.cursor, before);
}

#[test]
fn an_empty_mailbox_is_listed() {
    let (_, exporter) = exporter(Mailbox::with(0));
    let mut store = Store::default();
    let position = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap();
    assert_eq!(position, Some(Position::Listed));
}

#[test]
fn a_mailbox_that_is_not_wanted_is_not_asked_for() {
    let (api, exporter) = exporter(Mailbox::with(5));
    let privacy = Privacy {
        mail: MailLevel::None,
        ..Privacy::default()
    };
    let request = request(Dataset::Mail, privacy);
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &request)).unwrap();
    assert_eq!(store.positions, [Position::Listed, Position::Current]);
    let (changes, _) = block_on(exporter.refetch(&request, &[RecordKey::plain("1")])).unwrap();
    assert_eq!(changes, [Change::Delete(RecordKey::plain("1"))]);
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[test]
fn one_message_that_fails_does_not_stop_the_others() {
    let mut mailbox = Mailbox::with(4);
    mailbox.bad = vec![(2, error(Class::Retry, Reason::ProviderUnavailable, 500))];
    let (api, exporter) = exporter(mailbox);
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &at_metadata())).unwrap();
    assert_eq!(stored(&store).into_keys().collect::<Vec<_>>(), [0, 1, 3]);
    let keys: Vec<_> = store.failed.iter().map(|item| item.key.clone()).collect();
    assert_eq!(keys, [RecordKey::plain("2")]);
    api.vendor.lock().unwrap().bad.clear();
    let (changes, failed) = block_on(exporter.refetch(&at_metadata(), &keys)).unwrap();
    assert_eq!((changes.len(), failed.len()), (1, 0));
    let gone = [RecordKey::plain("77")];
    let (changes, _) = block_on(exporter.refetch(&at_metadata(), &gone)).unwrap();
    assert_eq!(changes, [Change::Delete(RecordKey::plain("77"))]);
}

#[test]
fn what_befalls_every_message_stops_the_page() {
    for (class, reason, status) in [
        (Class::Throttled, Reason::RateLimited, 429),
        (Class::Park, Reason::ScopeNotAuthorized, 401),
    ] {
        let mut mailbox = Mailbox::with(4);
        mailbox.bad = vec![(2, error(class, reason, status))];
        let (_, exporter) = exporter(mailbox);
        let mut store = Store::default();
        let stopped = block_on(store.read_all(&exporter, &at_metadata())).unwrap_err();
        assert_eq!(stopped.class, class);
    }
    let mut mailbox = Mailbox::with(40);
    mailbox.page = 40;
    let outage = error(Class::Retry, Reason::ProviderUnavailable, 503);
    mailbox.bad = (0..40).map(|id| (id, outage.clone())).collect();
    let (_, exporter) = exporter(mailbox);
    let mut store = Store::default();
    let stopped = block_on(store.read_all(&exporter, &at_metadata())).unwrap_err();
    assert_eq!((stopped.class, store.failed.len()), (Class::Retry, 0));
}

#[test]
fn an_expired_history_is_an_error_and_nothing_else() {
    let vendor = |asked: &Asked<'_>| match asked.method {
        Method::HistoryList => Err(expired()),
        other => panic!("{other:?} was asked for"),
    };
    let api = Arc::new(Scripted::new(vendor));
    let exporter = GoogleExporter::new(api, Arc::new(SystemClock));
    let (_, first) = self::exporter(Mailbox::with(1));
    let mut store = Store::default();
    block_on(store.read(&first, &at_metadata(), 99)).unwrap();
    let error = block_on(store.read(&exporter, &at_metadata(), 99)).unwrap_err();
    assert_eq!(error.class, Class::Expired);
}

#[test]
fn a_reply_that_is_none_is_not_an_empty_mailbox() {
    for profile in [json!({"historyId": "7"}), json!({})] {
        let vendor = move |asked: &Asked<'_>| match asked.method {
            Method::Profile => Ok(profile.clone()),
            _ => Ok(json!({})),
        };
        let exporter = GoogleExporter::new(Arc::new(Scripted::new(vendor)), Arc::new(SystemClock));
        let mut store = Store::default();
        let error = block_on(store.read_all(&exporter, &at_metadata())).unwrap_err();
        assert_eq!(error.reason, Reason::MalformedReply);
        let (_, good) = self::exporter(Mailbox::with(1));
        block_on(store.read_all(&good, &at_metadata())).unwrap();
        let error = block_on(store.read_all(&exporter, &at_metadata())).unwrap_err();
        assert_eq!(error.reason, Reason::MalformedReply);
    }
}

#[test]
fn a_label_that_is_excluded_takes_a_stored_message_away() {
    let privacy = Privacy {
        exclude_labels: vec!["Personal".into()],
        ..Privacy::default()
    };
    let request = request(Dataset::Mail, privacy);
    let (api, exporter) = exporter(Mailbox::with(3));
    let mut store = Store::default();
    block_on(store.read_all(&exporter, &request)).unwrap();
    assert_eq!(store.rows.len(), 3);
    for _ in 0..20 {
        api.vendor.lock().unwrap().edit(Edit::Label(1));
    }
    block_on(store.read_all(&exporter, &request)).unwrap();
    assert_eq!(stored(&store).into_keys().collect::<Vec<_>>(), [0, 2]);
    let listed = api
        .asked()
        .iter()
        .filter(|it| it.starts_with("labels.list"))
        .count();
    assert_eq!(listed, 2, "once for each run that had something to judge");
}

#[test]
fn what_is_older_than_since_is_left_out_with_and_without_search() {
    for denied in [vec![], vec![Method::MessagesSearch]] {
        let mut api = Scripted::new(Mailbox::with(20));
        let searches = denied.is_empty();
        api.denied = denied;
        let api = Arc::new(api);
        let exporter = GoogleExporter::new(api.clone(), Arc::new(SystemClock));
        let mut request = at_metadata();
        request.since = Some(jiff::civil::date(2026, 1, 1));
        let mut store = Store::default();
        block_on(store.read_all(&exporter, &request)).unwrap();
        let kept: Vec<u64> = stored(&store).into_keys().collect();
        assert_eq!(kept, (10..20).collect::<Vec<_>>());
        let asked = api.asked();
        assert_eq!(
            asked.iter().any(|it| it.contains("q=after:1767225599")),
            searches
        );
        assert!(
            asked.len() < 26,
            "the listing stopped at the first old page: {asked:#?}"
        );
        api.vendor.lock().unwrap().edit(Edit::Label(0));
        block_on(store.read_all(&exporter, &request)).unwrap();
        assert_eq!(store.rows.len(), 10);
    }
}

#[test]
fn a_stored_page_token_that_the_vendor_forgot_begins_the_listing_again() {
    let (_, exporter) = exporter(Mailbox::with(7));
    let mut store = Store::default();
    block_on(store.read(&exporter, &at_metadata(), 1)).unwrap();
    assert_eq!(store.rows.len(), 3);
    let mut mailbox = Mailbox::with(7);
    let mut forgot = 0;
    let forgetful = move |asked: &Asked<'_>| {
        if asked.get("pageToken") == Some("4") && forgot == 0 {
            forgot += 1;
            return Err(error(Class::Park, Reason::RequestRefused, 400));
        }
        mailbox.answer(asked)
    };
    let again = GoogleExporter::new(Arc::new(Scripted::new(forgetful)), Arc::new(SystemClock));
    block_on(store.read_all(&again, &at_metadata())).unwrap();
    assert_eq!(store.rows.len(), 7);
}

#[test]
fn a_page_token_that_was_just_given_may_not_be_refused() {
    let mut mailbox = Mailbox::with(7);
    let refusing = move |asked: &Asked<'_>| match asked.get("pageToken") {
        Some(_) => Err(error(Class::Park, Reason::RequestRefused, 400)),
        None => mailbox.answer(asked),
    };
    let exporter = GoogleExporter::new(Arc::new(Scripted::new(refusing)), Arc::new(SystemClock));
    let mut store = Store::default();
    let refused = block_on(store.read_all(&exporter, &at_metadata())).unwrap_err();
    assert_eq!((refused.status, store.rows.len()), (Some(400), 3));
}

#[test]
fn a_page_of_large_messages_is_split_and_its_cursor_waits_for_the_last_of_it() {
    let mut mailbox = Mailbox::with(6);
    mailbox.page = 6;
    let body = URL_SAFE.encode("x".repeat(2 << 20));
    let large = move |asked: &Asked<'_>| {
        let mut reply = mailbox_answer(&mut mailbox, asked)?;
        reply["payload"]["mimeType"] = json!("text/plain");
        reply["payload"]["body"] = json!({"data": body});
        Ok(reply)
    };
    let exporter = GoogleExporter::new(Arc::new(Scripted::new(large)), Arc::new(SystemClock));
    let privacy = Privacy {
        mail: MailLevel::Full,
        ..Privacy::default()
    };
    let request = request(Dataset::Mail, privacy);
    let mut store = Store::default();
    block_on(store.read(&exporter, &request, 1)).unwrap();
    assert_eq!(
        store.rows.len(),
        4,
        "two that fill it and two that were under way"
    );
    assert_eq!(
        store.cursor.as_ref().unwrap().0["place"]["listing"].get("pageToken"),
        None
    );
    block_on(store.read_all(&exporter, &request)).unwrap();
    assert_eq!(store.rows.len(), 6);
}

fn mailbox_answer(mailbox: &mut Mailbox, asked: &Asked<'_>) -> Result<Value, Error> {
    match asked.method {
        Method::MessagesGetFull => mailbox.message(asked.id().parse().unwrap()),
        _ => mailbox.answer(asked),
    }
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        2 => Just(Edit::Deliver),
        2 => (0usize..50).prop_map(Edit::Label),
        1 => (0usize..50).prop_map(Edit::Delete),
    ];
    proptest::collection::vec(edit, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is edited between and within requests, and wherever the reader is stopped: in the end it has all.
    #[test]
    fn nothing_is_lost_wherever_a_run_stops(
        start in 0u64..20,
        edits in edits(),
        stops in proptest::collection::vec(0usize..4, 0..12),
    ) {
        let mut mailbox = Mailbox::with(start);
        mailbox.pending = edits;
        let (api, exporter) = exporter(mailbox);
        let mut store = Store::default();
        for pages in stops {
            block_on(store.read(&exporter, &at_metadata(), pages)).unwrap();
        }
        while !api.vendor.lock().unwrap().pending.is_empty() {
            block_on(store.read_all(&exporter, &at_metadata())).unwrap();
        }
        block_on(store.read_all(&exporter, &at_metadata())).unwrap();
        prop_assert_eq!(stored(&store), api.vendor.lock().unwrap().messages.clone());
    }
}
