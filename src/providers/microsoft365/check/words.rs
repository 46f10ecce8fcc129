//! What the findings say: what is missing, what it means and what to do, with the exact values.

use super::RoleState;
use crate::http::shortened;
use crate::model::account::Known;
use crate::model::email::Email;
use crate::providers::error::Reason;
use crate::providers::microsoft365::roles;
use crate::providers::microsoft365::spec::Microsoft365Spec;
use crate::providers::report::Finding;

/// The longest message of a condition, bytes.
const MAX_MESSAGE: usize = 1_000;
/// The longest list of roles in one, bytes.
const MAX_LIST: usize = 300;

/// Where things are mended.
pub(super) struct Links<'a> {
    /// The application's id.
    pub(super) client: &'a str,
    /// The admin center.
    pub(super) portal: &'a str,
    /// The page on which an administrator consents.
    pub(super) consent: &'a str,
}

pub(super) fn authenticated(spec: &Microsoft365Spec, credential: &str) -> Finding {
    Finding::good(format!(
        "The {credential} opens application {} in tenant {}.",
        spec.client_id, spec.tenant
    ))
}

/// Tells of all roles together.
pub(super) fn delegation(states: &[RoleState], links: &Links<'_>) -> Finding {
    let missing: Vec<&RoleState> = of(states, Known::False).collect();
    if !missing.is_empty() {
        return not_granted(&missing, states.len(), links);
    }
    if let Some(unknown) = of(states, Known::Unknown).next() {
        return not_known(unknown, links);
    }
    let by_mailbox: Vec<&str> = states
        .iter()
        .filter(|one| one.reason == Some(Reason::GrantedPerMailbox))
        .map(|one| one.name.as_str())
        .collect();
    if by_mailbox.is_empty() {
        return Finding::good(format!(
            "All {} permissions are consented to.",
            states.len()
        ));
    }
    Finding::good(format!(
        "{} not consented to in Entra ID, and Exchange grants it mailbox by mailbox (RBAC for Applications), as it should \
         be. Everything else is consented to.",
        listed(&by_mailbox)
    ))
}

fn of(states: &[RoleState], granted: Known) -> impl Iterator<Item = &RoleState> {
    states.iter().filter(move |one| one.granted == granted)
}

fn not_granted(missing: &[&RoleState], wanted: usize, links: &Links<'_>) -> Finding {
    let names: Vec<&str> = missing.iter().map(|one| one.name.as_str()).collect();
    let reason = if wanted > 1 && missing.len() == wanted {
        Reason::ClientNotAuthorized
    } else {
        Reason::ScopeNotAuthorized
    };
    let what = match reason {
        Reason::ClientNotAuthorized => "The token has none of the permissions that are asked for",
        _ => "Not granted",
    };
    let probed = missing.iter().find_map(|one| one.error.as_ref());
    let tried = match probed {
        Some(error) => format!(
            " Neither consent in Entra ID nor Exchange's RBAC for Applications: a mailbox of those listed was tried ({}).",
            error.code.as_deref().unwrap_or("refused")
        ),
        None => String::new(),
    };
    let narrower = if names.iter().any(|name| roles::is_exchanges(name)) {
        " For mailbox permissions, rather than consent for the tenant, assign Exchange's role Application … with a \
         management scope (New-ManagementRoleAssignment)."
    } else {
        ""
    };
    let message = format!(
        "{what}: {}.{tried} At {} (App registrations, {}, API permissions) add them as application permissions of Microsoft \
         Graph, then consent: {}.{narrower}",
        listed(&names),
        links.portal,
        links.client,
        links.consent,
    );
    Finding::bad(reason, shortened(&message, MAX_MESSAGE))
}

fn not_known(one: &RoleState, links: &Links<'_>) -> Finding {
    let reason = one.reason.unwrap_or(Reason::NobodyToTestWith);
    let why = match &one.error {
        Some(error) => error.to_string(),
        None => format!(
            "It is not consented to in Entra ID; whether Exchange grants it mailbox by mailbox shows once an enabled \
             SyncedUser with a mailbox is allowed. To consent for the tenant: {}",
            links.consent
        ),
    };
    let message = format!("Whether {} is granted is not known. {why}", one.name);
    Finding::unknown(reason, shortened(&message, MAX_MESSAGE))
}

/// Something is read for which no role is listed.
pub(super) fn unserved(needs: &[&str]) -> Finding {
    Finding::bad(
        Reason::ScopeNotAuthorized,
        format!(
            "The streams in use need {}, which spec.provider.microsoft365.roles does not list. List and grant it.",
            listed(needs)
        ),
    )
}

pub(super) fn excess(links: &Links<'_>, excess: &[String], wanted: &[String]) -> Finding {
    let names: Vec<&str> = excess.iter().map(String::as_str).collect();
    let enough: Vec<&str> = wanted.iter().map(String::as_str).collect();
    Finding::bad(
        Reason::ExcessScopes,
        format!(
            "Application {} also has {}, beyond what is asked for. Exactly these are enough: {}. Grant them first, then remove \
             the others, at {} (App registrations, API permissions).",
            links.client,
            listed(&names),
            listed(&enough),
            links.portal
        ),
    )
}

pub(super) fn tenant_wide(mailbox: &Email, links: &Links<'_>) -> Finding {
    Finding::bad(
        Reason::TenantWide,
        format!(
            "The decoy {mailbox} opens: application {} can read every mailbox of the tenant. To confine it, in Exchange Online \
             PowerShell: New-ServicePrincipal, New-ManagementScope with a filter for those who are synced, \
             New-ManagementRoleAssignment -Role \"Application Mail.Read\" (and \"Application Calendars.Read\") -App {} \
             -CustomResourceScope …; then remove the Mail and Calendars permissions of the registration at {}, since grants \
             add up. It takes up to two hours to count.",
            links.client, links.client, links.portal
        ),
    )
}

/// Lists names as far as there is room, and says how many were left out.
fn listed(names: &[&str]) -> String {
    let mut list = String::new();
    for (index, name) in names.iter().enumerate() {
        if list.len() + name.len() + 2 > MAX_LIST {
            return format!("{list} and {} more", names.len() - index);
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(name);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_it_leaves_out() {
        let list = listed(&["Calendars.ReadBasic.All"; 50]);
        assert!(list.len() <= MAX_LIST + 20);
        assert!(list.ends_with(" and 38 more"), "{list}");
        assert_eq!(listed(&["a", "b"]), "a, b");
    }
}
