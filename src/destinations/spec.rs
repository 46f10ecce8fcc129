//! What the YAML says of a destination.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::secret::SecretRef;

/// Where rows are kept. Exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum DestinationSpec {
    /// Parquet files in a folder or a bucket.
    ObjectStore(ObjectStoreSpec),
    /// Tables of a `PostgreSQL` database.
    Postgres(PostgresSpec),
}

impl DestinationSpec {
    /// Returns whether the place can keep files beside rows.
    pub fn keeps_files(&self) -> bool {
        matches!(self, Self::ObjectStore(_))
    }

    /// Returns the Secret that the destination's credentials are in, if it needs one.
    pub fn secret(&self) -> Option<&SecretRef> {
        match self {
            Self::ObjectStore(spec) => spec.credentials_secret_ref.as_ref(),
            Self::Postgres(spec) => Some(&spec.credentials_secret_ref),
        }
    }
}

/// A folder or a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectStoreSpec {
    /// `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. A folder must exist.
    #[schemars(
        length(max = 1000),
        regex(pattern = "^(file:///|s3://|gs://|az://)\\S+$")
    )]
    pub url: String,
    /// A Secret whose entries are the store's settings, named as the store's own tools name them, such as
    /// `aws_access_key_id`, `aws_secret_access_key`, `aws_region`, `google_service_account_key`,
    /// `azure_storage_account_name`, `azure_storage_account_key`; for a store of your own also its endpoint, such as
    /// `aws_endpoint`, and the authority that signed its certificate, `ca.crt`. Default: the identity of the pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret_ref: Option<SecretRef>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostgresSpec {
    /// A Secret with the entry `url`: `postgresql://user:password@host:5432/database?sslmode=require`, and, where the
    /// server's certificate is not from a public authority, `ca.crt`.
    pub credentials_secret_ref: SecretRef,
    /// The schema that the tables are in; it is made where it does not exist. Default: `deputy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[a-z_][a-z0-9_]*$"))]
    pub schema: Option<String>,
}
