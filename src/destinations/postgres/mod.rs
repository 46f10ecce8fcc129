//! Tables of a `PostgreSQL` database.
//!
//! One table a dataset, of the dataset's name, with one row a record: `namespace`, `connection`, `user_id`,
//! `container` and `id` are the key; `generation`, `sequence` and `deleted` as in files; then the dataset's own
//! columns. The table `streams` has one row a stream: where it stands. A commit is one transaction that advances
//! the stream's row, only if it is where the writer thinks it is, and writes the rows.
//!
//! # Reading
//!
//! ```sql
//! SELECT * FROM deputy.mail WHERE NOT deleted;
//! ```
//!
//! A deleted record is a row with `deleted = true` and nothing else but its key, so that whoever copies the tables
//! onwards learns of it.
//!
//! # Values
//!
//! The database cannot store U+0000, neither in text nor in JSON: U+FFFD is in its place. What is before
//! 4713 BC is stored as that.
//!
//! # Rights
//!
//! The role needs `CONNECT`, `TEMPORARY` and, only until schema and tables are there, `CREATE`; on the tables `SELECT`,
//! `INSERT`, `UPDATE` and `DELETE`. A new version of Deputy may add columns, which takes their owner.

mod cell;
mod commit;
mod connect;
mod errors;
mod read;
mod schema;
mod tables;
mod tls;
mod url;

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};

use self::errors::Place;
use self::tables::Tables;
use super::spec::PostgresSpec;
use super::{Destination, Erasure, Error, Kind};
use crate::model::cursor::{Commit, Owner, StreamId};
use crate::model::row::{Change, RecordKey};
use crate::model::secret::Credentials;

/// A schema of a database with all streams in it.
pub struct PostgresSchema {
    pool: Pool,
    tables: Tables,
    place: Place,
    /// Set as soon as schema and tables are known to be there.
    ready: AtomicBool,
}

impl PostgresSchema {
    /// Reads the Secret and prepares to connect. Makes no request.
    pub fn open(spec: &PostgresSpec, credentials: Option<&Credentials>) -> Result<Self, Error> {
        connect::connect(spec, credentials)
    }

    /// Takes a connection whose schema is there.
    async fn connection(&self, operation: &'static str) -> Result<Object, Error> {
        let mut client = self.any_connection(operation).await?;
        if !self.ready.load(Ordering::Relaxed) {
            schema::prepare(&mut client, &self.tables)
                .await
                .map_err(|error| self.place.schema(operation, &error))?;
            self.ready.store(true, Ordering::Relaxed);
        }
        Ok(client)
    }

    /// Forgets what was known of the database after a failure that somebody has to mend, since the mended one may be
    /// another: a session stays read-only if it was when it began, and a database that was made anew has no tables.
    fn learn<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        let is_mended_outside = |error: &Error| {
            matches!(
                error.kind,
                Kind::DestinationReadOnly
                    | Kind::DestinationNotFound
                    | Kind::DestinationCredentialsRefused
            )
        };
        if result.as_ref().is_err_and(is_mended_outside) {
            self.ready.store(false, Ordering::Relaxed);
            self.pool.retain(|_, _| false);
        }
        result
    }

    async fn any_connection(&self, operation: &'static str) -> Result<Object, Error> {
        let client = self.pool.get().await;
        client.map_err(|error| self.place.pool(operation, &error))
    }
}

#[async_trait]
impl Destination for PostgresSchema {
    async fn check(&self) -> Result<(), Error> {
        self.learn(self.probe().await)
    }

    async fn last_commit(&self, stream: &StreamId) -> Result<Option<Commit>, Error> {
        self.learn(self.newest_commit(stream).await)
    }

    async fn commit(
        &self,
        stream: &StreamId,
        commit: &Commit,
        changes: Vec<Change>,
    ) -> Result<(), Error> {
        self.learn(self.write_commit(stream, commit, changes).await)
    }

    async fn stale(
        &self,
        stream: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, Error> {
        self.learn(self.stale_keys(stream, generation, limit).await)
    }

    async fn count(&self, stream: &StreamId) -> Result<u64, Error> {
        self.learn(self.count_live(stream).await)
    }

    async fn erase_stream(&self, stream: &StreamId) -> Result<Erasure, Error> {
        self.learn(self.delete_stream(stream).await)
    }

    async fn erase(&self, owner: &Owner) -> Result<Erasure, Error> {
        self.learn(self.delete_owner(owner).await)
    }

    /// Does nothing: a record is one row, and the database tidies up after itself.
    async fn compact(&self, _stream: &StreamId) -> Result<(), Error> {
        Ok(())
    }
}
