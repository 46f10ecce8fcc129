//! The columns of a file: the key, what every row carries, then the dataset's own.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::model::dataset::Dataset;
use crate::model::table::ColumnKind;

/// The columns that tell which row wins, in the order in which they are written and read.
pub(super) const KEY_COLUMNS: [&str; 5] = ["container", "id", "generation", "sequence", "deleted"];

/// The most rows of a row group: what a reader of ours holds at once.
pub(super) const ROW_GROUP_ROWS: usize = 5_000;

/// The most bytes of a row group.
const ROW_GROUP_BYTES: usize = 4 << 20;

/// Returns the schema of a dataset's files.
pub(super) fn schema(dataset: Dataset) -> SchemaRef {
    let key = |name, kind| Field::new(name, kind, false);
    let mut fields = vec![
        key("container", DataType::Utf8),
        key("id", DataType::Utf8),
        key("generation", DataType::Int64),
        key("sequence", DataType::Int64),
        key("deleted", DataType::Boolean),
    ];
    let own = dataset.columns().iter();
    fields.extend(own.map(|column| Field::new(column.name, data_type(column.kind), true)));
    Arc::new(Schema::new(fields))
}

fn data_type(kind: ColumnKind) -> DataType {
    match kind {
        ColumnKind::Text | ColumnKind::Json => DataType::Utf8,
        ColumnKind::TextList => DataType::new_list(DataType::Utf8, true),
        ColumnKind::Integer => DataType::Int64,
        ColumnKind::Boolean => DataType::Boolean,
        ColumnKind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// Returns how a dataset's files are written, with `entry` in the footer.
///
/// Dictionaries only where values repeat, and minima and maxima only where readers look for a range: both cost
/// time, and footers are read often.
pub(super) fn properties(dataset: Dataset, entry: KeyValue) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("deputy ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(vec![entry]))
        .set_column_dictionary_enabled(ColumnPath::from("id"), false)
        .set_column_statistics_enabled(ColumnPath::from("sequence"), EnabledStatistics::Chunk);
    for column in dataset.columns() {
        let path = ColumnPath::from(column.name);
        match column.kind {
            ColumnKind::Time | ColumnKind::Integer => {
                properties = properties
                    .set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk)
                    .set_column_dictionary_enabled(path, false);
            }
            ColumnKind::Json => {
                properties = properties.set_column_dictionary_enabled(path, false);
            }
            ColumnKind::Text | ColumnKind::TextList | ColumnKind::Boolean => {}
        }
    }
    properties.build()
}
