//! The schema and its tables: looked at first, and made or widened only where something is missing.
//!
//! So a role that may not create anything can work with tables that somebody else has made.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use deadpool_postgres::{GenericClient, Object};
use strum::IntoEnumIterator;

use super::tables::{KEY, STREAMS, Tables, quote, quote_text, sql_type};
use crate::model::dataset::Dataset;

/// The schema where the spec names none.
pub(super) const DEFAULT: &str = "deputy";

/// The number of the lock under which tables are made: `deputy` in ASCII.
const LOCK: i64 = 0x6465_7075_7479;

/// Why the schema cannot be used.
#[derive(Debug)]
pub(super) enum Unfit {
    /// The database failed or refused.
    Database(tokio_postgres::Error),
    /// A column is there with another type than ours.
    Column(String),
}

impl From<tokio_postgres::Error> for Unfit {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

/// A column as it has to be.
struct Wanted {
    name: &'static str,
    kind: &'static str,
    /// What follows the type where the column is made.
    rule: &'static str,
    doc: &'static str,
}

/// A table as it has to be.
struct WantedTable {
    name: &'static str,
    columns: Vec<Wanted>,
    key: Vec<&'static str>,
}

/// The columns of every table that is there, by table and name, with their types.
type Found = BTreeMap<(String, String), String>;

/// Makes what is missing.
pub(super) async fn prepare(client: &mut Object, tables: &Tables) -> Result<(), Unfit> {
    if missing(&find(&*client, tables).await?, tables)?.is_empty() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
        .await?;
    let known = "SELECT FROM pg_namespace WHERE nspname = $1";
    if transaction
        .query_opt(known, &[&tables.schema])
        .await?
        .is_none()
    {
        let create = format!("CREATE SCHEMA {}", quote(&tables.schema));
        transaction.batch_execute(&create).await?;
    }
    // Once more: somebody else may have been faster to the lock.
    let statements = missing(&find(&transaction, tables).await?, tables)?;
    transaction.batch_execute(&statements).await?;
    transaction.commit().await?;
    Ok(())
}

async fn find(client: &impl GenericClient, tables: &Tables) -> Result<Found, Unfit> {
    let rows = client
        .query(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'f') \
             AND a.attnum > 0 AND NOT a.attisdropped",
            &[&tables.schema],
        )
        .await?;
    let mut found = Found::new();
    for row in rows {
        found.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
    }
    Ok(found)
}

/// Returns the statements that make what is missing.
fn missing(found: &Found, tables: &Tables) -> Result<String, Unfit> {
    let mut statements = String::new();
    for table in wanted() {
        let full = tables.table(table.name);
        if found.keys().any(|(name, _)| name == table.name) {
            widen(&mut statements, found, &table, &full)?;
        } else {
            create(&mut statements, &table, &full);
        }
    }
    Ok(statements)
}

fn create(statements: &mut String, table: &WantedTable, full: &str) {
    let column =
        |column: &Wanted| format!("{} {} {}", quote(column.name), column.kind, column.rule);
    let columns: Vec<String> = table.columns.iter().map(column).collect();
    // Writing to a String cannot fail.
    let _ = write!(
        statements,
        "CREATE TABLE {full} ({}, PRIMARY KEY ({}));",
        columns.join(", "),
        table.key.join(", ")
    );
    for column in &table.columns {
        comment(statements, full, column);
    }
}

fn widen(
    statements: &mut String,
    found: &Found,
    table: &WantedTable,
    full: &str,
) -> Result<(), Unfit> {
    for column in &table.columns {
        let at = (table.name.to_owned(), column.name.to_owned());
        match found.get(&at) {
            Some(kind) if kind == column.kind => {}
            Some(kind) => {
                let said = format!(
                    "{}.{} is {kind}, not {}",
                    table.name, column.name, column.kind
                );
                return Err(Unfit::Column(said));
            }
            None => {
                let (name, kind, rule) = (quote(column.name), column.kind, column.rule);
                let _ = write!(
                    statements,
                    "ALTER TABLE {full} ADD COLUMN {name} {kind} {rule};"
                );
                comment(statements, full, column);
            }
        }
    }
    Ok(())
}

fn comment(statements: &mut String, full: &str, column: &Wanted) {
    let (name, doc) = (quote(column.name), quote_text(column.doc.trim()));
    let _ = write!(statements, "COMMENT ON COLUMN {full}.{name} IS {doc};");
}

fn wanted() -> Vec<WantedTable> {
    let mut tables: Vec<WantedTable> = Dataset::iter().map(wanted_dataset).collect();
    tables.push(WantedTable {
        name: STREAMS,
        columns: vec![
            needed("namespace", "text", "The connection's namespace."),
            needed("connection", "text", "The connection's name."),
            needed(
                "dataset",
                "text",
                "The kind of data: the name of its table.",
            ),
            needed(
                "user_id",
                "text",
                "The person's immutable id at the vendor.",
            ),
            needed("sequence", "bigint", "The number of the newest commit."),
            needed(
                "checkpoint",
                "jsonb",
                "Where to go on, and what was asked for.",
            ),
            needed(
                "committed_at",
                "timestamp with time zone",
                "When the newest commit was made.",
            ),
        ],
        key: vec!["namespace", "connection", "dataset", "user_id"],
    });
    tables
}

fn wanted_dataset(dataset: Dataset) -> WantedTable {
    let mut columns = vec![
        needed("namespace", "text", "The connection's namespace."),
        needed("connection", "text", "The connection's name."),
        needed(
            "user_id",
            "text",
            "The person's immutable id at the vendor.",
        ),
        needed(
            "container",
            "text",
            "The calendar or drive that the id is unique in, if it needs one.",
        ),
        needed("id", "text", "The vendor's id of the record."),
        needed(
            "generation",
            "bigint",
            "The full listing that last saw the record.",
        ),
        needed("sequence", "bigint", "The commit that last wrote the row."),
        needed(
            "deleted",
            "boolean",
            "The record is gone; only its key is left.",
        ),
    ];
    columns.extend(dataset.columns().iter().map(|column| Wanted {
        name: column.name,
        kind: sql_type(column.kind),
        rule: "",
        doc: column.doc,
    }));
    WantedTable {
        name: dataset.name(),
        columns,
        key: KEY.to_vec(),
    }
}

fn needed(name: &'static str, kind: &'static str, doc: &'static str) -> Wanted {
    Wanted {
        name,
        kind,
        rule: "NOT NULL",
        doc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Found {
        let columns = |table: WantedTable| {
            let of = table.name;
            table.columns.into_iter().map(move |column| {
                (
                    (of.to_owned(), column.name.to_owned()),
                    column.kind.to_owned(),
                )
            })
        };
        wanted().into_iter().flat_map(columns).collect()
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let tables = Tables::new("deputy");
        assert_eq!(missing(&all(), &tables).unwrap(), "");
    }

    #[test]
    fn a_column_of_a_newer_version_is_added() {
        let mut found = all();
        found.remove(&("mail".into(), "subject".into()));
        let statements = missing(&found, &Tables::new("deputy")).unwrap();
        let added = r#"ALTER TABLE "deputy"."mail" ADD COLUMN "subject" text ;"#;
        assert!(statements.starts_with(added), "{statements}");
    }

    #[test]
    fn a_table_of_somebody_else_is_not_touched() {
        let mut found = all();
        found.insert(("mail".into(), "id".into()), "bigint".into());
        let Err(Unfit::Column(said)) = missing(&found, &Tables::new("deputy")) else {
            panic!("refused");
        };
        assert_eq!(said, "mail.id is bigint, not text");
    }
}
