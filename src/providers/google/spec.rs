//! What the YAML says of a connection to Google Workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::email::Email;

/// A Google Workspace tenant, reached by a service account with domain-wide delegation.
///
/// The credentials Secret has one entry, `key.json`: the JSON key file of the service account. An `ApiKey` makes further keys of the
/// account, or replaces this one; for that the account needs the role `roles/iam.serviceAccountKeyAdmin` on itself and the IAM API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GoogleSpec {
    /// An administrator whom Deputy acts as to read the directory and to test the delegation. Without one, people are judged
    /// by probing their own mailbox, calendar and Drive, and what cannot be known that way is Unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_email: Option<Email>,

    /// The customer id (it begins with C) or `my_customer`, which is the default: the administrator's own tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = "^(my_customer|C[A-Za-z0-9]+)$"))]
    pub customer: Option<String>,

    /// The scopes that an administrator delegates, in full. Each is verified, also one that no stream uses.
    /// Default: what the streams and features in use need.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 50),
        inner(length(max = 200), regex(pattern = "^https://\\S+$"))
    )]
    pub scopes: Option<Vec<String>>,

    /// Which quotas the service account's Google Cloud project has. `legacy`: projects that used the API before May 2026;
    /// `2026`: newer ones; `unlimited`: a sandbox that has none. Default: `2026`, the lower one, which is never wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_profile: Option<QuotaProfile>,

    /// Another place that speaks Google's APIs, such as a sandbox. The operator must be started with `--allow-endpoint` for
    /// its host, since credentials are sent there. Default: Google's own hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        length(max = 500),
        regex(pattern = "^https?://\\S+$")
    )]
    pub endpoint: Option<Url>,
}

/// The quotas of a Google Cloud project, by when it began to use the APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum QuotaProfile {
    /// Projects that used the Gmail API between November 2025 and April 2026.
    #[serde(rename = "legacy")]
    Legacy,
    /// Projects made on or after 2026-05-01.
    #[serde(rename = "2026")]
    Y2026,
    /// No allowance of our own: only what the vendor answers counts. For a sandbox.
    #[serde(rename = "unlimited")]
    Unlimited,
}
