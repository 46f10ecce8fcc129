//! Where a person's files stand.

use serde::{Deserialize, Serialize};

use crate::model::dataset::Dataset;
use crate::providers::google::NAME;
use crate::providers::reading::cursor::Place;

/// A place in the stream of a person's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum DrivePlace {
    /// In a full listing.
    Listing {
        /// Where the changes stood before the listing's first request.
        start_token: String,
        /// The page to read next; none for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page_token: Option<String>,
    },
    /// At this place of the changes.
    Following {
        /// The page to read next.
        token: String,
    },
}

impl Place for DrivePlace {
    const PROVIDER: &'static str = NAME;
    const DATASET: Dataset = Dataset::Drive;
}

impl DrivePlace {
    /// Returns the first page of a listing that is further on.
    pub(super) fn first_page(&self) -> Option<Self> {
        match self {
            Self::Listing {
                start_token,
                page_token: Some(_),
            } => Some(Self::Listing {
                start_token: start_token.clone(),
                page_token: None,
            }),
            Self::Listing { .. } | Self::Following { .. } => None,
        }
    }
}
