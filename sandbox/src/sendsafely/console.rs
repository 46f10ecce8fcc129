//! `/_sandbox/sendsafely/…`: what an administrator does in the Enterprise Console, and what people and strangers send.

use serde::Deserialize;
use serde_json::{Value, json};

use super::SendSafely;
use super::accounts::{Key, User, canary};
use super::audit::{Entry, EventType};
use super::generate::{code, events, short_id};
use super::packages::{File, Package, State};
use super::scenario::UserScenario;
use crate::call::Call;
use crate::console::{Outcome, Refusal, body, unknown};
use crate::instruments::clock::rfc3339_seconds;
use crate::random::uuid;

/// Answers; `path` is what follows `/_sandbox/sendsafely/`.
pub(crate) fn answer(portal: &SendSafely, call: &Call, path: &[&str], now: i64) -> Outcome {
    match (call.method.as_str(), path) {
        ("PATCH", ["features"]) => change_features(portal, call),
        ("POST", ["users"]) => {
            let given: UserScenario = body(call)?;
            let user = portal.accounts.write().add(&given).map_err(Refusal::bad)?;
            Ok(summary(&user))
        }
        (_, ["users", email, rest @ ..]) => of_user(portal, call, email, rest, now),
        ("DELETE", ["keys", id]) => {
            let gone = portal.accounts.write().revoke(id);
            gone.map(|_| json!({}))
                .ok_or_else(|| Refusal::not_found("key"))
        }
        ("POST", ["keys", id, "scim"]) => {
            let made = portal.accounts.write().use_for_scim(id);
            let (name, password) = made.map_err(Refusal::bad)?;
            Ok(json!({ "scimUsername": name, "scimPassword": password }))
        }
        ("PATCH", ["packages", id]) => change_package(portal, call, id, now),
        ("DELETE", ["packages", id]) => {
            let gone = portal.packages.write().remove(id);
            gone.then(|| json!({}))
                .ok_or_else(|| Refusal::not_found("package"))
        }
        ("POST", ["audit"]) => add_entry(portal, call, now),
        ("GET", ["state"]) => Ok(state(portal, now)),
        _ => Err(unknown(&call.method, path)),
    }
}

fn of_user(portal: &SendSafely, call: &Call, email: &str, rest: &[&str], now: i64) -> Outcome {
    let user = portal.accounts.read().user(email).cloned();
    let user = user.ok_or_else(|| Refusal::not_found("user"))?;
    match (call.method.as_str(), rest) {
        ("PATCH", []) => change_user(portal, call, &user),
        ("DELETE", []) => {
            portal.accounts.write().remove(&user.email);
            Ok(json!({}))
        }
        ("GET", ["keys"]) => {
            let accounts = portal.accounts.read();
            let keys = accounts.keys_of(&user.email);
            Ok(json!({ "keys": keys.map(|(id, key)| described(id, key)).collect::<Vec<_>>() }))
        }
        ("POST", ["keys"]) => make_key(portal, call, &user, now),
        ("POST", ["rotate"]) => {
            let revoked = portal.accounts.write().revoke_all(&user.email);
            let mut made = make_key(portal, call, &user, now)?;
            if let Some(fields) = made.as_object_mut() {
                fields.insert("revoked".to_owned(), json!(revoked));
            }
            Ok(made)
        }
        ("POST", ["packages"]) => add_package(portal, call, &user, now),
        _ => Err(unknown(&call.method, rest)),
    }
}

fn summary(user: &User) -> Value {
    json!({ "id": user.id, "email": user.email, "name": user.name, "admin": user.admin, "active": user.active,
        "serviceAccount": user.service_account, "dropzoneRecipients": user.dropzone_recipients })
}

fn change_features(portal: &SendSafely, call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        audit_logs: Option<bool>,
        timestamp_window_seconds: Option<i64>,
    }
    let request: Request = body(call)?;
    let mut features = portal.features.write();
    let window = request.timestamp_window_seconds;
    features.audit_logs = request.audit_logs.unwrap_or(features.audit_logs);
    features.timestamp_window_seconds = window.unwrap_or(features.timestamp_window_seconds);
    Ok(json!({ "auditLogs": features.audit_logs,
        "timestampWindowSeconds": features.timestamp_window_seconds }))
}

fn change_user(portal: &SendSafely, call: &Call, user: &User) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        admin: Option<bool>,
        active: Option<bool>,
        name: Option<String>,
        dropzone_recipients: Option<Vec<String>>,
    }
    let request: Request = body(call)?;
    let mut accounts = portal.accounts.write();
    let user = accounts.user_mut(&user.email);
    let user = user.ok_or_else(|| Refusal::not_found("user"))?;
    user.admin = request.admin.unwrap_or(user.admin);
    user.active = request.active.unwrap_or(user.active);
    if let Some(name) = request.name {
        user.name = name;
    }
    if let Some(recipients) = request.dropzone_recipients {
        user.dropzone_recipients = recipients;
    }
    Ok(summary(user))
}

/// Makes a key. Nobody can sign in as a service account, so an administrator acts as it, and the audit log tells so.
fn make_key(portal: &SendSafely, call: &Call, user: &User, now: i64) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Request {
        description: String,
        /// The administrator.
        by: Option<String>,
    }
    let request: Request = body(call)?;
    let mut accounts = portal.accounts.write();
    let id = accounts.make_key(user, request.description, now);
    let key = accounts.key(&id).ok_or_else(|| Refusal::not_found("key"))?;
    let mut answer = described(&id, key);
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("apiSecret".to_owned(), json!(key.secret));
    }
    if let Some(by) = request.by {
        portal.audit.write().add(Entry {
            impersonated: Some(user.email.clone()),
            ..Entry::new(EventType::User, "GENERATE_API_KEY", &by, now)
        });
    }
    Ok(answer)
}

/// A key without its secret, which is told once only.
fn described(id: &str, key: &Key) -> Value {
    json!({ "apiKey": id, "description": key.description, "createdAt": rfc3339_seconds(key.created),
        "scim": key.scim.is_some() })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GivenFile {
    name: String,
    size: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct GivenPackage {
    /// Whoever uploads to the account's dropzone; absent: the account sends it.
    dropzone_sender: Option<String>,
    recipients: Option<Vec<String>>,
    label: String,
    state: Option<State>,
    life: Option<u32>,
    workspace: bool,
    files: Vec<GivenFile>,
}

fn add_package(portal: &SendSafely, call: &Call, user: &User, now: i64) -> Outcome {
    let given: GivenPackage = body(call)?;
    let number = fastrand::u64(..);
    let dropzone = given.dropzone_sender.is_some();
    let usual = || {
        if dropzone {
            user.dropzone_recipients.clone()
        } else {
            Vec::new()
        }
    };
    let files = given.files.into_iter().map(|file| File {
        id: uuid(fastrand::u64(..)),
        name: file.name,
        size: file.size,
        uploaded: now,
    });
    let package = Package {
        id: short_id(number),
        code: code(number),
        owner: user.email.clone(),
        owner_id: user.id.clone(),
        sender: given.dropzone_sender.unwrap_or_else(|| user.email.clone()),
        dropzone,
        workspace: given.workspace,
        archived: false,
        state: given.state.unwrap_or(State::ActiveComplete),
        life: given.life.unwrap_or(10),
        label: given.label,
        has_message: false,
        recipients: given.recipients.unwrap_or_else(usual),
        files: files.collect(),
        created: now,
        updated: now,
        server_secret: canary(32),
    };
    let told = package.entry();
    let mut audit = portal.audit.write();
    for entry in events(&package) {
        audit.add(entry);
    }
    drop(audit);
    portal.packages.write().put(package);
    Ok(told)
}

fn change_package(portal: &SendSafely, call: &Call, id: &str, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        state: Option<State>,
        life: Option<u32>,
        archived: Option<bool>,
        label: Option<String>,
    }
    let request: Request = body(call)?;
    let mut packages = portal.packages.write();
    let package = packages.find_mut(id);
    let package = package.ok_or_else(|| Refusal::not_found("package"))?;
    package.state = request.state.unwrap_or(package.state);
    package.life = request.life.unwrap_or(package.life);
    package.archived = request.archived.unwrap_or(package.archived);
    if let Some(label) = request.label {
        package.label = label;
    }
    package.updated = now;
    Ok(package.entry())
}

fn add_entry(portal: &SendSafely, call: &Call, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        event_type: EventType,
        action: String,
        authenticated_user: String,
        impersonated_user: Option<String>,
        ip_address: Option<String>,
        timestamp: Option<jiff::Timestamp>,
        #[serde(default)]
        details: Value,
    }
    let request: Request = body(call)?;
    let at = request
        .timestamp
        .map_or(now, jiff::Timestamp::as_millisecond);
    let usual = Entry::new(
        request.event_type,
        &request.action,
        &request.authenticated_user,
        at,
    );
    let entry = Entry {
        impersonated: request.impersonated_user,
        address: request.ip_address.unwrap_or_else(|| usual.address.clone()),
        details: request.details,
        ..usual
    };
    let told = entry.resource();
    portal.audit.write().add(entry);
    Ok(told)
}

/// A package with what only lists tell of it.
fn in_full(package: &Package) -> Value {
    let mut told = package.information();
    let listed = json!({
        "isDropzonePackage": package.dropzone,
        "packageContainsMessage": package.has_message,
        "updatedAt": rfc3339_seconds(package.updated),
    });
    if let (Some(told), Value::Object(listed)) = (told.as_object_mut(), listed) {
        told.extend(listed);
    }
    told
}

/// The truth: all accounts, packages and events.
fn state(portal: &SendSafely, now: i64) -> Value {
    let users: Vec<Value> = portal.accounts.read().users().map(summary).collect();
    let packages = portal.packages.read();
    let packages: Vec<Value> = packages
        .newest(Package::listed)
        .into_iter()
        .map(in_full)
        .collect();
    let audit = portal.audit.read();
    let audit: Vec<Value> = audit
        .newest(now, |_| true)
        .into_iter()
        .map(Entry::resource)
        .collect();
    json!({ "users": users, "packages": packages, "audit": audit })
}
