//! People, as an administrator sees them.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::setting::Setting;
use crate::call::Call;
use crate::console::{Outcome, Refusal, body};
use crate::microsoft365::Microsoft365;
use crate::microsoft365::graph::chain::Scope;
use crate::microsoft365::graph::skus;
use crate::microsoft365::people::User;
use crate::microsoft365::scenario::UserScenario;

pub(crate) fn add(world: &Microsoft365, call: &Call) -> Outcome {
    let given: UserScenario = body(call)?;
    let added = world.add_user(&given);
    let user = added.map_err(|error| Refusal::bad(format!("{error:#}")))?;
    Ok(summary(&user))
}

fn summary(user: &User) -> Value {
    let profile = user.profile.read();
    json!({
        "id": user.id, "email": profile.email, "aliases": profile.aliases, "name": profile.name,
        "enabled": profile.enabled, "licensed": profile.licensed, "licenses": profile.licenses,
        "mailbox": profile.mailbox, "mailboxFull": profile.mailbox_full,
        "shared": profile.shared, "drive": profile.drive, "driveId": user.drive_id,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    enabled: Option<bool>,
    licensed: Option<bool>,
    #[serde(default)]
    licenses: Setting<Vec<String>>,
    mailbox: Option<bool>,
    mailbox_full: Option<bool>,
    shared: Option<bool>,
    drive: Option<bool>,
    name: Option<String>,
    aliases: Option<Vec<String>>,
    email: Option<String>,
}

pub(crate) fn change(world: &Microsoft365, call: &Call, user: &Arc<User>) -> Outcome {
    let change: Change = body(call)?;
    if let Setting::Given(parts) = &change.licenses
        && let Some(unknown) = skus::unknown(Some(parts))
    {
        return Err(Refusal::bad(format!("no such licence: {unknown}")));
    }
    let (old, mut aliases) = {
        let profile = user.profile.read();
        let aliases = change.aliases.unwrap_or_else(|| profile.aliases.clone());
        (profile.email.clone(), aliases)
    };
    let email = change.email.unwrap_or_else(|| old.clone());
    if email != old {
        aliases.retain(|alias| *alias != email);
        aliases.push(old);
    }
    let renamed = world.people.write().readdress(user, email, aliases);
    renamed.map_err(Refusal::bad)?;
    {
        let mut profile = user.profile.write();
        profile.enabled = change.enabled.unwrap_or(profile.enabled);
        profile.licensed = change.licensed.unwrap_or(profile.licensed);
        change.licenses.apply(&mut profile.licenses);
        profile.mailbox = change.mailbox.unwrap_or(profile.mailbox);
        profile.mailbox_full = change.mailbox_full.unwrap_or(profile.mailbox_full);
        profile.shared = change.shared.unwrap_or(profile.shared);
        profile.drive = change.drive.unwrap_or(profile.drive);
        if let Some(name) = change.name {
            profile.name = name;
        }
    }
    Ok(summary(user))
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expiring {
    Mail,
    Calendar,
    Drive,
}

pub(crate) fn expire(call: &Call, user: &User) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        what: Expiring,
    }
    match body::<Request>(call)?.what {
        Expiring::Mail => user.chains.lock().expire(|scope| !scope.is_calendar()),
        Expiring::Calendar => user.chains.lock().expire(Scope::is_calendar),
        Expiring::Drive => user.drive.lock().expire(),
    }
    Ok(json!({}))
}
