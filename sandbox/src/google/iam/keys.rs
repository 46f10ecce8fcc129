//! What can be done with keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::Context;
use super::errors::{constrained, invalid, no_key, precondition};
use super::route::Action;
use crate::google::errors::ApiError;
use crate::google::keys::{Key, Keys, NO_CREATION, NO_UPLOAD, NewKey, Origin};
use crate::instruments::clock::rfc3339_seconds;
use crate::random::{hash, mix};
use crate::x509::{Certificate, pem};

/// Keys that an account may have besides Google's own (docs.cloud.google.com/iam/quotas, read 2026-11-27).
const MOST_KEYS: usize = 10;
/// The only form of a private key that is made here.
const FILE: &str = "TYPE_GOOGLE_CREDENTIALS_FILE";
/// Milliseconds after which Google replaces the key that it keeps for itself, and how long such a key is good.
const TURN: i64 = 7 * 86_400_000;
const LIFE: i64 = 16 * 86_400_000;

pub(crate) fn act(context: &Context<'_>, action: Action<'_>) -> Result<Value, ApiError> {
    match action {
        Action::List => list(context),
        Action::Create => create(context),
        Action::Upload => upload(context),
        Action::Get(id) => get(context, id),
        Action::Delete(id) => delete(context, id),
        Action::Disable(id) => able(context, id, true),
        Action::Enable(id) => able(context, id, false),
    }
}

/// An empty list is left out, as everything empty is.
fn list(context: &Context<'_>) -> Result<Value, ApiError> {
    let types = types(context)?;
    let wants = |kind: &str| types.is_empty() || types.contains(&kind);
    let mut found = Vec::new();
    if wants("USER_MANAGED") {
        let accounts = context.google.accounts.read();
        let keys = accounts.keys.of(&context.account.email);
        found.extend(keys.map(|key| Value::Object(resource(context, key))));
    }
    if wants("SYSTEM_MANAGED") {
        found.push(system_managed(context));
    }
    if found.is_empty() {
        return Ok(json!({}));
    }
    Ok(json!({ "keys": found }))
}

fn types<'a>(context: &'a Context<'_>) -> Result<Vec<&'a str>, ApiError> {
    let types: Vec<&str> = context.call.params("keyTypes").collect();
    let known = |kind: &&&str| matches!(**kind, "USER_MANAGED" | "SYSTEM_MANAGED");
    match types.iter().find(|kind| !known(kind)) {
        Some(wrong) => {
            let type_of =
                "type.googleapis.com/google.iam.admin.v1.ListServiceAccountKeysRequest.KeyType";
            let message = format!("Invalid value at 'key_types' ({type_of}), \"{wrong}\"");
            Err(invalid("key_types", message))
        }
        None => Ok(types),
    }
}

fn get(context: &Context<'_>, id: &str) -> Result<Value, ApiError> {
    if id == system_id(context) {
        return Ok(system_managed(context));
    }
    let accounts = context.google.accounts.read();
    let key = accounts.keys.find(&context.account.email, id);
    // What has just been made may not be found at first (googleapis/google-cloud-cpp#7330, read 2026-11-27).
    let key = key.filter(|key| key.is_known(context.now));
    let key = key.ok_or_else(|| no_key(id))?;
    let mut resource = resource(context, key);
    let public = match context.call.param("publicKeyType") {
        None | Some("TYPE_NONE") => return Ok(Value::Object(resource)),
        Some("TYPE_X509_PEM_FILE") => key.certificate.pem(),
        Some("TYPE_RAW_PUBLIC_KEY") => pem("PUBLIC KEY", &key.certificate.public_key),
        Some(other) => {
            let type_of = "type.googleapis.com/google.iam.admin.v1.ServiceAccountPublicKeyType";
            let message = format!("Invalid value at 'public_key_type' ({type_of}), \"{other}\"");
            return Err(invalid("public_key_type", message));
        }
    };
    resource.insert("publicKeyData".to_owned(), json!(STANDARD.encode(public)));
    Ok(Value::Object(resource))
}

fn create(context: &Context<'_>) -> Result<Value, ApiError> {
    check_kind(&fields(context, &["privateKeyType", "keyAlgorithm"])?)?;
    check_room(context, &context.google.accounts.read().keys, NO_CREATION)?;
    let made = NewKey::generate(&context.account, context.now);
    let made = made.map_err(|error| {
        ApiError::new(500, "backendError", format!("{error:#}")).status("INTERNAL")
    })?;
    let url = context.google.url();
    let data = made.file(&context.account, url).to_string();
    let mut resource = resource(context, &made.key);
    resource.insert("privateKeyType".to_owned(), json!(FILE));
    resource.insert("privateKeyData".to_owned(), json!(STANDARD.encode(data)));
    keep(context, made.key, NO_CREATION)?;
    Ok(Value::Object(resource))
}

fn check_kind(request: &Map<String, Value>) -> Result<(), ApiError> {
    let fits = |name: &str, known: [&str; 2]| {
        let given = request
            .get(name)
            .map(|value| value.as_str().unwrap_or_default());
        given.is_none_or(|given| known.contains(&given))
    };
    if fits("privateKeyType", ["TYPE_UNSPECIFIED", FILE])
        && fits("keyAlgorithm", ["KEY_ALG_UNSPECIFIED", "KEY_ALG_RSA_2048"])
    {
        return Ok(());
    }
    let message = "The sandbox only makes RSA keys of 2048 bits as credentials files.";
    Err(ApiError::invalid_argument(message))
}

fn upload(context: &Context<'_>) -> Result<Value, ApiError> {
    let request = fields(context, &["publicKeyData"])?;
    let text = request.get("publicKeyData").and_then(Value::as_str);
    let certificate = certificate(text.unwrap_or_default())?;
    let key = Key::uploaded(certificate, &context.account);
    let resource = resource(context, &key);
    keep(context, key, NO_UPLOAD)?;
    Ok(Value::Object(resource))
}

/// An X.509 certificate with an RSA key, as `bytes` of JSON.
fn certificate(text: &str) -> Result<Certificate, ApiError> {
    let field = "public_key_data";
    let bytes = STANDARD.decode(text).map_err(|_| {
        let message = format!(
            "Invalid value at '{field}' (TYPE_BYTES), Base64 decoding failed for \"{text}\""
        );
        invalid(field, message)
    })?;
    let pem = String::from_utf8_lossy(&bytes);
    let certificate = Certificate::from_pem(&pem);
    let certificate = certificate.filter(|found| found.rsa_bits().is_some_and(|bits| bits >= 2048));
    certificate.ok_or_else(|| {
        let message =
            "The public key must be an RSA public key that is wrapped in an X.509 v3 certificate.";
        ApiError::invalid_argument(message)
    })
}

/// Whether the organisation allows one more key, and the account has room for it.
fn check_room(context: &Context<'_>, keys: &Keys, constraint: &str) -> Result<(), ApiError> {
    if keys.forbidden(constraint) {
        let what = if constraint == NO_UPLOAD {
            "Key upload"
        } else {
            "Key creation"
        };
        return Err(constrained(constraint, what, &context.account));
    }
    if keys.of(&context.account.email).count() >= MOST_KEYS {
        return Err(precondition());
    }
    Ok(())
}

fn keep(context: &Context<'_>, key: Key, constraint: &str) -> Result<(), ApiError> {
    let mut accounts = context.google.accounts.write();
    check_room(context, &accounts.keys, constraint)?;
    accounts.keys.announce(key, context.now);
    Ok(())
}

fn delete(context: &Context<'_>, id: &str) -> Result<Value, ApiError> {
    check_managed(context, id)?;
    let mut accounts = context.google.accounts.write();
    let own = accounts.keys.find(&context.account.email, id).is_some();
    let deleted = own.then(|| accounts.keys.delete(id)).flatten();
    deleted.map(|_| json!({})).ok_or_else(|| no_key(id))
}

fn able(context: &Context<'_>, id: &str, disabled: bool) -> Result<Value, ApiError> {
    check_managed(context, id)?;
    fields(context, &[])?;
    let mut accounts = context.google.accounts.write();
    let key = accounts.keys.find_mut(&context.account.email, id);
    key.ok_or_else(|| no_key(id))?.disabled = disabled;
    Ok(json!({}))
}

/// Google's own key is not the customer's to change; how it is refused is assumed.
fn check_managed(context: &Context<'_>, id: &str) -> Result<(), ApiError> {
    if id == system_id(context) {
        return Err(precondition());
    }
    Ok(())
}

/// The fields of the request, of which there may be no others than these.
fn fields(context: &Context<'_>, known: &[&str]) -> Result<Map<String, Value>, ApiError> {
    let body: &[u8] = &context.call.body;
    let given = match body {
        [] => Ok(Value::Object(Map::new())),
        _ => serde_json::from_slice(body),
    };
    let Ok(Value::Object(fields)) = given else {
        return Err(ApiError::invalid_argument("Invalid JSON payload received."));
    };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(invalid(
            "",
            format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."),
        )),
        None => Ok(fields),
    }
}

/// A key without either half of it.
fn resource(context: &Context<'_>, key: &Key) -> Map<String, Value> {
    let at = |seconds: i64| rfc3339_seconds(seconds.saturating_mul(1000));
    let mut resource = Map::new();
    let mut set = |name: &str, value: Value| resource.insert(name.to_owned(), value);
    set("name", json!(name(context, &key.id)));
    set("validAfterTime", json!(at(key.certificate.not_before)));
    set("validBeforeTime", json!(at(key.certificate.not_after)));
    set("keyAlgorithm", json!(algorithm(&key.certificate)));
    let origin = match key.origin {
        Origin::Google => "GOOGLE_PROVIDED",
        Origin::User => "USER_PROVIDED",
    };
    set("keyOrigin", json!(origin));
    set("keyType", json!("USER_MANAGED"));
    if key.disabled {
        let reason = "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED";
        set("disabled", json!(true));
        set("disableReason", json!(reason));
    }
    resource
}

fn algorithm(certificate: &Certificate) -> &'static str {
    match certificate.rsa_bits() {
        Some(2048) => "KEY_ALG_RSA_2048",
        _ => "KEY_ALG_UNSPECIFIED",
    }
}

fn name(context: &Context<'_>, id: &str) -> String {
    let (project, email) = (context.account.project_id(), &context.account.email);
    format!("projects/{project}/serviceAccounts/{email}/keys/{id}")
}

/// The key that Google keeps for itself, which nobody else has the private half of. Its public half is not shown here.
fn system_managed(context: &Context<'_>) -> Value {
    let from = context.now - context.now.rem_euclid(TURN);
    json!({
        "name": name(context, &system_id(context)),
        "validAfterTime": rfc3339_seconds(from),
        "validBeforeTime": rfc3339_seconds(from + LIFE),
        "keyAlgorithm": "KEY_ALG_RSA_2048",
        "keyOrigin": "GOOGLE_PROVIDED",
        "keyType": "SYSTEM_MANAGED",
    })
}

fn system_id(context: &Context<'_>) -> String {
    let seed = hash(&context.account.client_id);
    let turn = context.now.div_euclid(TURN).unsigned_abs();
    let (high, low) = (mix(seed, turn), mix(seed ^ 1, turn));
    format!("{high:016x}{low:016x}{:08x}", low >> 32)
}
