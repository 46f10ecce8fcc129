//! The names of tables and columns, and the statements made of them.

use crate::model::dataset::Dataset;
use crate::model::table::{Column, ColumnKind};

/// The columns that make a record's key, and their order in it.
pub(super) const KEY: [&str; 5] = ["namespace", "connection", "user_id", "container", "id"];

/// The table that says where a stream stands.
pub(super) const STREAMS: &str = "streams";

/// The tables of a schema.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    /// The schema's name, unquoted.
    pub(super) schema: String,
}

impl Tables {
    /// Wraps a schema's name.
    pub(super) fn new(schema: &str) -> Self {
        Self {
            schema: schema.to_owned(),
        }
    }

    /// Returns a table's full name, quoted.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.schema), quote(name))
    }

    /// Returns a dataset's table's full name, quoted.
    pub(super) fn of(&self, dataset: Dataset) -> String {
        self.table(dataset.name())
    }

    /// Returns the statement that makes the table in which a batch waits. It lasts as long as the connection; the number
    /// of its columns is in its name, as an older Deputy may have used the connection before.
    pub(super) fn create_stage(dataset: Dataset) -> String {
        let own = own(dataset, |column| {
            format!("{} {}", quote(column.name), sql_type(column.kind))
        });
        format!(
            "CREATE TEMPORARY TABLE IF NOT EXISTS {} (container text NOT NULL, id text NOT NULL, \
             deleted boolean NOT NULL, {own}) ON COMMIT DELETE ROWS",
            stage_name(dataset)
        )
    }

    /// Returns the statement that takes a batch in.
    pub(super) fn copy_to_stage(dataset: Dataset) -> String {
        let own = own(dataset, |column| quote(column.name));
        let stage = stage(dataset);
        format!("COPY {stage} (container, id, deleted, {own}) FROM STDIN BINARY")
    }

    /// Returns the statement that stores the records of a batch. Parameters: namespace, connection, user, generation,
    /// sequence.
    pub(super) fn upsert(&self, dataset: Dataset) -> String {
        let names = own(dataset, |column| quote(column.name));
        let set = own(dataset, |column| {
            format!("{0} = EXCLUDED.{0}", quote(column.name))
        });
        format!(
            "INSERT INTO {} (namespace, connection, user_id, container, id, generation, sequence, deleted, {names}) \
             SELECT $1, $2, $3, container, id, $4, $5, false, {names} FROM {} WHERE NOT deleted \
             ON CONFLICT ({}) DO UPDATE SET generation = EXCLUDED.generation, \
             sequence = EXCLUDED.sequence, deleted = false, {set}",
            self.of(dataset),
            stage(dataset),
            KEY.join(", "),
        )
    }

    /// Returns the statement that deletes the records of a batch that are there. Parameters as of [`Self::upsert`].
    pub(super) fn delete(&self, dataset: Dataset) -> String {
        let empty = own(dataset, |column| format!("{} = NULL", quote(column.name)));
        format!(
            "UPDATE {} AS kept SET deleted = true, generation = $4, sequence = $5, {empty} \
             FROM {} AS batch WHERE batch.deleted AND NOT kept.deleted \
             AND kept.namespace = $1 AND kept.connection = $2 AND kept.user_id = $3 \
             AND kept.container = batch.container AND kept.id = batch.id",
            self.of(dataset),
            stage(dataset),
        )
    }
}

/// Returns the full name of the table in which a batch waits.
fn stage(dataset: Dataset) -> String {
    format!("pg_temp.{}", stage_name(dataset))
}

fn stage_name(dataset: Dataset) -> String {
    quote(&format!(
        "deputy_{}_{}",
        dataset.name(),
        dataset.columns().len()
    ))
}

/// Lists a dataset's own columns.
fn own(dataset: Dataset, say: impl Fn(&Column) -> String) -> String {
    let columns: Vec<String> = dataset.columns().iter().map(say).collect();
    columns.join(", ")
}

/// Returns the type of a column as the database names it.
pub(super) fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::TextList => "text[]",
        ColumnKind::Integer => "bigint",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Time => "timestamp with time zone",
        ColumnKind::Json => "jsonb",
    }
}

/// Quotes a name.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text.
pub(super) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
