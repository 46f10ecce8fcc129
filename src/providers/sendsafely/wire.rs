//! The vendor's replies about the account and the company.
//!
//! Source: the vendor's clients for Java (3.1.14) and Python (1.0.11), read 2026-11-22.

use serde::Deserialize;

/// Whose key it is.
#[derive(Deserialize)]
pub(super) struct Verified {
    /// The account's address.
    pub(super) message: String,
}

/// The account of the key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    /// Whether it is an enterprise administrator. A client that leaves this out of the reply hides it; the reply has it.
    #[serde(default)]
    pub(super) admin_user: Option<bool>,
}

/// The company.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enterprise {
    /// The portal's host.
    #[serde(default)]
    pub(super) host: Option<String>,
    /// What the company calls it.
    #[serde(default)]
    pub(super) system_name: Option<String>,
}

/// Who is told of an upload.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipients {
    /// Their addresses.
    #[serde(default)]
    pub(super) recipient_email_addresses: Vec<String>,
}
