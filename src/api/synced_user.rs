//! `SyncedUser`: one person whom an administrator enabled.

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Attempt, Conditions, ConnectionRef, Effective, PrivacySpec, not_observed};
use crate::model::account::Known;
use crate::model::dataset::Dataset;
use crate::model::duration::Span;
use crate::model::email::Email;

/// One person whose mail, calendar or files are synced through a connection.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "deputy.dev",
    version = "v1alpha1",
    kind = "SyncedUser",
    plural = "syncedusers",
    shortname = "su",
    category = "deputy",
    namespaced,
    status = "SyncedUserStatus",
    derive = "PartialEq",
    doc = "One person whose mail, calendar or files are synced through a connection.",
    selectable = ".spec.connectionRef.name",
    selectable = ".spec.email",
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
    printcolumn(name = "Email", type_ = "string", json_path = ".spec.email"),
    printcolumn(
        name = "Connection",
        type_ = "string",
        json_path = ".spec.connectionRef.name"
    ),
    printcolumn(
        name = "Last-Change",
        type_ = "date",
        json_path = ".status.lastChangeTime"
    ),
    printcolumn(name = "Records", type_ = "integer", json_path = ".status.records"),
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
pub struct SyncedUserSpec {
    /// The connection to sync through. Cannot be changed.
    #[x_kube(validation = Rule::new("self == oldSelf").message("the connection cannot be changed: make a new SyncedUser"))]
    pub connection_ref: ConnectionRef,

    /// The person's address: the primary one or an alias.
    pub email: Email,

    /// Another address of the same account to sync as. Default: the primary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_email: Option<Email>,

    /// False: no request is made for this person, ever. What was synced stays.
    pub enabled: bool,

    /// Fewer streams than the connection's. One that the connection does not have is not synced. Default: the connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10))]
    pub streams: Option<Vec<Dataset>>,

    /// Less than the connection's. What would be more is not. Default: the connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<PrivacySpec>,

    /// How often this person is synced; at least 1m. Default: the connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m')").message("must be at least 1m"))]
    pub interval: Option<Span>,

    /// What becomes of the person's history when this object is deleted. `Retain` (the default): it stays. `Delete`: it is
    /// erased from the destination before the object goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// Makes no request to the vendor while true. All else is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// What becomes of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It stays.
    Retain,
    /// It is erased from the destination first.
    Delete,
}

/// How a person's sync is going.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncedUserStatus {
    /// The generation of the spec that this status speaks of; -1 before the first.
    #[serde(default = "not_observed")]
    pub observed_generation: i64,
    /// The last request annotation that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// The person's account at the vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountStatus>,
    /// The values that are in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    /// Each stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamStatus>,
    /// Live records over all streams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// When a run last changed anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_change_time: Option<Timestamp>,
    /// When a run last succeeded. Coarse: written with a change, or at most every 10 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_sync_time: Option<Timestamp>,
    /// How often it failed in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailuresStatus>,
    /// The last five runs that changed or failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Attempt>,
    /// What holds and what does not, each with its reason and remedy.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Conditions,
}

impl Default for SyncedUserStatus {
    fn default() -> Self {
        Self {
            observed_generation: not_observed(),
            last_handled_reconcile_at: None,
            account: None,
            effective: None,
            streams: Vec::new(),
            records: None,
            last_change_time: None,
            last_sync_time: None,
            failures: None,
            history: Vec::new(),
            conditions: Vec::new(),
        }
    }
}

/// The person's account at the vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountStatus {
    /// The immutable id.
    pub id: String,
    /// The address that the vendor calls primary today.
    pub primary_email: String,
    /// Further addresses; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether a licence is assigned.
    #[schemars(with = "KnownSchema")]
    pub licensed: Known,
    /// Whether the account is shut.
    #[schemars(with = "KnownSchema")]
    pub suspended: Known,
}

/// How [`Known`] looks in the schema.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema is used")]
enum KnownSchema {
    True,
    False,
    Unknown,
}

/// One stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamStatus {
    /// Which.
    pub name: Dataset,
    /// How it stands.
    pub state: StreamState,
    /// Why it is not `Synced`, or what is to be known of it although it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Live records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Items that could not be read and are kept for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_items: Option<u64>,
    /// When a run last changed anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_change_time: Option<Timestamp>,
    /// Which full listing the rows belong to, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
}

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StreamState {
    /// It has not been synced yet.
    Pending,
    /// It stood at the vendor's present state when it was last looked at.
    Synced,
    /// The last run failed.
    Failed,
}

/// How often it failed in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailuresStatus {
    /// In a row.
    pub consecutive: u32,
    /// No run begins before this, unless one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_attempt_time: Option<Timestamp>,
}
