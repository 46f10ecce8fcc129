//! Of two writers one loses, also when it slept through a fold.

use super::{Faulty, Limits, bucket, commit, file, gone, noise, objects, stream, view};
use crate::destinations::{Destination, Kind};
use crate::model::row::Change;

const LIMITS: Limits = Limits {
    width: 3,
    keys_per_pass: 1_000,
};

async fn put(store: &Faulty, sequence: u64, change: Change) -> Result<(), Kind> {
    let folder = bucket(store, LIMITS);
    let put = folder
        .commit(&stream(), &commit(sequence, 1), vec![change])
        .await;
    put.map_err(|error| error.kind)
}

#[tokio::test]
async fn of_two_writers_of_one_commit_one_loses() {
    let store = Faulty::new();
    for sequence in 1..20 {
        let (one, other) = tokio::join!(
            put(&store, sequence, file("a", "one")),
            put(&store, sequence, file("a", "two")),
        );
        let lost = [one, other].map(Result::err);
        assert_eq!(lost.iter().flatten().count(), 1);
        assert!(lost.contains(&Some(Kind::DestinationContested)));
    }
}

#[tokio::test]
async fn a_writer_who_slept_through_a_fold_loses_and_leaves_nothing() {
    let store = Faulty::new();
    for sequence in 1..=9 {
        put(&store, sequence, file("a", "good")).await.unwrap();
    }
    bucket(&store, LIMITS).compact(&stream()).await.unwrap();
    let before = objects(&*store.inner).await;
    assert_eq!(before.len(), 1);
    for sequence in [1, 5, 9] {
        let late = put(&store, sequence, file("b", "late")).await;
        assert_eq!(late, Err(Kind::DestinationContested), "commit {sequence}");
    }
    assert_eq!(objects(&*store.inner).await, before);
}

#[tokio::test]
async fn a_commit_that_follows_nothing_is_refused() {
    let store = Faulty::new();
    put(&store, 1, file("a", "one")).await.unwrap();
    assert_eq!(
        put(&store, 3, file("b", "x")).await,
        Err(Kind::DestinationContested)
    );
    bucket(&store, LIMITS)
        .erase_stream(&stream())
        .await
        .unwrap();
    assert_eq!(
        put(&store, 2, file("b", "x")).await,
        Err(Kind::DestinationContested)
    );
    assert_eq!(objects(&*store.inner).await.len(), 0);
}

#[tokio::test]
async fn a_successor_does_not_undo_what_it_builds_on() {
    let store = Faulty::new();
    put(&store, 1, file("a", "one")).await.unwrap();
    put(&store, 2, file("b", "two")).await.unwrap();
    // The first writer looks around only now, and finds the second one's commit.
    let folder = bucket(&store, LIMITS);
    let path = super::layout::stream_folder(&folder.prefix, &stream());
    assert_eq!(folder.spans_from("test", &path, 1).await.unwrap().len(), 2);
    assert_eq!(view(&*store.inner).await.len(), 2);
}

#[tokio::test]
async fn a_commit_whose_reply_is_lost_is_found() {
    let mut store = Faulty::new();
    store.after = true;
    store.fail_after(Some(0));
    let reply = put(&store, 1, file("a", "one")).await;
    assert_eq!(reply, Err(Kind::DestinationUnreachable));
    store.fail_after(None);
    let last = bucket(&store, LIMITS).last_commit(&stream()).await.unwrap();
    assert_eq!(last, Some(commit(1, 1)));
}

#[tokio::test]
async fn an_old_deletion_goes_only_when_nothing_is_left_that_it_hides() {
    let store = Faulty::new();
    let folder = bucket(&store, LIMITS);
    put(&store, 1, file("a", &"x".repeat(300_000)))
        .await
        .unwrap();
    // Random enough not to be squeezed into the lowest tier, so that the fold stops here.
    let name = noise(60_000);
    put(&store, 2, file("big", &name)).await.unwrap();
    for sequence in 3..=5 {
        put(&store, sequence, gone("a")).await.unwrap();
    }
    folder.compact(&stream()).await.unwrap();
    assert_eq!(objects(&*store.inner).await.len(), 3);
    assert_eq!(
        view(&*store.inner).await.keys().collect::<Vec<_>>(),
        ["big"]
    );
}
