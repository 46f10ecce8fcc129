//! What a directory's entry says of an account.

use crate::model::email::Email;
use crate::providers::microsoft365::wire::{Plan, User};

/// The plans by which the vendor calls a service.
pub(super) const EXCHANGE: &str = "exchange";
/// The file store is a part of this one.
pub(super) const SHAREPOINT: &str = "SharePoint";

/// Returns the address that stands for the account: the primary one of its mailbox, else its sign-in name.
pub(super) fn primary(user: &User) -> Option<Email> {
    let of_mailbox = user
        .proxy_addresses
        .iter()
        .find_map(|text| text.strip_prefix("SMTP:"));
    let names = [
        of_mailbox,
        user.mail.as_deref(),
        user.sign_in_name.as_deref(),
    ];
    names
        .into_iter()
        .flatten()
        .find_map(|text| text.parse().ok())
}

/// Returns every address that the account answers to, each once, the primary one first.
pub(in crate::providers::microsoft365) fn addresses(user: &User) -> Vec<Email> {
    let aliases = user.proxy_addresses.iter().filter_map(|text| {
        let (kind, address) = text.split_once(':')?;
        kind.eq_ignore_ascii_case("smtp").then_some(address)
    });
    let more = [user.mail.as_deref(), user.sign_in_name.as_deref()];
    let all = aliases.chain(more.into_iter().flatten());
    let mut addresses: Vec<Email> = primary(user).into_iter().collect();
    for address in all.filter_map(|text| text.parse().ok()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Returns whether a licence gives the account a service. None where the entry does not tell. A plan in `Warning` is in
/// its days of grace.
pub(super) fn has_plan(user: &User, service: &str) -> Option<bool> {
    let is_good = |plan: &Plan| {
        let is_service = plan.service.as_deref();
        let status = plan.capability_status.as_deref();
        is_service.is_some_and(|name| name.eq_ignore_ascii_case(service))
            && matches!(status, Some("Enabled" | "Warning"))
    };
    user.assigned_plans
        .as_ref()
        .map(|plans| plans.iter().any(is_good))
}

/// Doubles what would end a text in a filter.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn user(entry: Value) -> User {
        serde_json::from_value(entry).unwrap()
    }

    fn email(text: &str) -> Email {
        text.parse().unwrap()
    }

    #[test]
    fn the_primary_address_is_in_capitals_and_the_rest_are_aliases() {
        let user = user(json!({
            "id": "1", "userPrincipalName": "pparker@acme.onmicrosoft.example", "mail": "peter@acme.example",
            "proxyAddresses": ["smtp:spidey@acme.example", "SMTP:Peter@acme.example", "SIP:peter@acme.example", "x500:/o=acme"],
        }));
        assert_eq!(primary(&user), Some(email("peter@acme.example")));
        let expected = [
            email("peter@acme.example"),
            email("spidey@acme.example"),
            email("pparker@acme.onmicrosoft.example"),
        ];
        assert_eq!(addresses(&user), expected);
    }

    #[test]
    fn an_account_without_a_mailbox_is_its_sign_in_name() {
        let user =
            user(json!({"id": "1", "userPrincipalName": "peter@acme.example", "mail": null}));
        assert_eq!(addresses(&user), [email("peter@acme.example")]);
        assert_eq!(has_plan(&user, EXCHANGE), None);
    }

    #[test]
    fn a_plan_counts_while_it_is_good() {
        for (status, counts) in [
            ("Enabled", true),
            ("Warning", true),
            ("Suspended", false),
            ("Deleted", false),
        ] {
            let plan = json!({"service": "exchange", "capabilityStatus": status});
            let user = user(json!({"id": "1", "assignedPlans": [plan]}));
            assert_eq!(has_plan(&user, EXCHANGE), Some(counts), "{status}");
            assert_eq!(has_plan(&user, SHAREPOINT), Some(false));
        }
    }

    #[test]
    fn a_quote_does_not_end_a_filter() {
        assert_eq!(quoted("o'hara@acme.example"), "o''hara@acme.example");
    }
}
