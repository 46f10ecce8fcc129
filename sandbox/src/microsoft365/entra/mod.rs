//! Entra: tokens for applications, and the discovery that clients make before.

pub(crate) mod assertion;
mod errors;
mod token;

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use self::errors::TokenError;
use super::Microsoft365;
use super::scenario::Tenant;
use crate::call::{Call, Reply};
pub(crate) use token::client_id;

/// Answers `/microsoft365/login/…`; `path` is what follows.
pub(crate) fn answer(world: &Microsoft365, call: &Call, path: &[&str], now: i64) -> Reply {
    let outcome = match (call.method.clone(), path) {
        (Method::GET, ["common", "discovery", "instance"]) => return instances(world),
        (Method::GET, [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            configuration(world, tenant)
        }
        (Method::GET, [tenant, "discovery", "v2.0", "keys"]) => {
            world.tenant(tenant).map(|_| json!({ "keys": [] }))
        }
        (Method::POST, [tenant, "oauth2", "v2.0", "token"]) => {
            token::exchange(world, call, tenant, now)
        }
        (method, [_, "oauth2", "v2.0", "token"]) => Err(TokenError::not_posted(method.as_str())),
        _ => return Reply::empty(StatusCode::NOT_FOUND).because("notFound"),
    };
    let mut reply = match outcome {
        Ok(body) => Reply::json(StatusCode::OK, &body),
        Err(error) => error.reply(now),
    };
    let uncached = HeaderValue::from_static("no-store, no-cache");
    reply.headers.push((header::CACHE_CONTROL, uncached));
    reply
}

impl Microsoft365 {
    /// The tenant of a path, by id or domain.
    fn tenant(&self, given: &str) -> Result<&Tenant, TokenError> {
        if matches!(given, "common" | "consumers" | "organizations") {
            return Err(TokenError::no_tenant());
        }
        if !is_uuid(given) && !given.contains('.') {
            return Err(TokenError::malformed_tenant(given));
        }
        let fits = |tenant: &Tenant| {
            let mut names = std::iter::once(&tenant.id).chain(&tenant.domains);
            names.any(|name| name.eq_ignore_ascii_case(given))
        };
        if fits(&self.tenant) {
            return Ok(&self.tenant);
        }
        match self.other_tenants.iter().find(|tenant| fits(tenant)) {
            Some(other) if other.cloud != self.tenant.cloud => {
                Err(TokenError::other_cloud(given, other.cloud))
            }
            Some(other) => Ok(other),
            None => Err(TokenError::unknown_tenant(given)),
        }
    }
}

/// Whether a text has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// The vendor's addresses, not the sandbox's: its clients insist on `https`.
fn configuration(world: &Microsoft365, given: &str) -> Result<Value, TokenError> {
    let tenant = world.tenant(given)?;
    let login = format!("https://{}/{}", tenant.cloud.login(), tenant.id);
    Ok(json!({
        "token_endpoint": format!("{login}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{login}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{login}/v2.0"),
        "authorization_endpoint": format!("{login}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{login}/oauth2/v2.0/devicecode"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": tenant.cloud.login().trim_start_matches("login."),
        "msgraph_host": tenant.cloud.graph(),
    }))
}

fn instances(world: &Microsoft365) -> Reply {
    let host = world.tenant.cloud.login();
    let body = json!({
        "tenant_discovery_endpoint":
            format!("https://{host}/{}/v2.0/.well-known/openid-configuration", world.tenant.id),
        "api-version": "1.1",
        "metadata": [
            { "preferred_network": host, "preferred_cache": host, "aliases": [host] },
        ],
    });
    Reply::json(StatusCode::OK, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_a_form() {
        assert!(is_uuid("8d3f2c1a-0000-4000-8000-00000000000A"));
        for text in ["", "acme.example", "8d3f2c1a-0000-4000-8000-00000000000g"] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
