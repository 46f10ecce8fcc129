//! What the tenant has bought.
//!
//! Source: learn.microsoft.com/graph/api/subscribedsku-list and entra/identity/users/licensing-service-plan-reference (read
//! 2026-11-27).

use serde_json::{Value, json};

use super::access::Context;
use super::many;
use super::route::Endpoint;
use super::select::{narrowed, wanted};
use crate::call::Reply;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::people::Profile;
use crate::microsoft365::roles::Need;
use crate::random::{hash, uuid};

pub(crate) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    verb: "GET",
    api: "users",
    path: &["subscribedSkus"],
    need: Need::Skus,
    run: list,
}];

/// Part numbers and ids.
const SKUS: &[(&str, &str)] = &[
    ("ENTERPRISEPACK", "6fd2c87f-b296-42f0-b197-1e91e994b900"),
    ("EXCHANGESTANDARD", "4b9405b0-7788-4568-add1-99614e613b69"),
    ("FLOW_FREE", "f30db892-07e9-47e9-837c-80727f46fd3d"),
    ("SPE_E3", "05e9a617-0261-4cee-bb44-138d3ef5d965"),
    ("SPE_E5", "06ebc4ee-1bb5-47dd-8120-11324bc54e06"),
];
/// What a licensed person has where nothing else is said.
const USUAL: &str = "ENTERPRISEPACK";
const PROPERTIES: &[&str] = &[
    "accountId",
    "accountName",
    "appliesTo",
    "capabilityStatus",
    "consumedUnits",
    "id",
    "prepaidUnits",
    "servicePlans",
    "skuId",
    "skuPartNumber",
    "subscriptionIds",
];

fn id_of(part: &str) -> Option<&'static str> {
    let found = SKUS.iter().find(|(name, _)| *name == part);
    found.map(|(_, id)| *id)
}

/// The first part number that there is none of.
pub(crate) fn unknown(parts: Option<&[String]>) -> Option<&str> {
    let mut parts = parts.unwrap_or_default().iter();
    parts.find(|part| id_of(part).is_none()).map(String::as_str)
}

/// A person's licences, as `assignedLicenses` has them.
pub(crate) fn assigned(profile: &Profile) -> Vec<Value> {
    held(profile)
        .filter_map(id_of)
        .map(|id| json!({ "disabledPlans": [], "skuId": id }))
        .collect()
}

fn held(profile: &Profile) -> impl Iterator<Item = &str> {
    let usual = profile.licenses.is_none() && profile.licensed;
    let own = profile.licenses.iter().flatten().map(String::as_str);
    own.chain(usual.then_some(USUAL))
}

/// All of them: there are no pages.
fn list(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$filter", "$search", "$expand", "$orderby", "$skip", "$top"])?;
    let select = wanted(context, "subscribedSku", PROPERTIES)?;
    let tenant = &context.world.tenant;
    let people = context.world.people.read();
    let items = SKUS.iter().map(|(part, id)| {
        let holds = |profile: &Profile| held(profile).any(|one| one == *part);
        let consumed = people
            .all()
            .iter()
            .filter(|user| holds(&user.profile.read()));
        let sku = json!({
            "accountId": tenant.id,
            "accountName": tenant.domains.first(),
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": consumed.count(),
            "id": format!("{}_{id}", tenant.id),
            "prepaidUnits": { "enabled": 25, "lockedOut": 0, "suspended": 0, "warning": 0 },
            "servicePlans": [],
            "skuId": id,
            "skuPartNumber": part,
            "subscriptionIds": [uuid(hash(id))],
        });
        narrowed(sku, select.as_deref())
    });
    Ok(many(context, "subscribedSkus", items.collect(), None))
}
