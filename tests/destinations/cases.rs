//! The promises.

use std::collections::BTreeSet;

use deputy::destinations::{Erasure, Kind};
use deputy::model::cursor::{Owner, StreamId};
use deputy::model::dataset::Dataset;
use deputy::model::record::{Event, File, Message, Record};
use deputy::model::row::{Change, RecordKey};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::subject::{Subject, as_json, commit, delete, message, stream, upsert};

fn mail() -> StreamId {
    stream(Dataset::Mail, "117")
}

/// Commits and insists that it works.
async fn put(
    subject: &Subject,
    stream: &StreamId,
    sequence: u64,
    generation: u64,
    of: Vec<Change>,
) {
    let commit = commit(sequence, generation);
    subject
        .destination
        .commit(stream, &commit, of)
        .await
        .unwrap();
}

/// Returns the live subjects by id.
async fn subjects(subject: &Subject, stream: &StreamId) -> Vec<(String, String)> {
    let rows = subject.rows(stream).await;
    assert_eq!(
        subject.destination.count(stream).await.unwrap(),
        rows.len() as u64
    );
    let pair = |((_, id), own): ((String, String), serde_json::Value)| {
        (id, own["subject"].as_str().unwrap_or_default().to_owned())
    };
    rows.into_iter().map(pair).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(id, subject)| ((*id).to_owned(), (*subject).to_owned()))
        .collect()
}

pub(super) async fn a_check_finds_nothing_wrong(subject: &Subject) {
    subject.destination.check().await.unwrap();
    subject.destination.check().await.unwrap();
    assert_eq!(
        subject.destination.last_commit(&mail()).await.unwrap(),
        None
    );
}

pub(super) async fn a_stream_begins_empty(subject: &Subject) {
    assert_eq!(
        subject.destination.last_commit(&mail()).await.unwrap(),
        None
    );
    assert_eq!(subject.destination.count(&mail()).await.unwrap(), 0);
    assert_eq!(subject.destination.stale(&mail(), 9, 9).await.unwrap(), []);
    assert_eq!(
        subject.destination.erase_stream(&mail()).await.unwrap(),
        Erasure::default()
    );
    subject.destination.compact(&mail()).await.unwrap();
}

pub(super) async fn rows_and_commit_come_back(subject: &Subject) {
    put(
        subject,
        &mail(),
        1,
        1,
        vec![upsert("a", "one"), upsert("b", "two")],
    )
    .await;
    assert_eq!(
        subjects(subject, &mail()).await,
        pairs(&[("a", "one"), ("b", "two")])
    );
    let last = subject.destination.last_commit(&mail()).await.unwrap();
    assert_eq!(last, Some(commit(1, 1)));
    // A cursor may move although no record did.
    put(subject, &mail(), 2, 1, vec![]).await;
    let last = subject.destination.last_commit(&mail()).await.unwrap();
    assert_eq!(last, Some(commit(2, 1)));
    assert_eq!(subjects(subject, &mail()).await.len(), 2);
}

pub(super) async fn every_kind_of_value_comes_back(subject: &Subject) {
    let odd = "Ünïcode \"quoted\" \\ {braces} \u{1F600}\r\n\t";
    let records = [
        Record::Message(Box::new(Message {
            labels: vec![String::new(), odd.into(), "NULL".into()],
            received_at: Some("2026-11-22T08:00:00.000001Z".parse().unwrap()),
            sent_at: Some("1969-12-31T23:59:59.999999Z".parse().unwrap()),
            size: Some(0),
            subject: Some(odd.into()),
            body_text: Some("x".repeat(200_000)),
            sender: Some(String::new()),
            vendor: Some(json!({"zero": 0, "no": false, "none": null, "list": [], "text": odd})),
            ..Message::default()
        })),
        Record::Event(Box::new(Event {
            all_day: Some(false),
            busy: Some(true),
            recurrence: vec!["RRULE:FREQ=DAILY".into()],
            attendees: Some(json!([])),
            ..Event::default()
        })),
        Record::File(Box::new(File {
            size: Some(i64::MAX),
            version: Some(-1),
            trashed: Some(false),
            ..File::default()
        })),
        Record::Message(Box::default()),
    ];
    for (index, record) in records.into_iter().enumerate() {
        let stream = stream(record.dataset(), &format!("{index}"));
        let key = RecordKey {
            container: "c".into(),
            id: "r".into(),
        };
        put(
            subject,
            &stream,
            1,
            1,
            vec![Change::Upsert(key, record.clone())],
        )
        .await;
        let stored = subject.rows(&stream).await;
        let wanted = [(("c".to_owned(), "r".to_owned()), as_json(record))];
        assert_eq!(stored, wanted.into_iter().collect());
    }
}

pub(super) async fn the_last_change_of_a_key_wins(subject: &Subject) {
    let changes = vec![
        upsert("a", "one"),
        delete("b"),
        upsert("a", "two"),
        upsert("b", "three"),
        upsert("c", "four"),
        delete("c"),
    ];
    put(subject, &mail(), 1, 1, changes).await;
    assert_eq!(
        subjects(subject, &mail()).await,
        pairs(&[("a", "two"), ("b", "three")])
    );
}

pub(super) async fn a_deletion_wins_and_a_return_wins_over_it(subject: &Subject) {
    put(
        subject,
        &mail(),
        1,
        1,
        vec![upsert("a", "one"), upsert("b", "one")],
    )
    .await;
    put(
        subject,
        &mail(),
        2,
        1,
        vec![delete("a"), upsert("b", "two")],
    )
    .await;
    assert_eq!(subjects(subject, &mail()).await, pairs(&[("b", "two")]));
    put(subject, &mail(), 3, 1, vec![upsert("a", "back")]).await;
    assert_eq!(
        subjects(subject, &mail()).await,
        pairs(&[("a", "back"), ("b", "two")])
    );
}

pub(super) async fn a_deletion_of_what_was_never_there_is_nothing(subject: &Subject) {
    put(subject, &mail(), 1, 1, vec![delete("a")]).await;
    put(subject, &mail(), 2, 1, vec![delete("a")]).await;
    assert_eq!(subjects(subject, &mail()).await, []);
    assert_eq!(subject.destination.stale(&mail(), 9, 9).await.unwrap(), []);
}

pub(super) async fn of_two_writers_one_wins(subject: &Subject) {
    let other = subject.reopen();
    for sequence in 1..=8 {
        let commit = commit(sequence, 1);
        let stream = mail();
        let (one, two) = tokio::join!(
            subject
                .destination
                .commit(&stream, &commit, vec![upsert("a", "one")]),
            other.commit(&stream, &commit, vec![upsert("a", "two")]),
        );
        let winner = match (one, two) {
            (Ok(()), Err(lost)) => ("one", lost),
            (Err(lost), Ok(())) => ("two", lost),
            other => panic!("{other:?}"),
        };
        assert_eq!(winner.1.kind, Kind::DestinationContested);
        assert_eq!(subjects(subject, &stream).await, pairs(&[("a", winner.0)]));
    }
}

pub(super) async fn a_commit_out_of_turn_is_refused(subject: &Subject) {
    put(subject, &mail(), 1, 1, vec![upsert("a", "one")]).await;
    for sequence in [1, 3, 9] {
        let late = vec![upsert("a", "late"), upsert("b", "late")];
        let refused = subject
            .destination
            .commit(&mail(), &commit(sequence, 1), late)
            .await;
        assert_eq!(
            refused.unwrap_err().kind,
            Kind::DestinationContested,
            "{sequence}"
        );
    }
    assert_eq!(subjects(subject, &mail()).await, pairs(&[("a", "one")]));
    put(subject, &mail(), 2, 1, vec![]).await;
}

pub(super) async fn sweeping_finds_what_a_listing_did_not_see(subject: &Subject) {
    let many = |range: std::ops::Range<u32>| range.map(|n| upsert(&format!("{n}"), "x")).collect();
    put(subject, &mail(), 1, 1, many(0..30)).await;
    put(subject, &mail(), 2, 2, many(10..20)).await;
    let mail = mail();
    let stale = |limit| subject.destination.stale(&mail, 2, limit);
    assert_eq!(subject.destination.stale(&mail, 1, 99).await.unwrap(), []);
    assert_eq!(stale(7).await.unwrap().len(), 7);
    let all: BTreeSet<u32> = stale(99)
        .await
        .unwrap()
        .iter()
        .map(|key| key.id.parse().unwrap())
        .collect();
    assert_eq!(all, (0..10).chain(20..30).collect());
    let deletes = stale(99)
        .await
        .unwrap()
        .into_iter()
        .map(Change::Delete)
        .collect();
    put(subject, &mail, 3, 2, deletes).await;
    assert_eq!(stale(99).await.unwrap(), []);
    assert_eq!(subject.destination.count(&mail).await.unwrap(), 10);
}

pub(super) async fn odd_ids_stay_apart(subject: &Subject) {
    let long = "x".repeat(1_024);
    let odd = [
        "",
        ".",
        "..",
        "../../x",
        "a/b",
        "a%2Fb",
        "a b",
        "A",
        "a",
        "ä",
        "'; --",
        "\"",
        "\u{1F600}",
        "#1",
        &long,
    ];
    let keys: Vec<RecordKey> = odd
        .iter()
        .map(|id| RecordKey {
            container: (*id).to_owned(),
            id: format!("{id}1"),
        })
        .collect();
    for (index, user) in odd.iter().enumerate() {
        let stream = stream(Dataset::Mail, &format!("{user}!"));
        let subjects = keys
            .iter()
            .map(|key| Change::Upsert(key.clone(), message(user)));
        put(subject, &stream, 1, index as u64, subjects.collect()).await;
    }
    for (index, user) in odd.iter().enumerate() {
        let stream = stream(Dataset::Mail, &format!("{user}!"));
        let last = subject.destination.last_commit(&stream).await.unwrap();
        assert_eq!(last, Some(commit(1, index as u64)));
        let stale = subject.destination.stale(&stream, 99, 99).await.unwrap();
        let stale: BTreeSet<RecordKey> = stale.into_iter().collect();
        assert_eq!(stale, keys.iter().cloned().collect());
    }
}

pub(super) async fn streams_do_not_see_each_other(subject: &Subject) {
    let mut streams = vec![
        mail(),
        stream(Dataset::Mail, "11"),
        stream(Dataset::Mail, "1170"),
    ];
    for (namespace, connection) in [("namespace", "other"), ("other", "connection")] {
        streams.push(StreamId {
            namespace: namespace.into(),
            connection: connection.into(),
            ..mail()
        });
    }
    for (stream, sequence) in streams.iter().zip(1..) {
        for sequence in 1..=sequence {
            put(
                subject,
                stream,
                sequence,
                1,
                vec![upsert(&format!("{sequence}"), "x")],
            )
            .await;
        }
    }
    for (stream, sequence) in streams.iter().zip(1..) {
        assert_eq!(subject.destination.count(stream).await.unwrap(), sequence);
        let last = subject.destination.last_commit(stream).await.unwrap();
        assert_eq!(last, Some(commit(sequence, 1)));
    }
}

pub(super) async fn an_erasure_leaves_nothing_of_the_person(subject: &Subject) {
    let calendar = stream(Dataset::Calendar, "117");
    let other = stream(Dataset::Mail, "118");
    let event = Change::Upsert(RecordKey::plain("e"), Record::Event(Box::default()));
    put(
        subject,
        &mail(),
        1,
        1,
        vec![upsert("a", "x"), upsert("b", "x")],
    )
    .await;
    put(subject, &mail(), 2, 1, vec![delete("a")]).await;
    put(subject, &calendar, 1, 1, vec![event]).await;
    put(subject, &other, 1, 1, vec![upsert("a", "x")]).await;
    let owner = Owner {
        namespace: "namespace".into(),
        connection: "connection".into(),
        user: mail().user,
    };
    let erased = subject.destination.erase(&owner).await.unwrap();
    assert!(erased.rows >= 3, "{erased:?}");
    for stream in [mail(), calendar] {
        assert_eq!(
            subject.destination.last_commit(&stream).await.unwrap(),
            None
        );
        assert_eq!(subject.destination.count(&stream).await.unwrap(), 0);
        assert!(subject.rows(&stream).await.is_empty());
    }
    assert_eq!(subject.destination.count(&other).await.unwrap(), 1);
    assert_eq!(
        subject.destination.erase(&owner).await.unwrap(),
        Erasure::default()
    );
}

pub(super) async fn a_stream_begins_anew_after_its_erasure(subject: &Subject) {
    for sequence in 1..=3 {
        put(subject, &mail(), sequence, 1, vec![upsert("a", "old")]).await;
    }
    let erased = subject.destination.erase_stream(&mail()).await.unwrap();
    assert!(erased.rows >= 1, "{erased:?}");
    put(subject, &mail(), 1, 2, vec![upsert("b", "new")]).await;
    assert_eq!(subjects(subject, &mail()).await, pairs(&[("b", "new")]));
    assert_eq!(
        subject.destination.last_commit(&mail()).await.unwrap(),
        Some(commit(1, 2))
    );
}

pub(super) async fn folding_changes_nothing(subject: &Subject) {
    let mut wanted = std::collections::BTreeMap::new();
    for sequence in 1..=40u64 {
        let (id, gone) = (format!("{}", sequence % 7), format!("{}", sequence % 5));
        let text = format!("{sequence}");
        put(
            subject,
            &mail(),
            sequence,
            1,
            vec![delete(&gone), upsert(&id, &text)],
        )
        .await;
        wanted.remove(&gone);
        wanted.insert(id, text);
        if sequence % 9 == 0 {
            subject.destination.compact(&mail()).await.unwrap();
        }
        let stored = subjects(subject, &mail()).await;
        assert_eq!(stored, wanted.clone().into_iter().collect::<Vec<_>>());
    }
    let last = subject.destination.last_commit(&mail()).await.unwrap();
    assert_eq!(last, Some(commit(40, 1)));
}

pub(super) async fn another_process_goes_on_where_this_one_stopped(subject: &Subject) {
    put(subject, &mail(), 1, 1, vec![upsert("a", "one")]).await;
    let other = subject.reopen();
    assert_eq!(
        other.last_commit(&mail()).await.unwrap(),
        Some(commit(1, 1))
    );
    other
        .commit(&mail(), &commit(2, 1), vec![upsert("b", "two")])
        .await
        .unwrap();
    assert_eq!(
        subjects(subject, &mail()).await,
        pairs(&[("a", "one"), ("b", "two")])
    );
}
