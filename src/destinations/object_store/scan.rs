//! Which row of a key is the newest, in memory that does not grow with the mailbox.
//!
//! The rows are read as often as it takes to look at [`KEYS_PER_PASS`] keys at a time: in every pass only the keys
//! whose hash falls into it. Of a key, 16 bytes of hash are remembered and not the key.

use std::cmp::Reverse;
use std::hash::{BuildHasher, RandomState};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{BooleanArray, Int64Array, RecordBatch, StringArray};
use futures::TryStreamExt;
use parquet::arrow::ProjectionMask;

use super::ParquetFolder;
use super::columns::KEY_COLUMNS;
use super::listing::StoredFile;
use super::read::OpenFile;
use crate::destinations::Error;
use crate::model::cursor::StreamId;
use crate::model::row::RecordKey;

const STALE: &str = "stale";
const COUNT: &str = "count";

/// How many keys are looked at in one pass, unless a test wants it otherwise: 2 MB, with some room to spare.
pub(super) const KEYS_PER_PASS: u64 = 64 << 10;

/// A row of a key; after a pass, its newest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest {
    hash: u128,
    sequence: i64,
    /// Which row it is, counted over all files from 0; in the lowest bits whether it is live, and whether it is older
    /// than the generation that was asked for.
    packed: u64,
}

impl Newest {
    fn new(hash: u128, row: &KeyRow<'_>, generation: i64) -> Self {
        let live = u64::from(!row.deleted);
        let old = u64::from(row.generation < generation);
        Self {
            hash,
            sequence: row.sequence,
            packed: row.number << 2 | old << 1 | live,
        }
    }

    /// Returns which row it is.
    pub(super) fn row(self) -> u64 {
        self.packed >> 2
    }

    /// Returns whether the record is there.
    pub(super) fn is_live(self) -> bool {
        self.packed & 1 == 1
    }

    fn is_old(self) -> bool {
        self.packed & 2 == 2
    }
}

/// What the key columns say of a row.
struct KeyRow<'a> {
    container: &'a str,
    id: &'a str,
    generation: i64,
    sequence: i64,
    deleted: bool,
    number: u64,
}

/// The passes over some files.
pub(super) struct Passes<'a> {
    operation: &'static str,
    files: &'a [StoredFile],
    /// Rows that are older count as old.
    generation: i64,
    count: u64,
    /// How many rows a pass holds, about.
    rows: usize,
    hashers: [RandomState; 2],
}

impl ParquetFolder {
    /// Returns how many live rows a stream has.
    pub(super) async fn count_live(&self, stream: &StreamId) -> Result<u64, Error> {
        let listing = self.list(COUNT, stream).await?;
        if let [only] = &listing.files[..]
            && let Some(live) = self.read_stamp(COUNT, only).await?.live()
        {
            return Ok(live);
        }
        let passes = self.passes(COUNT, &listing.files, 0).await?;
        let mut live = 0;
        for pass in 0..passes.count {
            let newest = self.pass(&passes, pass).await?;
            live += newest.iter().filter(|row| row.is_live()).count() as u64;
        }
        Ok(live)
    }

    /// Returns keys whose newest row is live and older than `generation`.
    pub(super) async fn stale_keys(
        &self,
        stream: &StreamId,
        generation: u64,
        limit: usize,
    ) -> Result<Vec<RecordKey>, Error> {
        let listing = self.list(STALE, stream).await?;
        let generation = i64::try_from(generation).unwrap_or(i64::MAX);
        let passes = self.passes(STALE, &listing.files, generation).await?;
        let mut keys = Vec::new();
        for pass in 0..passes.count {
            let newest = self.pass(&passes, pass).await?;
            let old = newest.iter().filter(|row| row.is_live() && row.is_old());
            let mut rows: Vec<u64> = old.map(|row| row.row()).take(limit - keys.len()).collect();
            rows.sort_unstable();
            keys.extend(self.keys_of(&listing.files, &rows).await?);
            if keys.len() >= limit {
                break;
            }
        }
        Ok(keys)
    }

    /// Finds out how many passes over `files` it takes.
    pub(super) async fn passes<'a>(
        &self,
        operation: &'static str,
        files: &'a [StoredFile],
        generation: i64,
    ) -> Result<Passes<'a>, Error> {
        let mut rows = 0;
        for file in files {
            rows += self.open_file(operation, file).await?.rows();
        }
        let count = rows.div_ceil(self.limits.keys_per_pass);
        Ok(Passes {
            operation,
            files,
            generation,
            count,
            rows: usize::try_from(rows / count.max(1)).unwrap_or(0),
            hashers: [RandomState::new(), RandomState::new()],
        })
    }

    /// Finds the newest row of every key that falls into a pass.
    ///
    /// A sorted list takes less than half the memory of a map.
    pub(super) async fn pass(&self, passes: &Passes<'_>, pass: u64) -> Result<Vec<Newest>, Error> {
        // Keys do not fall evenly, and a list that is full by a few doubles.
        let mut rows = Vec::with_capacity(passes.rows + passes.rows / 16);
        let mut number = 0;
        for file in passes.files {
            let open = self.open_file(passes.operation, file).await?;
            self.each_key(passes.operation, file, &open, number, |row| {
                let hash = passes.hash(&row);
                if hash % u128::from(passes.count) == u128::from(pass) {
                    // However often a few keys were written, room is made only for many keys.
                    if rows.len() == rows.capacity() {
                        keep_newest(&mut rows);
                    }
                    rows.push(Newest::new(hash, &row, passes.generation));
                }
            })
            .await?;
            number += open.rows();
        }
        keep_newest(&mut rows);
        Ok(rows)
    }

    /// Reads the keys of some rows, which are in order.
    async fn keys_of(&self, files: &[StoredFile], rows: &[u64]) -> Result<Vec<RecordKey>, Error> {
        let mut wanted = rows.iter().copied().peekable();
        let mut keys = Vec::with_capacity(rows.len());
        let mut number = 0;
        for file in files {
            if wanted.peek().is_none() {
                break;
            }
            let open = self.open_file(STALE, file).await?;
            let next = number + open.rows();
            if wanted.peek().is_some_and(|row| *row < next) {
                self.each_key(STALE, file, &open, number, |row| {
                    if wanted.next_if_eq(&row.number).is_some() {
                        keys.push(RecordKey {
                            container: row.container.to_owned(),
                            id: row.id.to_owned(),
                        });
                    }
                })
                .await?;
            }
            number = next;
        }
        Ok(keys)
    }

    /// Visits the key columns of every row of a file; the rows are numbered from `first`.
    async fn each_key(
        &self,
        operation: &'static str,
        file: &StoredFile,
        open: &OpenFile,
        first: u64,
        mut visit: impl FnMut(KeyRow<'_>),
    ) -> Result<(), Error> {
        let failed = |error| self.place.parquet(operation, file.name(), &error);
        let mask = ProjectionMask::columns(open.metadata.parquet_schema(), KEY_COLUMNS);
        let mut batches = open
            .stream()
            .with_projection(mask)
            .build()
            .map_err(failed)?;
        let mut number = first;
        while let Some(batch) = batches.try_next().await.map_err(failed)? {
            let keys = KeyBatch::new(&batch).ok_or_else(|| {
                self.place
                    .corrupt(operation, file.name(), "its key columns are not Deputy's")
            })?;
            keys.each(number, &mut visit);
            number += batch.num_rows() as u64;
        }
        Ok(())
    }
}

/// Drops all but the newest row of every key; of several with one sequence, all but the first.
fn keep_newest(rows: &mut Vec<Newest>) {
    rows.sort_unstable_by_key(|row| (row.hash, Reverse(row.sequence), row.packed));
    rows.dedup_by_key(|row| row.hash);
}

impl Passes<'_> {
    /// Returns how many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Hashes a key to 128 bits, seeded at random so that nobody can make two keys meet.
    fn hash(&self, row: &KeyRow<'_>) -> u128 {
        let [high, low] = &self.hashers;
        let key = (row.container, row.id);
        u128::from(high.hash_one(key)) << 64 | u128::from(low.hash_one(key))
    }
}

/// The key columns of some rows.
struct KeyBatch<'a> {
    container: &'a StringArray,
    id: &'a StringArray,
    generation: &'a Int64Array,
    sequence: &'a Int64Array,
    deleted: &'a BooleanArray,
}

impl<'a> KeyBatch<'a> {
    fn new(batch: &'a RecordBatch) -> Option<Self> {
        let [container, id, generation, sequence, deleted] =
            KEY_COLUMNS.map(|name| batch.column_by_name(name));
        Some(Self {
            container: container?.as_string_opt()?,
            id: id?.as_string_opt()?,
            generation: generation?.as_primitive_opt::<Int64Type>()?,
            sequence: sequence?.as_primitive_opt::<Int64Type>()?,
            deleted: deleted?.as_boolean_opt()?,
        })
    }

    fn each(&self, first: u64, visit: &mut impl FnMut(KeyRow<'_>)) {
        let keys = self.container.iter().zip(self.id);
        let numbers = self.generation.iter().zip(self.sequence).zip(self.deleted);
        for (number, ((container, id), ((generation, sequence), deleted))) in
            (first..).zip(keys.zip(numbers))
        {
            visit(KeyRow {
                container: container.unwrap_or_default(),
                id: id.unwrap_or_default(),
                generation: generation.unwrap_or_default(),
                sequence: sequence.unwrap_or_default(),
                deleted: deleted.unwrap_or_default(),
                number,
            });
        }
    }
}
