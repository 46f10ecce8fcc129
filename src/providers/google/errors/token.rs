//! The token endpoint's errors.
//!
//! Source: developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes", read 2026-08-08; the
//! descriptions that a known client tells apart (GAM, gamlib/glapi.py, read 2026-11-22).

use std::time::Duration;

use jiff::SignedDuration;

use super::{Answer, Row, error, row, transport};
use crate::http::auth::Failure;
use crate::providers::error::Class::{Invalid, Park, Retry, Throttled};
use crate::providers::error::{Error, Reason};

/// What the vendor calls a token request.
const OPERATION: &str = "token";
/// A clock that differs by more makes assertions fail: they are issued for an hour, and 65 minutes are the most.
pub(in crate::providers::google) const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Where an administrator delegates: Security, API controls, Domain-wide delegation.
pub(in crate::providers::google) const CONSOLE_PAGE: &str =
    "https://admin.google.com/ac/owl/domainwidedelegation";

/// What was asked for.
pub(in crate::providers::google) struct Asked<'a> {
    /// The service account.
    pub(in crate::providers::google) account: &'a str,
    /// The number that an administrator delegates to.
    pub(in crate::providers::google) client_id: &'a str,
    /// The person to act for; none where the key alone is tried.
    pub(in crate::providers::google) subject: Option<&'a str>,
    /// What for.
    pub(in crate::providers::google) scopes: &'a [&'a str],
}

/// Returns what a failed exchange means.
pub(in crate::providers::google) fn classify(failure: &Failure, asked: &Asked<'_>) -> Error {
    match failure {
        Failure::Transport(failed) => transport(OPERATION, failed),
        Failure::Key => {
            let meaning = "The private key cannot sign.";
            let remedy = "Store the key file again, unchanged, or make a new key.";
            let answer = answered(0, "", None);
            error(row(Invalid, Reason::KeyMalformed, meaning, remedy), answer)
        }
        Failure::Unexpected {
            status,
            retry_after,
        } => error(unexpected(*status), answered(*status, "", *retry_after)),
        Failure::Refused {
            status,
            code,
            description,
            clock_offset,
            retry_after,
        } => {
            let offset = clock_offset.filter(|offset| offset.abs() > MAX_SKEW);
            let row = refused(*status, code, description, offset, asked);
            error(row, answered(*status, code, *retry_after))
        }
    }
}

fn answered(status: u16, code: &str, retry_after: Option<Duration>) -> Answer {
    Answer {
        operation: OPERATION,
        status,
        code: code.to_owned(),
        retry_after,
    }
}

fn unexpected(status: u16) -> Row {
    let wait = "It is tried again.";
    match status {
        429 => row(
            Throttled,
            Reason::RateLimited,
            "Google asks for fewer token requests.",
            wait,
        ),
        500.. => row(
            Retry,
            Reason::ProviderUnavailable,
            "Google's token endpoint failed.",
            wait,
        ),
        _ => row(
            Retry,
            Reason::MalformedReply,
            "Google's token endpoint answered with neither a token nor an error.",
            "It is tried again. If it lasts, look at what stands between here and Google.",
        ),
    }
}

/// The table. `offset` is the clocks' difference where it is large enough to matter.
#[allow(clippy::too_many_lines, reason = "the vendor's table, one arm a row")]
fn refused(
    status: u16,
    code: &str,
    description: &str,
    offset: Option<SignedDuration>,
    asked: &Asked<'_>,
) -> Row {
    let said = description.to_ascii_lowercase();
    let has = |part: &str| said.contains(part);
    let Asked {
        account,
        client_id,
        subject,
        scopes,
    } = asked;
    let person = subject.unwrap_or("the subject");
    let delegate = || {
        format!(
            "In the Admin console ({CONSOLE_PAGE}) let client {client_id} also have: {}",
            scopes.join(",")
        )
    };
    let restore = || {
        format!(
            "Restore or re-enable {account} in the Google Cloud console, or make a key for another account."
        )
    };
    match (code, status) {
        (_, 429) => row(
            Throttled,
            Reason::RateLimited,
            "Google asks for fewer token requests.",
            "It is tried again.",
        ),
        ("unauthorized_client", _) => row(
            Park,
            Reason::ScopeNotAuthorized,
            format!(
                "Client {client_id} may not act for {person}: it is not delegated all of {}, or the person belongs to another tenant.",
                scopes.join(", ")
            ),
            delegate(),
        ),
        ("access_denied", _) if has("account restricted") => row(
            Park,
            Reason::UserNotAccessible,
            format!("Google does not let anyone act for {person}: the account is restricted."),
            "Look at the account in the Admin console.",
        ),
        ("access_denied", _) => row(
            Park,
            Reason::ScopeNotAuthorized,
            format!(
                "Client {client_id} is not authorized for at least one of: {}.",
                scopes.join(", ")
            ),
            format!(
                "{} Also see that access to services that are not controlled individually is on.",
                delegate()
            ),
        ),
        ("admin_policy_enforced", _) => row(
            Park,
            Reason::BlockedByPolicy,
            "A policy of the Workspace administrator blocks a scope.",
            format!(
                "In the Admin console (Security, API controls, App access control) trust client {client_id}."
            ),
        ),
        ("invalid_grant", _) if has("account not found") => row(
            Park,
            Reason::AccountDisabled,
            format!(
                "Google knows no service account {account}: it is deleted, or the name is wrong."
            ),
            restore(),
        ),
        ("invalid_grant", _) if has("no valid verifier found for issuer") => row(
            Park,
            Reason::AccountDisabled,
            format!(
                "Google has no key to verify {account} with: the account is disabled or deleted."
            ),
            restore(),
        ),
        ("invalid_grant", _) if has("invalid email or user id") || has("not a valid email") => row(
            Park,
            Reason::UserNotFound,
            format!("Google knows no {person} in this tenant, or the account is off."),
            "Correct the address, or create or restore the account.",
        ),
        ("invalid_grant", _) if has("account has been deleted") && subject.is_some() => row(
            Park,
            Reason::UserNotFound,
            format!("The account of {person} has been deleted."),
            "Restore the account, or remove the person.",
        ),
        ("invalid_grant", _) if has("account has been deleted") => row(
            Park,
            Reason::AccountDisabled,
            format!("The service account {account} has been deleted."),
            restore(),
        ),
        ("invalid_grant", _) if has("short-lived token") || has("reasonable timeframe") => {
            skewed(offset)
        }
        ("invalid_grant", _) if has("invalid jwt signature") => row(
            Park,
            Reason::KeyRevoked,
            format!(
                "Google does not accept the key's signature: the key of {account} is deleted, disabled or expired."
            ),
            format!("Make a new key for {account} and store it in the Secret."),
        ),
        ("invalid_grant", _) if has("audience check") => row(
            Invalid,
            Reason::TokenRequestRefused,
            "The key file's token_uri is not the endpoint that it names.",
            "Store the key file again, unchanged, as the console made it.",
        ),
        ("invalid_grant", _) if offset.is_some() => skewed(offset),
        ("invalid_scope", _) => row(
            Invalid,
            Reason::ScopeInvalid,
            format!("Google knows no such scope among: {}.", scopes.join(", ")),
            "Correct spec.provider.google.scopes: full URLs, one an entry.",
        ),
        ("invalid_client" | "deleted_client", _) => row(
            Park,
            Reason::AccountDisabled,
            format!("Google knows no client {client_id}: the service account is deleted."),
            format!(
                "{} A deleted account can be restored for 30 days.",
                restore()
            ),
        ),
        ("disabled_client", _) => row(
            Park,
            Reason::AccountDisabled,
            format!("The service account {account} is disabled."),
            restore(),
        ),
        ("org_internal", _) => row(
            Park,
            Reason::BlockedByPolicy,
            "Google lets this client act within its own organization only.",
            "Make the service account in a project of the organization that is read, or set its consent screen to External.",
        ),
        ("invalid_request", _) if has("impersonation") => row(
            Park,
            Reason::UserNotFound,
            format!("Google does not take {person} for an address to act as."),
            "Correct the address.",
        ),
        ("invalid_account", _) => row(
            Park,
            Reason::UserNotAccessible,
            format!("Google does not let anyone act for {person}."),
            "Look at the account in the Admin console.",
        ),
        ("internal_failure" | "server_error" | "temporarily_unavailable" | "backend_error", _)
        | (_, 500..) => row(
            Retry,
            Reason::ProviderUnavailable,
            "Google's token endpoint failed.",
            "It is tried again.",
        ),
        _ => row(
            Park,
            Reason::TokenRequestRefused,
            format!(
                "Google refused the token request: {}.",
                crate::http::shortened(description, 120)
            ),
            "Look the code up in Google's list of JWT error codes.",
        ),
    }
}

/// Returns the row of clocks that differ.
pub(in crate::providers::google) fn skewed(offset: Option<SignedDuration>) -> Row {
    let by = match offset {
        Some(offset) if offset.is_negative() => {
            format!(
                "This machine's clock is {} seconds ahead of Google's.",
                offset.as_secs().abs()
            )
        }
        Some(offset) => format!(
            "This machine's clock is {} seconds behind Google's.",
            offset.as_secs()
        ),
        None => "Google finds the assertion's time wrong: the clocks differ.".to_owned(),
    };
    row(
        Park,
        Reason::ClockSkew,
        by,
        "Set the clock of the node (NTP).",
    )
}

#[cfg(test)]
mod tests;
