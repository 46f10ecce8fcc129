//! Whether a person has a licence that the connection asks for. Pure.

use std::fmt::Display;

use crate::model::account::{Known, License, RemoteUser};

/// Most licences that a message names.
const MOST_NAMED: usize = 5;

/// What the licences of an account come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// Whether it has one that counts.
    pub(super) is_there: Known,
    /// Why not, or why that cannot be known, and what to do about it.
    pub(super) why: String,
}

/// Judges the licences of an account. Of `skus` one suffices; where there are none, any does that comes with the service.
/// `untold` says why licences do not tell of one of them.
///
/// A shared mailbox needs no licence and has none, so that it has none of those that are listed.
pub(super) fn judge(
    account: &RemoteUser,
    skus: &[String],
    untold: impl Fn(&str) -> Option<String>,
) -> Judged {
    let held = account.licenses.as_deref();
    let is_wanted = |license: &License| skus.iter().any(|sku| license.is(sku));
    let blind = || skus.iter().find_map(|sku| untold(sku));
    match held {
        _ if skus.is_empty() => any(account),
        Some(held) if held.iter().any(is_wanted) => Judged {
            is_there: Known::True,
            why: String::new(),
        },
        Some(held) => match blind() {
            Some(why) => unknown(account, Some(why)),
            None => none_of(account, skus, held),
        },
        None => unknown(account, blind()),
    }
}

fn any(account: &RemoteUser) -> Judged {
    let who = &account.primary_email;
    let why = match account.licensed {
        Known::True => String::new(),
        Known::False => format!(
            "{who} has no licence, and the connection asks for one. Assign one, or set licensing.requireLicense: false."
        ),
        Known::Unknown => "The connection asks for a licence, and cannot tell whether there is one. Grant it access to \
             licences, or set licensing.requireLicense: false."
            .to_owned(),
    };
    Judged {
        is_there: account.licensed,
        why,
    }
}

fn unknown(account: &RemoteUser, blind: Option<String>) -> Judged {
    let who = &account.primary_email;
    let blind = blind.unwrap_or_else(|| {
        "Grant the connection access to licences, or set licensing.requireLicense: false."
            .to_owned()
    });
    Judged {
        is_there: Known::Unknown,
        why: format!(
            "Whether {who} has one of the licences that the connection asks for cannot be known. {blind}"
        ),
    }
}

fn none_of(account: &RemoteUser, skus: &[String], held: &[License]) -> Judged {
    let who = &account.primary_email;
    let has = if held.is_empty() {
        "no licence at all".to_owned()
    } else {
        named(held)
    };
    Judged {
        is_there: Known::False,
        why: format!(
            "The connection asks for one of {}, and {who} has {has}. Assign one, or change licensing.skus.",
            named(skus)
        ),
    }
}

/// Names the first few, and says how many there are beyond them.
fn named<T: Display>(licenses: &[T]) -> String {
    let first: Vec<String> = licenses
        .iter()
        .take(MOST_NAMED)
        .map(ToString::to_string)
        .collect();
    let first = first.join(", ");
    match licenses.len().saturating_sub(MOST_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::UserId;

    fn account(licensed: Known, licenses: Option<&[(&str, Option<&str>)]>) -> RemoteUser {
        let license = |(id, name): &(&str, Option<&str>)| License {
            id: (*id).to_owned(),
            name: name.map(str::to_owned),
        };
        RemoteUser {
            id: UserId::new("1"),
            primary_email: "peter@acme.example".parse().unwrap(),
            aliases: Vec::new(),
            suspended: Known::False,
            archived: Known::False,
            licensed,
            licenses: licenses.map(|all| all.iter().map(license).collect()),
            mailbox: Known::True,
            calendar: Known::True,
            drive: Known::True,
        }
    }

    fn skus(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn told(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn where_none_are_listed_any_counts_as_the_vendor_has_it() {
        for licensed in [Known::True, Known::False, Known::Unknown] {
            let judged = judge(&account(licensed, None), &[], told);
            assert_eq!(judged.is_there, licensed);
            assert_eq!(judged.why.is_empty(), licensed == Known::True);
        }
    }

    #[test]
    fn only_a_listed_one_counts_and_what_is_missing_is_named() {
        let held: &[(&str, Option<&str>)] = &[("b9", Some("FLOW_FREE")), ("e3", None)];
        let person = account(Known::True, Some(held));
        for (listed, is_there) in [
            (&["E3"][..], Known::True),
            (&["e5", "flow_free"], Known::True),
            (&["e5"], Known::False),
        ] {
            assert_eq!(judge(&person, &skus(listed), told).is_there, is_there);
        }
        let why = judge(&person, &skus(&["e5", "f3"]), told).why;
        assert!(
            why.contains("one of e5, f3, and peter@acme.example has FLOW_FREE (b9), e3."),
            "{why}"
        );
        let nothing = account(Known::True, Some(&[]));
        let judged = judge(&nothing, &skus(&["e5"]), told);
        assert_eq!(judged.is_there, Known::False, "also for a shared mailbox");
        assert!(judged.why.contains("no licence at all"), "{}", judged.why);
    }

    #[test]
    fn what_cannot_be_told_is_unknown_and_says_why() {
        let blind = |sku: &str| (sku == "E5").then(|| "Consent to it.".to_owned());
        let person = account(Known::True, Some(&[("e3", None)]));
        let judged = judge(&person, &skus(&["f3", "E5"]), blind);
        assert_eq!(judged.is_there, Known::Unknown);
        assert!(judged.why.ends_with("Consent to it."), "{}", judged.why);
        // One that is held settles it all the same.
        let judged = judge(&person, &skus(&["e3", "E5"]), blind);
        assert_eq!(judged.is_there, Known::True);
        let judged = judge(&account(Known::True, None), &skus(&["f3"]), told);
        assert_eq!(judged.is_there, Known::Unknown);
        assert!(judged.why.contains("access to licences"), "{}", judged.why);
    }

    #[test]
    fn a_long_list_is_cut() {
        let many: Vec<String> = (0..50).map(|n| format!("sku-{n}")).collect();
        let why = judge(&account(Known::True, Some(&[])), &many, told).why;
        assert!(why.contains("sku-4 and 45 more"), "{why}");
    }
}
