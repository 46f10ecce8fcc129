//! The vendor's JSON, as far as people are concerned.
//!
//! Source: developers.google.com/workspace/admin/directory/reference/rest/v1/users,
//! …/gmail/api/reference/rest/v1/users/getProfile, …/drive/api/reference/rest/v3/about and
//! …/admin/licensing/reference/rest/v1/licenseAssignments, read 2026-11-22.

use serde::Deserialize;

use crate::model::email::Email;

/// The fields of a user that are asked for: nothing else about anybody crosses the wire.
pub(super) const USER_FIELDS: &str =
    "id,customerId,primaryEmail,aliases,nonEditableAliases,suspended,archived,isMailboxSetup";

/// A person in the directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    /// Immutable.
    pub(super) id: String,
    /// The tenant.
    pub(super) customer_id: Option<String>,
    /// Changes hands.
    pub(super) primary_email: String,
    /// Further addresses, made by administrators.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// Further addresses, of alias domains.
    #[serde(default)]
    pub(super) non_editable_aliases: Vec<String>,
    /// Shut.
    pub(super) suspended: Option<bool>,
    /// Kept, not in use.
    pub(super) archived: Option<bool>,
    /// Has a mailbox; implies a licence with mail.
    pub(super) is_mailbox_setup: Option<bool>,
}

/// A page of people.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Users {
    /// At most 500; the field is missing from an empty page.
    #[serde(default)]
    pub(super) users: Vec<User>,
    /// More follows.
    pub(super) next_page_token: Option<String>,
}

/// A mailbox.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MailProfile {
    /// The primary address, whatever address was asked with.
    pub(super) email_address: Email,
}

/// Anything; only whether there is a reply matters.
#[derive(Debug, Deserialize)]
pub(super) struct Anything {}

/// A page of licences.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Licenses {
    /// At most 1,000; the field is missing from an empty page.
    #[serde(default)]
    pub(super) items: Vec<License>,
    /// More follows; empty where none does.
    pub(super) next_page_token: Option<String>,
}

/// A licence of somebody.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct License {
    /// The primary address.
    pub(super) user_id: String,
    /// The edition.
    #[serde(default)]
    pub(super) sku_id: String,
    /// What the edition is called.
    pub(super) sku_name: Option<String>,
}
