//! The vendor's JSON, as far as keys are concerned.
//!
//! Source: docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys, read 2026-11-27.

use jiff::Timestamp;
use serde::Deserialize;

use crate::providers::RemoteKey;

/// Keys of an account. There are no pages: ten keys are the most.
#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    /// The field is missing where there is none.
    #[serde(default)]
    pub(super) keys: Vec<Key>,
}

/// A key, without its private half.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    /// `projects/{project}/serviceAccounts/{email}/keys/{id}`.
    name: String,
    valid_after_time: Option<String>,
    valid_before_time: Option<String>,
    /// `USER_PROVIDED` for one that was uploaded.
    #[serde(rename = "keyOrigin")]
    origin: Option<String>,
    /// A certificate in PEM form, as Base64; only where it is asked for.
    pub(super) public_key_data: Option<String>,
}

impl Key {
    /// Returns the id: the last part of the name.
    pub(super) fn id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Returns whether it was uploaded.
    pub(super) fn is_uploaded(&self) -> bool {
        self.origin.as_deref() == Some("USER_PROVIDED")
    }

    /// Returns what may be shown of it; `name` is what its certificate says.
    pub(super) fn remote(&self, name: Option<String>) -> RemoteKey {
        RemoteKey {
            id: self.id().to_owned(),
            name,
            created_at: time(self.valid_after_time.as_deref()),
            expires_at: time(self.valid_before_time.as_deref()).filter(|end| *end < FAR),
        }
    }
}

/// A key that does not end is good until 9999-12-31, part of which is beyond what a time here can hold.
const FAR: Timestamp = Timestamp::constant(253_370_764_800, 0);

fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}
