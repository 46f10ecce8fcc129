//! Where a mailbox's stream stands.

use serde::{Deserialize, Serialize};

use crate::model::dataset::Dataset;
use crate::providers::google::NAME;
use crate::providers::reading::cursor::Place;

/// A place in a mailbox's stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum MailPlace {
    /// In a full listing.
    Listing {
        /// The end of the history before the listing's first request: where following begins.
        history_id: String,
        /// The page to read next; none for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page_token: Option<String>,
        /// Whether the vendor was asked to leave out what is too old: a page token belongs to its query.
        #[serde(default)]
        searched: bool,
    },
    /// Behind this id of the history.
    Following {
        /// The last one that was seen.
        history_id: String,
    },
    /// Nothing is read at this privacy level.
    Off,
}

impl Place for MailPlace {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = Dataset::Mail;
}
