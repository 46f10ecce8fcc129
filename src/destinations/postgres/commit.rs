//! One commit: one transaction.

use std::pin::pin;

use deadpool_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{Json, Type};

use super::PostgresSchema;
use super::cell::{Cell, storable, storable_json, wire_type};
use super::errors::number;
use super::tables::{STREAMS, Tables};
use crate::destinations::Error;
use crate::destinations::changes::last_of_each_key;
use crate::model::cursor::{Commit, StreamId};
use crate::model::dataset::Dataset;
use crate::model::row::Change;

const COMMIT: &str = "commit";

impl PostgresSchema {
    /// Stores a commit.
    pub(super) async fn write_commit(
        &self,
        stream: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), Error> {
        let mut client = self.connection(COMMIT).await?;
        let failed = |error| self.place.database(COMMIT, &error);
        let transaction = client.transaction().await.map_err(failed)?;
        // First, as it is the fence: who comes second waits here, and then finds nothing to advance.
        if !self.advance(&transaction, stream, commit).await? {
            return Err(self.place.contested(COMMIT, commit.sequence));
        }
        if !changes.is_empty() {
            let staged = stage(&transaction, stream.dataset, last_of_each_key(changes)).await;
            let staged = staged.map_err(failed)?;
            let applied = self.apply(&transaction, stream, commit, staged).await;
            applied.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Moves the stream on by one, and returns whether it was where it had to be.
    async fn advance(
        &self,
        transaction: &Transaction<'_>,
        stream: &StreamId,
        commit: &Commit,
    ) -> Result<bool, Error> {
        let failed = |error| self.place.database(COMMIT, &error);
        let checkpoint = serde_json::to_value(&commit.checkpoint);
        let checkpoint = checkpoint.map_err(|error| self.place.checkpoint(COMMIT, &error))?;
        let streams = self.tables.table(STREAMS);
        let statement = if commit.sequence <= 1 {
            format!(
                "INSERT INTO {streams} \
                 (namespace, connection, dataset, user_id, sequence, checkpoint, committed_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
            )
        } else {
            format!(
                "UPDATE {streams} SET sequence = $5, checkpoint = $6, committed_at = $7 \
                 WHERE namespace = $1 AND connection = $2 AND dataset = $3 AND user_id = $4 \
                 AND sequence + 1 = $5"
            )
        };
        let statement = transaction
            .prepare_cached(&statement)
            .await
            .map_err(failed)?;
        let user = storable(stream.user.as_str());
        let advanced = transaction
            .execute(
                &statement,
                &[
                    &stream.namespace,
                    &stream.connection,
                    &stream.dataset.name(),
                    &user,
                    &number(commit.sequence),
                    &Json(storable_json(checkpoint)),
                    &commit.at,
                ],
            )
            .await
            .map_err(failed)?;
        Ok(advanced == 1)
    }

    /// Takes over what is staged.
    async fn apply(
        &self,
        transaction: &Transaction<'_>,
        stream: &StreamId,
        commit: &Commit,
        staged: Staged,
    ) -> Result<(), tokio_postgres::Error> {
        let user = storable(stream.user.as_str());
        let generation = number(commit.checkpoint.generation);
        let sequence = number(commit.sequence);
        for (any, statement) in [
            (staged.upserts, self.tables.upsert(stream.dataset)),
            (staged.deletes, self.tables.delete(stream.dataset)),
        ] {
            if any {
                let statement = transaction.prepare(&statement).await?;
                let stream = (&stream.namespace, &stream.connection);
                transaction
                    .execute(
                        &statement,
                        &[stream.0, stream.1, &user, &generation, &sequence],
                    )
                    .await?;
            }
        }
        Ok(())
    }
}

/// What a batch has in it.
#[derive(Default)]
struct Staged {
    upserts: bool,
    deletes: bool,
}

/// Sends a batch to where it waits, row by row: it is never encoded whole.
async fn stage(
    transaction: &Transaction<'_>,
    dataset: Dataset,
    changes: Vec<Change>,
) -> Result<Staged, tokio_postgres::Error> {
    transaction
        .batch_execute(&Tables::create_stage(dataset))
        .await?;
    let sink = transaction.copy_in(&Tables::copy_to_stage(dataset)).await?;
    let mut types = vec![Type::TEXT, Type::TEXT, Type::BOOL];
    types.extend(
        dataset
            .columns()
            .iter()
            .map(|column| wire_type(column.kind)),
    );
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let mut staged = Staged::default();
    for change in changes {
        match &change {
            Change::Upsert(..) => staged.upserts = true,
            Change::Delete(_) => staged.deletes = true,
        }
        writer
            .as_mut()
            .write_raw(cells(change, types.len()))
            .await?;
    }
    writer.finish().await?;
    Ok(staged)
}

fn cells(change: Change, width: usize) -> Vec<Cell> {
    let (key, deleted, values) = match change {
        Change::Upsert(key, record) => (key, false, record.into_values()),
        Change::Delete(key) => (key, true, Vec::new()),
    };
    let mut cells = Vec::with_capacity(width);
    cells.extend([
        Cell::Key(key.container),
        Cell::Key(key.id),
        Cell::Flag(deleted),
    ]);
    cells.extend(values.into_iter().map(Cell::Own));
    cells.resize_with(width, || Cell::Null);
    cells
}
