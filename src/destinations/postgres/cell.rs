//! One value on its way into the database, in its binary form.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use serde_json::Value as Json;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::model::table::{ColumnKind, Value};

/// What is stored in the place of U+0000, which the database cannot store.
const REPLACEMENT: &str = "\u{FFFD}";

/// Microseconds from 1970 to 2000, where the database begins to count.
const EPOCH: i64 = 946_684_800_000_000;

/// The first instant that the database knows, counted from 2000: 4713 BC.
///
/// Source: <https://www.postgresql.org/docs/15/datatype-datetime.html>, read 2026-11-22; the number is
/// `MIN_TIMESTAMP` of its headers.
const EARLIEST: i64 = -211_813_488_000_000_000;

type Outcome = Result<IsNull, Box<dyn std::error::Error + Sync + Send>>;

/// A value, or nothing.
#[derive(Debug)]
pub(super) enum Cell {
    /// A value of the dataset's own.
    Own(Value),
    /// A part of the key.
    Key(String),
    /// A flag of ours.
    Flag(bool),
    /// An empty cell.
    Null,
}

impl ToSql for Cell {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Outcome {
        match self {
            Self::Key(text) | Self::Own(Value::Text(Some(text))) => {
                out.put_slice(storable(text).as_bytes());
            }
            Self::Own(Value::TextList(list)) => {
                let list: Vec<Cow<'_, str>> = list.iter().map(|text| storable(text)).collect();
                return list.to_sql(&Type::TEXT_ARRAY, out);
            }
            Self::Own(Value::Integer(Some(number))) => out.put_i64(*number),
            Self::Flag(flag) | Self::Own(Value::Boolean(Some(flag))) => out.put_u8((*flag).into()),
            Self::Own(Value::Time(Some(time))) => {
                out.put_i64((time.as_microsecond() - EPOCH).max(EARLIEST));
            }
            Self::Own(Value::Json(Some(json))) => put_json(json, out)?,
            Self::Null
            | Self::Own(
                Value::Text(None)
                | Value::Integer(None)
                | Value::Boolean(None)
                | Value::Time(None)
                | Value::Json(None),
            ) => return Ok(IsNull::Yes),
        }
        Ok(IsNull::No)
    }

    /// The columns are made from the same list as the values.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Returns the type of a column.
pub(super) fn wire_type(kind: ColumnKind) -> Type {
    match kind {
        ColumnKind::Text => Type::TEXT,
        ColumnKind::TextList => Type::TEXT_ARRAY,
        ColumnKind::Integer => Type::INT8,
        ColumnKind::Boolean => Type::BOOL,
        ColumnKind::Time => Type::TIMESTAMPTZ,
        ColumnKind::Json => Type::JSONB,
    }
}

/// Returns a text as the database can store it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        text.replace('\0', REPLACEMENT).into()
    } else {
        text.into()
    }
}

/// Returns a document as the database can store it.
pub(super) fn storable_json(json: Json) -> Json {
    match json {
        Json::String(text) => Json::String(storable(&text).into_owned()),
        Json::Array(list) => list.into_iter().map(storable_json).collect(),
        Json::Object(map) => {
            let entry = |(name, value): (String, Json)| {
                (storable(&name).into_owned(), storable_json(value))
            };
            map.into_iter().map(entry).collect()
        }
        other => other,
    }
}

fn put_json(json: &Json, out: &mut BytesMut) -> Result<(), serde_json::Error> {
    let text = json.to_string();
    // The version of the binary form.
    out.put_u8(1);
    // Rare enough to look for the escape alone; where it was an escaped backslash, nothing is lost but time.
    if text.contains("\\u0000") {
        serde_json::to_writer(out.writer(), &storable_json(json.clone()))
    } else {
        out.put_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_database_cannot_store_is_replaced_everywhere() {
        let json = serde_json::json!({"a\0": ["b\0", {"c": "\\u0000"}], "n": 0});
        let stored = serde_json::json!({"a\u{FFFD}": ["b\u{FFFD}", {"c": "\\u0000"}], "n": 0});
        assert_eq!(storable_json(json.clone()), stored);
        let mut out = BytesMut::new();
        put_json(&json, &mut out).unwrap();
        assert_eq!(serde_json::from_slice::<Json>(&out[1..]).unwrap(), stored);
    }

    #[test]
    fn a_time_before_all_times_of_the_database_is_its_first() {
        let mut out = BytesMut::new();
        let cell = Cell::Own(Value::Time(Some(jiff::Timestamp::MIN)));
        cell.to_sql(&Type::TIMESTAMPTZ, &mut out).unwrap();
        assert_eq!(out.as_ref(), EARLIEST.to_be_bytes());
    }
}
