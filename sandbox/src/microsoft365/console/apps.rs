//! App registrations, as an administrator sees them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::setting::Setting;
use crate::call::Call;
use crate::console::{Outcome, Refusal, body, unknown};
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::Microsoft365;
use crate::microsoft365::apps::{Registration, SECRET_LIFE, Secret, check_rbac};
use crate::microsoft365::entra::assertion::hex;
use crate::microsoft365::scenario::{AccessPolicy, Audience, ExchangeRbac, Federated};
use crate::x509::Certificate;

pub(crate) fn answer(
    world: &Microsoft365,
    call: &Call,
    client: &str,
    path: &[&str],
    now: i64,
) -> Outcome {
    let mut apps = world.apps.write();
    let app = apps
        .find_mut(client)
        .ok_or_else(|| Refusal::not_found("app"))?;
    match (call.method.as_str(), path) {
        ("PATCH", []) => change(call, app),
        ("POST", ["secrets"]) => add_secret(call, app, now),
        ("PATCH", ["secrets", id]) => expire_secret(call, app, id, now),
        ("DELETE", ["secrets", id]) => {
            let gone = app.secrets.remove(*id);
            gone.map(|_| json!({}))
                .ok_or_else(|| Refusal::not_found("secret"))
        }
        ("POST", ["certificates"]) => add_certificate(call, app),
        ("DELETE", ["certificates", print]) => remove_certificate(app, print),
        ("PUT", ["roles"]) => consent(call, app, now),
        ("POST", ["grant"]) => consent_to(call, app, now, true),
        ("POST", ["revoke"]) => consent_to(call, app, now, false),
        _ => Err(unknown(&call.method, path)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    enabled: Option<bool>,
    deleted: Option<bool>,
    #[serde(default)]
    access_policy: Setting<AccessPolicy>,
    #[serde(default)]
    exchange_rbac: Setting<ExchangeRbac>,
    federated: Option<Vec<Federated>>,
    sign_in_audience: Option<Audience>,
    owns_itself: Option<bool>,
}

fn change(call: &Call, app: &mut Registration) -> Outcome {
    let change: Change = body(call)?;
    if let Setting::Given(rbac) = &change.exchange_rbac {
        check_rbac(rbac).map_err(Refusal::bad)?;
    }
    app.enabled = change.enabled.unwrap_or(app.enabled);
    app.deleted = change.deleted.unwrap_or(app.deleted);
    app.audience = change.sign_in_audience.unwrap_or(app.audience);
    app.owns_itself = change.owns_itself.unwrap_or(app.owns_itself);
    change.access_policy.apply(&mut app.access_policy);
    change.exchange_rbac.apply(&mut app.exchange_rbac);
    if let Some(federated) = change.federated {
        app.federated = federated;
    }
    Ok(summary(app))
}

fn summary(app: &Registration) -> Value {
    let roles: Vec<&String> = app.roles.keys().collect();
    json!({ "clientId": app.client_id, "displayName": app.name, "enabled": app.enabled, "deleted": app.deleted,
        "roles": roles })
}

fn add_secret(call: &Call, app: &mut Registration, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        end_date_time: Option<jiff::Timestamp>,
        #[serde(default)]
        expired: bool,
    }
    let request: Request = body(call)?;
    let end = request.end_date_time.map(jiff::Timestamp::as_second);
    let start = now.div_euclid(1000);
    let end = end.unwrap_or(start + SECRET_LIFE);
    let mut secret = Secret::new(Some("secret".to_owned()), start, end);
    if request.expired {
        secret.expire(start);
    }
    let (value, end) = (
        secret.value.clone(),
        rfc3339_seconds(secret.end.saturating_mul(1000)),
    );
    let id = app.keep(secret);
    Ok(json!({ "secretId": id, "value": value, "endDateTime": end }))
}

fn expire_secret(call: &Call, app: &mut Registration, id: &str, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        expired: bool,
    }
    let expired = body::<Request>(call)?.expired;
    let secret = app
        .secrets
        .get_mut(id)
        .ok_or_else(|| Refusal::not_found("secret"))?;
    if expired {
        secret.expire(now.div_euclid(1000));
    } else {
        secret.revive();
    }
    let end = rfc3339_seconds(secret.end.saturating_mul(1000));
    Ok(json!({ "secretId": id, "endDateTime": end }))
}

fn add_certificate(call: &Call, app: &mut Registration) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        certificate_pem: String,
    }
    let pem = body::<Request>(call)?.certificate_pem;
    let certificate =
        Certificate::from_pem(&pem).ok_or_else(|| Refusal::bad("this is no certificate"))?;
    let print = hex(&certificate.sha256);
    let end = rfc3339_seconds(certificate.not_after.saturating_mul(1000));
    let answer = json!({ "thumbprintS256": print, "thumbprint": hex(&certificate.sha1), "endDateTime": end });
    app.certificates
        .retain(|known| known.sha256 != certificate.sha256);
    app.certificates.push(certificate);
    Ok(answer)
}

/// By either thumbprint, in hexadecimal digits.
fn remove_certificate(app: &mut Registration, print: &str) -> Outcome {
    let before = app.certificates.len();
    app.certificates.retain(|known| {
        let prints = [hex(&known.sha256), hex(&known.sha1)];
        !prints.iter().any(|known| known.eq_ignore_ascii_case(print))
    });
    if app.certificates.len() < before {
        Ok(json!({}))
    } else {
        Err(Refusal::not_found("certificate"))
    }
}

fn consent(call: &Call, app: &mut Registration, now: i64) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        roles: BTreeSet<String>,
    }
    let roles = body::<Request>(call)?.roles;
    consented(app, &roles, now)
}

fn consent_to(call: &Call, app: &mut Registration, now: i64, grant: bool) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        role: String,
    }
    let role = body::<Request>(call)?.role;
    let mut roles: BTreeSet<String> = app.roles.keys().cloned().collect();
    if grant {
        roles.insert(role);
    } else {
        roles.remove(&role);
    }
    consented(app, &roles, now)
}

fn consented(app: &mut Registration, roles: &BTreeSet<String>, now: i64) -> Outcome {
    match app.consent(roles, now) {
        Some(wrong) => Err(Refusal::bad(format!("no such role: {wrong}"))),
        None => Ok(summary(app)),
    }
}
