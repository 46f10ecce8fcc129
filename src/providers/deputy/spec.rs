//! What the YAML says of a no-login account of Deputy itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dropzone::DropzoneSpec;
use crate::model::email::Email;
use crate::model::secret::SecretRef;

/// A service account of Deputy's own API. Nobody can log in as it: only its `ApiKey`s open anything.
///
/// It needs no credentials Secret and no people of its own, and a destination only for its Dropzone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeputySpec {
    /// The account's name, in the form of an e-mail address. It needs no mailbox, and no other connection of the cluster may
    /// have it.
    pub username: Email,

    /// What people are shown in place of the name. Default: the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub display_name: Option<String>,

    /// Whether the account gets notifications by e-mail. Default: false. It has no mailbox, so true is refused in the condition
    /// `PermissionsGranted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<bool>,

    /// Whether the account has a web page at a URL of its own. Default: false. This version serves none, so true is refused in the
    /// condition `PermissionsGranted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_url: Option<bool>,

    /// Whom the account's SCIM keys may provision. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scim: Option<ScimSpec>,

    /// A box on the web that takes files for the account. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropzone: Option<DropzoneSpec>,
}

impl DeputySpec {
    /// Returns the box, where there is one.
    pub fn open_dropzone(&self) -> Option<&DropzoneSpec> {
        self.dropzone
            .as_ref()
            .filter(|dropzone| dropzone.is_enabled())
    }

    /// Returns the Secret that the box's notifications are signed with, if it names one.
    pub fn webhook_secret(&self) -> Option<&SecretRef> {
        self.open_dropzone()?.webhook.as_ref()?.secret_ref.as_ref()
    }
}

/// Whom SCIM keys may provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScimSpec {
    /// The connection whose `SyncedUser`s are made, changed and deleted by SCIM: never beyond its `allowedUsers`.
    pub connection_ref: TargetRef,
}

/// A connection in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetRef {
    /// The connection's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}
