//! What is special about a folder of this machine, and what goes wrong with any place.

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use rstest::rstest;

use super::{Faulty, Limits, ParquetFolder, bucket, commit, file, objects, owner, stream};
use crate::destinations::object_store::folder::Folder;
use crate::destinations::spec::ObjectStoreSpec;
use crate::destinations::{Destination, Erasure, Kind};

fn open(root: &FilePath) -> ParquetFolder {
    let spec = ObjectStoreSpec {
        url: format!("file://{}", root.display()),
        credentials_secret_ref: None,
    };
    let mut folder = ParquetFolder::open(&spec, None).unwrap();
    folder.limits.width = 3;
    folder
}

fn files(root: &FilePath) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found
}

#[tokio::test]
async fn a_check_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    open(root.path()).check().await.unwrap();
    assert_eq!(files(root.path()), Vec::<PathBuf>::new());
    let store = Faulty::new();
    bucket(&store, Limits::default()).check().await.unwrap();
    assert!(objects(&*store.inner).await.is_empty());
}

#[tokio::test]
async fn a_folder_that_is_gone_is_told_from_a_file_that_another_writer_took() {
    let root = tempfile::tempdir().unwrap();
    let mut store = Faulty::new();
    store.errno = 2;
    store.fail_after(Some(0));
    let mut folder = bucket(&store, Limits::default());
    folder.folder = Some(Folder::new(root.path().to_owned()));
    let failed = folder.commit(&stream(), &commit(1, 1), vec![]).await;
    assert_eq!(failed.unwrap_err().kind, Kind::DestinationContested);
    root.close().unwrap();
    let failed = folder.commit(&stream(), &commit(1, 1), vec![]).await;
    assert_eq!(failed.unwrap_err().kind, Kind::DestinationNotFound);
}

#[rstest]
#[case::no_room(28, Kind::DestinationFull)]
#[case::no_quota(122, Kind::DestinationFull)]
#[case::mounted_read_only(30, Kind::DestinationReadOnly)]
#[case::no_right(13, Kind::DestinationReadOnly)]
#[case::no_network(113, Kind::DestinationUnreachable)]
#[tokio::test]
async fn what_goes_wrong_is_said_with_a_remedy(#[case] errno: i32, #[case] kind: Kind) {
    let mut store = Faulty::new();
    store.errno = errno;
    for operations in 0..4 {
        store.fail_after(Some(operations));
        let folder = bucket(&store, Limits::default());
        let checked = folder.check().await.unwrap_err();
        assert_eq!(checked.kind, kind, "{checked}");
        assert!(checked.meaning.contains("s3://bucket/data") && !checked.remedy.is_empty());
        store.fail_after(Some(0));
        let committed = folder
            .commit(&stream(), &commit(1, 1), vec![])
            .await
            .unwrap_err();
        assert_eq!(committed.kind, kind, "{committed}");
    }
}

#[tokio::test]
async fn a_folder_that_went_is_not_an_empty_one() {
    let root = tempfile::tempdir().unwrap();
    let folder = open(root.path());
    folder
        .commit(&stream(), &commit(1, 1), vec![])
        .await
        .unwrap();
    fs::remove_dir_all(root.path()).unwrap();
    for kind in [
        folder.last_commit(&stream()).await.unwrap_err().kind,
        folder
            .commit(&stream(), &commit(2, 1), vec![])
            .await
            .unwrap_err()
            .kind,
        folder.check().await.unwrap_err().kind,
    ] {
        assert_eq!(kind, Kind::DestinationNotFound);
    }
    assert!(!root.path().exists());
}

#[tokio::test]
async fn an_erasure_leaves_nothing_and_says_how_much_it_was() {
    let root = tempfile::tempdir().unwrap();
    let folder = open(root.path());
    for sequence in 1..=2 {
        let changes = vec![file("a", "x"), file("b", "y")];
        folder
            .commit(&stream(), &commit(sequence, 1), changes)
            .await
            .unwrap();
    }
    let home = root.path().join("team/corp/drive/user=117");
    // As a process that was killed in the middle of a commit leaves it.
    fs::write(home.join("00000000000000000003.parquet#1"), "half").unwrap();
    let erased = folder.erase(&owner()).await.unwrap();
    assert_eq!(
        erased,
        Erasure {
            rows: 4,
            objects: 2
        }
    );
    assert_eq!(files(root.path()), Vec::<PathBuf>::new());
    assert_eq!(folder.erase(&owner()).await.unwrap(), Erasure::default());
}

#[tokio::test]
async fn an_erasure_spares_everybody_else() {
    let root = tempfile::tempdir().unwrap();
    let folder = open(root.path());
    let mut other = stream();
    other.user = crate::model::account::UserId::new("1");
    for stream in [&stream(), &other] {
        folder
            .commit(stream, &commit(1, 1), vec![file("a", "x")])
            .await
            .unwrap();
    }
    folder.erase(&owner()).await.unwrap();
    assert_eq!(folder.last_commit(&stream()).await.unwrap(), None);
    assert_eq!(folder.count(&other).await.unwrap(), 1);
}

#[tokio::test]
async fn what_a_killed_process_left_half_written_is_tidied() {
    let root = tempfile::tempdir().unwrap();
    let folder = open(root.path());
    folder
        .commit(&stream(), &commit(1, 1), vec![])
        .await
        .unwrap();
    let half = root
        .path()
        .join("team/corp/drive/user=117/00000000000000000002.parquet#1");
    fs::write(&half, "half").unwrap();
    folder
        .commit(&stream(), &commit(2, 1), vec![])
        .await
        .unwrap();
    folder.compact(&stream()).await.unwrap();
    assert!(!half.exists());
    assert_eq!(
        folder.last_commit(&stream()).await.unwrap(),
        Some(commit(2, 1))
    );
}

#[tokio::test]
async fn folding_works_in_a_folder_too() {
    let root = tempfile::tempdir().unwrap();
    let folder = open(root.path());
    for sequence in 1..=10 {
        let changes = vec![file(&format!("{}", sequence % 4), "x")];
        folder
            .commit(&stream(), &commit(sequence, 1), changes)
            .await
            .unwrap();
        folder.compact(&stream()).await.unwrap();
    }
    let stored = files(&root.path().join("team/corp/drive/user=117"));
    assert!(stored.len() <= 3, "{stored:?}");
    assert_eq!(
        folder.last_commit(&stream()).await.unwrap(),
        Some(commit(10, 1))
    );
    assert_eq!(folder.count(&stream()).await.unwrap(), 4);
}
