//! The vendor's lists.
//!
//! Source: SendSafely/Code-Examples, "Enforce Expiration Limits on Dropzones and Workspaces", "Export Organization Activity Logs"
//! and "Get Audit Log Using Powershell", read 2026-11-27: numbers come as texts, the last page has no `nextRowIndex`, and a list
//! that was cut off says so by `rowsCapped` or `capped`. Both scripts rely on `pagination` in every reply, and one on
//! `rowsReturned` in it: a reply without the one, or with fewer rows than the other says, is not the list.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::providers::reading::items::Item;

/// A page of a list.
#[derive(Deserialize)]
#[serde(try_from = "Fields")]
pub(in crate::providers::sendsafely) struct List {
    pagination: Pagination,
    /// Whether there is more than the vendor shows.
    capped: bool,
    /// The list itself and what else there is, by name.
    fields: Fields,
}

type Fields = BTreeMap<String, Box<RawValue>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default, deserialize_with = "row")]
    next_row_index: Option<u64>,
    #[serde(default, deserialize_with = "flag")]
    rows_capped: bool,
    #[serde(default, deserialize_with = "integer")]
    rows_returned: Option<i64>,
}

impl TryFrom<Fields> for List {
    type Error = serde_json::Error;

    fn try_from(fields: Fields) -> Result<Self, serde_json::Error> {
        let pagination = fields.get("pagination");
        let pagination = pagination.ok_or_else(|| serde_json::Error::custom("no pagination"))?;
        let capped = fields
            .get("capped")
            .map(|it| serde_json::from_str(it.get()));
        let capped: Option<Option<Loose>> = capped.transpose()?;
        Ok(Self {
            pagination: serde_json::from_str(pagination.get())?,
            capped: is_true(capped.flatten()),
            fields,
        })
    }
}

impl List {
    /// Returns where the next page begins; none on the last one.
    pub(super) fn next_row(&self) -> Option<u64> {
        self.pagination.next_row_index
    }

    /// Returns whether the list ends before its end.
    pub(super) fn is_cut_off(&self) -> bool {
        self.next_row().is_none() && (self.capped || self.pagination.rows_capped)
    }

    /// Returns whether the reply says that it has more rows than these.
    pub(super) fn lacks_some_of(&self, rows: usize) -> bool {
        let said = self.pagination.rows_returned.map(usize::try_from);
        said.is_some_and(|said| said.is_ok_and(|said| said > rows))
    }

    /// Returns the rows of the list of this name; none where there is no such list.
    pub(super) fn named(&self, name: &str) -> Option<Vec<Item>> {
        serde_json::from_str(self.fields.get(name)?.get()).ok()
    }

    /// Returns the rows of the one list that there is, whatever its name; none where there is no list, or more than one.
    pub(super) fn only(&self) -> Option<Vec<Item>> {
        let texts = self.fields.values().map(|value| value.get());
        let mut lists = texts.filter(|text| text.starts_with('['));
        match (lists.next(), lists.next()) {
            (Some(list), None) => serde_json::from_str(list).ok(),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Flag(bool),
    Number(i64),
    Text(String),
}

fn is_true(value: Option<Loose>) -> bool {
    match value {
        Some(Loose::Flag(flag)) => flag,
        Some(Loose::Text(text)) => text.trim().eq_ignore_ascii_case("true"),
        Some(Loose::Number(_)) | None => false,
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(is_true(Option::deserialize(deserializer)?))
}

/// Reads where the next page begins. What is no number is refused: taken for the end, it would cut the list off.
fn row<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let refused = || D::Error::custom("the next page is at no row");
    match Option::<Loose>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Loose::Text(text)) if text.trim().is_empty() => Ok(None),
        Some(Loose::Text(text)) => text.trim().parse().map(Some).map_err(|_| refused()),
        Some(Loose::Number(number)) => u64::try_from(number).map(Some).map_err(|_| refused()),
        Some(Loose::Flag(_)) => Err(refused()),
    }
}

/// Reads a number that may come as a text.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<Loose>::deserialize(deserializer)? {
        Some(Loose::Number(number)) => Some(number),
        Some(Loose::Text(text)) => text.trim().parse().ok(),
        Some(Loose::Flag(_)) | None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> List {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_and_flags_are_read_as_texts_too() {
        let text = list(
            r#"{"pagination": {"nextRowIndex": "100", "rowsCapped": "true"}, "packages": []}"#,
        );
        assert_eq!((text.next_row(), text.is_cut_off()), (Some(100), false));
        let plain = list(r#"{"pagination": {"nextRowIndex": 100}}"#);
        assert_eq!(plain.next_row(), Some(100));
        let last = list(
            r#"{"pagination": {"nextRowIndex": null, "rowsCapped": "false"}, "capped": false}"#,
        );
        assert_eq!((last.next_row(), last.is_cut_off()), (None, false));
        for cut in [
            r#"{"capped": true, "pagination": {}}"#,
            r#"{"pagination": {"rowsCapped": "TRUE"}}"#,
        ] {
            assert!(list(cut).is_cut_off(), "{cut}");
        }
    }

    #[test]
    fn a_next_page_that_is_nowhere_is_no_end() {
        let read = |next: &str| {
            let text = format!(r#"{{"pagination": {{"nextRowIndex": {next}}}}}"#);
            serde_json::from_str::<List>(&text)
        };
        for nowhere in [r#""https://elsewhere.example/page""#, "-1", "true"] {
            assert!(read(nowhere).is_err(), "{nowhere}");
        }
        for end in ["null", r#""""#] {
            assert_eq!(read(end).unwrap().next_row(), None, "{end}");
        }
    }

    #[test]
    fn the_one_list_is_found_by_what_it_is() {
        let one = list(r#"{"response": "SUCCESS", "pagination": {}, "entries": [{}, {}]}"#);
        assert_eq!(one.only().map(|rows| rows.len()), Some(2));
        assert_eq!(one.named("packages").map(|rows| rows.len()), None);
        assert!(
            list(r#"{"a": [], "b": [], "pagination": {}}"#)
                .only()
                .is_none()
        );
        assert!(list(r#"{"pagination": {}}"#).only().is_none());
    }

    #[test]
    fn what_is_not_all_of_a_reply_is_no_list() {
        for part in [r#"{"packages": []}"#, r#"{"pagination": null}"#, "{}"] {
            assert!(serde_json::from_str::<List>(part).is_err(), "{part}");
        }
        let said = list(r#"{"packages": [{}], "pagination": {"rowsReturned": "2"}}"#);
        assert!(said.lacks_some_of(1) && !said.lacks_some_of(2));
        assert!(!list(r#"{"pagination": {}}"#).lacks_some_of(0));
    }
}
