//! The key's owner, the company and contact groups.

use serde_json::{Value, json};

use super::Context;
use crate::sendsafely::SendSafely;
use crate::sendsafely::accounts::{Group, User};

/// Who signs, with the flag that the Node client drops.
pub(crate) fn user(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "firstName": user.first_name(),
        "lastName": user.last_name(),
        "clientKey": user.client_key,
        "betaUser": false,
        "adminUser": user.admin,
        "packageLife": 10,
        "publicKey": false,
    })
}

pub(crate) fn enterprise(portal: &SendSafely) -> Value {
    json!({
        "host": portal.host,
        "systemName": portal.system_name,
        "allowUndisclosedRecipients": false,
        "headerColor": "#0a6ebd",
        "linkColor": "#0a6ebd",
        "messageEncryption": true,
    })
}

/// The groups of an owner, or the company's.
pub(crate) fn groups(context: &Context<'_>, owner: Option<&str>) -> Value {
    let accounts = context.portal.accounts.read();
    let groups = accounts.groups(owner).map(|group| {
        let members = group.members.iter().map(|email| {
            let id = accounts.user(email).map(|user| user.id.clone());
            json!({ "userEmail": email, "userId": id })
        });
        resource(group, &members.collect::<Vec<_>>())
    });
    json!({ "contactGroups": groups.collect::<Vec<_>>() })
}

fn resource(group: &Group, users: &[Value]) -> Value {
    json!({
        "contactGroupId": group.id,
        "contactGroupName": group.name,
        "contactGroupIsOrganizationGroup": group.owner.is_none(),
        "users": users,
    })
}
