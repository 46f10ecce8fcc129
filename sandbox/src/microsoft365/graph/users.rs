//! People in the directory, and mailbox settings.
//!
//! Source: learn.microsoft.com/graph/api/resources/user and mailboxsettings (read 2026-11-22).

use std::sync::Arc;

use serde_json::{Value, json};

use super::access::Context;
use super::filter::Filter;
use super::route::Endpoint;
use super::select::{narrowed, only, wanted};
use super::{one, paged, skus};
use crate::call::Reply;
use crate::instruments::clock::rfc3339_seconds;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::people::{Profile, User};
use crate::microsoft365::roles::{Grant, Need};
use crate::random::{hash, uuid};

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        verb: "GET",
        api: "users",
        path: &["users"],
        need: Need::Users,
        run: list,
    },
    Endpoint {
        verb: "GET",
        api: "users",
        path: &["users", "*"],
        need: Need::Users,
        run: get,
    },
    Endpoint {
        verb: "GET",
        api: "users",
        path: &["users", "*", "mailboxSettings"],
        need: Need::MailboxSettings,
        run: mailbox_settings,
    },
];

/// What is shown when nothing is selected.
const DEFAULT: &[&str] = &[
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];
const PROPERTIES: &[&str] = &[
    "id",
    "displayName",
    "givenName",
    "surname",
    "userPrincipalName",
    "mail",
    "mailNickname",
    "proxyAddresses",
    "otherMails",
    "accountEnabled",
    "userType",
    "assignedLicenses",
    "assignedPlans",
    "provisionedPlans",
    "businessPhones",
    "jobTitle",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "usageLocation",
    "createdDateTime",
    "department",
    "companyName",
];
/// What `User.ReadBasic.All` shows.
const BASIC: &[&str] = &[
    "displayName",
    "givenName",
    "id",
    "mail",
    "surname",
    "userPrincipalName",
];
const SETTINGS: &[&str] = &[
    "archiveFolder",
    "timeZone",
    "delegateMeetingMessageDeliveryOptions",
    "dateFormat",
    "timeFormat",
    "userPurpose",
    "language",
    "automaticRepliesSetting",
    "workingHours",
];
/// What of a licence stands for mail and for files.
const EXCHANGE_PLAN: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";
const SHAREPOINT_PLAN: &str = "5dbe027f-2339-4123-9542-606e4d348a72";

fn get(context: &Context<'_>) -> Result<Reply, GraphError> {
    let select = wanted(context, "user", PROPERTIES)?;
    let key = context.part(0);
    let user = context.world.people.read().by_principal(key).cloned();
    let user = user.ok_or_else(|| GraphError::no_directory_object(key))?;
    let resource = shown(context, &user, select.as_deref());
    Ok(one(context, "users", resource))
}

fn list(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$search", "$expand", "$orderby", "$skip"])?;
    let select = wanted(context, "user", PROPERTIES)?;
    let filter = context.param("$filter").map(Filter::parse).transpose()?;
    let top = context.number("$top")?.unwrap_or(100);
    if top > 999 {
        let message = "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.";
        let message = message.replace("1000", &top.to_string());
        return Err(GraphError::new(400, "Request_BadRequest", message));
    }
    let skip = context
        .param("$skiptoken")
        .map_or(Some(0), |text| {
            text.strip_prefix("RFNwdAIAAQ")?.parse().ok()
        })
        .ok_or_else(expired_page)?;
    let people: Vec<Arc<User>> = context.world.people.read().all().to_vec();
    let mut rest = people
        .iter()
        .map(|user| whole(user))
        .filter(|user| filter.as_ref().is_none_or(|filter| filter.admits(user)))
        .skip(skip);
    let names = names(context, select.as_deref());
    let items: Vec<Value> = rest
        .by_ref()
        .take(top)
        .map(|user| only(user, &names))
        .collect();
    let next = rest.next().map(|_| skip + top);
    Ok(linked(paged(context, "users", items, next), next))
}

fn expired_page() -> GraphError {
    let message =
        "The specified page token value has expired and can no longer be included in your request.";
    GraphError::new(400, "Directory_ExpiredPageToken", message)
}

/// Directory lists go on with a token, not with a count.
fn linked(mut reply: Reply, next: Option<usize>) -> Reply {
    if let Some(at) = next {
        let text = String::from_utf8_lossy(&reply.body);
        let text = text.replace(
            &format!("$skip={at}"),
            &format!("$skiptoken=RFNwdAIAAQ{at}"),
        );
        reply.body = text.into_bytes().into();
    }
    reply
}

fn names(context: &Context<'_>, select: Option<&[String]>) -> Vec<String> {
    let wanted = match select {
        Some(select) => select.to_vec(),
        None => DEFAULT.iter().map(|name| (*name).to_owned()).collect(),
    };
    let basic = context.grant == Grant::Basic;
    let kept = wanted
        .into_iter()
        .filter(|name| !basic || BASIC.contains(&name.as_str()));
    kept.collect()
}

fn shown(context: &Context<'_>, user: &User, select: Option<&[String]>) -> Value {
    only(whole(user), &names(context, select))
}

/// Every property.
pub(crate) fn whole(user: &User) -> Value {
    let profile = user.profile.read();
    let (given, surname) = profile.name.split_once(' ').unwrap_or((&profile.name, ""));
    let proxies = std::iter::once(format!("SMTP:{}", profile.email))
        .chain(profile.aliases.iter().map(|alias| format!("smtp:{alias}")));
    let proxies: Vec<String> = proxies
        .filter(|_| profile.mailbox || profile.licensed)
        .collect();
    json!({
        "id": user.id,
        "displayName": profile.name,
        "givenName": given,
        "surname": surname,
        "userPrincipalName": profile.email,
        "mail": (!proxies.is_empty()).then_some(&profile.email),
        "mailNickname": profile.email.split('@').next(),
        "proxyAddresses": proxies,
        "otherMails": [],
        "accountEnabled": profile.enabled,
        "userType": "Member",
        "assignedLicenses": skus::assigned(&profile),
        "assignedPlans": plans(&profile, false),
        "provisionedPlans": plans(&profile, true),
        "businessPhones": [],
        "jobTitle": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "usageLocation": "DE",
        "createdDateTime": rfc3339_seconds(profile.created),
        "department": null,
        "companyName": null,
    })
}

fn plans(profile: &Profile, provisioned: bool) -> Vec<Value> {
    if !profile.licensed {
        return Vec::new();
    }
    let plan = |service: &str, id: &str| {
        if provisioned {
            return json!({ "capabilityStatus": "Enabled", "provisioningStatus": "Success",
                "service": service });
        }
        json!({ "assignedDateTime": rfc3339_seconds(profile.created), "capabilityStatus": "Enabled",
            "service": service, "servicePlanId": id })
    };
    let exchange = Some(plan("exchange", EXCHANGE_PLAN));
    let sharepoint = profile.drive.then(|| plan("SharePoint", SHAREPOINT_PLAN));
    exchange.into_iter().chain(sharepoint).collect()
}

fn mailbox_settings(context: &Context<'_>) -> Result<Reply, GraphError> {
    let select = wanted(context, "mailboxSettings", SETTINGS)?;
    let user = context.user()?;
    let zone = user.calendar.lock().time_zone.clone();
    let purpose = if user.profile.read().shared {
        "shared"
    } else {
        "user"
    };
    let settings = json!({
        "archiveFolder": uuid(hash(&user.id)),
        "timeZone": zone,
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "dd.MM.yyyy",
        "timeFormat": "HH:mm",
        "userPurpose": purpose,
        "language": { "locale": "en-US", "displayName": "English (United States)" },
        "automaticRepliesSetting": { "status": "disabled", "externalAudience": "all",
            "internalReplyMessage": "", "externalReplyMessage": "" },
        "workingHours": { "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000", "timeZone": { "name": zone } },
    });
    let settings = narrowed(settings, select.as_deref());
    let described = format!("users('{}')/mailboxSettings", context.part(0));
    let mut body = json!({ "@odata.context": context.described(&described) });
    if let (Some(body), Value::Object(settings)) = (body.as_object_mut(), settings) {
        body.extend(settings);
    }
    Ok(Reply::json(http::StatusCode::OK, &body))
}
