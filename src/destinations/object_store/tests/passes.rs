//! Counting, sweeping and folding hold no more than they may.

use super::{Faulty, Limits, bucket, commit, file, gone, noise, stream, view};
use crate::destinations::Destination;

const LIMITS: Limits = Limits {
    width: 4,
    keys_per_pass: 500,
};

async fn fill(store: &Faulty) {
    for sequence in 1..=5u64 {
        let changes = (0..400)
            .map(|n| file(&format!("{}", sequence * 300 + n), "x"))
            .collect();
        let folder = bucket(store, LIMITS);
        folder
            .commit(&stream(), &commit(sequence, sequence), changes)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_pass_holds_its_share_of_the_keys() {
    let store = Faulty::new();
    fill(&store).await;
    let folder = bucket(&store, LIMITS);
    let listing = folder.list("test", &stream()).await.unwrap();
    let passes = folder.passes("test", &listing.files, 0).await.unwrap();
    assert_eq!(passes.count(), 4);
    let mut keys = 0;
    for pass in 0..passes.count() {
        let held = folder.pass(&passes, pass).await.unwrap().len();
        assert!(held <= 600, "{held} keys at once");
        keys += held;
    }
    assert_eq!(keys, 1_600);
}

#[tokio::test]
async fn sweeping_finds_every_stale_key_once_and_stops_at_the_limit() {
    let store = Faulty::new();
    fill(&store).await;
    let folder = bucket(&store, LIMITS);
    assert_eq!(folder.stale(&stream(), 3, 7).await.unwrap().len(), 7);
    assert_eq!(folder.stale(&stream(), 3, 0).await.unwrap().len(), 0);
    // Of the first commit 300 keys were not written again, and of the second 300.
    let mut left = 600;
    let mut sequence = 6;
    while left > 0 {
        let keys = folder.stale(&stream(), 3, 250).await.unwrap();
        assert_eq!(keys.len(), left.min(250));
        left -= keys.len();
        let changes = keys.iter().map(|key| gone(&key.id)).collect();
        folder
            .commit(&stream(), &commit(sequence, 5), changes)
            .await
            .unwrap();
        sequence += 1;
    }
    assert_eq!(folder.stale(&stream(), 3, 250).await.unwrap(), []);
    assert_eq!(folder.count(&stream()).await.unwrap(), 1_000);
}

#[tokio::test]
async fn the_newest_commit_is_read_without_reading_rows() {
    let store = Faulty::new();
    let folder = bucket(&store, LIMITS);
    let body = noise(200_000);
    folder
        .commit(&stream(), &commit(1, 1), vec![file("a", &body)])
        .await
        .unwrap();
    store.read.store(0, std::sync::atomic::Ordering::SeqCst);
    folder.last_commit(&stream()).await.unwrap().unwrap();
    let read = store.read.load(std::sync::atomic::Ordering::SeqCst);
    assert!(read < 64 << 10, "{read} bytes read");
}

#[tokio::test]
async fn a_folded_stream_is_counted_by_what_its_file_says() {
    let store = Faulty::new();
    let folder = bucket(&store, LIMITS);
    let body = noise(200_000);
    let commits = [
        vec![file("a", &body), file("b", "x")],
        vec![file("a", &body), gone("b")],
        vec![file("c", &body)],
        vec![gone("d")],
    ];
    for (sequence, changes) in (1..).zip(commits) {
        let commit = commit(sequence, 1);
        folder.commit(&stream(), &commit, changes).await.unwrap();
    }
    folder.compact(&stream()).await.unwrap();
    store.read.store(0, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(folder.count(&stream()).await.unwrap(), 2);
    let read = store.read.load(std::sync::atomic::Ordering::SeqCst);
    assert!(read < 64 << 10, "{read} bytes read");
    // What is committed after it is counted too.
    let later = vec![gone("a"), file("e", "x"), file("f", "x")];
    let commit = commit(5, 1);
    folder.commit(&stream(), &commit, later).await.unwrap();
    assert_eq!(folder.count(&stream()).await.unwrap(), 3);
}

#[tokio::test]
async fn many_row_groups_are_folded_in_parts() {
    let store = Faulty::new();
    let folder = bucket(&store, LIMITS);
    let body = noise(150_000);
    for sequence in 1..=4 {
        let changes = (0..4)
            .map(|n| file(&format!("{sequence}-{n}"), &body))
            .collect();
        folder
            .commit(&stream(), &commit(sequence, 1), changes)
            .await
            .unwrap();
    }
    let before = view(&*store.inner).await;
    folder.compact(&stream()).await.unwrap();
    assert_eq!(super::objects(&*store.inner).await.len(), 1);
    assert_eq!(view(&*store.inner).await, before);
    assert_eq!(before.len(), 16);
}
