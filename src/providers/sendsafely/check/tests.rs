use rstest::rstest;
use serde_json::json;

use super::*;
use crate::model::account::Known;
use crate::model::dataset::Dataset;
use crate::providers::Session as _;
use crate::providers::sendsafely::testing::{FakePortal, request, spec};

const LOG: &str = "/api/v2.0/enterprise/audit-logs/";
const BOTH: &[Dataset] = &[Dataset::Packages, Dataset::Activity];

async fn checked(portal: &FakePortal, datasets: &[Dataset]) -> CheckReport {
    portal.open(spec()).check(&request(datasets)).await
}

fn verdict(finding: &Finding) -> (Known, Reason) {
    (finding.verdict, finding.reason)
}

#[tokio::test]
async fn an_administrators_key_is_verified_and_its_account_named() {
    let portal = FakePortal::of_bot(true).await;
    portal
        .answer(LOG, json!({"auditLogs": [], "pagination": {}}))
        .await;
    let report = checked(&portal, BOTH).await;
    for finding in [
        &report.authenticated,
        &report.delegation,
        &report.permissions,
    ] {
        assert_eq!(
            verdict(finding),
            (Known::True, Reason::Verified),
            "{}",
            finding.message
        );
    }
    assert_eq!(report.identity.account, "bot@acme.example");
    assert_eq!(
        report.identity.tenant.as_deref(),
        Some("acme.sendsafely.com")
    );
    assert_eq!(
        verdict(&report.least_privilege.unwrap()),
        (Known::True, Reason::Verified)
    );
    assert_eq!(
        verdict(&report.service_identity),
        (Known::Unknown, Reason::UnsupportedByProvider),
        "no login is assumed, never verified"
    );
}

#[tokio::test]
async fn who_is_no_administrator_reads_nobody() {
    let portal = FakePortal::of_bot(false).await;
    let report = checked(&portal, BOTH).await;
    assert_eq!(
        verdict(&report.permissions),
        (Known::False, Reason::AdminNotPrivileged)
    );
    assert!(report.permissions.message.contains("acme.sendsafely.com"));
    assert!(portal.sent(LOG).await.is_empty());
}

#[tokio::test]
async fn who_only_keeps_keys_need_be_no_administrator_and_should_not() {
    let portal = FakePortal::of_bot(false).await;
    let report = checked(&portal, &[]).await;
    assert_eq!(
        verdict(&report.permissions),
        (Known::True, Reason::Verified)
    );
    assert_eq!(report.least_privilege, None);
    let portal = FakePortal::of_bot(true).await;
    let report = checked(&portal, &[]).await;
    assert_eq!(
        verdict(&report.least_privilege.unwrap()),
        (Known::False, Reason::ExcessScopes)
    );
}

#[tokio::test]
async fn a_key_of_another_account_is_refused() {
    let portal = FakePortal::of_bot(true).await;
    let spec = SendSafelySpec {
        account: Some("deputy@acme.example".parse().unwrap()),
        ..spec()
    };
    let report = portal.open(spec).check(&request(BOTH)).await;
    assert_eq!(
        verdict(&report.authenticated),
        (Known::False, Reason::KeyForeign)
    );
    assert_eq!(
        verdict(&report.permissions),
        (Known::Unknown, Reason::KeyForeign)
    );
}

#[tokio::test]
async fn a_key_of_another_company_is_refused() {
    let portal = FakePortal::start().await;
    portal.answer_verify("bot@acme.example").await;
    portal
        .answer("/api/v2.0/user/", json!({"adminUser": false}))
        .await;
    let other = json!({"host": "https://other.sendsafely.com"});
    portal.answer("/api/v2.0/enterprise/", other).await;
    let report = checked(&portal, &[]).await;
    assert_eq!(
        verdict(&report.authenticated),
        (Known::False, Reason::TenantInvalid)
    );
}

#[rstest]
#[case("AUTHENTICATION_FAILED", "Invalid API Key", Reason::KeyRevoked)]
#[case(
    "AUTHENTICATION_FAILED",
    "Invalid Request Signature",
    Reason::SecretInvalid
)]
#[case(
    "AUTHENTICATION_FAILED",
    "Invalid Request Timestamp",
    Reason::ClockSkew
)]
#[tokio::test]
async fn a_refused_key_is_no_verdict_on_the_account(
    #[case] code: &str,
    #[case] message: &str,
    #[case] reason: Reason,
) {
    let portal = FakePortal::start().await;
    portal.refuse(code, message).await;
    let report = checked(&portal, BOTH).await;
    assert_eq!(verdict(&report.authenticated), (Known::False, reason));
    assert_eq!(report.permissions.verdict, Known::Unknown);
    assert!(!format!("{report:?}").contains("canary"));
}

#[tokio::test]
async fn a_host_that_is_no_companys_is_told() {
    let portal = FakePortal::start().await;
    portal.answer_with_a_page().await;
    let report = checked(&portal, BOTH).await;
    assert_eq!(
        verdict(&report.authenticated),
        (Known::False, Reason::TenantInvalid)
    );
    assert!(
        report
            .authenticated
            .message
            .contains("spec.provider.sendsafely.host")
    );
}

#[tokio::test]
async fn somebody_who_acts_as_the_account_is_noticed() {
    let portal = FakePortal::of_bot(true).await;
    let entry = json!({
        "eventId": "1", "timestamp": "2026-11-20T10:00:00Z", "eventType": "ADMIN_EVENT", "action": "GENERATE_API_KEY",
        "authenticatedUser": "boss@acme.example", "impersonatedUser": "bot@acme.example",
    });
    portal
        .answer(LOG, json!({"auditLogs": [entry], "pagination": {}}))
        .await;
    let finding = checked(&portal, BOTH).await.least_privilege.unwrap();
    assert_eq!(verdict(&finding), (Known::False, Reason::Impersonated));
    for part in [
        "boss@acme.example",
        "GENERATE_API_KEY",
        "2026-11-20T10:00:00Z",
    ] {
        assert!(finding.message.contains(part), "{}", finding.message);
    }
    assert!(finding.message.len() < 1_000);
    let asked = portal.sent(LOG).await;
    let body: serde_json::Value = asked[0].body_json().unwrap();
    assert_eq!(body["impersonatedUser"], "bot@acme.example");
}

#[tokio::test]
async fn a_log_that_is_off_is_no_verdict() {
    let portal = FakePortal::of_bot(true).await;
    portal.refuse_at(LOG, "DENIED", "").await;
    let report = checked(&portal, BOTH).await;
    assert_eq!(
        verdict(&report.least_privilege.unwrap()),
        (Known::Unknown, Reason::ApiDisabled)
    );
    assert_eq!(
        verdict(&report.permissions),
        (Known::True, Reason::Verified)
    );
}
