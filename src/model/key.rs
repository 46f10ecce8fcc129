//! What a key is, apart from its bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Purpose {
    /// The vendor's API.
    #[serde(rename = "API")]
    Api,
    /// Provisioning by SCIM.
    #[serde(rename = "SCIM")]
    Scim,
}

impl Purpose {
    /// Returns the purpose as the YAML has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Scim => "SCIM",
        }
    }
}
