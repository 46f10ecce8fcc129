//! How a record looks as a row of named, typed columns: what every destination writes and no destination interprets.

use jiff::Timestamp;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// UTF-8 text.
    Text,
    /// A list of texts, in the vendor's order.
    TextList,
    /// A 64-bit signed integer.
    Integer,
    /// True or false.
    Boolean,
    /// An instant, UTC, microseconds.
    Time,
    /// A JSON document.
    Json,
}

/// A column: its name, type and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The name, in snake case.
    pub name: &'static str,
    /// The type.
    pub kind: ColumnKind,
    /// What it holds, for readers of the data.
    pub doc: &'static str,
}

/// A value of a column. Every column may be empty: privacy leaves things out.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// For [`ColumnKind::Text`].
    Text(Option<String>),
    /// For [`ColumnKind::TextList`].
    TextList(Vec<String>),
    /// For [`ColumnKind::Integer`].
    Integer(Option<i64>),
    /// For [`ColumnKind::Boolean`].
    Boolean(Option<bool>),
    /// For [`ColumnKind::Time`].
    Time(Option<Timestamp>),
    /// For [`ColumnKind::Json`].
    Json(Option<serde_json::Value>),
}

/// Declares a record: a struct, its columns and the way from one to the other, so that none can be forgotten.
macro_rules! table {
    (@type Text) => { Option<String> };
    (@type TextList) => { Vec<String> };
    (@type Integer) => { Option<i64> };
    (@type Boolean) => { Option<bool> };
    (@type Time) => { Option<jiff::Timestamp> };
    (@type Json) => { Option<serde_json::Value> };
    ($(#[$meta:meta])* $name:ident { $(#[doc = $doc:literal] $field:ident: $kind:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct $name {
            $(#[doc = $doc] pub $field: table!(@type $kind),)*
        }

        impl $name {
            /// The columns, in the order of [`Self::into_values`].
            pub const COLUMNS: &'static [$crate::model::table::Column] = &[
                $($crate::model::table::Column {
                    name: stringify!($field),
                    kind: $crate::model::table::ColumnKind::$kind,
                    doc: $doc,
                },)*
            ];

            /// Returns the values in the order of [`Self::COLUMNS`].
            pub fn into_values(self) -> Vec<$crate::model::table::Value> {
                vec![$($crate::model::table::Value::$kind(self.$field),)*]
            }
        }
    };
}
pub(crate) use table;
