//! `ServiceAccountConnection`: the privileged account of one tenant.

use jiff::Timestamp;
use jiff::civil::Date;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{Conditions, Effective, PrivacySpec, not_observed};
use crate::destinations::spec::DestinationSpec;
use crate::model::dataset::Dataset;
use crate::model::duration::Span;
use crate::model::secret::SecretRef;
use crate::providers::registry::ProviderSpec;

/// A privileged, non-person account of one `SaaS` tenant: its credential, who may be synced through it, how much of them,
/// and where to.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "deputy.dev",
    version = "v1alpha1",
    kind = "ServiceAccountConnection",
    plural = "serviceaccountconnections",
    shortname = "sac",
    category = "deputy",
    namespaced,
    status = "ServiceAccountConnectionStatus",
    derive = "PartialEq",
    doc = "A privileged, non-person account of one SaaS tenant: its credential, who may be synced through it, how much of them, and where to.",
    selectable = ".status.provider",
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
    printcolumn(name = "Provider", type_ = "string", json_path = ".status.provider"),
    printcolumn(
        name = "Account",
        type_ = "string",
        json_path = ".status.identity.account"
    ),
    printcolumn(
        name = "Users",
        type_ = "integer",
        json_path = ".status.users.enabled",
        description = "Enabled SyncedUsers"
    ),
    printcolumn(
        name = "Verified",
        type_ = "date",
        json_path = ".status.lastVerifiedTime"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "Login",
        type_ = "string",
        json_path = ".status.login",
        priority = 1
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccountConnectionSpec {
    /// Which system, and what that system needs to know. Exactly one. Cannot be changed to another system.
    pub provider: ProviderSpec,

    /// The Secret with the credential, in the same namespace. It is watched: a change is verified within seconds. Default:
    /// none, for a system that trusts the operator's own identity and needs no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,

    /// Whose credential reads the data. `ServiceAccount` (the default): this connection's. `PerUser`: each `SyncedUser`
    /// brings its own, while a company moves from one to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,

    /// Who may change this connection, by Kubernetes user name. Enforced by the chart's admission policy. Default: whoever
    /// RBAC allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,

    /// Who may be synced: addresses, `*@domain` or `*@*.domain`. The ceiling for every `SyncedUser`. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), inner(length(min = 3, max = 254)))]
    pub allowed_users: Option<Vec<String>>,

    /// Who may not be synced although allowed; in the same notation. Default: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), inner(length(min = 3, max = 254)))]
    pub denied_users: Option<Vec<String>>,

    /// Other namespaces whose `SyncedUser`s may use this connection, by the labels of the namespace. Default: none but its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_namespaces: Option<LabelSelector>,

    /// Licences and seats. Default: no licence is asked for and seats are not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licensing: Option<Licensing>,

    /// How much is synced. Each `SyncedUser` may have less, never more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<PrivacySpec>,

    /// What is synced, how often and how fast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncSpec>,

    /// Where rows are kept. Exactly one. Default: none; the connection is only verified and nothing is synced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<DestinationSpec>,

    /// How often the connection is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,

    /// Makes no request to the vendor while true. All else is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
}

/// Whose credential reads the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// The connection's.
    ServiceAccount,
    /// Each person's own.
    PerUser,
}

/// Who may change a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    /// The one owner, who alone may hand the connection over.
    #[schemars(length(min = 1, max = 254))]
    pub owner: String,
    /// Who else may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 254)))]
    pub admins: Option<Vec<String>>,
}

/// Licences and seats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Licensing {
    /// Whether only people with a licence of the vendor are synced. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_license: Option<bool>,
    /// Which licences count, by the vendor's ids or names (`1010020028`, `ENTERPRISEPACK`): one of them suffices. Where the
    /// connection cannot tell, `Eligible` is Unknown and says why. A shared mailbox has no licence, and so none of these.
    /// Default: any that comes with the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 100)))]
    pub skus: Option<Vec<String>>,
    /// The most enabled `SyncedUser`s; the oldest come first. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub seats: Option<u32>,
}

/// What is synced, how often and how fast.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncSpec {
    /// What is synced. Default: all that the system has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10))]
    pub streams: Option<Vec<Dataset>>,
    /// How often each person is synced; at least 1m. Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m')").message("must be at least 1m"))]
    pub interval: Option<Span>,
    /// Nothing older than this day, UTC, such as "2026-01-01". Default: all history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        length(max = 10),
        regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    )]
    pub since: Option<Date>,
    /// How many at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// How fast, below the vendor's own quotas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Where runs are executed. `Controller` (the default): in the operator's process. `Job`: in Jobs, which this version does not do
    /// and says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executor: Option<Executor>,
}

/// How many at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Concurrency {
    /// People synced at once. Default: 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub users: Option<u32>,
    /// Requests under way for one person; a vendor's own limit counts where it is lower. Default: 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 64))]
    pub per_user: Option<u32>,
}

/// How fast, below the vendor's own quotas.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per second over the whole connection. Default: as many as the vendor's quotas allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub requests_per_second: Option<u32>,
}

/// Where runs are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Executor {
    /// In the operator's process.
    Controller,
    /// In Jobs.
    Job,
}

/// How often the connection is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Validation {
    /// At least 5m. Default: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("duration(self) >= duration('5m')").message("must be at least 5m"))]
    pub interval: Option<Span>,
}

/// What was found out about a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountConnectionStatus {
    /// The generation of the spec that this status speaks of; -1 before the first.
    #[serde(default = "not_observed")]
    pub observed_generation: i64,
    /// The last request annotation that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// The system's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `None`: nobody can log in as this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Who the credential is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityStatus>,
    /// Which credential is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialStatus>,
    /// What is delegated, scope by scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<DelegationStatus>,
    /// How many people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<UsersStatus>,
    /// The account's box, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropzone: Option<DropzoneStatus>,
    /// The values that are in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    /// When the connection was last verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_verified_time: Option<Timestamp>,
    /// When it will be verified next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next_verification_time: Option<Timestamp>,
    /// When what the delegation depends on, spec or credential, last changed: what was never granted may still be on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub changed_time: Option<Timestamp>,
    /// No request is made before this, because the vendor asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub throttled_until: Option<Timestamp>,
    /// What holds and what does not, each with its reason and remedy.
    #[serde(default)]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Conditions,
}

impl Default for ServiceAccountConnectionStatus {
    fn default() -> Self {
        Self {
            observed_generation: not_observed(),
            last_handled_reconcile_at: None,
            provider: None,
            login: None,
            identity: None,
            credential: None,
            delegation: None,
            users: None,
            dropzone: None,
            effective: None,
            last_verified_time: None,
            next_verification_time: None,
            changed_time: None,
            throttled_until: None,
            conditions: Vec::new(),
        }
    }
}

/// Who a credential is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityStatus {
    /// The account's own name.
    pub account: String,
    /// The id that an administrator delegates to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The company, as the vendor names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Which credential is in use. Nothing of it can be found from this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialStatus {
    /// The start of a SHA-256 over the Secret's entries.
    pub fingerprint: String,
    /// When the key was made, where the vendor tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub created_at: Option<Timestamp>,
    /// When the key ends, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<Timestamp>,
}

/// What is delegated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DelegationStatus {
    /// Each scope that is asked for; at most 50.
    #[serde(default)]
    pub scopes: Vec<ScopeStatus>,
    /// Scopes granted beyond it; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excess: Vec<String>,
    /// When excess was last looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub excess_checked_time: Option<Timestamp>,
    /// The console's page with client and scopes filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy_url: Option<String>,
}

/// One scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeStatus {
    /// The scope, in full.
    pub name: String,
    /// Whether it is granted.
    pub state: ScopeGrant,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Whether a scope is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ScopeGrant {
    /// It is.
    Granted,
    /// It is not.
    Missing,
    /// It could not be found out.
    Unknown,
}

/// An account's box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DropzoneStatus {
    /// Where it is; the path alone where the operator was not told what it is called from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How many people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsersStatus {
    /// Enabled `SyncedUser`s of this connection.
    pub enabled: u32,
    /// Of these, allowed, active and, where asked for, licensed.
    pub eligible: u32,
    /// Of these, synced without failure.
    pub syncing: u32,
    /// Enabled, and not Ready for a reason that somebody has to mend.
    pub failing: u32,
    /// The limit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u32>,
}
