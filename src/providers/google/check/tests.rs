use serde_json::json;

use crate::model::account::Known;
use crate::model::dataset::Dataset;
use crate::providers::google::spec::GoogleSpec;
use crate::providers::google::testing::{FakeGoogle, email, listing, request, scope, spec};
use crate::providers::{CheckReport, CheckRequest, Finding, Reason, Session as _};

/// What administrators are used to paste.
const PASTED: &[&str] = &[
    "gmail.readonly",
    "gmail.send",
    "calendar",
    "drive.metadata.readonly",
];

fn verdict(finding: &Finding) -> (Known, Reason) {
    assert!(finding.message.len() <= 1024, "{}", finding.message);
    assert!(!finding.message.contains("canary"), "{}", finding.message);
    (finding.verdict, finding.reason)
}

const GOOD: (Known, Reason) = (Known::True, Reason::Verified);

fn missing(report: &CheckReport) -> Vec<&str> {
    let missing = report
        .scopes
        .iter()
        .filter(|one| one.granted == Known::False);
    missing.map(|one| one.name.as_str()).collect()
}

#[tokio::test]
async fn a_healthy_check_is_one_token_call_and_nothing_else() {
    let google = FakeGoogle::start(PASTED).await;
    let session = google.open(listing(PASTED)).await;
    let report = session.check(&request()).await;
    for finding in [
        &report.authenticated,
        &report.delegation,
        &report.permissions,
    ] {
        assert_eq!(verdict(finding), GOOD, "{}", finding.message);
    }
    let asked = google.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].subject.as_deref(), Some("peter@acme.example"));
    assert_eq!(asked[0].scopes.len(), 4);
    assert!(google.calls().await.is_empty());
    session.check(&request()).await;
    assert_eq!(google.asked().len(), 1, "a check never trusts a kept token");
}

#[tokio::test]
async fn with_the_directory_it_is_one_look_more() {
    let google = FakeGoogle::start(&["gmail.metadata", "admin.directory.user.readonly"]).await;
    let user = json!({"id": "1", "customerId": "C01", "primaryEmail": "admin@acme.example"});
    google
        .answer("/admin/directory/v1/users/admin%40acme.example", 200, user)
        .await;
    let admin = Some(email("admin@acme.example"));
    let session = google
        .open(GoogleSpec {
            admin_email: admin,
            ..spec()
        })
        .await;
    let request = CheckRequest {
        datasets: vec![Dataset::Mail],
        ..request()
    };
    let report = session.check(&request).await;
    assert_eq!(
        verdict(&report.permissions),
        GOOD,
        "{}",
        report.permissions.message
    );
    assert_eq!(google.asked().len(), 1);
    assert_eq!(google.calls().await.len(), 1);
}

#[tokio::test]
async fn one_missing_scope_of_many_is_found_in_few_calls() {
    let names: Vec<String> = (0..32).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let granted: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| *name != "s13")
        .collect();
    let google = FakeGoogle::start(&granted).await;
    let session = google.open(listing(&names)).await;
    let report = session
        .check(&CheckRequest {
            datasets: vec![],
            ..request()
        })
        .await;
    assert_eq!(missing(&report), [scope("s13")]);
    assert_eq!(verdict(&report.authenticated), GOOD);
    assert_eq!(
        verdict(&report.delegation),
        (Known::False, Reason::ScopeNotAuthorized)
    );
    for part in ["auth/s13", "107400000000000000001", "unauthorized_client"] {
        assert!(
            report.delegation.message.contains(part),
            "{}",
            report.delegation.message
        );
    }
    assert!(!report.delegation.message.contains("auth/s12"));
    let calls = google.asked().len();
    assert!(calls <= 2 + 2 * 5, "{calls}");
}

#[tokio::test]
async fn every_subset_is_told_exactly() {
    let names = ["a", "b", "c", "d", "e"];
    let google = FakeGoogle::start(&[]).await;
    let session = google.open(listing(&names)).await;
    let request = CheckRequest {
        datasets: vec![],
        ..request()
    };
    for mask in 0..32_u32 {
        let is_granted = |index: &usize| mask & (1 << index) != 0;
        let granted: Vec<&str> = (0..5)
            .filter(is_granted)
            .map(|index| names[index])
            .collect();
        google.grant(&granted);
        let report = session.check(&request).await;
        let lacking: Vec<String> = (0..5)
            .filter(|index| !is_granted(index))
            .map(|index| scope(names[index]))
            .collect();
        assert_eq!(missing(&report), lacking);
        let reason = match lacking.len() {
            0 => Reason::Verified,
            5 => Reason::ClientNotAuthorized,
            _ => Reason::ScopeNotAuthorized,
        };
        assert_eq!(
            report.delegation.reason, reason,
            "{}",
            report.delegation.message
        );
    }
}

#[tokio::test]
async fn the_link_has_the_client_and_all_scopes() {
    let google = FakeGoogle::start(&["gmail.readonly"]).await;
    let session = google.open(listing(PASTED)).await;
    let report = session.check(&request()).await;
    let url = report.remedy_url.unwrap();
    let url = url::Url::parse(&url).unwrap();
    let value = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(
        value("clientIdToAdd").as_deref(),
        Some("107400000000000000001")
    );
    assert_eq!(value("overwriteClientId").as_deref(), Some("true"));
    let all: Vec<String> = PASTED.iter().map(|name| scope(name)).collect();
    assert_eq!(value("clientScopeToAdd"), Some(all.join(",")));
    assert!(report.delegation.message.contains(url.as_str()));
}

#[tokio::test]
async fn a_dead_key_says_nothing_of_the_delegation() {
    let google = FakeGoogle::start(PASTED).await;
    google.refuse(400, "invalid_grant", "Invalid JWT Signature.");
    let session = google.open(listing(PASTED)).await;
    let report = session.check(&request()).await;
    assert_eq!(
        verdict(&report.authenticated),
        (Known::False, Reason::KeyRevoked)
    );
    assert_eq!(
        verdict(&report.delegation),
        (Known::Unknown, Reason::KeyRevoked)
    );
    assert!(
        report
            .scopes
            .iter()
            .all(|one| one.granted == Known::Unknown)
    );
    assert_eq!(google.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_fails_says_nothing_at_all() {
    let google = FakeGoogle::start(PASTED).await;
    google.refuse(503, "temporarily_unavailable", "");
    let session = google.open(listing(PASTED)).await;
    let report = session.check(&request()).await;
    assert_eq!(report.authenticated.verdict, Known::Unknown);
    assert_eq!(report.delegation.verdict, Known::Unknown);
    assert!(report.throttled.is_none());
}

#[tokio::test]
async fn with_nobody_to_act_for_only_the_key_is_tried() {
    let google = FakeGoogle::start(PASTED).await;
    let session = google.open(listing(PASTED)).await;
    let report = session
        .check(&CheckRequest {
            people: vec![],
            ..request()
        })
        .await;
    assert_eq!(verdict(&report.authenticated), GOOD);
    assert_eq!(
        verdict(&report.delegation),
        (Known::Unknown, Reason::NobodyToTestWith)
    );
    let asked = google.asked();
    assert_eq!((asked.len(), asked[0].subject.clone()), (1, None));
}

#[tokio::test]
async fn a_person_who_is_gone_is_passed_over_but_an_administrator_is_told() {
    let google = FakeGoogle::start(PASTED).await;
    google.forget("peter@acme.example");
    let people = vec![email("peter@acme.example"), email("mary@acme.example")];
    let session = google.open(listing(PASTED)).await;
    let report = session
        .check(&CheckRequest {
            people,
            ..request()
        })
        .await;
    assert_eq!(verdict(&report.delegation), GOOD);
    let report = session.check(&request()).await;
    assert_eq!(
        verdict(&report.delegation),
        (Known::Unknown, Reason::UserNotFound)
    );
    assert_eq!(verdict(&report.authenticated), GOOD);
    let admin = Some(email("peter@acme.example"));
    let session = google
        .open(GoogleSpec {
            admin_email: admin,
            ..listing(PASTED)
        })
        .await;
    let report = session.check(&request()).await;
    assert_eq!(
        verdict(&report.delegation),
        (Known::False, Reason::UserNotFound)
    );
}

#[tokio::test]
async fn a_stream_for_which_no_scope_is_listed_is_told() {
    let google = FakeGoogle::start(&["gmail.send"]).await;
    let session = google.open(listing(&["gmail.send"])).await;
    let report = session.check(&request()).await;
    assert_eq!(verdict(&report.delegation), GOOD);
    assert_eq!(
        verdict(&report.permissions),
        (Known::False, Reason::ScopeNotAuthorized)
    );
    assert!(
        report.permissions.message.contains("gmail.metadata"),
        "{}",
        report.permissions.message
    );
}

#[tokio::test]
async fn excess_is_looked_for_when_asked_to() {
    let mut granted = PASTED.to_vec();
    granted.push("drive");
    let google = FakeGoogle::start(&granted).await;
    let session = google.open(listing(PASTED)).await;
    assert!(session.check(&request()).await.least_privilege.is_none());
    let report = session
        .check(&CheckRequest {
            look_for_excess: true,
            ..request()
        })
        .await;
    assert_eq!(report.excess, [scope("drive")]);
    assert_eq!(
        verdict(&report.least_privilege.unwrap()),
        (Known::False, Reason::ExcessScopes)
    );
    google.grant(PASTED);
    let report = session
        .check(&CheckRequest {
            look_for_excess: true,
            ..request()
        })
        .await;
    assert_eq!(verdict(&report.least_privilege.unwrap()), GOOD);
}

#[tokio::test]
async fn an_administrator_without_the_role_is_told() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly"]).await;
    let body = json!({"error": {"code": 403, "message": "Not Authorized to access this resource/api",
        "errors": [{"reason": "forbidden"}]}});
    google
        .answer("/admin/directory/v1/users/admin%40acme.example", 403, body)
        .await;
    let admin = Some(email("admin@acme.example"));
    let session = google
        .open(GoogleSpec {
            admin_email: admin,
            ..spec()
        })
        .await;
    let report = session
        .check(&CheckRequest {
            datasets: vec![],
            ..request()
        })
        .await;
    assert_eq!(verdict(&report.delegation), GOOD);
    assert_eq!(
        verdict(&report.permissions),
        (Known::False, Reason::AdminNotPrivileged)
    );
}
