//! SCIM: the accounts as a directory, for whoever has a key of an administrator turned into one for SCIM.
//!
//! Source: sendsafely.zendesk.com article 32501318613005 and RFC 7644 (read 2026-11-27). Refusals are RFC 7644's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::SendSafely;
use super::accounts::{Accounts, User};
use crate::call::{Call, Reply};

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:SendSafely:2.0:User";
const MOST: usize = 100;

/// Answers `/scim/v2/…`; `path` is what follows.
pub(crate) fn answer(portal: &SendSafely, call: &Call, path: &[&str]) -> Reply {
    let accounts = portal.accounts.read();
    let caller = caller(&accounts, call);
    match caller {
        None => {
            let mut reply = refusal(StatusCode::UNAUTHORIZED, "Authentication failed");
            let challenge = HeaderValue::from_static("Basic realm=\"SCIM\"");
            reply.headers.push((header::WWW_AUTHENTICATE, challenge));
            return reply;
        }
        Some(user) if !user.admin || !user.active => {
            return refusal(StatusCode::FORBIDDEN, "Only an administrator may do this");
        }
        Some(_) => {}
    }
    match (call.method.as_str(), path) {
        ("GET", ["Users"]) => {
            let users: Vec<&User> = accounts.users().collect();
            list(call, &users)
        }
        ("GET", ["Users", id]) => {
            let found = accounts.users().find(|user| user.id == *id);
            found.map_or_else(
                || refusal(StatusCode::NOT_FOUND, &format!("Resource {id} not found")),
                |user| scim(StatusCode::OK, &resource(user)),
            )
        }
        _ => refusal(
            StatusCode::NOT_IMPLEMENTED,
            "The sandbox does not simulate this request",
        ),
    }
}

/// Whose credentials the request has.
pub(crate) fn caller<'a>(accounts: &'a Accounts, call: &Call) -> Option<&'a User> {
    let (name, password) = basic(call)?;
    accounts.scim_owner(&name, &password)
}

fn basic(call: &Call) -> Option<(String, String)> {
    let value = call.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| (name.to_owned(), password.to_owned()))
}

fn list(call: &Call, users: &[&User]) -> Reply {
    if call.param("filter").is_some() {
        return refusal(
            StatusCode::NOT_IMPLEMENTED,
            "The sandbox does not simulate filters",
        );
    }
    let number = |name: &str, default: usize| call.param(name).map_or(Ok(default), str::parse);
    let (Ok(start), Ok(count)) = (number("startIndex", 1), number("count", MOST)) else {
        return refusal(StatusCode::BAD_REQUEST, "startIndex and count are numbers");
    };
    let page = users.iter().skip(start.max(1) - 1).take(count.min(MOST));
    let resources: Vec<Value> = page.map(|user| resource(user)).collect();
    let body = json!({
        "schemas": [LIST],
        "totalResults": users.len(),
        "startIndex": start.max(1),
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    scim(StatusCode::OK, &body)
}

fn resource(user: &User) -> Value {
    json!({
        "schemas": [USER, EXTENSION],
        "id": user.id,
        "userName": user.email,
        "name": { "givenName": user.first_name(), "familyName": user.last_name() },
        "emails": [{ "value": user.email, "primary": true }],
        "active": user.active,
        EXTENSION: { "isAdmin": user.admin },
        "meta": { "resourceType": "User" },
    })
}

fn scim(status: StatusCode, body: &Value) -> Reply {
    let mut reply = Reply::json(status, body);
    let kind = HeaderValue::from_static("application/scim+json;charset=UTF-8");
    reply.headers = vec![(header::CONTENT_TYPE, kind)];
    reply
}

fn refusal(status: StatusCode, detail: &str) -> Reply {
    let code = status.as_u16().to_string();
    let body = json!({ "schemas": [ERROR], "detail": detail, "status": code });
    scim(status, &body).because(code)
}
