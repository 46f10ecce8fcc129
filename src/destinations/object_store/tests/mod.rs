//! What is stored, read back the way the documented query reads it.

mod crashes;
mod fencing;
mod folders;
mod passes;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::errors::Place;
use super::faults::Faulty;
use super::{Limits, ParquetFolder, layout};
use crate::destinations::redact::Redactor;
use crate::model::account::UserId;
use crate::model::cursor::{Checkpoint, Commit, Cursor, Lineage, Owner, Phase, Query, StreamId};
use crate::model::dataset::Dataset;
use crate::model::privacy::Privacy;
use crate::model::record::{File, Record};
use crate::model::row::{Change, RecordKey};

/// Opens a store in memory as if it were a bucket.
fn bucket(store: &Faulty, limits: Limits) -> ParquetFolder {
    ParquetFolder {
        store: Arc::new(store.clone()),
        prefix: Path::from("data"),
        folder: None,
        place: Place {
            url: "s3://bucket/data".into(),
            redactor: Redactor::default(),
        },
        limits,
    }
}

fn stream() -> StreamId {
    StreamId {
        namespace: "team".into(),
        connection: "corp".into(),
        dataset: Dataset::Drive,
        user: UserId::new("117"),
    }
}

fn owner() -> Owner {
    let StreamId {
        namespace,
        connection,
        user,
        ..
    } = stream();
    Owner {
        namespace,
        connection,
        user,
    }
}

fn commit(sequence: u64, generation: u64) -> Commit {
    Commit {
        sequence,
        at: "2026-11-22T08:00:00Z".parse().unwrap(),
        checkpoint: Checkpoint {
            lineage: Lineage {
                provider: "example".into(),
                tenant: "T1".into(),
                user: UserId::new("117"),
                query: Query::of(Dataset::Drive, &Privacy::default(), None),
            },
            generation,
            phase: Phase::Following,
            cursor: Cursor(serde_json::json!({"token": sequence})),
            failed: Vec::new(),
            resync: None,
        },
    }
}

fn file(id: &str, name: &str) -> Change {
    let file = File {
        name: Some(name.into()),
        ..File::default()
    };
    Change::Upsert(RecordKey::plain(id), Record::File(Box::new(file)))
}

fn gone(id: &str) -> Change {
    Change::Delete(RecordKey::plain(id))
}

/// Reads all rows of a stream that any reader could find.
async fn all_rows(store: &dyn ObjectStore, prefix: &Path, stream: &StreamId) -> Vec<RecordBatch> {
    let folder = layout::stream_folder(prefix, stream);
    let objects: Vec<_> = store.list(Some(&folder)).try_collect().await.unwrap();
    let mut batches = Vec::new();
    for object in objects {
        if object.location.extension() != Some("parquet") {
            continue;
        }
        let bytes = store
            .get(&object.location)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .unwrap()
            .build()
            .unwrap();
        batches.extend(reader.map(Result::unwrap));
    }
    batches
}

/// Returns the live records by id, with name and generation: what the documented query returns.
async fn view(store: &dyn ObjectStore) -> BTreeMap<String, (String, u64)> {
    let mut newest: BTreeMap<String, (i64, bool, String, u64)> = BTreeMap::new();
    for batch in all_rows(store, &Path::from("data"), &stream()).await {
        let text = |name| batch.column_by_name(name).unwrap().as_string::<i32>();
        let number = |name| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_primitive::<Int64Type>()
        };
        for row in 0..batch.num_rows() {
            let name = text("name").value(row);
            let found = (
                number("sequence").value(row),
                batch
                    .column_by_name("deleted")
                    .unwrap()
                    .as_boolean()
                    .value(row),
                name.to_owned(),
                u64::try_from(number("generation").value(row)).unwrap(),
            );
            let known = newest
                .entry(text("id").value(row).to_owned())
                .or_insert_with(|| found.clone());
            assert!(
                found.0 != known.0 || found == *known,
                "one key, one sequence, two rows"
            );
            if found.0 > known.0 {
                *known = found;
            }
        }
    }
    let live = newest.into_iter().filter(|(_, row)| !row.1);
    live.map(|(id, row)| (id, (row.2, row.3))).collect()
}

async fn objects(store: &dyn ObjectStore) -> BTreeSet<String> {
    let objects = store
        .list(None)
        .map_ok(|object| object.location.to_string());
    objects.try_collect().await.unwrap()
}

/// Makes text that cannot be squeezed much.
fn noise(words: u64) -> String {
    use std::fmt::Write as _;
    (0..words).fold(String::new(), |mut text, word| {
        write!(text, "{:x}", word.wrapping_mul(0x9e37_79b9)).unwrap();
        text
    })
}
