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
        Failure::Unexpected { status, retry_after } => {
            error(unexpected(*status), answered(*status, "", *retry_after))
        }
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
        429 => row(Throttled, Reason::RateLimited, "Google asks for fewer token requests.", wait),
        500.. => row(Retry, Reason::ProviderUnavailable, "Google's token endpoint failed.", wait),
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
    let Asked { account, client_id, subject, scopes } = asked;
    let person = subject.unwrap_or("the subject");
    let delegate = || {
        format!(
            "In the Admin console ({CONSOLE_PAGE}) let client {client_id} also have: {}",
            scopes.join(",")
        )
    };
    let restore = || format!("Restore or re-enable {account} in the Google Cloud console, or make a key for another account.");
    match (code, status) {
        (_, 429) => row(Throttled, Reason::RateLimited, "Google asks for fewer token requests.", "It is tried again."),
        ("unauthorized_client", _) => row(
            Park,
            Reason::ScopeNotAuthorized,
            format!("Client {client_id} is not delegated all of: {}.", scopes.join(", ")),
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
            format!("Client {client_id} is not authorized for at least one of: {}.", scopes.join(", ")),
            format!("{} Also see that access to services that are not controlled individually is on.", delegate()),
        ),
        ("admin_policy_enforced", _) => row(
            Park,
            Reason::BlockedByPolicy,
            "A policy of the Workspace administrator blocks a scope.",
            format!("In the Admin console (Security, API controls, App access control) trust client {client_id}."),
        ),
        ("invalid_grant", _) if has("account not found") => row(
            Park,
            Reason::AccountDisabled,
            format!("Google knows no service account {account}: it is deleted, or the name is wrong."),
            restore(),
        ),
        ("invalid_grant", _) if has("no valid verifier found for issuer") => row(
            Park,
            Reason::AccountDisabled,
            format!("Google has no key to verify {account} with: the account is disabled or deleted."),
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
        ("invalid_grant", _) if has("short-lived token") || has("reasonable timeframe") => skewed(offset),
        ("invalid_grant", _) if has("invalid jwt signature") => row(
            Park,
            Reason::KeyRevoked,
            format!("Google does not accept the key's signature: the key of {account} is deleted, disabled or expired."),
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
            format!("{} A deleted account can be restored for 30 days.", restore()),
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
        ("internal_failure" | "server_error" | "temporarily_unavailable" | "backend_error", _) | (_, 500..) => row(
            Retry,
            Reason::ProviderUnavailable,
            "Google's token endpoint failed.",
            "It is tried again.",
        ),
        _ => row(
            Park,
            Reason::TokenRequestRefused,
            format!("Google refused the token request: {}.", crate::http::shortened(description, 120)),
            "Look the code up in Google's list of JWT error codes.",
        ),
    }
}

/// Returns the row of clocks that differ.
pub(in crate::providers::google) fn skewed(offset: Option<SignedDuration>) -> Row {
    let by = match offset {
        Some(offset) if offset.is_negative() => {
            format!("This machine's clock is {} seconds ahead of Google's.", offset.as_secs().abs())
        }
        Some(offset) => format!("This machine's clock is {} seconds behind Google's.", offset.as_secs()),
        None => "Google finds the assertion's time wrong: the clocks differ.".to_owned(),
    };
    row(Park, Reason::ClockSkew, by, "Set the clock of the node (NTP).")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use crate::providers::error::Class;

    const ASKED: Asked<'_> = Asked {
        account: "deputy@acme.iam.gserviceaccount.com",
        client_id: "1074",
        subject: Some("peter@acme.example"),
        scopes: &["https://a", "https://b"],
    };

    fn judge(status: u16, code: &str, description: &str, asked: &Asked<'_>) -> Error {
        let failure = Failure::Refused {
            status,
            code: code.into(),
            description: description.into(),
            clock_offset: None,
            retry_after: None,
        };
        classify(&failure, asked)
    }

    #[test]
    fn each_row_of_the_table() {
        for (status, code, description, class, reason) in [
            (401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.", Class::Park, Reason::ScopeNotAuthorized),
            (401, "unauthorized_client", "Unauthorized client or scope in request.", Class::Park, Reason::ScopeNotAuthorized),
            (403, "access_denied", "Requested client not authorized.", Class::Park, Reason::ScopeNotAuthorized),
            (403, "access_denied", "Account restricted", Class::Park, Reason::UserNotAccessible),
            (403, "access_denied", "", Class::Park, Reason::ScopeNotAuthorized),
            (400, "admin_policy_enforced", "anything", Class::Park, Reason::BlockedByPolicy),
            (400, "invalid_grant", "Invalid grant: account not found", Class::Park, Reason::AccountDisabled),
            (400, "invalid_grant", "Invalid email or User ID", Class::Park, Reason::UserNotFound),
            (400, "invalid_grant", "Not a valid email.", Class::Park, Reason::UserNotFound),
            (400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.", Class::Park, Reason::ClockSkew),
            (400, "invalid_grant", "Invalid JWT Signature.", Class::Park, Reason::KeyRevoked),
            (400, "invalid_grant", "Invalid JWT: Failed audience check.", Class::Invalid, Reason::TokenRequestRefused),
            (400, "invalid_grant", "Invalid JWT: No valid verifier found for issuer", Class::Park, Reason::AccountDisabled),
            (400, "invalid_grant", "The account has been deleted", Class::Park, Reason::UserNotFound),
            (400, "invalid_grant", "Bad Request", Class::Park, Reason::TokenRequestRefused),
            (400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.", Class::Invalid, Reason::ScopeInvalid),
            (401, "invalid_client", "The OAuth client was not found.", Class::Park, Reason::AccountDisabled),
            (401, "deleted_client", "The OAuth client was deleted.", Class::Park, Reason::AccountDisabled),
            (401, "disabled_client", "The OAuth client was disabled.", Class::Park, Reason::AccountDisabled),
            (403, "org_internal", "This client is restricted to users within its organization.", Class::Park, Reason::BlockedByPolicy),
            (400, "invalid_request", "Invalid impersonation prn email address.", Class::Park, Reason::UserNotFound),
            (400, "invalid_request", "Invalid impersonation \"sub\" field", Class::Park, Reason::UserNotFound),
            (400, "invalid_request", "something else", Class::Park, Reason::TokenRequestRefused),
            (500, "internal_failure", "Backend Error", Class::Retry, Reason::ProviderUnavailable),
            (400, "internal_failure", "None", Class::Retry, Reason::ProviderUnavailable),
            (500, "server_error", "", Class::Retry, Reason::ProviderUnavailable),
            (503, "temporarily_unavailable", "", Class::Retry, Reason::ProviderUnavailable),
            (401, "invalid_account", "Forbidden", Class::Park, Reason::UserNotAccessible),
            (400, "never_seen", "what is this", Class::Park, Reason::TokenRequestRefused),
            (502, "never_seen", "", Class::Retry, Reason::ProviderUnavailable),
            (429, "rate_limit_exceeded", "", Class::Throttled, Reason::RateLimited),
        ] {
            let error = judge(status, code, description, &ASKED);
            assert_eq!((error.class, error.reason), (class, reason), "{code} {description}");
            assert_eq!(error.code.as_deref(), Some(code));
            assert_eq!(error.status, Some(status));
            assert!(!error.meaning.is_empty() && !error.remedy.is_empty());
            assert!(error.to_string().len() <= 1024);
        }
    }

    #[test]
    fn a_deleted_account_is_the_keys_own_where_nobody_is_acted_for() {
        let alone = Asked { subject: None, ..ASKED };
        let error = judge(400, "invalid_grant", "The account has been deleted", &alone);
        assert_eq!(error.reason, Reason::AccountDisabled);
    }

    #[test]
    fn what_is_missing_is_named_with_where_to_give_it() {
        let error = judge(401, "unauthorized_client", "", &ASKED);
        let shown = error.to_string();
        for part in ["1074", "https://a", "https://b", CONSOLE_PAGE] {
            assert!(shown.contains(part), "{shown}");
        }
    }

    #[test]
    fn a_clock_that_is_far_off_is_the_cause_whatever_the_text() {
        let refusal = |offset: i64, description: &str| {
            let failure = Failure::Refused {
                status: 400,
                code: "invalid_grant".into(),
                description: description.into(),
                clock_offset: Some(SignedDuration::from_secs(offset)),
                retry_after: None,
            };
            classify(&failure, &ASKED)
        };
        let error = refusal(-7_200, "new wording");
        assert_eq!(error.reason, Reason::ClockSkew);
        assert!(error.meaning.contains("7200 seconds ahead"), "{error}");
        assert_eq!(refusal(-7_200, "Invalid JWT Signature.").reason, Reason::KeyRevoked);
        assert_eq!(refusal(60, "new wording").reason, Reason::TokenRequestRefused);
    }

    #[test]
    fn what_is_no_refusal_is_judged_by_its_status() {
        for (status, class, reason) in [
            (429, Class::Throttled, Reason::RateLimited),
            (503, Class::Retry, Reason::ProviderUnavailable),
            (200, Class::Retry, Reason::MalformedReply),
            (302, Class::Retry, Reason::MalformedReply),
        ] {
            let wait = Some(Duration::from_secs(3));
            let error = classify(&Failure::Unexpected { status, retry_after: wait }, &ASKED);
            assert_eq!((error.class, error.reason), (class, reason), "{status}");
            assert_eq!(error.retry_after, wait);
        }
        let failed = http::Error::new(http::Kind::Cut, "host", "x");
        let error = classify(&Failure::Transport(failed), &ASKED);
        assert_eq!(error.reason, Reason::ProviderUnreachable);
        assert_eq!(classify(&Failure::Key, &ASKED).reason, Reason::KeyMalformed);
    }
}
