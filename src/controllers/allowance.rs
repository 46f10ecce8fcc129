//! Whom a connection admits: the list, the exceptions and the seats. Pure.

use crate::api::connection::ServiceAccountConnectionSpec;
use crate::controllers::fact::Fact;
use crate::model::email::{Email, EmailPattern};

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
