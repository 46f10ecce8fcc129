//! Making and removing an application's secrets.
//!
//! Source: learn.microsoft.com/graph/api/application-addpassword, application-removepassword and
//! resources/passwordcredential (read 2026-11-27).

use std::sync::atomic::Ordering;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::access::Context;
use super::applications::named;
use super::route::Endpoint;
use crate::call::Reply;
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::apps::{Registration, Secret};
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::roles::Need;
use crate::microsoft365::scenario::Audience;

/// Seconds that a secret lives unless it is said: two years.
const LIFE: i64 = 2 * 365 * 86_400;
/// Secrets of an application that personal accounts can sign in to (microsoft/coe-starter-kit#3695, read 2026-11-27).
/// Others have no limit of their own.
const MOST_FOR_PERSONAL: usize = 2;

type Run = fn(&Context<'_>) -> Result<Reply, GraphError>;

const fn post(path: &'static [&'static str], run: Run) -> Endpoint {
    Endpoint {
        verb: "POST",
        api: "users",
        path,
        need: Need::Credentials,
        run,
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    post(&["applications", "*", "addPassword"], add),
    post(&["applications(appId)", "*", "addPassword"], add),
    post(&["applications", "*", "removePassword"], remove),
    post(&["applications(appId)", "*", "removePassword"], remove),
];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct AddRequest {
    password_credential: Wanted,
}

/// What may be said about a new secret.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Wanted {
    #[serde(rename = "@odata.type")]
    _kind: Option<String>,
    display_name: Option<String>,
    start_date_time: Option<Timestamp>,
    end_date_time: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RemoveRequest {
    key_id: String,
}

fn add(context: &Context<'_>) -> Result<Reply, GraphError> {
    let wanted = if context.call.body.is_empty() {
        Wanted::default()
    } else {
        body::<AddRequest>(context)?.password_credential
    };
    let secret = made(context, wanted)?;
    let value = secret.value.clone();
    with_app(context, |app| {
        check_room(app)?;
        let shown = secret.clone();
        let id = app.keep(secret);
        let mut reply = Map::new();
        let described = context.described("microsoft.graph.passwordCredential");
        reply.insert("@odata.context".to_owned(), json!(described));
        if let Value::Object(fields) = credential(&id, &shown, Some(&value)) {
            reply.extend(fields);
        }
        Ok(Reply::json(StatusCode::OK, &Value::Object(reply)))
    })
}

fn made(context: &Context<'_>, wanted: Wanted) -> Result<Secret, GraphError> {
    let now = context.now.div_euclid(1000);
    let start = wanted.start_date_time.map_or(now, Timestamp::as_second);
    let end = wanted
        .end_date_time
        .map_or(start + LIFE, Timestamp::as_second);
    if end <= start.max(now) {
        let message = "Key credential end date is invalid.";
        return Err(GraphError::new(
            400,
            "KeyCredentialsInvalidEndDate",
            message,
        ));
    }
    let known_from = match context.world.secret_propagation.load(Ordering::Relaxed) {
        0 => 0,
        wait => context.now.saturating_add(wait),
    };
    Ok(Secret {
        known_from,
        ..Secret::new(wanted.display_name, start, end)
    })
}

fn check_room(app: &Registration) -> Result<(), GraphError> {
    let wanted = app.secrets.len() + 1;
    if app.audience != Audience::Personal || wanted <= MOST_FOR_PERSONAL {
        return Ok(());
    }
    Err(refused(format!(
        "Not allowed to add {wanted} passwords. You can only add a maximum of {MOST_FOR_PERSONAL} passwords."
    )))
}

/// What has just been added may not be found at first, as clients report.
fn remove(context: &Context<'_>) -> Result<Reply, GraphError> {
    let id = body::<RemoveRequest>(context)?.key_id;
    let now = context.now.div_euclid(1000);
    with_app(context, |app| {
        let known = app
            .secrets
            .get(&id)
            .is_some_and(|secret| secret.is_known(now));
        if !known {
            let message = format!("No password credential found with keyId '{id}'.");
            return Err(refused(message));
        }
        app.secrets.remove(&id);
        Ok(Reply::empty(StatusCode::NO_CONTENT))
    })
}

fn with_app(
    context: &Context<'_>,
    change: impl FnOnce(&mut Registration) -> Result<Reply, GraphError>,
) -> Result<Reply, GraphError> {
    let mut apps = context.world.apps.write();
    let client = named(context, &apps)?.client_id.clone();
    let app = apps.find_mut(&client);
    change(app.ok_or_else(|| GraphError::no_directory_object(&client))?)
}

fn body<T: DeserializeOwned>(context: &Context<'_>) -> Result<T, GraphError> {
    serde_json::from_slice(&context.call.body).map_err(|error| {
        GraphError::bad_request(format!("Unable to read JSON request payload. {error}"))
    })
}

fn refused(message: String) -> GraphError {
    GraphError::new(400, "Request_BadRequest", message)
}

/// A secret as a resource; its value is told once only.
pub(crate) fn credential(id: &str, secret: &Secret, value: Option<&str>) -> Value {
    let at = |seconds: i64| rfc3339_seconds(seconds.saturating_mul(1000));
    let hint: String = secret.value.chars().take(3).collect();
    json!({
        "customKeyIdentifier": null,
        "displayName": secret.name,
        "endDateTime": at(secret.end),
        "hint": hint,
        "keyId": id,
        "secretText": value,
        "startDateTime": at(secret.start),
    })
}
