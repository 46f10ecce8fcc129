//! What the YAML says of a connection to SendSafely.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::email::Email;

/// A company's SendSafely portal, reached by the API key of one of its accounts: a no-login service account, which a person
/// cannot sign in as.
///
/// The credentials Secret has `api-key` and `api-secret`. To read people's packages and activity, the account must be an
/// enterprise administrator; only to keep its own keys, it need not be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendSafelySpec {
    /// The portal's host, such as `acme.sendsafely.com`.
    #[schemars(
        length(max = 253),
        regex(pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?\\.sendsafely\\.com$")
    )]
    pub host: String,

    /// The account whose key it must be, in the form of an e-mail address. It needs no mailbox. A key of another account is
    /// refused. Default: whosever it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        length(min = 3, max = 254),
        regex(pattern = "^[^@\\s]+@[^@\\s]+$")
    )]
    pub account: Option<Email>,

    /// The account's Dropzone. Default: it is left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropzone: Option<DropzoneSpec>,

    /// Whether the account is to get notifications by e-mail. SendSafely has no API for it: what is said here is not set and
    /// cannot be verified, and the condition `SettingsApplied` says where it is set by hand. Default: the vendor's, which is
    /// off for service accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<bool>,

    /// Whether the account is to have a personal URL. As `notifications`: set by hand. Default: the vendor's, which is off for
    /// service accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_url: Option<bool>,

    /// Another place that speaks SendSafely's API, such as a sandbox. The operator must be started with `--allow-endpoint` for
    /// its host, since credentials are sent there. Default: `https://` and the portal's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<String>",
        length(max = 500),
        regex(pattern = "^https?://\\S+$")
    )]
    pub endpoint: Option<Url>,
}

/// The account's Dropzone. Of all this the recipients alone have an API; the rest is for the record, is set by hand in the
/// console, and is never reported as verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DropzoneSpec {
    /// Who is told of an upload and can fetch it: exactly these, whatever is changed in the console. SendSafely admits 75; its
    /// support raises that. Default: they are left as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "Option<Vec<String>>",
        length(max = 500),
        inner(length(min = 3, max = 254))
    )]
    pub recipients: Option<Vec<Email>>,

    /// Whether the Dropzone is to be open. Default: the vendor's, which is off for service accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,

    /// After how many days uploads are to expire. Default: what the console says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 365))]
    pub expiry_days: Option<u16>,

    /// What the form is to be headed with. Default: what the console says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub label: Option<String>,

    /// Which types of files are to be taken, such as `pdf`. Default: what the console says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 20)))]
    pub allowed_types: Option<Vec<String>>,
}
