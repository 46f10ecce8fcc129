//! What the YAML says of a connection to Microsoft 365.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::email::Email;

/// A Microsoft 365 tenant, reached by an app registration with application permissions.
///
/// The credentials Secret has either `tls.crt` and `tls.key` (PEM; a certificate that is uploaded to the registration) or
/// `client-secret`. With `federated` there is no Secret at all. A certificate counts where both are there.
///
/// An `ApiKey` makes further secrets of the application, or replaces this one; for that the application needs
/// `Application.ReadWrite.OwnedBy` and has to be an owner of its own registration. Where two of its secrets begin with the same
/// three characters, the entry `client-secret-id` says which one `client-secret` is (the portal's Secret ID).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Microsoft365Spec {
    /// The tenant's id (Directory ID) or one of its domains.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")
    )]
    pub tenant: String,

    /// The registration's Application (client) ID.
    #[schemars(
        length(max = 36),
        regex(pattern = "^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$")
    )]
    pub client_id: String,

    /// Where the tenant lives: `global` (GCC too), `usGovernment` (GCC High), `usGovernmentDod` or `china`. Default: `global`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Cloud>,

    /// Uses the operator's own projected token in place of a secret. The registration needs a federated credential for it.
    /// Every connection of this operator has the same identity: let the registration trust it only if all who may make
    /// connections may use the registration. Default: the Secret's entries decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federated: Option<Federated>,

    /// The application permissions that an administrator consents to, by name, such as `Mail.ReadBasic.All`. Each is
    /// verified, also one that no stream uses. Default: the least that the streams and features in use need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 50),
        inner(length(max = 100), regex(pattern = "^[A-Za-z0-9.-]+$"))
    )]
    pub roles: Option<Vec<String>>,

    /// Looks whether the application is confined to the people it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_privilege_probe: Option<LeastPrivilegeProbe>,

    /// How many licences the tenant has, which sets the allowance for files: `upTo1k`, `upTo5k`, `upTo15k`, `upTo50k`,
    /// `over50k`; `unlimited`: a sandbox that has no limits. Default: `upTo1k`, the lowest, which is never wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_profile: Option<QuotaProfile>,

    /// Another place that speaks Microsoft's APIs, such as a sandbox, with the token endpoint under `/login` and Graph under
    /// `/graph`. The operator must be started with `--allow-endpoint` for its host, since credentials are sent there.
    /// Default: Microsoft's own hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        length(max = 500),
        regex(pattern = "^https?://\\S+$")
    )]
    pub endpoint: Option<Url>,
}

/// Where the tenant lives: `global` (GCC too), `usGovernment` (GCC High), `usGovernmentDod` or `china`. Tokens of one cloud are
/// worth nothing in another. Default: `global`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
pub enum Cloud {
    /// The worldwide service, GCC included.
    #[default]
    Global,
    /// US government, GCC High.
    UsGovernment,
    /// US government, Department of Defense.
    UsGovernmentDod,
    /// China, operated by 21Vianet.
    China,
}

/// The operator's own identity in place of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Federated {
    /// The projected token. It is read anew for every exchange, and sent only if its audience is the cloud's token exchange.
    /// Default: `/var/run/secrets/azure/tokens/azure-identity-token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        length(max = 300),
        regex(pattern = "^/[A-Za-z0-9._/-]+$")
    )]
    pub token_file: Option<PathBuf>,
}

/// A mailbox that the application must not be able to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeastPrivilegeProbe {
    /// The address of a decoy outside of `allowedUsers`: one request for the id of its inbox, which must be refused.
    pub mailbox: Email,
}

/// How many licences the tenant has, which sets the allowance for files; `unlimited`: a sandbox that has no limits. Default:
/// `upTo1k`, the lowest, which is never wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum QuotaProfile {
    /// Up to 1,000 licences.
    #[default]
    #[serde(rename = "upTo1k")]
    UpTo1k,
    /// Up to 5,000.
    #[serde(rename = "upTo5k")]
    UpTo5k,
    /// Up to 15,000.
    #[serde(rename = "upTo15k")]
    UpTo15k,
    /// Up to 50,000.
    #[serde(rename = "upTo50k")]
    UpTo50k,
    /// More.
    #[serde(rename = "over50k")]
    Over50k,
    /// No allowance of our own: only what the vendor answers counts. For a sandbox.
    #[serde(rename = "unlimited")]
    Unlimited,
}
