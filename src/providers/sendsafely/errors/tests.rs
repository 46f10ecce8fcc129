use rstest::rstest;
use serde_json::json;

use super::*;
use crate::providers::error::Class;

const NOW: &str = "2026-11-27T21:05:09Z";

fn judged(
    method: Method,
    status: u16,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Option<Error> {
    let context = Context {
        host: "acme.sendsafely.com",
        now: NOW.parse().unwrap(),
    };
    judge(method, context, &Reply::for_test(status, headers, body))
}

fn of(method: Method, code: &str, message: &str) -> Error {
    let body = json!({"response": code, "message": message}).to_string();
    judged(method, 200, &[], &body).expect("is an error")
}

/// Every row of the vendor's table. Source: `APIResponse.java`, read 2026-11-22.
#[rstest]
#[case(
    Method::User,
    "AUTHENTICATION_FAILED",
    "Invalid API Key",
    Park,
    Reason::KeyRevoked,
    "generate a new key"
)]
#[case(
    Method::User,
    "AUTHENTICATION_FAILED",
    "Invalid Request Signature",
    Park,
    Reason::SecretInvalid,
    "api-secret"
)]
#[case(
    Method::User,
    "AUTHENTICATION_FAILED",
    "Invalid Request Timestamp",
    Park,
    Reason::ClockSkew,
    "NTP"
)]
#[case(
    Method::Packages,
    "DENIED",
    "",
    Park,
    Reason::AdminNotPrivileged,
    "Enterprise Console of acme.sendsafely.com"
)]
#[case(
    Method::AuditLogs,
    "DENIED",
    "",
    Park,
    Reason::AdminNotPrivileged,
    "administrator"
)]
#[case(
    Method::Recipients,
    "DENIED",
    "",
    Park,
    Reason::PermissionDenied,
    "security groups"
)]
#[case(
    Method::User,
    "GUESTS_PROHIBITED",
    "",
    Park,
    Reason::PermissionDenied,
    "registered user"
)]
#[case(
    Method::RecipientsAdd,
    "LIMIT_EXCEEDED",
    "",
    Park,
    Reason::QuotaExhausted,
    "support"
)]
#[case(
    Method::Packages,
    "LIMIT_EXCEEDED",
    "",
    Throttled,
    Reason::RateLimited,
    "by itself"
)]
#[case(
    Method::User,
    "OUTDATED_VERSION",
    "",
    Park,
    Reason::RequestRefused,
    "Update Deputy"
)]
#[case(
    Method::User,
    "TWO_FA_REQUIRED",
    "",
    Park,
    Reason::BlockedByPolicy,
    "service account"
)]
#[case(
    Method::User,
    "PASSWORD_REQUIRED",
    "",
    Park,
    Reason::BlockedByPolicy,
    "service account"
)]
#[case(
    Method::Packages,
    "UNKNOWN_PACKAGE",
    "Package ID does not exist",
    Gone,
    Reason::ItemGone,
    ""
)]
#[case(
    Method::RecipientsAdd,
    "INVALID_EMAIL",
    "x is no address",
    Park,
    Reason::RequestRefused,
    "Correct the address"
)]
#[case(
    Method::RecipientsAdd,
    "INVALID_RECIPIENT",
    "",
    Park,
    Reason::RequestRefused,
    "Correct the address"
)]
#[case(
    Method::RecipientsAdd,
    "DUPLICATE_EMAIL",
    "",
    Park,
    Reason::RequestRefused,
    "Correct the address"
)]
#[case(
    Method::Packages,
    "APPROVER_REQUIRED",
    "",
    Park,
    Reason::BlockedByPolicy,
    "approve"
)]
#[case(
    Method::Packages,
    "PACKAGE_NEEDS_APPROVAL",
    "",
    Park,
    Reason::BlockedByPolicy,
    "approve"
)]
#[case(
    Method::Packages,
    "INVALID_INPUT",
    "no date",
    Park,
    Reason::RequestRefused,
    "report it"
)]
#[case(
    Method::User,
    "FAIL",
    "",
    Retry,
    Reason::ProviderUnavailable,
    "tried again"
)]
#[case(
    Method::User,
    "SOMETHING_NEW",
    "",
    Park,
    Reason::RequestRefused,
    "documentation"
)]
fn each_code_has_its_reason_class_and_remedy(
    #[case] method: Method,
    #[case] code: &str,
    #[case] message: &str,
    #[case] class: Class,
    #[case] reason: Reason,
    #[case] remedy: &str,
) {
    let error = of(method, code, message);
    assert_eq!((error.class, error.reason), (class, reason), "{error}");
    assert_eq!(
        (error.status, error.code.as_deref()),
        (Some(200), Some(code))
    );
    assert!(error.remedy.contains(remedy), "{error}");
    assert!(error.to_string().len() < 1_000);
}

#[test]
fn success_counts_only_where_the_body_says_it() {
    let good = r#"{"response": "SUCCESS", "message": "bot@acme.example"}"#;
    assert!(judged(Method::User, 200, &[], good).is_none());
    assert!(judged(Method::User, 500, &[], good).is_some());
    assert!(judged(Method::User, 200, &[], "{}").is_some());
}

#[rstest]
#[case(200, "<!DOCTYPE html>", Invalid, Reason::TenantInvalid)]
#[case(404, "<html>Page not found</html>", Invalid, Reason::TenantInvalid)]
#[case(302, "", Invalid, Reason::TenantInvalid)]
#[case(503, "<html>", Retry, Reason::ProviderUnavailable)]
#[case(502, "", Retry, Reason::ProviderUnavailable)]
#[case(429, "", Throttled, Reason::RateLimited)]
fn a_wrong_host_and_a_failing_one_are_told_apart(
    #[case] status: u16,
    #[case] body: &str,
    #[case] class: Class,
    #[case] reason: Reason,
) {
    let error = judged(Method::VerifyCredentials, status, &[], body).unwrap();
    assert_eq!((error.class, error.reason), (class, reason), "{error}");
    assert_eq!(error.status, Some(status));
    assert!(!error.to_string().contains('<'));
}

#[test]
fn a_later_reply_that_is_no_json_may_pass() {
    for body in ["<html>", r#"{"response": "SUCCESS", "pack"#, ""] {
        let error = judged(Method::Packages, 200, &[], body).unwrap();
        let kind = (error.class, error.reason);
        assert_eq!(kind, (Retry, Reason::MalformedReply), "{body}");
    }
    let page = judged(Method::Packages, 404, &[], "<html>").unwrap();
    assert_eq!(page.reason, Reason::TenantInvalid);
}

#[test]
fn a_clock_that_is_off_is_told_from_a_dead_key() {
    let body = r#"{"response": "AUTHENTICATION_FAILED", "message": "Invalid API Key"}"#;
    let at = |date: &str| judged(Method::User, 200, &[("date", date)], body).unwrap();
    let error = at("Fri, 27 Nov 2026 21:15:09 GMT");
    assert_eq!(error.reason, Reason::ClockSkew);
    assert!(error.meaning.contains("600 seconds ahead of"), "{error}");
    let error = at("Fri, 27 Nov 2026 20:55:09 GMT");
    assert!(error.meaning.contains("600 seconds behind"), "{error}");
    let error = at("Fri, 27 Nov 2026 21:05:50 GMT");
    assert_eq!(error.reason, Reason::KeyRevoked);
}

#[test]
fn a_log_that_is_off_says_who_switches_it_on() {
    let error = log_is_off(of(Method::AuditLogs, "DENIED", ""), "acme.sendsafely.com");
    assert_eq!((error.class, error.reason), (Park, Reason::ApiDisabled));
    assert!(error.remedy.contains("support"), "{error}");
}
