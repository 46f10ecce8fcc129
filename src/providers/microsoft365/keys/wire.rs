//! The vendor's JSON, as far as secrets of a registration are concerned.
//!
//! Source: learn.microsoft.com/graph/api/resources/passwordcredential and …/application-addpassword, read 2026-11-27.

use jiff::Timestamp;
use secrecy::SecretSlice;
use serde::{Deserialize, Deserializer};

use crate::providers::RemoteKey;

/// A registration's secrets, without their values.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    #[serde(default)]
    pub(super) password_credentials: Vec<Password>,
}

/// A secret, without its value.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Password {
    pub(super) key_id: String,
    display_name: Option<String>,
    /// The first three characters of the value.
    pub(super) hint: Option<String>,
    start_date_time: Option<Timestamp>,
    end_date_time: Option<Timestamp>,
}

impl Password {
    /// Returns what may be shown of it.
    pub(super) fn remote(self) -> RemoteKey {
        RemoteKey {
            id: self.key_id,
            name: self.display_name,
            created_at: self.start_date_time,
            expires_at: self.end_date_time,
        }
    }
}

/// A new secret. Its value is told once. It has no `Debug`.
#[derive(Deserialize)]
pub(super) struct Made {
    #[serde(flatten)]
    pub(super) password: Password,
    #[serde(rename = "secretText", deserialize_with = "secret")]
    pub(super) value: SecretSlice<u8>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretSlice<u8>, D::Error> {
    Ok(String::deserialize(deserializer)?.into_bytes().into())
}
