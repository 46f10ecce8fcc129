//! `ApiKey`: one API key of a no-login service account.

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Conditions, ConnectionRef, not_observed};
use crate::model::duration::Span;
pub use crate::model::key::Purpose;

/// One API key of a service account: issued, written to a Secret, rotated and revoked.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "deputy.dev",
    version = "v1alpha1",
    kind = "ApiKey",
    plural = "apikeys",
    shortname = "ak",
    category = "deputy",
    namespaced,
    status = "ApiKeyStatus",
    derive = "PartialEq",
    doc = "One API key of a service account: issued, written to a Secret, rotated and revoked.",
    selectable = ".spec.connectionRef.name",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Account", type_ = "string", json_path = ".status.account"),
    printcolumn(name = "Key", type_ = "string", json_path = ".status.current.id"),
    printcolumn(
        name = "Expires",
        type_ = "string",
        json_path = ".status.current.expiresAt"
    ),
    printcolumn(
        name = "Next-Rotation",
        type_ = "string",
        json_path = ".status.nextRotationTime"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeySpec {
    /// The connection whose account the key belongs to. Cannot be changed.
    #[x_kube(validation = Rule::new("self == oldSelf").message("the connection cannot be changed: make a new ApiKey"))]
    pub connection_ref: ConnectionRef,

    /// What the key is for. Cannot be changed.
    #[x_kube(validation = Rule::new("self == oldSelf").message("the purpose cannot be changed: make a new ApiKey"))]
    pub purpose: Purpose,

    /// What the key is for, in words. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub description: Option<String>,

    /// When the key is replaced. Default: never; its expiry is still reported. The annotation
    /// `deputy.dev/rotate-requested-at` (any new value) asks for another key now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,

    /// How long a key is good for. Of a key that is made by hand and never ends, that long after it was handed over Deputy asks for
    /// another one; it stays good until somebody revokes it. Default: as long as the vendor lets it be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1h')").message("must be at least 1h"))]
    pub expires_after: Option<Span>,

    /// The Secret that the key is written to; it must not be there yet. It goes with this object unless `deletionPolicy` is
    /// `Orphan`. A key that is made by hand is handed over in it, under names that begin with `next-`. Where it is the Secret of the connection itself, the key that the connection uses is the one that is
    /// replaced, and it stays. Cannot be changed.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("the Secret's name cannot be changed: make a new ApiKey"))]
    pub secret_name: String,

    /// What becomes of the key when this object is deleted. `Revoke` (the default): it is revoked first, by somebody where it was
    /// made by hand, and the object waits until it is. `Orphan`: it stays good, and so does the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<KeyDeletionPolicy>,

    /// Makes no request to the vendor while true. All else is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// When a key is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.overlap) || duration(self.overlap) < duration(self.interval)").message("overlap must be shorter than interval"))]
pub struct Rotation {
    /// How often; at least 1h.
    #[x_kube(validation = Rule::new("duration(self) >= duration('1h')").message("must be at least 1h"))]
    pub interval: Span,
    /// How long the old key stays good beside the new one; at least 5m. Default: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('5m')").message("must be at least 5m: mounted Secrets take over a minute to change"))]
    pub overlap: Option<Span>,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KeyDeletionPolicy {
    /// It is revoked first.
    Revoke,
    /// It stays good.
    Orphan,
}

/// How a key is doing. Never the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyStatus {
    /// The generation of the spec that this status speaks of; -1 before the first.
    #[serde(default = "not_observed")]
    pub observed_generation: i64,
    /// The last request annotation that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// The last request for another key that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_rotate_at: Option<String>,
    /// The account that the key belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How many keys were asked for so far.
    #[serde(default)]
    pub sequence: u32,
    /// The key in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<KeyStatus>,
    /// Keys that are still to be revoked; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<PreviousKeyStatus>,
    /// A key that is about to be issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingKeyStatus>,
    /// When the key will be replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_rotation_time: Option<Timestamp>,
    /// What holds and what does not, each with its reason and remedy.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Conditions,
}

impl Default for ApiKeyStatus {
    fn default() -> Self {
        Self {
            observed_generation: not_observed(),
            last_handled_reconcile_at: None,
            last_handled_rotate_at: None,
            account: None,
            sequence: 0,
            current: None,
            previous: Vec::new(),
            pending: None,
            next_rotation_time: None,
            conditions: Vec::new(),
        }
    }
}

/// A key, by what may be shown of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyStatus {
    /// The vendor's id of the key.
    pub id: String,
    /// When it was made.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: Timestamp,
    /// When it ends, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
    /// The start of a SHA-256 over it.
    pub fingerprint: String,
}

/// A key that is still to be revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviousKeyStatus {
    /// The vendor's id of the key.
    pub id: String,
    /// When it will be revoked.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub revoke_after: Timestamp,
}

/// A key that is about to be issued, or not in use yet: written down first, so that a crash cannot leave one behind unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingKeyStatus {
    /// Counts the keys of this object.
    pub sequence: u32,
    /// The name that it has, or will have, at the vendor.
    pub name: String,
    /// The vendor's id of it, once it is issued and in the Secret's next slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub created_at: Option<Timestamp>,
    /// When it is to end, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
    /// The start of a SHA-256 over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}
