//! A destination under test, and a reader of its own that shares no code with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use deputy::destinations::spec::{DestinationSpec, ObjectStoreSpec, PostgresSpec};
use deputy::destinations::{Destination, open};
use deputy::model::account::UserId;
use deputy::model::cursor::{Checkpoint, Commit, Cursor, Lineage, Phase, Query, StreamId};
use deputy::model::dataset::Dataset;
use deputy::model::privacy::Privacy;
use deputy::model::record::{Message, Record};
use deputy::model::row::{Change, FailedItem, RecordKey};
use deputy::model::secret::{Credentials, SecretRef};
use deputy::model::table::{Column, ColumnKind, Value};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value as Json, json};
use url::Url;

use crate::support::buckets::{Azurite, Bucket, S3};
use crate::support::postgres::{Postgres, connect};

/// Live records by container and id; of each, its own columns as JSON.
pub(super) type Rows = BTreeMap<(String, String), Json>;

/// A destination and what it takes to open it again.
pub(super) struct Subject {
    pub(super) destination: Arc<dyn Destination>,
    place: Place,
}

enum Place {
    Folder(tempfile::TempDir),
    Bucket(Bucket),
    Postgres(Url),
}

impl Subject {
    #[expect(clippy::unused_async, reason = "every place is made in one way")]
    pub(super) async fn folder() -> Self {
        Self::at(Place::Folder(tempfile::tempdir().unwrap()))
    }

    pub(super) async fn azure() -> Self {
        Self::at(Place::Bucket(Azurite::shared().await.container().await))
    }

    pub(super) async fn s3() -> Self {
        Self::at(Place::Bucket(S3::shared().await.bucket().await))
    }

    pub(super) async fn postgres() -> Self {
        Self::at(Place::Postgres(Postgres::shared().await.database().await))
    }

    fn at(place: Place) -> Self {
        Self {
            destination: place.open(),
            place,
        }
    }

    /// Opens the same place once more, as another process would.
    pub(super) fn reopen(&self) -> Arc<dyn Destination> {
        self.place.open()
    }

    /// Reads the live records of a stream the way its documentation says.
    pub(super) async fn rows(&self, stream: &StreamId) -> Rows {
        match &self.place {
            Place::Folder(root) => read_folder(root.path(), stream),
            Place::Bucket(bucket) => read_folder(&bucket.copy().await, stream),
            Place::Postgres(url) => read_table(url, stream).await,
        }
    }
}

impl Place {
    fn open(&self) -> Arc<dyn Destination> {
        match self {
            Self::Folder(root) => {
                let url = format!("file://{}", root.path().display());
                let spec = ObjectStoreSpec {
                    url,
                    credentials_secret_ref: None,
                };
                open(&DestinationSpec::ObjectStore(spec), None).unwrap()
            }
            Self::Bucket(bucket) => open_bucket(bucket),
            Self::Postgres(url) => {
                let spec = PostgresSpec {
                    credentials_secret_ref: SecretRef {
                        name: "warehouse".into(),
                    },
                    schema: None,
                };
                let url = url.as_str().as_bytes().to_vec();
                let secret = Credentials::new([("url".to_owned(), url)]);
                open(&DestinationSpec::Postgres(spec), Some(&secret)).unwrap()
            }
        }
    }
}

/// Opens a place in a bucket as the operator does.
pub(super) fn open_bucket(bucket: &Bucket) -> Arc<dyn Destination> {
    let spec = ObjectStoreSpec {
        url: bucket.url.clone(),
        credentials_secret_ref: None,
    };
    let entries = bucket.entries.iter();
    let entries = entries.map(|(name, value)| (name.clone(), value.clone().into_bytes()));
    let secret = Credentials::new(entries);
    open(&DestinationSpec::ObjectStore(spec), Some(&secret)).unwrap()
}

fn read_folder(root: &Path, stream: &StreamId) -> Rows {
    let dataset = stream.dataset;
    let folder = ["namespace", "connection", dataset.name()];
    assert_eq!(folder[..2], [&stream.namespace, &stream.connection]);
    let folder: PathBuf = folder.iter().collect();
    let folder = root.join(folder).join(format!("user={}", stream.user));
    let mut newest: BTreeMap<(String, String), (i64, bool, Json)> = BTreeMap::new();
    let files = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    for file in files.filter(|path| path.extension().is_some_and(|end| end == "parquet")) {
        let file = std::fs::File::open(file).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .build()
            .unwrap();
        for batch in reader.map(Result::unwrap) {
            for row in 0..batch.num_rows() {
                let text = |name| json_of(&batch, name, ColumnKind::Text, row);
                let [container, id] = ["container", "id"].map(|name| match text(name) {
                    Json::String(text) => text,
                    other => panic!("{other}"),
                });
                let sequence = json_of(&batch, "sequence", ColumnKind::Integer, row);
                let deleted = json_of(&batch, "deleted", ColumnKind::Boolean, row) == json!(true);
                let own = dataset.columns().iter();
                let own = own.map(|c| (c.name.to_owned(), json_of(&batch, c.name, c.kind, row)));
                let found = (sequence.as_i64().unwrap(), deleted, own.collect());
                let known = newest
                    .entry((container, id))
                    .or_insert_with(|| found.clone());
                if found.0 > known.0 {
                    *known = found;
                }
            }
        }
    }
    let live = newest.into_iter().filter(|(_, (_, deleted, _))| !deleted);
    live.map(|(key, (_, _, own))| (key, own)).collect()
}

fn json_of(batch: &RecordBatch, name: &str, kind: ColumnKind, row: usize) -> Json {
    let column = batch.column_by_name(name).unwrap();
    if column.is_null(row) {
        return Json::Null;
    }
    match kind {
        ColumnKind::Text => column.as_string::<i32>().value(row).into(),
        ColumnKind::Json => serde_json::from_str(column.as_string::<i32>().value(row)).unwrap(),
        ColumnKind::Integer => column.as_primitive::<Int64Type>().value(row).into(),
        ColumnKind::Boolean => column.as_boolean().value(row).into(),
        ColumnKind::TextList => {
            let list = column.as_list::<i32>().value(row);
            list.as_string::<i32>()
                .iter()
                .map(|text| json!(text))
                .collect()
        }
        ColumnKind::Time => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            jiff::Timestamp::from_microsecond(micros)
                .unwrap()
                .to_string()
                .into()
        }
    }
}

async fn read_table(url: &Url, stream: &StreamId) -> Rows {
    let asked = format!(
        "SELECT container, id, to_jsonb(kept) FROM deputy.{} AS kept \
         WHERE NOT deleted AND namespace = $1 AND connection = $2 AND user_id = $3",
        stream.dataset.name()
    );
    let client = connect(url).await.unwrap();
    let user = stream.user.as_str().replace('\0', "\u{FFFD}");
    let rows = client
        .query(&asked, &[&stream.namespace, &stream.connection, &user])
        .await
        .unwrap();
    let row = |row: &tokio_postgres::Row| {
        let all: Json = row.get(2);
        let own = stream.dataset.columns().iter().map(|column| {
            let value = all.get(column.name).unwrap().clone();
            (column.name.to_owned(), same_time(column, value))
        });
        ((row.get(0), row.get(1)), own.collect())
    };
    rows.iter().map(row).collect()
}

fn same_time(column: &Column, value: Json) -> Json {
    match (column.kind, value.as_str()) {
        (ColumnKind::Time, Some(text)) => {
            text.parse::<jiff::Timestamp>().unwrap().to_string().into()
        }
        _ => value,
    }
}

/// Returns a record's own columns as JSON.
pub(super) fn as_json(record: Record) -> Json {
    let columns = record.dataset().columns();
    let value = |value| match value {
        Value::Text(text) => json!(text),
        Value::TextList(list) => json!(list),
        Value::Integer(number) => json!(number),
        Value::Boolean(flag) => json!(flag),
        Value::Time(time) => json!(time.map(|time| time.to_string())),
        Value::Json(json) => json.unwrap_or_default(),
    };
    let own = columns.iter().zip(record.into_values());
    own.map(|(column, of)| (column.name.to_owned(), value(of)))
        .collect()
}

pub(super) fn stream(dataset: Dataset, user: &str) -> StreamId {
    StreamId {
        namespace: "namespace".into(),
        connection: "connection".into(),
        dataset,
        user: UserId::new(user),
    }
}

pub(super) fn commit(sequence: u64, generation: u64) -> Commit {
    Commit {
        sequence,
        at: "2026-11-22T08:00:00.123456Z".parse().unwrap(),
        checkpoint: Checkpoint {
            lineage: Lineage {
                provider: "example".into(),
                tenant: "T1".into(),
                user: UserId::new("117"),
                query: Query::of(Dataset::Mail, &Privacy::default(), None),
            },
            generation,
            phase: Phase::Listing,
            cursor: Cursor(json!({"page": "x", "number": 1.5, "none": null, "n": sequence})),
            failed: vec![FailedItem {
                key: RecordKey::plain("bad"),
                attempts: 2,
                why: "500".into(),
            }],
            resync: Some("now".into()),
        },
    }
}

pub(super) fn message(subject: &str) -> Record {
    Record::Message(Box::new(Message {
        subject: Some(subject.into()),
        ..Message::default()
    }))
}

pub(super) fn upsert(id: &str, subject: &str) -> Change {
    Change::Upsert(RecordKey::plain(id), message(subject))
}

pub(super) fn delete(id: &str) -> Change {
    Change::Delete(RecordKey::plain(id))
}
