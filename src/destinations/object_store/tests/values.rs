//! Values keep their types, empty is not missing, and what is in the way is not overlooked.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use rstest::rstest;
use serde_json::json;

use super::{Faulty, Limits, all_rows, bucket, commit, file, layout, stream, view};
use crate::destinations::{Destination, Kind};
use crate::model::record::{File, Record};
use crate::model::row::{Change, RecordKey};

fn upsert(id: &str, file: File) -> Change {
    Change::Upsert(RecordKey::plain(id), Record::File(Box::new(file)))
}

#[tokio::test]
async fn every_kind_of_value_comes_back() {
    let store = Faulty::new();
    let full = File {
        name: Some("Ünïcode\0 \u{1F600}".into()),
        size: Some(0),
        trashed: Some(false),
        parents: vec![String::new(), "p".into()],
        created_at: Some("1969-12-31T23:59:59.999999Z".parse().unwrap()),
        vendor: Some(json!({"zero": 0, "none": null})),
        ..File::default()
    };
    let folder = bucket(&store, Limits::default());
    let changes = vec![upsert("full", full), upsert("void", File::default())];
    folder
        .commit(&stream(), &commit(1, 1), changes)
        .await
        .unwrap();
    let rows = all_rows(&*store.inner, &Path::from("data"), &stream()).await;
    let [batch] = rows.as_slice() else {
        panic!("one batch")
    };
    let column = |name| batch.column_by_name(name).unwrap();
    assert_eq!(
        column("name").as_string::<i32>().value(0),
        "Ünïcode\0 \u{1F600}"
    );
    assert_eq!(column("size").as_primitive::<Int64Type>().value(0), 0);
    assert!(!column("trashed").as_boolean().value(0) && !column("trashed").is_null(0));
    let created = column("created_at").as_primitive::<TimestampMicrosecondType>();
    assert_eq!((created.value(0), created.timezone()), (-1, Some("UTC")));
    let vendor = column("vendor").as_string::<i32>().value(0);
    let vendor: serde_json::Value = serde_json::from_str(vendor).unwrap();
    assert_eq!(vendor, json!({"zero": 0, "none": null}));
    let parents = column("parents").as_list::<i32>();
    assert_eq!(
        parents
            .value(0)
            .as_string::<i32>()
            .iter()
            .collect::<Vec<_>>(),
        [Some(""), Some("p")]
    );
    assert!(parents.value(1).is_empty() && !parents.is_null(1));
    for name in ["name", "size", "trashed", "created_at", "vendor"] {
        assert!(column(name).is_null(1), "{name}");
    }
}

#[tokio::test]
async fn of_several_changes_of_one_key_the_last_wins() {
    let store = Faulty::new();
    let folder = bucket(&store, Limits::default());
    let changes = vec![
        file("a", "1"),
        super::gone("b"),
        file("a", "2"),
        file("b", "3"),
    ];
    folder
        .commit(&stream(), &commit(1, 1), changes)
        .await
        .unwrap();
    let names: Vec<_> = view(&*store.inner)
        .await
        .into_values()
        .map(|row| row.0)
        .collect();
    assert_eq!(names, ["2", "3"]);
}

#[rstest]
#[case::a_foreign_file("data.parquet", "x")]
#[case::a_name_of_ours_with_something_else("00000000000000000002.parquet", "no Parquet at all")]
#[case::an_empty_file_of_our_name("00000000000000000002.parquet", "")]
#[case::a_file_after_a_gap("00000000000000000003.parquet", "x")]
#[tokio::test]
async fn what_is_in_the_way_is_not_taken_for_an_empty_stream(
    #[case] name: &str,
    #[case] content: &'static str,
) {
    let store = Faulty::new();
    let folder = bucket(&store, Limits::default());
    folder
        .commit(&stream(), &commit(1, 1), vec![file("a", "1")])
        .await
        .unwrap();
    let path = layout::stream_folder(&folder.prefix, &stream()).join(name);
    store.inner.put(&path, content.into()).await.unwrap();
    let error = folder.last_commit(&stream()).await.unwrap_err();
    assert_eq!(error.kind, Kind::DestinationCorrupt);
    assert!(error.meaning.contains(".parquet"), "{error}");
}

#[tokio::test]
async fn a_copy_under_another_name_is_noticed() {
    let store = Faulty::new();
    let folder = bucket(&store, Limits::default());
    folder
        .commit(&stream(), &commit(1, 1), vec![file("a", "1")])
        .await
        .unwrap();
    let path = layout::stream_folder(&folder.prefix, &stream());
    let (one, two) = (
        path.clone().join("00000000000000000001.parquet"),
        path.join("00000000000000000002.parquet"),
    );
    store.inner.copy(&one, &two).await.unwrap();
    let error = folder.last_commit(&stream()).await.unwrap_err();
    assert_eq!(error.kind, Kind::DestinationCorrupt);
}

#[rstest]
#[case("_SUCCESS")]
#[case("notes.txt")]
#[case("x.parquet.tmp")]
#[case("deeper/x.parquet")]
#[tokio::test]
async fn what_no_reader_reads_does_not_matter(#[case] name: &str) {
    let store = Faulty::new();
    let folder = bucket(&store, Limits::default());
    folder
        .commit(&stream(), &commit(1, 1), vec![file("a", "1")])
        .await
        .unwrap();
    let path = layout::stream_folder(&folder.prefix, &stream());
    let path = Path::parse(format!("{path}/{name}")).unwrap();
    store.inner.put(&path, "x".into()).await.unwrap();
    assert_eq!(
        folder.last_commit(&stream()).await.unwrap(),
        Some(commit(1, 1))
    );
}
