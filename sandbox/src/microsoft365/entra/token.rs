//! The token endpoint with the client credentials grant.
//!
//! Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow (read 2026-11-22). The order of
//! the checks is assumed.

use serde_json::{Value, json};

use super::super::apps::Registration;
use super::super::tokens::LIFE;
use super::assertion;
use super::errors::TokenError;
use crate::call::{Call, form};
use crate::microsoft365::Microsoft365;
use crate::microsoft365::scenario::Tenant;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Graph's application id, which may stand for its address.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// The application that a token request is for.
pub(crate) fn client_id(call: &Call) -> Option<String> {
    form(call, "client_id")
}

/// `POST …/oauth2/v2.0/token`; the time is in seconds since 1970.
pub(crate) fn exchange(
    world: &Microsoft365,
    call: &Call,
    given_tenant: &str,
    now: i64,
) -> Result<Value, TokenError> {
    let tenant = world.tenant(given_tenant)?;
    let wanted = |name: &str| form(call, name).filter(|value| !value.is_empty());
    let needed = |name: &str| wanted(name).ok_or_else(|| TokenError::missing(name));
    let grant = needed("grant_type")?;
    if grant != "client_credentials" {
        return Err(TokenError::unsupported_grant(&grant));
    }
    let client = needed("client_id")?;
    let apps = world.apps.read();
    let home = tenant.id == world.tenant.id;
    let app = apps
        .find(&client)
        .filter(|app| home && !app.deleted)
        .ok_or_else(|| TokenError::unknown_app(&client, &tenant.id))?;
    if !app.enabled {
        return Err(TokenError::disabled_app(&app.client_id, &app.name));
    }
    let scope = needed("scope")?;
    match (wanted("client_assertion"), wanted("client_secret")) {
        (Some(text), _) => {
            let kind = wanted("client_assertion_type");
            if kind.as_deref() != Some(ASSERTION_TYPE) {
                return Err(TokenError::wrong_assertion_type());
            }
            let audiences = audiences(world, tenant, given_tenant);
            assertion::check(&apps, app, &text, &audiences, now)?;
        }
        (None, Some(secret)) => check_secret(app, &secret, now)?,
        (None, None) => return Err(TokenError::no_credential()),
    }
    check_scope(tenant, &scope)?;
    let token = world.tokens.issue(app, tenant, now);
    Ok(
        json!({ "token_type": "Bearer", "expires_in": LIFE - 1, "ext_expires_in": LIFE - 1,
        "access_token": token }),
    )
}

fn check_secret(app: &Registration, given: &str, now: i64) -> Result<(), TokenError> {
    let known = app.secrets.values().filter(|secret| secret.is_known(now));
    let secret = known.into_iter().find(|secret| secret.value == given);
    match secret {
        None => Err(TokenError::wrong_secret(&app.client_id)),
        Some(secret) if secret.end <= now => Err(TokenError::expired_secret(&app.client_id)),
        Some(_) => Ok(()),
    }
}

/// Whom an assertion may be meant for: this endpoint under the vendor's address or the sandbox's, or the issuer.
fn audiences(world: &Microsoft365, tenant: &Tenant, given_tenant: &str) -> Vec<String> {
    let vendor = format!("https://{}", tenant.cloud.login());
    let own = format!("{}/microsoft365/login", world.url());
    let hosts = [vendor, own];
    let names = [tenant.id.as_str(), given_tenant];
    let each = hosts.iter().flat_map(|host| names.map(|name| (host, name)));
    each.flat_map(|(host, name)| {
        ["oauth2/v2.0/token", "v2.0"].map(|end| format!("{host}/{name}/{end}"))
    })
    .collect()
}

fn check_scope(tenant: &Tenant, scope: &str) -> Result<(), TokenError> {
    let mut scopes = scope.split_whitespace();
    let (Some(first), rest) = (scopes.next(), scopes.next()) else {
        return Err(TokenError::wrong_scope(scope));
    };
    let Some(resource) = first.strip_suffix("/.default") else {
        return Err(TokenError::wrong_scope(scope));
    };
    match rest {
        Some(second) if second.ends_with("/.default") => {
            return Err(TokenError::many_resources(scope));
        }
        Some(_) => return Err(TokenError::wrong_scope(scope)),
        None => {}
    }
    let graph = format!("https://{}", tenant.cloud.graph());
    let resource = resource.trim_end_matches('/');
    if resource == graph || resource == GRAPH {
        Ok(())
    } else {
        Err(TokenError::unknown_resource(resource, &tenant.id))
    }
}
