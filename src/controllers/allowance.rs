//! Whom a connection admits: the list, the exceptions and the seats. Pure.

use std::sync::Arc;

use crate::api::SyncedUser;
use crate::api::connection::ServiceAccountConnectionSpec;
use crate::controllers::fact::Fact;
use crate::model::email::{Email, EmailPattern};

/// Returns the addresses that the vendor may be asked about, of `users` in the order in which seats are given: enabled,
/// not suspended, admitted by the lists, and with a seat.
pub fn listed(
    spec: &ServiceAccountConnectionSpec,
    users: &[Arc<SyncedUser>],
) -> impl Iterator<Item = Email> {
    let allowance = Allowance::of(spec);
    let enabled = users.iter().filter(|user| user.spec.enabled);
    let admitted = enabled.filter(|user| allowance.admits(&user.spec.email).holds());
    let seated = admitted
        .enumerate()
        .filter(|(place, _)| allowance.seat(*place).holds());
    let by_alias = |user: &SyncedUser| {
        let alias = user.spec.connected_email.as_ref();
        alias.is_none_or(|alias| allowance.admits(alias).holds())
    };
    let emails: Vec<Email> = seated
        .map(|(_, user)| user)
        .filter(|user| user.spec.suspend != Some(true) && by_alias(user))
        .map(|user| user.spec.email.clone())
        .collect();
    emails.into_iter()
}

/// The lists of a connection, read.
#[derive(Debug, Clone)]
pub struct Allowance {
    allowed: Result<Vec<EmailPattern>, String>,
    denied: Result<Vec<EmailPattern>, String>,
    seats: Option<u32>,
}

impl Allowance {
    /// Reads the lists of a connection. An entry that cannot be read admits nobody.
    pub fn of(spec: &ServiceAccountConnectionSpec) -> Self {
        Self {
            allowed: patterns(spec.allowed_users.as_deref()),
            denied: patterns(spec.denied_users.as_deref()),
            seats: spec
                .licensing
                .as_ref()
                .and_then(|licensing| licensing.seats),
        }
    }

    /// Returns whether the lists admit an address.
    pub fn admits(&self, email: &Email) -> Fact {
        let (allowed, denied) = match (&self.allowed, &self.denied) {
            (Ok(allowed), Ok(denied)) => (allowed, denied),
            (Err(error), _) => return unreadable("allowedUsers", error),
            (_, Err(error)) => return unreadable("deniedUsers", error),
        };
        if denied.iter().any(|pattern| pattern.matches(email)) {
            return Fact::bad(
                "Denied",
                format!(
                    "The connection's deniedUsers names {email}. Take the entry out to sync them."
                ),
            );
        }
        if !allowed.iter().any(|pattern| pattern.matches(email)) {
            return Fact::bad(
                "NotAllowed",
                format!(
                    "The connection's allowedUsers does not admit {email}. Add \"{email}\" or \"*@{}\" there.",
                    email.domain()
                ),
            );
        }
        Fact::good("Allowed", "The connection admits this person.")
    }

    /// Returns whether there is a seat for the person at `place`, counted from 0 in the order in which seats are given.
    pub fn seat(&self, place: usize) -> Fact {
        match self.seats {
            Some(seats) if place >= usize::try_from(seats).unwrap_or(usize::MAX) => Fact::bad(
                "NoSeat",
                format!(
                    "All {seats} seats of the connection are taken by people who were added before. Raise licensing.seats or \
                     disable somebody."
                ),
            ),
            _ => Fact::good("Allowed", "The connection admits this person."),
        }
    }
}

fn patterns(list: Option<&[String]>) -> Result<Vec<EmailPattern>, String> {
    let read = |text: &String| text.parse().map_err(|error| format!("\"{text}\": {error}"));
    list.unwrap_or_default().iter().map(read).collect()
}

fn unreadable(list: &str, error: &str) -> Fact {
    Fact::bad(
        "AllowListInvalid",
        format!(
            "The connection's {list} has an entry that cannot be read, so nobody is admitted: {error}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(allowed: &[&str], denied: &[&str]) -> String {
        let spec = serde_json::from_value(json!({
            "provider": {"google": {}},
            "credentialsSecretRef": {"name": "key"},
            "allowedUsers": allowed,
            "deniedUsers": denied,
        }))
        .unwrap();
        Allowance::of(&spec)
            .admits(&"peter@acme.example".parse().unwrap())
            .reason
            .into_owned()
    }

    #[test]
    fn only_who_is_listed_and_not_denied_is_admitted() {
        for (allowed, denied, expected) in [
            (&["*@acme.example"][..], &[][..], "Allowed"),
            (&["PETER@acme.example"], &[], "Allowed"),
            (&[], &[], "NotAllowed"),
            (&["*@other.example"], &[], "NotAllowed"),
            (&["*@acme.example"], &["peter@acme.example"], "Denied"),
            (&["*@acme.example"], &["*@acme.example"], "Denied"),
            (&["*@acme.example", "*"], &[], "AllowListInvalid"),
            (&["*@acme.example"], &["peter"], "AllowListInvalid"),
        ] {
            assert_eq!(reason(allowed, denied), expected, "{allowed:?} {denied:?}");
        }
    }

    #[test]
    fn only_who_may_be_synced_is_asked_for() {
        let spec = serde_json::from_value(json!({
            "provider": {"google": {}},
            "credentialsSecretRef": {"name": "key"},
            "allowedUsers": ["*@acme.example"],
            "licensing": {"seats": 3},
        }))
        .unwrap();
        let user = |email: &str, more: serde_json::Value| {
            let mut user = json!({
                "apiVersion": "deputy.dev/v1alpha1", "kind": "SyncedUser", "metadata": {"name": "one"},
                "spec": {"connectionRef": {"name": "acme"}, "email": email, "enabled": true},
            });
            for (name, value) in more.as_object().unwrap() {
                user["spec"][name] = value.clone();
            }
            Arc::new(serde_json::from_value::<SyncedUser>(user).unwrap())
        };
        let users = [
            user("disabled@acme.example", json!({"enabled": false})),
            user("suspended@acme.example", json!({"suspend": true})),
            user("stranger@other.example", json!({})),
            user(
                "alias@acme.example",
                json!({"connectedEmail": "a@other.example"}),
            ),
            user("peter@acme.example", json!({})),
            user("late@acme.example", json!({})),
        ];
        let listed: Vec<_> = listed(&spec, &users)
            .map(|email| email.to_string())
            .collect();
        assert_eq!(listed, ["peter@acme.example"]);
    }

    #[test]
    fn seats_end_where_they_end() {
        let spec = serde_json::from_value(json!({
            "provider": {"google": {}},
            "credentialsSecretRef": {"name": "key"},
            "licensing": {"seats": 2},
        }))
        .unwrap();
        let allowance = Allowance::of(&spec);
        assert!(allowance.seat(1).holds());
        assert_eq!(allowance.seat(2).reason, "NoSeat");
    }
}
