//! Where a person's calendars stand.

use serde::{Deserialize, Serialize};

use crate::model::dataset::Dataset;
use crate::providers::google::NAME;
use crate::providers::reading::cursor::Place;

/// Most calendars of one person. The cursor holds a token of each and is stored with every commit.
pub(super) const MOST_CALENDARS: usize = 250;

/// A place in the stream of a person's calendars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum CalendarPlace {
    /// In a full listing of all calendars.
    Listing(Vec<Calendar>),
    /// Behind what each of them says.
    Following(Vec<Calendar>),
    /// Nothing is read at this privacy level.
    Off,
}

impl Place for CalendarPlace {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = Dataset::Calendar;
}

/// One calendar of the person's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Calendar {
    /// The vendor's id: an address, for most.
    pub(super) id: String,
    /// Whether it is the person's own, without which there is nothing to read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) primary: bool,
    /// How far it is read.
    pub(super) at: Progress,
}

/// How far a calendar is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Progress {
    /// Its events are being listed.
    Listing {
        /// The page to read next; none for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page_token: Option<String>,
    },
    /// Its changes are read from this token.
    Following {
        /// The vendor's token.
        sync_token: String,
    },
    /// It is in the list, but the vendor does not let the person read it. None of its events is stored.
    Refused,
}

impl Calendar {
    /// A calendar of which nothing is read yet.
    pub(super) fn unread(id: String, primary: bool) -> Self {
        Self {
            id,
            primary,
            at: Progress::Listing { page_token: None },
        }
    }

    /// Returns whether it is still being listed.
    pub(super) fn is_listing(&self) -> bool {
        matches!(self.at, Progress::Listing { .. })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::reading::cursor;

    #[test]
    fn a_cursor_is_small_and_reads_back() {
        let place = CalendarPlace::Listing(vec![
            Calendar {
                id: "a".into(),
                primary: true,
                at: Progress::Following {
                    sync_token: "s".into(),
                },
            },
            Calendar::unread("b".into(), false),
            Calendar {
                id: "c".into(),
                primary: false,
                at: Progress::Refused,
            },
        ]);
        let cursor = cursor::write(&place).unwrap();
        let expected = json!({"version": 1, "dataset": "calendar", "place": {"listing": [
            {"id": "a", "primary": true, "at": {"following": {"syncToken": "s"}}},
            {"id": "b", "at": {"listing": {}}},
            {"id": "c", "at": "refused"},
        ]}});
        assert_eq!(cursor.0, expected);
        assert_eq!(cursor::read::<CalendarPlace>(cursor).unwrap(), place);
    }
}
