//! Directory: `users.get` and `users.list`.
//!
//! Source: developers.google.com/workspace/admin/directory/reference/rest/v1/users (read 2026-11-22).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::access::{Answer, Api, Context, Endpoint};
use super::errors::ApiError;
use super::people::{People, Profile, User};
use super::quota::Cost;
use super::scopes::scope;
use crate::instruments::clock::rfc3339;

const SCOPES: &[&str] = &[
    scope!("admin.directory.user"),
    scope!("admin.directory.user.readonly"),
    scope!("cloud-platform"),
];

pub(crate) const API: Api = Api {
    label: "directory",
    enabled_as: "admin",
    service: "admin.googleapis.com",
    title: "Admin SDK API",
    prefix: &["admin", "directory", "v1"],
    endpoints: &[
        Endpoint {
            name: "directory.users.get",
            verb: "GET",
            path: &["users", "*"],
            scopes: SCOPES,
            cost: Cost::same(1),
            run: get,
        },
        Endpoint {
            name: "directory.users.list",
            verb: "GET",
            path: &["users"],
            scopes: SCOPES,
            cost: Cost::same(1),
            run: list,
        },
    ],
    fields: &[
        "kind",
        "id",
        "etag",
        "primaryEmail",
        "name",
        "givenName",
        "familyName",
        "fullName",
        "displayName",
        "isAdmin",
        "isDelegatedAdmin",
        "lastLoginTime",
        "creationTime",
        "deletionTime",
        "agreedToTerms",
        "suspended",
        "suspensionReason",
        "archived",
        "changePasswordAtNextLogin",
        "ipWhitelisted",
        "emails",
        "address",
        "primary",
        "type",
        "aliases",
        "nonEditableAliases",
        "customerId",
        "orgUnitPath",
        "isMailboxSetup",
        "isEnrolledIn2Sv",
        "isEnforcedIn2Sv",
        "includeInGlobalAddressList",
        "users",
        "nextPageToken",
        "thumbnailPhotoUrl",
        "thumbnailPhotoEtag",
        "languages",
        "languageCode",
        "preference",
        "recoveryEmail",
        "recoveryPhone",
        "phones",
        "organizations",
        "customSchemas",
    ],
    ready: admins_only,
};

fn forbidden() -> ApiError {
    ApiError::new(
        403,
        "forbidden",
        "Not Authorized to access this resource/api",
    )
}

fn admins_only(context: &Context<'_>) -> Result<(), ApiError> {
    if context.user.profile.read().admin {
        Ok(())
    } else {
        Err(forbidden())
    }
}

fn get(context: &Context<'_>) -> Result<Answer, ApiError> {
    projection(context)?;
    let people = context.google.people.read();
    let key = context.part(0);
    let key = if key == "me" { &context.user.id } else { key };
    let missing = || ApiError::new(404, "notFound", "Resource Not Found: userKey");
    let user = people.find(key).ok_or_else(missing)?;
    if user.customer != context.user.customer {
        return Err(forbidden());
    }
    Ok(Answer::Json(resource(user, &people)))
}

fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    projection(context)?;
    let size = context.bounded("maxResults", 100, 500)?;
    let deleted = context.flag("showDeleted", false)?;
    let people = context.google.people.read();
    let domain = domain(context, &people)?;
    refuse_unknown_parameters(context)?;
    let start = start(context)?;
    let mut found: Vec<&Arc<User>> = people
        .all()
        .iter()
        .filter(|user| user.customer == context.user.customer)
        .filter(|user| belongs(&user.profile.read(), domain.as_deref(), deleted))
        .collect();
    found.sort_by_key(|user| user.primary());
    let page: Vec<Value> = found
        .iter()
        .skip(start)
        .take(size)
        .map(|user| resource(user, &people))
        .collect();
    let mut body = json!({ "kind": "admin#directory#users", "etag": "\"sandbox\"" });
    if let Some(body) = body.as_object_mut() {
        if !page.is_empty() {
            body.insert("users".to_owned(), Value::Array(page));
        }
        if start + size < found.len() {
            body.insert("nextPageToken".to_owned(), json!(token(start + size)));
        }
    }
    Ok(Answer::Json(body))
}

fn projection(context: &Context<'_>) -> Result<(), ApiError> {
    match context.param("projection") {
        None | Some("basic" | "full" | "BASIC" | "FULL") => Ok(()),
        Some("custom" | "CUSTOM") if context.param("customFieldMask").is_some() => Ok(()),
        Some(other) => {
            let message = format!("Invalid value at 'projection': {other}");
            Err(ApiError::invalid_parameter("projection", message))
        }
    }
}

/// `customer=my_customer`, the customer's id, or one domain.
fn domain(context: &Context<'_>, people: &People) -> Result<Option<String>, ApiError> {
    let own = people
        .customers()
        .get(context.user.customer)
        .ok_or_else(forbidden)?;
    match (context.param("customer"), context.param("domain")) {
        (Some(customer), None) if customer == "my_customer" || customer == own.id => Ok(None),
        (None, Some(domain))
            if own
                .domains
                .iter()
                .any(|known| known.eq_ignore_ascii_case(domain)) =>
        {
            Ok(Some(domain.to_lowercase()))
        }
        (None, Some(_)) => Err(ApiError::new(404, "notFound", "Domain not found.")),
        (Some(_), None) => Err(forbidden()),
        _ => Err(ApiError::new(400, "badRequest", "Bad Request")),
    }
}

/// Searching and sorting are not simulated, and a wrong answer would be worse than none.
fn refuse_unknown_parameters(context: &Context<'_>) -> Result<(), ApiError> {
    for name in ["query", "event"] {
        if context.param(name).is_some() {
            let message = format!("Invalid Input: {name} is not supported by the sandbox");
            return Err(ApiError::invalid_parameter("query", message));
        }
    }
    if let (None | Some("email"), None | Some("ASCENDING")) =
        (context.param("orderBy"), context.param("sortOrder"))
    {
        Ok(())
    } else {
        let message = "Invalid Input: only orderBy=email, ascending, is supported by the sandbox";
        Err(ApiError::invalid_parameter("orderBy", message))
    }
}

fn token(start: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("users:{start}"))
}

fn start(context: &Context<'_>) -> Result<usize, ApiError> {
    let Some(text) = context.param("pageToken") else {
        return Ok(0);
    };
    let decoded = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let start = decoded
        .as_deref()
        .and_then(|text| text.strip_prefix("users:")?.parse().ok());
    start.ok_or_else(|| ApiError::invalid_parameter("pageToken", "Invalid Input: pageToken"))
}

fn belongs(profile: &Profile, domain: Option<&str>, deleted: bool) -> bool {
    let suffix = domain.map(|domain| format!("@{domain}"));
    profile.deleted.is_some() == deleted
        && suffix.is_none_or(|suffix| profile.primary.to_lowercase().ends_with(&suffix))
}

fn resource(user: &User, people: &People) -> Value {
    let profile = user.profile.read();
    let (given, family) = profile.name.split_once(' ').unwrap_or((&profile.name, ""));
    let customer = people
        .customers()
        .get(user.customer)
        .map(|customer| customer.id.clone());
    let mut addresses = vec![json!({ "address": profile.primary, "primary": true })];
    addresses.extend(
        profile
            .aliases
            .iter()
            .map(|alias| json!({ "address": alias })),
    );
    let mut resource = json!({
        "kind": "admin#directory#user",
        "id": user.id,
        "etag": format!("\"{:016x}\"", crate::random::hash(&format!("{profile:?}"))),
        "primaryEmail": profile.primary,
        "name": { "givenName": given, "familyName": family, "fullName": profile.name },
        "isAdmin": profile.admin,
        "isDelegatedAdmin": false,
        "lastLoginTime": rfc3339(profile.created),
        "creationTime": rfc3339(profile.created),
        "agreedToTerms": true,
        "suspended": profile.suspended,
        "archived": profile.archived,
        "changePasswordAtNextLogin": false,
        "ipWhitelisted": false,
        "emails": addresses,
        "customerId": customer,
        "orgUnitPath": "/",
        "isMailboxSetup": profile.mailbox,
        "isEnrolledIn2Sv": false,
        "isEnforcedIn2Sv": false,
        "includeInGlobalAddressList": true,
    });
    if let Some(fields) = resource.as_object_mut() {
        if !profile.aliases.is_empty() {
            fields.insert("aliases".to_owned(), json!(profile.aliases));
        }
        if profile.suspended {
            fields.insert("suspensionReason".to_owned(), json!("ADMIN"));
        }
        if let Some(deleted) = profile.deleted {
            fields.insert("deletionTime".to_owned(), json!(rfc3339(deleted)));
        }
    }
    resource
}
