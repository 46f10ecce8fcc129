//! What a check says to the person who has to mend it. At most 1 kB each.

use jiff::SignedDuration;

use super::bisect::Verdict;
use crate::http::shortened;
use crate::model::account::Known;
use crate::model::email::Email;
use crate::providers::error::{Error, Reason};
use crate::providers::google::api::Method;
use crate::providers::report::{Finding, Identity};

/// The most that is listed, bytes.
const MAX_LIST: usize = 500;
/// The longest message, bytes.
const MAX_MESSAGE: usize = 1_000;

pub(super) fn authenticated(account: &str, offset: Option<SignedDuration>) -> Finding {
    let clock = offset.map_or_else(String::new, |offset| {
        let seconds = offset.as_secs().abs();
        let side = if offset.is_negative() { "ahead of" } else { "behind" };
        format!(" This machine's clock is {seconds} seconds {side} Google's: set it (NTP) before the key stops working.")
    });
    Finding::good(format!("Google accepts the key of {account}.{clock}"))
}

pub(super) fn delegated(count: usize) -> Finding {
    match count {
        1 => Finding::good("The one scope is delegated."),
        _ => Finding::good(format!("All {count} scopes are delegated.")),
    }
}

pub(super) fn nobody() -> Finding {
    Finding::unknown(
        Reason::NobodyToTestWith,
        "There is nobody to act for, so the delegation cannot be tested. Set spec.provider.google.adminEmail, or enable a SyncedUser.",
    )
}

/// The person who was acted for is the trouble. An administrator is named in the YAML, so that this is to be mended;
/// of other people it says nothing about the delegation.
pub(super) fn person(subject: &Email, error: &Error, is_admin: bool) -> Finding {
    if is_admin {
        let message = format!("adminEmail {subject} cannot be acted for. {error}");
        return Finding::bad(error.reason, shortened(&message, MAX_MESSAGE));
    }
    let message = format!("Nobody of those who were tried can be acted for. {error}");
    Finding::unknown(error.reason, shortened(&message, MAX_MESSAGE))
}

/// Some scopes are not granted: says which, why and how to grant them.
pub(super) fn missing(identity: &Identity, verdicts: &[Verdict], url: &str) -> Finding {
    let with = |granted: Known| verdicts.iter().filter(move |one| one.granted == granted);
    let missing: Vec<&Verdict> = with(Known::False).collect();
    let Some(reason) = main_reason(&missing, verdicts.len()) else {
        return match with(Known::Unknown).next() {
            Some(one) => unknown(one),
            None => Finding::good(
                "Each scope is delegated, though all together were refused a moment ago.",
            ),
        };
    };
    let names: Vec<&str> = missing.iter().map(|one| one.name.as_str()).collect();
    let client = identity.client_id.as_deref().unwrap_or(&identity.account);
    let said = missing.iter().find_map(|one| one.error.as_ref());
    let code = said
        .and_then(|error| error.code.as_deref())
        .unwrap_or("no code");
    let text = match reason {
        Reason::ClientNotAuthorized => format!(
            "Google answered {code}: nothing is delegated to client {client} ({}). In the Admin console (Security, API controls, Domain-wide delegation, Add new) enter that client ID and: {}.",
            identity.account,
            listed(&names),
        ),
        Reason::ScopeInvalid => format!(
            "Google answered {code}: there is no scope {}. Correct spec.provider.google.scopes.",
            listed(&names),
        ),
        Reason::BlockedByPolicy => format!(
            "Google answered {code}: a policy blocks {}. In the Admin console (Security, API controls, App access control) trust client {client}.",
            listed(&names),
        ),
        Reason::ScopeNotAuthorized => format!(
            "Google answered {code}: not delegated to client {client}: {}. Add it in the Admin console (Security, API controls, Domain-wide delegation, {client}, Edit).",
            listed(&names),
        ),
        // Whatever else it is, it is no missing grant.
        _ => {
            let why = said.map_or_else(String::new, ToString::to_string);
            format!("Google gives no token for {}. {why}", listed(&names))
        }
    };
    Finding::bad(reason, with_link(&text, reason, url))
}

fn unknown(one: &Verdict) -> Finding {
    let reason = one
        .error
        .as_ref()
        .map_or(Reason::ProviderUnavailable, |error| error.reason);
    let why = one
        .error
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let message = format!(
        "Whether {} is delegated could not be found out. {why}",
        one.name
    );
    Finding::unknown(reason, shortened(&message, MAX_MESSAGE))
}

/// Everything of several missing is a client that is not in the list; one of one may be either.
fn main_reason(missing: &[&Verdict], wanted: usize) -> Option<Reason> {
    let reasons: Vec<Reason> = missing
        .iter()
        .map(|one| {
            one.error
                .as_ref()
                .map_or(Reason::ScopeNotAuthorized, |error| error.reason)
        })
        .collect();
    let all = |reason| reasons.iter().all(|one| *one == reason);
    match reasons.first()? {
        Reason::ScopeNotAuthorized
            if wanted > 1 && missing.len() == wanted && all(Reason::ScopeNotAuthorized) =>
        {
            Some(Reason::ClientNotAuthorized)
        }
        _ if reasons.contains(&Reason::ScopeInvalid) => Some(Reason::ScopeInvalid),
        first => Some(*first),
    }
}

fn with_link(text: &str, reason: Reason, url: &str) -> String {
    let delegates = matches!(
        reason,
        Reason::ClientNotAuthorized | Reason::ScopeNotAuthorized
    );
    if delegates && text.len() + url.len() + 30 <= MAX_MESSAGE {
        return format!("{text} All filled in: {url}");
    }
    shortened(text, MAX_MESSAGE)
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

/// Something is read for which no scope is listed.
pub(super) fn unserved(method: Method) -> Finding {
    Finding::bad(
        Reason::ScopeNotAuthorized,
        format!(
            "A stream or feature in use needs {} ({}), for which spec.provider.google.scopes has no scope. List and delegate one of: {}.",
            method.name(),
            method.api().title(),
            listed(method.scopes()),
        ),
    )
}

pub(super) fn excess(identity: &Identity, excess: &[String]) -> Finding {
    if excess.is_empty() {
        return Finding::good(
            "None of the broad scopes that are looked for is granted beyond what is asked for.",
        );
    }
    let names: Vec<&str> = excess.iter().map(String::as_str).collect();
    let client = identity.client_id.as_deref().unwrap_or(&identity.account);
    Finding::bad(
        Reason::ExcessScopes,
        format!(
            "Client {client} also has {}, which nothing here needs. Remove it in the Admin console (Security, API controls, Domain-wide delegation).",
            listed(&names),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_how_many_it_leaves_out() {
        let names = vec!["https://www.googleapis.com/auth/gmail.readonly"; 50];
        let list = listed(&names);
        assert!(list.len() <= MAX_LIST + 20);
        assert!(list.ends_with(" and 40 more"), "{list}");
        assert_eq!(listed(&["a", "b"]), "a, b");
    }
}
