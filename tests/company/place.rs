//! The kinds of destination, and their rows as a reader without Deputy sees them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use url::Url;

use super::system::System;
use crate::support::buckets::Bucket;
use crate::support::postgres::{self, Postgres};
use crate::support::{guard, settings};

/// Rows by container and id.
pub(crate) type Rows = BTreeMap<(String, String), Value>;

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As it is.
    Plain,
    /// As a set.
    List,
    /// In microseconds since 1970.
    Time,
}

/// The columns that are compared.
pub(crate) fn columns(dataset: &str) -> &'static [(&'static str, Shape)] {
    use Shape::{List, Plain, Time};
    match dataset {
        "mail" => &[
            ("thread_id", Plain),
            ("labels", List),
            ("received_at", Time),
            ("sender", Plain),
            ("internet_message_id", Plain),
            ("size", Plain),
            ("subject", Plain),
        ],
        "calendar" => &[
            ("status", Plain),
            ("starts_at", Time),
            ("ends_at", Time),
            ("original_starts_at", Time),
            ("all_day", Plain),
            ("series_id", Plain),
            ("recurrence", List),
            ("organizer", Plain),
            ("updated_at", Time),
            ("title", Plain),
        ],
        "drive" => &[
            ("name", Plain),
            ("mime_type", Plain),
            ("size", Plain),
            ("parents", List),
            ("owners", List),
            ("trashed", Plain),
            ("modified_at", Time),
            ("version", Plain),
        ],
        "packages" => &[
            ("state", Plain),
            ("pickup", Plain),
            ("owner", Plain),
            ("sender", Plain),
            ("recipients", List),
            ("recipient_groups", List),
            ("file_names", List),
            ("label", Plain),
            ("dropzone", Plain),
            ("data_room", Plain),
            ("has_message", Plain),
            ("life_days", Plain),
            ("modified_at", Time),
        ],
        "activity" => &[
            ("kind", Plain),
            ("action", Plain),
            ("occurred_at", Time),
            ("actor", Plain),
            ("impersonated", Plain),
            ("ip_address", Plain),
            ("package_id", Plain),
            ("package_owner", Plain),
        ],
        other => panic!("there is no dataset {other}"),
    }
}

/// A destination.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A folder of Parquet files.
    Files(PathBuf),
    /// The same in a bucket.
    Bucket(Bucket),
    /// A database.
    Postgres(Url),
}

impl Place {
    /// A new folder.
    pub(crate) fn files() -> Self {
        Self::Files(guard::new_folder("data"))
    }

    /// A new database of the server that the tests share.
    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::shared().await.database().await)
    }

    /// The connection's destination.
    pub(crate) fn spec(&self) -> Value {
        match self {
            Self::Files(folder) => {
                json!({"objectStore": {"url": format!("file://{}", folder.display())}})
            }
            Self::Bucket(bucket) => bucket.spec("bucket"),
            Self::Postgres(_) => {
                json!({"postgres": {"credentialsSecretRef": {"name": "database"}}})
            }
        }
    }

    /// The Secret that the destination needs.
    pub(crate) fn secret(&self) -> Option<Value> {
        match self {
            Self::Files(_) => None,
            Self::Bucket(bucket) => Some(json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bucket"},
                "stringData": bucket.string_data(),
            })),
            Self::Postgres(url) => {
                let mut url = url.clone();
                url.set_query(Some("sslmode=disable"));
                Some(super::secret("database", "url", url.as_str()))
            }
        }
    }

    /// The live rows.
    pub(crate) async fn rows(&self, dataset: &str) -> Rows {
        let listed = self.listed(dataset, columns(dataset)).await;
        listed.into_iter().map(|row| keyed(dataset, row)).collect()
    }

    /// The live values of one text column by id.
    pub(crate) async fn texts(
        &self,
        dataset: &str,
        column: &'static str,
    ) -> BTreeMap<String, Value> {
        let listed = self.listed(dataset, &[(column, Shape::Plain)]).await;
        let text = |row: Value| (text(&row["id"]), row["own"][column].clone());
        listed.into_iter().map(text).collect()
    }

    async fn listed(&self, dataset: &str, columns: &[(&str, Shape)]) -> Vec<Value> {
        let Value::Array(rows) = (match self {
            Self::Files(folder) => duckdb(folder, LIVE, dataset, &parquet_object(columns)),
            Self::Bucket(bucket) => {
                let folder = bucket.copy().await;
                duckdb(&folder, LIVE, dataset, &parquet_object(columns))
            }
            Self::Postgres(url) => sql_rows(url, dataset, columns).await,
        }) else {
            panic!("rows come as a list");
        };
        rows
    }

    /// The ids of the rows that are deleted, each with the commits that deleted it.
    pub(crate) async fn deleted(&self, dataset: &str) -> BTreeMap<String, Vec<i64>> {
        let rows = match self {
            Self::Files(folder) => duckdb(folder, DELETED, dataset, ""),
            Self::Bucket(bucket) => duckdb(&bucket.copy().await, DELETED, dataset, ""),
            Self::Postgres(url) => {
                let client = postgres::connect(url).await.expect("connects");
                let query = format!(
                    "SELECT coalesce(jsonb_agg(jsonb_build_array(id, sequence)), '[]') FROM deputy.{dataset} WHERE deleted"
                );
                client.query_one(&query, &[]).await.expect("reads").get(0)
            }
        };
        let mut deleted = BTreeMap::<_, Vec<i64>>::new();
        for row in rows.as_array().expect("rows come as a list") {
            let commits = deleted.entry(text(&row[0])).or_default();
            commits.push(row[1].as_i64().expect("is a number"));
        }
        deleted
    }

    /// How many stored rows, old versions among them, have a value in this column.
    pub(crate) async fn stored(&self, dataset: &str, column: &str) -> i64 {
        match self {
            Self::Files(folder) => count(folder, dataset, column),
            Self::Bucket(bucket) => count(&bucket.copy().await, dataset, column),
            Self::Postgres(url) => {
                let client = postgres::connect(url).await.expect("connects");
                let query = format!("SELECT count({column}) FROM deputy.{dataset}");
                client.query_one(&query, &[]).await.expect("counts").get(0)
            }
        }
    }

    /// Everything that is kept of a system, of whatever dataset: rows of a database, or files of a folder.
    pub(crate) async fn remains(&self, system: System) -> usize {
        let mut remains = 0;
        for dataset in system.datasets() {
            let stored = self.stored(dataset, "id").await;
            remains += usize::try_from(stored).expect("is a count");
        }
        remains
    }
}

/// How many rows of all files have a value in this column.
fn count(folder: &Path, dataset: &str, column: &str) -> i64 {
    let all = duckdb(folder, STORED, dataset, &format!("\"{column}\""));
    all.as_i64().expect("is a number")
}

fn duckdb(folder: &Path, script: &str, dataset: &str, argument: &str) -> Value {
    let glob = format!("{}/*/*/{dataset}/*/*.parquet", folder.display());
    let output = Command::new(settings::python())
        .args(["-B", "-c", &format!("{PRELUDE}{script}"), &glob, argument])
        .output()
        .expect("runs Python");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "DuckDB: {errors}");
    serde_json::from_slice(&output.stdout).expect("prints JSON")
}

const PRELUDE: &str = r#"
import glob, json, sys, duckdb
pattern, argument = sys.argv[1:3]
source = f"read_parquet('{pattern}', hive_partitioning = true, hive_types_autocast = false, union_by_name = true)"
empty = not glob.glob(pattern)
"#;

/// The rows as the documentation tells readers to read them, after a look that no version of a row is there in two ways.
const LIVE: &str = r#"
rows = []
if not empty:
    key = '"user", container, id'
    twice = f"SELECT count(*) FROM (SELECT 1 FROM {source} GROUP BY {key}, sequence, deleted HAVING count(DISTINCT {argument}) > 1)"
    doubled = duckdb.sql(twice).fetchall()[0][0]
    assert doubled == 0, f"{doubled} rows are there in two versions of the same commit"
    live = f"SELECT * FROM {source} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY sequence DESC) = 1 AND NOT deleted"
    for container, id, own in duckdb.sql(f"SELECT container, id, {argument} FROM ({live})").fetchall():
        rows.append({"container": container, "id": id, "own": json.loads(own)})
print(json.dumps(rows))
"#;

const STORED: &str = r#"
print(0 if empty else duckdb.sql(f"SELECT count({argument}) FROM {source}").fetchall()[0][0])
"#;

const DELETED: &str = r#"
gone = [] if empty else duckdb.sql(f"SELECT id, sequence FROM {source} WHERE deleted").fetchall()
print(json.dumps(gone))
"#;

fn parquet_object(columns: &[(&str, Shape)]) -> String {
    let own = columns.iter().map(|(name, shape)| match shape {
        Shape::Time => format!("'{name}': epoch_us(\"{name}\")"),
        Shape::List | Shape::Plain => format!("'{name}': \"{name}\""),
    });
    format!("to_json({{{}}})", own.collect::<Vec<_>>().join(", "))
}

async fn sql_rows(url: &Url, dataset: &str, columns: &[(&str, Shape)]) -> Value {
    let own = columns.iter().map(|(name, shape)| match shape {
        Shape::Time => format!("'{name}', (extract(epoch FROM \"{name}\") * 1000000)::bigint"),
        Shape::List | Shape::Plain => format!("'{name}', \"{name}\""),
    });
    let own = own.collect::<Vec<_>>().join(", ");
    let query = format!(
        "SELECT coalesce(jsonb_agg(jsonb_build_object('container', container, 'id', id, 'own', \
         jsonb_build_object({own}))), '[]') FROM deputy.{dataset} WHERE NOT deleted"
    );
    let client = postgres::connect(url).await.expect("connects");
    client.query_one(&query, &[]).await.expect("reads").get(0)
}

fn keyed(dataset: &str, mut row: Value) -> ((String, String), Value) {
    let key = (text(&row["container"]), text(&row["id"]));
    let mut own = row["own"].take();
    for (name, shape) in columns(dataset) {
        if *shape == Shape::List {
            own[*name] = as_set(&own[*name]);
        }
    }
    (key, own)
}

/// A list in order; none is an empty one.
pub(crate) fn as_set(list: &Value) -> Value {
    let mut texts: Vec<&str> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    texts.sort_unstable();
    json!(texts)
}

fn text(value: &Value) -> String {
    value.as_str().expect("is a text").to_owned()
}
