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
        (
            401,
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
            Class::Park,
            Reason::ScopeNotAuthorized,
        ),
        (
            401,
            "unauthorized_client",
            "Unauthorized client or scope in request.",
            Class::Park,
            Reason::ScopeNotAuthorized,
        ),
        (
            403,
            "access_denied",
            "Requested client not authorized.",
            Class::Park,
            Reason::ScopeNotAuthorized,
        ),
        (
            403,
            "access_denied",
            "Account restricted",
            Class::Park,
            Reason::UserNotAccessible,
        ),
        (
            403,
            "access_denied",
            "",
            Class::Park,
            Reason::ScopeNotAuthorized,
        ),
        (
            400,
            "admin_policy_enforced",
            "anything",
            Class::Park,
            Reason::BlockedByPolicy,
        ),
        (
            400,
            "invalid_grant",
            "Invalid grant: account not found",
            Class::Park,
            Reason::AccountDisabled,
        ),
        (
            400,
            "invalid_grant",
            "Invalid email or User ID",
            Class::Park,
            Reason::UserNotFound,
        ),
        (
            400,
            "invalid_grant",
            "Not a valid email.",
            Class::Park,
            Reason::UserNotFound,
        ),
        (
            400,
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
            Class::Park,
            Reason::ClockSkew,
        ),
        (
            400,
            "invalid_grant",
            "Invalid JWT Signature.",
            Class::Park,
            Reason::KeyRevoked,
        ),
        (
            400,
            "invalid_grant",
            "Invalid JWT: Failed audience check.",
            Class::Invalid,
            Reason::TokenRequestRefused,
        ),
        (
            400,
            "invalid_grant",
            "Invalid JWT: No valid verifier found for issuer",
            Class::Park,
            Reason::AccountDisabled,
        ),
        (
            400,
            "invalid_grant",
            "The account has been deleted",
            Class::Park,
            Reason::UserNotFound,
        ),
        (
            400,
            "invalid_grant",
            "Bad Request",
            Class::Park,
            Reason::TokenRequestRefused,
        ),
        (
            400,
            "invalid_scope",
            "Invalid OAuth scope or ID token audience provided.",
            Class::Invalid,
            Reason::ScopeInvalid,
        ),
        (
            401,
            "invalid_client",
            "The OAuth client was not found.",
            Class::Park,
            Reason::AccountDisabled,
        ),
        (
            401,
            "deleted_client",
            "The OAuth client was deleted.",
            Class::Park,
            Reason::AccountDisabled,
        ),
        (
            401,
            "disabled_client",
            "The OAuth client was disabled.",
            Class::Park,
            Reason::AccountDisabled,
        ),
        (
            403,
            "org_internal",
            "This client is restricted to users within its organization.",
            Class::Park,
            Reason::BlockedByPolicy,
        ),
        (
            400,
            "invalid_request",
            "Invalid impersonation prn email address.",
            Class::Park,
            Reason::UserNotFound,
        ),
        (
            400,
            "invalid_request",
            "Invalid impersonation \"sub\" field",
            Class::Park,
            Reason::UserNotFound,
        ),
        (
            400,
            "invalid_request",
            "something else",
            Class::Park,
            Reason::TokenRequestRefused,
        ),
        (
            500,
            "internal_failure",
            "Backend Error",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            400,
            "internal_failure",
            "None",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            500,
            "server_error",
            "",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            503,
            "temporarily_unavailable",
            "",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            401,
            "invalid_account",
            "Forbidden",
            Class::Park,
            Reason::UserNotAccessible,
        ),
        (
            400,
            "never_seen",
            "what is this",
            Class::Park,
            Reason::TokenRequestRefused,
        ),
        (
            502,
            "never_seen",
            "",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            429,
            "rate_limit_exceeded",
            "",
            Class::Throttled,
            Reason::RateLimited,
        ),
    ] {
        let error = judge(status, code, description, &ASKED);
        assert_eq!(
            (error.class, error.reason),
            (class, reason),
            "{code} {description}"
        );
        assert_eq!(error.code.as_deref(), Some(code));
        assert_eq!(error.status, Some(status));
        assert!(!error.meaning.is_empty() && !error.remedy.is_empty());
        assert!(error.to_string().len() <= 1024);
    }
}

#[test]
fn a_deleted_account_is_the_keys_own_where_nobody_is_acted_for() {
    let alone = Asked {
        subject: None,
        ..ASKED
    };
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
    assert_eq!(
        refusal(-7_200, "Invalid JWT Signature.").reason,
        Reason::KeyRevoked
    );
    assert_eq!(
        refusal(60, "new wording").reason,
        Reason::TokenRequestRefused
    );
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
        let error = classify(
            &Failure::Unexpected {
                status,
                retry_after: wait,
            },
            &ASKED,
        );
        assert_eq!((error.class, error.reason), (class, reason), "{status}");
        assert_eq!(error.retry_after, wait);
    }
    let failed = http::Error::new(http::Kind::Cut, "host", "x");
    let error = classify(&Failure::Transport(failed), &ASKED);
    assert_eq!(error.reason, Reason::ProviderUnreachable);
    assert_eq!(classify(&Failure::Key, &ASKED).reason, Reason::KeyMalformed);
}
