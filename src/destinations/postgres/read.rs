//! Looking, counting, erasing.

use strum::IntoEnumIterator;
use tokio_postgres::types::{Json, ToSql};

use super::PostgresSchema;
use super::cell::storable;
use super::errors::{count, number};
use super::tables::{STREAMS, Tables};
use crate::destinations::{Erasure, Error};
use crate::model::account::UserId;
use crate::model::cursor::{Commit, Owner, StreamId};
use crate::model::dataset::Dataset;
use crate::model::row::RecordKey;

const CHECK: &str = "check";
const LAST_COMMIT: &str = "last_commit";
const STALE: &str = "stale";
const COUNT: &str = "count";
const ERASE: &str = "erase";

/// The rows of one stream in a dataset's table.
const OF_STREAM: &str = "namespace = $1 AND connection = $2 AND user_id = $3";

impl PostgresSchema {
    /// Writes, reads and takes back; and asks whether the rights on all tables suffice.
    pub(super) async fn probe(&self) -> Result<(), Error> {
        let mut client = self.connection(CHECK).await?;
        let failed = |error| self.place.database(CHECK, &error);
        let transaction = client.transaction().await.map_err(failed)?;
        for dataset in Dataset::iter() {
            let table = self.tables.of(dataset);
            for right in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
                let asked = "SELECT has_table_privilege($1, $2)";
                let row = transaction
                    .query_one(asked, &[&table, &right])
                    .await
                    .map_err(failed)?;
                if !row.try_get::<_, bool>(0).map_err(failed)? {
                    return Err(self.place.right_missing(CHECK, right, &table));
                }
            }
            let stage = Tables::create_stage(dataset);
            transaction.batch_execute(&stage).await.map_err(failed)?;
        }
        // No namespace is empty, so nobody's row can be in the way; and it is taken back in any case.
        let streams = self.tables.table(STREAMS);
        let written = format!(
            "INSERT INTO {streams} VALUES ('', '', '', '', 0, '{{}}', now()); \
             UPDATE {streams} SET sequence = 1 WHERE namespace = ''; \
             DELETE FROM {streams} WHERE namespace = ''"
        );
        transaction.batch_execute(&written).await.map_err(failed)?;
        transaction.rollback().await.map_err(failed)
    }

    /// Reads the newest commit of a stream.
    pub(super) async fn newest_commit(&self, stream: &StreamId) -> Result<Option<Commit>, Error> {
        let client = self.connection(LAST_COMMIT).await?;
        let failed = |error| self.place.database(LAST_COMMIT, &error);
        let asked = format!(
            "SELECT sequence, checkpoint, committed_at FROM {} \
             WHERE namespace = $1 AND connection = $2 AND dataset = $3 AND user_id = $4",
            self.tables.table(STREAMS)
        );
        let asked = client.prepare_cached(&asked).await.map_err(failed)?;
        let user = storable(stream.user.as_str());
        let dataset = stream.dataset.name();
        let parameters: [&(dyn ToSql + Sync); 4] =
            [&stream.namespace, &stream.connection, &dataset, &user];
        let Some(row) = client
            .query_opt(&asked, &parameters)
            .await
            .map_err(failed)?
        else {
            return Ok(None);
        };
        let Json(checkpoint): Json<serde_json::Value> = row.try_get(1).map_err(failed)?;
        let checkpoint = serde_json::from_value(checkpoint);
        Ok(Some(Commit {
            sequence: count(row.try_get(0).map_err(failed)?),
            checkpoint: checkpoint.map_err(|error| self.place.checkpoint(LAST_COMMIT, &error))?,
            at: row.try_get(2).map_err(failed)?,
        }))
    }

    /// Returns keys of live records that are older than `generation`.
    pub(super) async fn stale_keys(
        &self,
        stream: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, Error> {
        let client = self.connection(STALE).await?;
        let failed = |error| self.place.database(STALE, &error);
        let asked = format!(
            "SELECT container, id FROM {} WHERE {OF_STREAM} AND NOT deleted AND generation < $4 LIMIT $5",
            self.tables.of(stream.dataset)
        );
        let asked = client.prepare_cached(&asked).await.map_err(failed)?;
        let user = storable(stream.user.as_str());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let parameters: [&(dyn ToSql + Sync); 5] = [
            &stream.namespace,
            &stream.connection,
            &user,
            &number(generation),
            &limit,
        ];
        let rows = client.query(&asked, &parameters).await.map_err(failed)?;
        let key = |row: &tokio_postgres::Row| {
            Ok(RecordKey {
                container: row.try_get(0)?,
                id: row.try_get(1)?,
            })
        };
        let keys: Result<Vec<RecordKey>, tokio_postgres::Error> = rows.iter().map(key).collect();
        keys.map_err(failed)
    }

    /// Returns how many live records a stream has.
    pub(super) async fn count_live(&self, stream: &StreamId) -> Result<u64, Error> {
        let client = self.connection(COUNT).await?;
        let failed = |error| self.place.database(COUNT, &error);
        let asked = format!(
            "SELECT count(*) FROM {} WHERE {OF_STREAM} AND NOT deleted",
            self.tables.of(stream.dataset)
        );
        let asked = client.prepare_cached(&asked).await.map_err(failed)?;
        let user = storable(stream.user.as_str());
        let parameters: [&(dyn ToSql + Sync); 3] = [&stream.namespace, &stream.connection, &user];
        let row = client
            .query_one(&asked, &parameters)
            .await
            .map_err(failed)?;
        Ok(count(row.try_get(0).map_err(failed)?))
    }

    /// Removes everything of a stream.
    pub(super) async fn delete_stream(&self, stream: &StreamId) -> Result<Erasure, Error> {
        let datasets = [stream.dataset];
        self.delete_datasets(
            &stream.namespace,
            &stream.connection,
            &stream.user,
            &datasets,
        )
        .await
    }

    /// Removes everything of a person that a connection keeps.
    pub(super) async fn delete_owner(&self, owner: &Owner) -> Result<Erasure, Error> {
        let datasets: Vec<Dataset> = Dataset::iter().collect();
        self.delete_datasets(&owner.namespace, &owner.connection, &owner.user, &datasets)
            .await
    }

    /// Deletes in one transaction: it is all there, or all gone.
    async fn delete_datasets(
        &self,
        namespace: &str,
        connection: &str,
        user: &UserId,
        datasets: &[Dataset],
    ) -> Result<Erasure, Error> {
        let mut client = self.connection(ERASE).await?;
        let failed = |error| self.place.database(ERASE, &error);
        let transaction = client.transaction().await.map_err(failed)?;
        let user = storable(user.as_str());
        let mut erased = Erasure::default();
        for dataset in datasets {
            // The stream first: a writer that is at work waits for it, or is waited for.
            let statement = format!(
                "DELETE FROM {} WHERE {OF_STREAM} AND dataset = $4",
                self.tables.table(STREAMS)
            );
            let parameters: [&(dyn ToSql + Sync); 4] =
                [&namespace, &connection, &user, &dataset.name()];
            transaction
                .execute(&statement, &parameters)
                .await
                .map_err(failed)?;
            let statement = format!("DELETE FROM {} WHERE {OF_STREAM}", self.tables.of(*dataset));
            let parameters: [&(dyn ToSql + Sync); 3] = [&namespace, &connection, &user];
            erased.rows += transaction
                .execute(&statement, &parameters)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(erased)
    }
}
