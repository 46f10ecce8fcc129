//! The token endpoint's error table, row by row.

use std::time::Duration;

use rstest::rstest;

use super::super::super::testing::spec;
use super::*;
use crate::providers::error::Class;

fn refused(status: u16, code: &str, description: &str) -> Failure {
    Failure::Refused {
        status,
        code: code.into(),
        description: description.into(),
        clock_offset: None,
        retry_after: None,
    }
}

fn classified(failure: &Failure) -> Error {
    let spec = spec();
    let presented = Presented {
        iss: "https://oidc.example/cluster".into(),
        sub: "system:serviceaccount:deputy:deputy".into(),
        ..Presented::default()
    };
    let asked = Asked {
        spec: &spec,
        consent: "https://login.example/adminconsent",
        credential: "client secret",
        presented: Some(&presented),
    };
    let error = classify(failure, &asked);
    assert!(error.to_string().len() <= 1024, "{error}");
    error
}

#[test]
fn an_unknown_signature_of_a_certificate_is_the_certificates() {
    let spec = spec();
    let asked = Asked {
        spec: &spec,
        consent: "",
        credential: "certificate",
        presented: None,
    };
    let refused = refused(401, "invalid_client", "AADSTS50013: Assertion failed.");
    let error = classify(&refused, &asked);
    assert_eq!(error.reason, Reason::KeyRevoked);
    assert!(error.remedy.contains("Upload the certificate"), "{error}");
}

#[rstest]
#[case(401, "invalid_client", 7_000_215, Park, Reason::SecretInvalid, "Value")]
#[case(
    401,
    "invalid_client",
    7_000_222,
    Park,
    Reason::SecretExpired,
    "client-secret"
)]
#[case(
    400,
    "unauthorized_client",
    700_016,
    Park,
    Reason::AppNotInTenant,
    "adminconsent"
)]
#[case(
    400,
    "invalid_request",
    90_002,
    Park,
    Reason::TenantInvalid,
    "Directory (tenant) ID"
)]
#[case(
    400,
    "invalid_request",
    900_023,
    Park,
    Reason::TenantInvalid,
    "Directory (tenant) ID"
)]
#[case(400, "invalid_grant", 50_034, Park, Reason::TenantInvalid, "tenant")]
#[case(400, "invalid_request", 90_038, Park, Reason::TenantInvalid, "cloud")]
#[case(
    400,
    "invalid_request",
    9_001_023,
    Invalid,
    Reason::TenantInvalid,
    "tenant"
)]
#[case(
    400,
    "unauthorized_client",
    7_000_112,
    Park,
    Reason::AccountDisabled,
    "Enable"
)]
#[case(
    401,
    "invalid_client",
    700_211,
    Park,
    Reason::FederationMismatch,
    "https://oidc.example"
)]
#[case(
    401,
    "invalid_client",
    700_212,
    Park,
    Reason::FederationMismatch,
    "AzureADTokenExchange"
)]
#[case(
    401,
    "invalid_client",
    700_213,
    Park,
    Reason::FederationMismatch,
    "system:serviceaccount:deputy:deputy"
)]
#[case(
    401,
    "invalid_client",
    70_021,
    Park,
    Reason::FederationMismatch,
    "issuer"
)]
#[case(
    401,
    "invalid_client",
    700_229,
    Park,
    Reason::FederationMismatch,
    "issuer"
)]
#[case(401, "invalid_client", 700_024, Park, Reason::ClockSkew, "clock")]
#[case(401, "invalid_client", 500_133, Park, Reason::ClockSkew, "clock")]
#[case(401, "invalid_client", 700_027, Park, Reason::KeyRevoked, "Upload")]
#[case(401, "invalid_client", 50_012, Park, Reason::KeyRevoked, "Upload")]
#[case(
    401,
    "invalid_client",
    50_013,
    Park,
    Reason::FederationMismatch,
    "https://oidc.example/cluster/.well-known/openid-configuration"
)]
#[case(
    400,
    "invalid_request",
    50_166,
    Park,
    Reason::FederationMismatch,
    "present keys"
)]
#[case(
    401,
    "invalid_client",
    700_021,
    Park,
    Reason::TokenRequestRefused,
    "clientId"
)]
#[case(
    401,
    "invalid_client",
    700_023,
    Park,
    Reason::TokenRequestRefused,
    "clientId"
)]
#[case(
    401,
    "invalid_client",
    7_000_218,
    Park,
    Reason::TokenRequestRefused,
    "proxy"
)]
#[case(400, "invalid_scope", 70_011, Invalid, Reason::ScopeInvalid, "cloud")]
#[case(400, "invalid_scope", 28_002, Invalid, Reason::ScopeInvalid, "cloud")]
#[case(400, "invalid_scope", 700_022, Invalid, Reason::ScopeInvalid, "cloud")]
#[case(400, "invalid_scope", 700_023, Invalid, Reason::ScopeInvalid, "cloud")]
#[case(400, "invalid_resource", 1, Park, Reason::TenantInvalid, "cloud")]
#[case(
    401,
    "invalid_client",
    50_027,
    Park,
    Reason::TokenRequestRefused,
    "clientId"
)]
#[case(
    400,
    "invalid_request",
    900_144,
    Park,
    Reason::TokenRequestRefused,
    "proxy"
)]
#[case(
    400,
    "invalid_grant",
    530_034,
    Park,
    Reason::BlockedByPolicy,
    "Conditional Access"
)]
#[case(
    400,
    "invalid_grant",
    53_000,
    Park,
    Reason::BlockedByPolicy,
    "Conditional Access"
)]
#[case(
    400,
    "invalid_grant",
    53_001,
    Park,
    Reason::BlockedByPolicy,
    "Conditional Access"
)]
#[case(400, "invalid_resource", 500_011, Park, Reason::TenantInvalid, "cloud")]
#[case(
    400,
    "invalid_grant",
    53_003,
    Park,
    Reason::BlockedByPolicy,
    "Conditional Access"
)]
#[case(
    400,
    "invalid_grant",
    530_032,
    Park,
    Reason::BlockedByPolicy,
    "Conditional Access"
)]
#[case(
    400,
    "invalid_request",
    90_006,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(
    400,
    "invalid_request",
    90_012,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(
    400,
    "invalid_request",
    90_024,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(
    400,
    "invalid_request",
    90_033,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(
    400,
    "invalid_request",
    90_055,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(
    400,
    "server_error",
    50_000,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(
    400,
    "temporarily_unavailable",
    1,
    Retry,
    Reason::ProviderUnavailable,
    "again"
)]
#[case(503, "anything", 1, Retry, Reason::ProviderUnavailable, "again")]
#[case(
    400,
    "unauthorized_client",
    1,
    Park,
    Reason::AppNotInTenant,
    "adminconsent"
)]
#[case(400, "invalid_request", 1, Park, Reason::TokenRequestRefused, "code")]
fn every_row_of_the_table(
    #[case] status: u16,
    #[case] code: &str,
    #[case] number: u32,
    #[case] class: Class,
    #[case] reason: Reason,
    #[case] remedy: &str,
) {
    let description = format!(
        "AADSTS{number}: Something is wrong. Trace ID: 0b0f Correlation ID: 1c1f Timestamp: 2026-11-22 10:00:00Z"
    );
    let error = classified(&refused(status, code, &description));
    assert_eq!((error.class, error.reason), (class, reason), "{error}");
    assert_eq!(error.code, Some(format!("AADSTS{number}")));
    assert!(error.remedy.contains(remedy), "{error}");
    // What differs each time would write the status each time.
    assert!(!error.to_string().contains("0b0f"), "{error}");
}

#[test]
fn a_clock_that_is_wrong_is_named_before_the_certificate() {
    let failure = Failure::Refused {
        status: 401,
        code: "invalid_client".into(),
        description: "AADSTS700024: not within its valid time range.".into(),
        clock_offset: Some(SignedDuration::from_mins(-20)),
        retry_after: None,
    };
    let error = classified(&failure);
    assert_eq!(error.reason, Reason::ClockSkew);
    assert!(error.meaning.contains("1200 seconds ahead"), "{error}");
}

#[rstest]
#[case(429, Throttled, Reason::RateLimited)]
#[case(502, Retry, Reason::ProviderUnavailable)]
#[case(200, Retry, Reason::MalformedReply)]
fn what_is_neither_token_nor_refusal(
    #[case] status: u16,
    #[case] class: Class,
    #[case] reason: Reason,
) {
    let retry_after = Some(Duration::from_secs(7));
    let error = classified(&Failure::Unexpected {
        status,
        retry_after,
    });
    assert_eq!((error.class, error.reason), (class, reason));
    assert_eq!(error.retry_after, retry_after);
}
