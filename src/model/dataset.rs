//! The kinds of data that can be synced. The YAML calls one of them a *stream*.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kind of data. Records of one kind share one schema across vendors.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Dataset {
    /// Messages of a mailbox; never attachments.
    Mail,
    /// Events of the calendars in a person's list.
    Calendar,
    /// Metadata of files; never their content.
    Drive,
    /// Metadata of packages of files that were sent to somebody; never their content.
    Packages,
    /// What the system's own log says that a person did.
    Activity,
}

impl Dataset {
    /// Returns the name as YAML, folders and tables have it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
