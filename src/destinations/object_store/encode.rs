//! From changes to the bytes of a Parquet file.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Int64Builder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::columns;
use super::stamp::Stamp;
use crate::destinations::changes::last_of_each_key;
use crate::model::cursor::Commit;
use crate::model::dataset::Dataset;
use crate::model::row::{Change, RecordKey};
use crate::model::table::{ColumnKind, Value};

/// The most rows that are held in columns before they are encoded.
const CHUNK_ROWS: usize = 1_000;

/// The most bytes of text that are held in columns before they are encoded. Far below where an offset overflows.
const CHUNK_BYTES: usize = 2 << 20;

/// Encodes a commit as one file.
pub(super) fn encode(
    dataset: Dataset,
    commit: &Commit,
    stamp: &Stamp,
    changes: Vec<Change>,
) -> Result<Bytes, ParquetError> {
    let entry = stamp
        .to_entry()
        .map_err(|error| ParquetError::External(Box::new(error)))?;
    let mut file = Vec::new();
    let properties = columns::properties(dataset, entry);
    let mut writer = ArrowWriter::try_new(&mut file, columns::schema(dataset), Some(properties))?;
    let mut chunk = Chunk::new(dataset, commit);
    for change in last_of_each_key(changes) {
        chunk.push(change);
        if chunk.is_full() {
            writer.write(&chunk.take()?)?;
        }
    }
    writer.write(&chunk.take()?)?;
    writer.close()?;
    Ok(file.into())
}

/// Rows on their way into columns.
struct Chunk {
    dataset: Dataset,
    generation: i64,
    sequence: i64,
    container: StringBuilder,
    id: StringBuilder,
    deleted: BooleanBuilder,
    own: Vec<Builder>,
    rows: usize,
    bytes: usize,
}

impl Chunk {
    fn new(dataset: Dataset, commit: &Commit) -> Self {
        Self {
            dataset,
            generation: signed(commit.checkpoint.generation),
            sequence: signed(commit.sequence),
            container: StringBuilder::new(),
            id: StringBuilder::new(),
            deleted: BooleanBuilder::new(),
            own: builders(dataset),
            rows: 0,
            bytes: 0,
        }
    }

    fn push(&mut self, change: Change) {
        self.rows += 1;
        match change {
            Change::Upsert(key, record) => {
                self.push_key(&key, false);
                for (builder, value) in self.own.iter_mut().zip(record.into_values()) {
                    self.bytes += builder.push(value);
                }
            }
            Change::Delete(key) => {
                self.push_key(&key, true);
                self.own.iter_mut().for_each(Builder::push_null);
            }
        }
    }

    fn push_key(&mut self, key: &RecordKey, deleted: bool) {
        self.container.append_value(&key.container);
        self.id.append_value(&key.id);
        self.deleted.append_value(deleted);
        self.bytes += key.container.len() + key.id.len();
    }

    fn is_full(&self) -> bool {
        self.rows >= CHUNK_ROWS || self.bytes >= CHUNK_BYTES
    }

    fn take(&mut self) -> Result<RecordBatch, ParquetError> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.container.finish()),
            Arc::new(self.id.finish()),
            Arc::new(arrow_array::Int64Array::from_value(
                self.generation,
                self.rows,
            )),
            Arc::new(arrow_array::Int64Array::from_value(
                self.sequence,
                self.rows,
            )),
            Arc::new(self.deleted.finish()),
        ];
        columns.extend(self.own.iter_mut().map(Builder::finish));
        self.rows = 0;
        self.bytes = 0;
        Ok(RecordBatch::try_new(
            columns::schema(self.dataset),
            columns,
        )?)
    }
}

/// Numbers of ours stay far below 2⁶³: they count commits and listings.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One column on its way.
enum Builder {
    Text(StringBuilder),
    TextList(ListBuilder<StringBuilder>),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
}

fn builders(dataset: Dataset) -> Vec<Builder> {
    let builder = |kind| match kind {
        ColumnKind::Text | ColumnKind::Json => Builder::Text(StringBuilder::new()),
        ColumnKind::TextList => Builder::TextList(ListBuilder::new(StringBuilder::new())),
        ColumnKind::Integer => Builder::Integer(Int64Builder::new()),
        ColumnKind::Boolean => Builder::Boolean(BooleanBuilder::new()),
        ColumnKind::Time => Builder::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
    };
    let columns = dataset.columns().iter();
    columns.map(|column| builder(column.kind)).collect()
}

impl Builder {
    /// Adds a value and returns its size as text. A value of another type than the column's is left empty.
    fn push(&mut self, value: Value) -> usize {
        match (self, value) {
            (Self::Text(builder), Value::Text(Some(text))) => {
                builder.append_value(&text);
                text.len()
            }
            (Self::Text(builder), Value::Json(Some(json))) => {
                let text = json.to_string();
                builder.append_value(&text);
                text.len()
            }
            (Self::TextList(builder), Value::TextList(list)) => {
                let bytes = list.iter().map(String::len).sum();
                builder.append_value(list.into_iter().map(Some));
                bytes
            }
            (Self::Integer(builder), Value::Integer(number)) => {
                builder.append_option(number);
                0
            }
            (Self::Boolean(builder), Value::Boolean(flag)) => {
                builder.append_option(flag);
                0
            }
            (Self::Time(builder), Value::Time(time)) => {
                builder.append_option(time.map(jiff::Timestamp::as_microsecond));
                0
            }
            (builder, _) => {
                builder.push_null();
                0
            }
        }
    }

    fn push_null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::TextList(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
            Self::Time(builder) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::TextList(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
        }
    }
}
