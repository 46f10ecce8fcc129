//! The application's own registration, as far as it may read it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::Context;
use super::route::Endpoint;
use super::select::narrowed;
use super::{many, one, passwords};
use crate::call::Reply;
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::apps::{Apps, Registration};
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::roles::{self, Grant, Need};
use crate::random::{hash, uuid};

type Run = fn(&Context<'_>) -> Result<Reply, GraphError>;

const fn get(path: &'static [&'static str], run: Run) -> Endpoint {
    Endpoint {
        verb: "GET",
        api: "users",
        path,
        need: Need::Applications,
        run,
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    get(&["servicePrincipals(appId)", "*"], service_principal),
    get(
        &["servicePrincipals(appId)", "*", "appRoleAssignments"],
        assignments,
    ),
    get(&["applications(appId)", "*"], application),
    get(&["applications", "*"], application),
];

/// The application that a path names, by its own id or by that of its object, if the caller may see it.
pub(crate) fn named<'a>(
    context: &Context<'_>,
    apps: &'a Apps,
) -> Result<&'a Registration, GraphError> {
    let key = context.part(0);
    let mut segments = context.call.segments.iter();
    let by_client = segments.any(|segment| segment.contains("(appId="));
    let app = if by_client {
        apps.find(key)
    } else {
        apps.by_object(key)
    };
    let app = app.filter(|app| !app.deleted);
    let app = app.ok_or_else(|| GraphError::no_directory_object(key))?;
    // `Application.ReadWrite.OwnedBy` is for what the caller owns.
    let own = app.owns_itself && app.client_id == context.client;
    if context.grant == Grant::Full || own {
        Ok(app)
    } else {
        Err(GraphError::directory_denied())
    }
}

fn with_app(
    context: &Context<'_>,
    show: impl FnOnce(&Registration) -> Reply,
) -> Result<Reply, GraphError> {
    let apps = context.world.apps.read();
    named(context, &apps).map(show)
}

/// What `$select` names; nothing is refused here, the types have too many properties.
fn selected(context: &Context<'_>, resource: Value) -> Value {
    let names = context.param("$select").map(|text| {
        let names = text.split(',').map(|name| name.trim().to_owned());
        names.collect::<Vec<_>>()
    });
    narrowed(resource, names.as_deref())
}

fn service_principal(context: &Context<'_>) -> Result<Reply, GraphError> {
    with_app(context, |app| {
        let resource = json!({
            "id": app.object_id("service principal"),
            "appId": app.client_id,
            "appDisplayName": app.name,
            "displayName": app.name,
            "accountEnabled": app.enabled,
            "appOwnerOrganizationId": context.world.tenant.id,
            "servicePrincipalType": "Application",
        });
        one(context, "servicePrincipals", selected(context, resource))
    })
}

fn assignments(context: &Context<'_>) -> Result<Reply, GraphError> {
    with_app(context, |app| {
        let items = app.roles.iter().map(|(role, since)| {
            json!({
                "id": uuid(hash(&format!("{} {role}", app.client_id))),
                "appRoleId": roles::id_of(role),
                "createdDateTime": rfc3339_seconds(*since),
                "deletedDateTime": null,
                "principalDisplayName": app.name,
                "principalId": app.object_id("service principal"),
                "principalType": "ServicePrincipal",
                "resourceDisplayName": "Microsoft Graph",
                "resourceId": uuid(hash("Microsoft Graph")),
            })
        });
        many(context, "appRoleAssignments", items.collect(), None)
    })
}

/// Secrets without their values, and certificates without their keys.
fn application(context: &Context<'_>) -> Result<Reply, GraphError> {
    with_app(context, |app| {
        let at = |seconds: i64| rfc3339_seconds(seconds.saturating_mul(1000));
        let secrets = app.secrets.iter();
        let secrets = secrets.map(|(id, secret)| passwords::credential(id, secret, None));
        let certificates = app.certificates.iter().map(|certificate| {
            json!({
                "customKeyIdentifier": STANDARD.encode(&certificate.sha1),
                "displayName": "certificate",
                "keyId": uuid(hash(&STANDARD.encode(&certificate.sha256))),
                "startDateTime": at(certificate.not_before),
                "endDateTime": at(certificate.not_after),
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
                "key": null,
            })
        });
        let resource = json!({
            "id": app.object_id("application"),
            "appId": app.client_id,
            "displayName": app.name,
            "signInAudience": app.audience,
            "passwordCredentials": secrets.collect::<Vec<_>>(),
            "keyCredentials": certificates.collect::<Vec<_>>(),
        });
        one(context, "applications", selected(context, resource))
    })
}
