//! Access tokens that were given out.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::RwLock;
use serde_json::{Map, Value, json};

use super::apps::Registration;
use super::scenario::Tenant;

/// Seconds a token lives.
pub(crate) const LIFE: i64 = 3600;
/// More tokens than this are not remembered; the ones that ended go first.
const MOST_TOKENS: usize = 100_000;

/// What a token may do.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    /// App roles when the token was issued.
    pub(crate) roles: Vec<String>,
    /// Seconds since 1970.
    pub(crate) expires: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    grants: RwLock<HashMap<String, Arc<Grant>>>,
}

impl Tokens {
    pub(crate) fn find(&self, token: &str) -> Option<Arc<Grant>> {
        self.grants.read().get(token).cloned()
    }

    /// Ends all that were given out, before their time.
    pub(crate) fn end_all(&self) {
        self.grants.write().clear();
    }

    /// Makes a token for an application with the roles that it has now.
    pub(crate) fn issue(&self, app: &Registration, tenant: &Tenant, now: i64) -> String {
        let grant = Grant {
            client_id: app.client_id.clone(),
            roles: app.roles.keys().cloned().collect(),
            expires: now + LIFE,
        };
        let token = written(app, tenant, &grant.roles, now);
        let mut grants = self.grants.write();
        if grants.len() >= MOST_TOKENS {
            grants.retain(|_, grant| grant.expires > now);
        }
        grants.insert(token.clone(), Arc::new(grant));
        token
    }
}

/// A token as Entra writes it. Its signature is none, but base64url all the same: only the vendor itself looks at it.
fn written(app: &Registration, tenant: &Tenant, roles: &[String], now: i64) -> String {
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": "sandbox", "kid": "sandbox" });
    let object = app.object_id("service principal");
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("aud", json!(format!("https://{}", tenant.cloud.graph())));
    claim(
        "iss",
        json!(format!("https://sts.windows.net/{}/", tenant.id)),
    );
    claim("iat", json!(now));
    claim("nbf", json!(now));
    claim("exp", json!(now + LIFE));
    claim("app_displayname", json!(app.name));
    claim("appid", json!(app.client_id));
    claim("idtyp", json!("app"));
    claim("oid", json!(object));
    // Entra leaves the claim out where it would be empty.
    if !roles.is_empty() {
        claim("roles", json!(roles));
    }
    claim("sub", json!(object));
    claim("tid", json!(tenant.id));
    claim("ver", json!("1.0"));
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let random: String = std::iter::repeat_with(fastrand::alphanumeric)
        .take(41)
        .collect();
    let claims = Value::Object(claims);
    format!(
        "{}.{}.sandbox-canary-{random}",
        part(&header),
        part(&claims)
    )
}
