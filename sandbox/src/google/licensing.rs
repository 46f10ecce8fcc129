//! Enterprise License Manager: who has which SKU. There is no read-only scope.
//!
//! Source: developers.google.com/workspace/admin/licensing/reference/rest (read 2026-11-22).

use serde_json::{Value, json};

use super::access::{Answer, Api, Context, Endpoint};
use super::errors::ApiError;
use super::people::Profile;
use super::quota::Cost;
use super::scopes::scope;

const SCOPES: &[&str] = &[scope!("apps.licensing")];
const PRODUCT: &str = "Google-Apps";

/// SKUs of the product and their names.
const SKUS: &[(&str, &str)] = &[
    ("1010020020", "Google Workspace Enterprise Plus"),
    ("1010020025", "Google Workspace Business Plus"),
    ("1010020026", "Google Workspace Enterprise Standard"),
    ("1010020027", "Google Workspace Business Starter"),
    ("1010020028", "Google Workspace Business Standard"),
    ("1010020029", "Google Workspace Enterprise Starter"),
    ("1010020030", "Google Workspace Frontline Starter"),
    ("1010020031", "Google Workspace Frontline Standard"),
    ("1010020034", "Google Workspace Frontline Plus"),
    ("1010060003", "Google Workspace Enterprise Essentials"),
    ("1010070001", "Google Workspace for Education Fundamentals"),
];

pub(crate) const API: Api = Api {
    label: "licensing",
    enabled_as: "licensing",
    service: "licensing.googleapis.com",
    title: "Enterprise License Manager API",
    prefix: &["apps", "licensing", "v1"],
    endpoints: &[
        Endpoint {
            name: "licensing.licenseAssignments.get",
            verb: "GET",
            path: &["product", "*", "sku", "*", "user", "*"],
            scopes: SCOPES,
            cost: Cost::same(1),
            run: get,
        },
        Endpoint {
            name: "licensing.licenseAssignments.listForProduct",
            verb: "GET",
            path: &["product", "*", "users"],
            scopes: SCOPES,
            cost: Cost::same(1),
            run: list,
        },
    ],
    fields: &[
        "kind",
        "etags",
        "etag",
        "items",
        "nextPageToken",
        "userId",
        "productId",
        "skuId",
        "skuName",
        "productName",
        "selfLink",
    ],
    ready: admins_only,
};

fn admins_only(context: &Context<'_>) -> Result<(), ApiError> {
    if context.user.profile.read().admin {
        return Ok(());
    }
    let message = "Not Authorized to access this resource/api";
    Err(ApiError::new(403, "forbidden", message).status("PERMISSION_DENIED"))
}

fn get(context: &Context<'_>) -> Result<Answer, ApiError> {
    check_product(context)?;
    let sku = context.part(1);
    let people = context.google.people.read();
    let user = people
        .find(context.part(2))
        .filter(|user| user.customer == context.user.customer);
    let profile = user.map(|user| user.profile.read());
    let holder = profile.filter(|profile| profile.licenses.iter().any(|held| held == sku));
    let holder = holder.ok_or_else(ApiError::not_found)?;
    Ok(Answer::Json(assignment(&holder, sku)))
}

fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    check_product(context)?;
    let size = context.bounded("maxResults", 100, 1000)?;
    let people = context.google.people.read();
    let own = people.customers().get(context.user.customer);
    let own = own.ok_or_else(ApiError::not_found)?;
    let asked = context.param("customerId").unwrap_or_default();
    if asked != own.id
        && !own.domains.iter().any(|domain| domain == asked)
        && asked != "my_customer"
    {
        let message = format!("Invalid customerId: {asked}");
        return Err(ApiError::new(403, "forbidden", message).status("PERMISSION_DENIED"));
    }
    let start: usize = context
        .param("pageToken")
        .map_or(Ok(0), str::parse)
        .map_err(|_| {
            ApiError::new(400, "invalid", "Invalid pageToken").status("INVALID_ARGUMENT")
        })?;
    let mut items: Vec<Value> = Vec::new();
    for user in people
        .all()
        .iter()
        .filter(|user| user.customer == context.user.customer)
    {
        let profile = user.profile.read();
        if profile.deleted.is_none() {
            items.extend(profile.licenses.iter().map(|sku| assignment(&profile, sku)));
        }
    }
    let more = start + size < items.len();
    let page: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let mut body =
        json!({ "kind": "licensing#licenseAssignmentList", "etag": "\"sandbox\"", "items": page });
    if let Some(body) = body.as_object_mut().filter(|_| more) {
        body.insert(
            "nextPageToken".to_owned(),
            json!((start + size).to_string()),
        );
    }
    Ok(Answer::Json(body))
}

fn check_product(context: &Context<'_>) -> Result<(), ApiError> {
    if context.part(0) == PRODUCT {
        return Ok(());
    }
    let message = format!("Invalid productId: {}", context.part(0));
    Err(ApiError::new(400, "invalid", message).status("INVALID_ARGUMENT"))
}

/// Keyed by the primary address, as Google does.
fn assignment(profile: &Profile, sku: &str) -> Value {
    let name = SKUS
        .iter()
        .find(|(id, _)| *id == sku)
        .map_or(sku, |(_, name)| name);
    json!({
        "kind": "licensing#licenseAssignment",
        "etags": "\"sandbox\"",
        "selfLink": format!(
            "https://licensing.googleapis.com/apps/licensing/v1/product/{PRODUCT}/sku/{sku}/user/{}",
            profile.primary
        ),
        "userId": profile.primary,
        "productId": PRODUCT,
        "productName": "Google Workspace",
        "skuId": sku,
        "skuName": name,
    })
}
