//! The vendor's JSON, as far as people and registrations are concerned.
//!
//! Source: learn.microsoft.com/graph/api/resources/user, …/mailboxsettings, …/passwordcredential,
//! …/subscribedsku, …/assignedlicense, read 2026-11-22.

use jiff::Timestamp;
use serde::Deserialize;

/// The fields of a user that are asked for: nothing else about anybody crosses the wire.
pub(super) const USER_FIELDS: &str = "id,userPrincipalName,mail,proxyAddresses,accountEnabled,userType,assignedLicenses,assignedPlans";

/// A person in the directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    /// Immutable.
    pub(super) id: String,
    /// The sign-in name, which looks like an address and mostly is one.
    #[serde(rename = "userPrincipalName")]
    pub(super) sign_in_name: Option<String>,
    /// The primary address; null where there is no mailbox.
    pub(super) mail: Option<String>,
    /// `SMTP:` before the primary address, `smtp:` before others, other prefixes before what is none.
    #[serde(default)]
    pub(super) proxy_addresses: Vec<String>,
    /// Whether the account can sign in. Shared mailboxes cannot.
    pub(super) account_enabled: Option<bool>,
    /// The account's licences.
    pub(super) assigned_licenses: Option<Vec<AssignedLicense>>,
    /// What the account's licences come to.
    pub(super) assigned_plans: Option<Vec<Plan>>,
}

/// A licence of somebody.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignedLicense {
    /// What was bought.
    pub(super) sku_id: String,
}

/// What the tenant has bought.
#[derive(Debug, Deserialize)]
pub(super) struct Skus {
    /// All of it: this list has no pages.
    pub(super) value: Vec<Sku>,
}

/// Something that the tenant has bought.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sku {
    /// What licences name.
    pub(super) sku_id: String,
    /// What administrators call it, such as `ENTERPRISEPACK`.
    pub(super) sku_part_number: String,
}

/// A service plan.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    /// `Enabled`, `Warning`, `Suspended`, `Deleted` or `LockedOut`.
    pub(super) capability_status: Option<String>,
    /// `exchange`, `SharePoint` and so on.
    pub(super) service: Option<String>,
}

/// A page of people.
#[derive(Debug, Deserialize)]
pub(super) struct Users {
    /// At most 999.
    pub(super) value: Vec<User>,
    /// More follows.
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
}

/// Anything; only whether there is a reply matters.
#[derive(Debug, Deserialize)]
pub(super) struct Anything {}

/// What a mailbox is for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    /// `user`, `linked`, `shared`, `room`, `equipment` or `others`.
    pub(super) user_purpose: Option<String>,
}

/// A registration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    /// Its secrets, without their values.
    #[serde(default)]
    pub(super) password_credentials: Vec<PasswordCredential>,
}

/// A secret of a registration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PasswordCredential {
    /// The first three characters of the secret.
    pub(super) hint: Option<String>,
    /// When it was made.
    pub(super) start_date_time: Option<Timestamp>,
    /// When it ends.
    pub(super) end_date_time: Option<Timestamp>,
}

/// What the vendor writes into a token for an application. The vendor calls it opaque: a hint, never a proof.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Claims {
    /// Permissions that an administrator has consented to; the field is missing where there are none.
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// The tenant's id.
    pub(super) tid: Option<String>,
    /// The registration's name.
    pub(super) app_displayname: Option<String>,
}

/// What a federated token says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Presented {
    #[serde(default)]
    pub(super) iss: String,
    #[serde(default)]
    pub(super) sub: String,
    #[serde(default)]
    pub(super) aud: Audience,
}

/// One audience or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Audience {
    /// Returns whether `audience` is among them.
    pub(super) fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}
