//! `/_sandbox/google/…`: what an administrator does in the cloud console and the admin console, and what people do with
//! their mail, calendars and files.

mod edits;
mod items;
mod users;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::call::Call;
use crate::console::{Outcome, Refusal, body, unknown};
use crate::google::Google;
use crate::google::keys::NewKey;

/// Answers; `path` is what follows `/_sandbox/google/`.
pub(crate) fn answer(google: &Google, app: &App, call: &Call, path: &[&str]) -> Outcome {
    let now = app.instruments.clock.now_ms();
    match (call.method.as_str(), path) {
        ("POST", ["keys"]) => make_key(google, call, now),
        ("DELETE", ["keys", id]) => {
            let deleted = google.accounts.write().keys.delete(id);
            deleted
                .map(|_| json!({}))
                .ok_or_else(|| Refusal::not_found("key"))
        }
        ("PUT", ["org-policies"]) => constrain(google, call),
        ("PUT", ["key-propagation"]) => delay_keys(google, call),
        ("PATCH", ["service-accounts", email]) => change_account(google, call, email),
        ("PUT", ["delegation", client]) => delegate(google, call, client),
        ("POST", ["delegation", client, "grant"]) => delegate_one(google, call, client, true),
        ("POST", ["delegation", client, "revoke"]) => delegate_one(google, call, client, false),
        ("PATCH", ["projects", number]) => enable(google, call, number),
        ("POST", ["users"]) => users::add(google, call, now),
        (_, ["users", email, rest @ ..]) => of_user(google, call, email, rest, now),
        _ => Err(unknown(&call.method, path)),
    }
}

fn of_user(google: &Google, call: &Call, email: &str, rest: &[&str], now: i64) -> Outcome {
    let user = google.user(email).map_err(|_| Refusal::not_found("user"))?;
    match (call.method.as_str(), rest) {
        ("PATCH", []) => users::change(google, call, &user),
        ("DELETE", []) => {
            google.people.write().delete(&user, now);
            Ok(json!({}))
        }
        ("GET", ["state"]) => Ok(users::state(&user)),
        ("POST", ["expire"]) => users::expire(call, &user),
        ("POST", ["edits"]) => edits::make(call, &user, now),
        _ => items::answer(call, &user, rest, now),
    }
}

fn make_key(google: &Google, call: &Call, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        service_account: String,
    }
    let email = body::<Request>(call)?.service_account;
    let account = google.accounts.read().account(&email).cloned();
    let account = account.ok_or_else(|| Refusal::not_found("service account"))?;
    let made = NewKey::generate(&account, now).map_err(Refusal::bad)?;
    let file = made.file(&account, google.url());
    google.accounts.write().keys.keep(made.key);
    Ok(file)
}

fn constrain(google: &Google, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        constraints: BTreeSet<String>,
    }
    let constraints = body::<Request>(call)?.constraints;
    let answer = json!({ "constraints": constraints });
    match google.accounts.write().keys.constrain(constraints) {
        Some(wrong) => Err(Refusal::bad(format!("no such constraint: {wrong}"))),
        None => Ok(answer),
    }
}

fn delay_keys(google: &Google, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        ms: i64,
    }
    let ms = body::<Request>(call)?.ms;
    google.accounts.write().keys.propagation_ms = ms;
    Ok(json!({ "ms": ms }))
}

fn change_account(google: &Google, call: &Call, email: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        disabled: Option<bool>,
        deleted: Option<bool>,
        key_admin: Option<bool>,
    }
    let request: Request = body(call)?;
    let mut accounts = google.accounts.write();
    let account = accounts
        .account_mut(email)
        .ok_or_else(|| Refusal::not_found("service account"))?;
    account.disabled = request.disabled.unwrap_or(account.disabled);
    account.deleted = request.deleted.unwrap_or(account.deleted);
    account.key_admin = request.key_admin.unwrap_or(account.key_admin);
    Ok(
        json!({ "email": account.email, "disabled": account.disabled, "deleted": account.deleted,
        "keyAdmin": account.key_admin }),
    )
}

fn delegate(google: &Google, call: &Call, client: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        scopes: BTreeSet<String>,
    }
    let scopes = body::<Request>(call)?.scopes;
    with_delegation(google, client, |delegated| *delegated = scopes)
}

fn delegate_one(google: &Google, call: &Call, client: &str, grant: bool) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        scope: String,
    }
    let scope = body::<Request>(call)?.scope;
    with_delegation(google, client, |delegated| {
        if grant {
            delegated.insert(scope);
        } else {
            delegated.remove(&scope);
        }
    })
}

fn with_delegation(
    google: &Google,
    client: &str,
    change: impl FnOnce(&mut BTreeSet<String>),
) -> Outcome {
    let mut accounts = google.accounts.write();
    let scopes = accounts
        .delegation_mut(client)
        .ok_or_else(|| Refusal::not_found("client id"))?;
    change(scopes);
    Ok(json!({ "clientId": client, "scopes": scopes }))
}

fn enable(google: &Google, call: &Call, number: &str) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        apis: Vec<String>,
    }
    let apis = body::<Request>(call)?.apis;
    let mut accounts = google.accounts.write();
    if !accounts.has_project(number) {
        return Err(Refusal::not_found("project"));
    }
    match accounts.enable(number, &apis) {
        Some(wrong) => Err(Refusal::bad(format!("no such API: {wrong}"))),
        None => Ok(json!({ "number": number, "apis": apis })),
    }
}
