//! What the server says of itself. Source: RFC 7643, 5 and 6, read 2026-11-22.

use serde_json::{Value, json};

use super::error::ScimError;
use super::query::{self, MOST_RESULTS};
use super::schema;

/// Returns what the server can do.
pub(super) fn service_provider_config(base: &str) -> Value {
    let scheme = |type_: &str, name: &str, about: &str, is_first: bool| json!({"type": type_, "name": name, "description": about, "primary": is_first});
    let token = scheme(
        "oauthbearertoken",
        "Bearer token",
        "The entry token of the Secret that the ApiKey names",
        true,
    );
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": true},
        "authenticationSchemes": [
            token,
            scheme("httpbasic", "Key and secret", "The entries api-key and api-secret of the same Secret", false),
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}

/// Returns the types of resources: users. There are no groups, so none are announced.
pub(super) fn resource_types(base: &str, id: Option<&str>) -> Result<Value, ScimError> {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "description": "A person who may be synced",
        "endpoint": "/Users",
        "schema": schema::USER,
        "schemaExtensions": [],
        "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/User")},
    });
    match id {
        None => Ok(query::list(&[user])),
        Some("User") => Ok(user),
        Some(_) => Err(ScimError::not_found("such resource type")),
    }
}

/// Returns the schemas of the resources.
pub(super) fn schemas(base: &str, id: Option<&str>) -> Result<Value, ScimError> {
    let is_user = |id: &str| {
        id.replace("%3A", ":")
            .replace("%3a", ":")
            .eq_ignore_ascii_case(schema::USER)
    };
    match id {
        None => Ok(query::list(&[schema::user(base)])),
        Some(id) if is_user(id) => Ok(schema::user(base)),
        Some(_) => Err(ScimError::not_found("such schema")),
    }
}
