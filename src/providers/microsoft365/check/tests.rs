use serde_json::json;

use crate::model::account::Known;
use crate::model::privacy::{MailLevel, Privacy};
use crate::model::secret::Credentials;
use crate::providers::microsoft365::spec::{Federated, LeastPrivilegeProbe, Microsoft365Spec};
use crate::providers::microsoft365::testing::{
    FakeGraph, KEY_PEM, TENANT, certificate_pem, email, request, spec,
};
use crate::providers::{CheckReport, CheckRequest, Finding, Reason, Session as _};

/// The least that all streams need at the default levels.
const LEAST: &[&str] = &[
    "User.Read.All",
    "Mail.ReadBasic.All",
    "Calendars.ReadBasic.All",
    "Files.Read.All",
];
const GOOD: (Known, Reason) = (Known::True, Reason::Verified);

fn verdict(finding: &Finding) -> (Known, Reason) {
    assert!(finding.message.len() <= 1024, "{}", finding.message);
    assert!(!finding.message.contains("canary"), "{}", finding.message);
    (finding.verdict, finding.reason)
}

fn state(report: &CheckReport, name: &str) -> (Known, Option<Reason>) {
    let found = report.scopes.iter().find(|one| one.name == name).unwrap();
    (found.granted, found.reason)
}

async fn check(graph: &FakeGraph, spec: Microsoft365Spec, request: CheckRequest) -> CheckReport {
    graph.open(spec).check(&request).await
}

fn without(left_out: &str) -> Vec<&'static str> {
    let mut roles = LEAST.to_vec();
    roles.retain(|role| *role != left_out);
    roles
}

async fn with_peter(roles: &[&str]) -> FakeGraph {
    let graph = FakeGraph::start(roles).await;
    let peter = json!({"id": "p1", "userPrincipalName": "peter@acme.example"});
    graph
        .answer("/graph/v1.0/users/peter%40acme%2Eexample", 200, peter)
        .await;
    graph
}

#[tokio::test]
async fn a_healthy_check_is_one_fresh_token_and_nothing_else() {
    let graph = FakeGraph::start(LEAST).await;
    let session = graph.open(spec());
    let report = session.check(&request()).await;
    for finding in [
        &report.authenticated,
        &report.delegation,
        &report.permissions,
        report.least_privilege.as_ref().unwrap(),
    ] {
        assert_eq!(verdict(finding), GOOD, "{}", finding.message);
    }
    assert!(report.scopes.iter().all(|one| one.granted == Known::True));
    assert_eq!(report.identity.account, "Deputy");
    assert_eq!(report.identity.tenant.as_deref(), Some(TENANT));
    assert!(report.excess.is_empty());
    assert!(graph.calls().await.is_empty());
    session.check(&request()).await;
    assert_eq!(graph.tokens().await, 2, "a check never trusts a kept token");
    session.api.tokens.find().await.unwrap();
    assert_eq!(graph.tokens().await, 2, "and leaves its own to the others");
}

#[tokio::test]
async fn a_wider_role_serves_and_is_told_as_excess() {
    let mut roles = without("Mail.ReadBasic.All");
    roles.extend(["Mail.ReadWrite", "Mail.Send"]);
    let graph = FakeGraph::start(&roles).await;
    let report = check(&graph, spec(), request()).await;
    assert_eq!(verdict(&report.delegation), GOOD);
    assert_eq!(report.excess, ["Mail.ReadWrite", "Mail.Send"]);
    let advice = report.least_privilege.unwrap();
    assert_eq!(verdict(&advice), (Known::False, Reason::ExcessScopes));
    assert!(advice.message.contains("Mail.Send"), "{}", advice.message);
}

#[tokio::test]
async fn a_token_without_roles_is_no_consent_at_all() {
    let graph = FakeGraph::start(&[]).await;
    graph
        .fail(
            "/graph/v1.0/users/peter%40acme.example/mailFolders/inbox",
            403,
            "ErrorAccessDenied",
            "Access is denied. Check credentials and try again.",
        )
        .await;
    let denied = ["mailFolders/inbox", "calendar"];
    for service in denied {
        let at = format!("/graph/v1.0/users/peter%40acme%2Eexample/{service}");
        graph
            .fail(&at, 403, "ErrorAccessDenied", "Access is denied.")
            .await;
    }
    let report = check(&graph, spec(), request()).await;
    assert_eq!(verdict(&report.authenticated), GOOD);
    assert_eq!(
        verdict(&report.delegation),
        (Known::False, Reason::ClientNotAuthorized)
    );
    let message = &report.delegation.message;
    for part in [
        "adminconsent?client_id=6a2c1a4e",
        "User.Read.All",
        "RBAC for Applications",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(
        report
            .remedy_url
            .unwrap()
            .contains("/acme.example/adminconsent")
    );
}

#[tokio::test]
async fn a_role_that_only_entra_grants_is_missing_without_a_try() {
    let graph = FakeGraph::start(&without("Files.Read.All")).await;
    let report = check(&graph, spec(), request()).await;
    assert_eq!(
        state(&report, "Files.Read.All"),
        (Known::False, Some(Reason::ScopeNotAuthorized))
    );
    assert_eq!(
        verdict(&report.delegation),
        (Known::False, Reason::ScopeNotAuthorized)
    );
    assert!(graph.calls().await.is_empty());
}

#[tokio::test]
async fn a_mailbox_that_opens_without_the_role_is_exchanges_grant() {
    let graph = with_peter(&without("Mail.ReadBasic.All")).await;
    graph
        .answer(
            "/graph/v1.0/users/p1/mailFolders/inbox",
            200,
            json!({"id": "x"}),
        )
        .await;
    let report = check(&graph, spec(), request()).await;
    assert_eq!(
        state(&report, "Mail.ReadBasic.All"),
        (Known::True, Some(Reason::GrantedPerMailbox))
    );
    assert_eq!(verdict(&report.delegation), GOOD);
    let message = &report.delegation.message;
    assert!(message.contains("RBAC for Applications"), "{message}");
}

#[tokio::test]
async fn a_mailbox_that_is_refused_is_neither_of_the_two() {
    let graph = with_peter(&without("Mail.ReadBasic.All")).await;
    let inbox = "/graph/v1.0/users/p1/mailFolders/inbox";
    graph
        .fail(inbox, 403, "ErrorAccessDenied", "Access is denied.")
        .await;
    let report = check(&graph, spec(), request()).await;
    assert_eq!(
        state(&report, "Mail.ReadBasic.All"),
        (Known::False, Some(Reason::ScopeNotAuthorized))
    );
    let message = &report.delegation.message;
    assert!(message.contains("ErrorAccessDenied"), "{message}");
    assert!(message.contains("management scope"), "{message}");
}

#[tokio::test]
async fn somebody_without_a_mailbox_says_nothing_of_the_permission() {
    let graph = with_peter(&without("Mail.ReadBasic.All")).await;
    let inbox = "/graph/v1.0/users/p1/mailFolders/inbox";
    graph
        .fail(inbox, 404, "MailboxNotEnabledForRESTAPI", "inactive")
        .await;
    let report = check(&graph, spec(), request()).await;
    assert_eq!(
        state(&report, "Mail.ReadBasic.All"),
        (Known::Unknown, Some(Reason::NobodyToTestWith))
    );
    assert_eq!(
        verdict(&report.delegation),
        (Known::Unknown, Reason::NobodyToTestWith)
    );
    let nobody = CheckRequest {
        people: vec![],
        ..request()
    };
    let report = check(&graph, spec(), nobody).await;
    assert_eq!(
        verdict(&report.delegation),
        (Known::Unknown, Reason::NobodyToTestWith)
    );
}

fn probing() -> Microsoft365Spec {
    Microsoft365Spec {
        least_privilege_probe: Some(LeastPrivilegeProbe {
            mailbox: email("decoy@acme.example"),
        }),
        ..spec()
    }
}

async fn decoy(status: u16, code: &str) -> (CheckReport, FakeGraph) {
    let graph = FakeGraph::start(LEAST).await;
    let decoy = json!({"id": "d1", "userPrincipalName": "decoy@acme.example"});
    graph
        .answer("/graph/v1.0/users/decoy%40acme%2Eexample", 200, decoy)
        .await;
    let inbox = "/graph/v1.0/users/d1/mailFolders/inbox";
    let body = json!({"id": "x", "error": {"code": code, "message": "Access is denied."}});
    graph.answer(inbox, status, body).await;
    (check(&graph, probing(), request()).await, graph)
}

#[tokio::test]
async fn a_decoy_that_opens_says_how_to_confine_the_application() {
    let (report, graph) = decoy(200, "").await;
    let advice = report.least_privilege.unwrap();
    assert_eq!(verdict(&advice), (Known::False, Reason::TenantWide));
    for part in [
        "decoy@acme.example",
        "New-ManagementScope",
        "New-ManagementRoleAssignment",
        "Application Mail.Read",
    ] {
        assert!(advice.message.contains(part), "{}", advice.message);
    }
    assert_eq!(verdict(&report.delegation), GOOD, "advice is no verdict");
    let calls = graph.calls().await;
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls[1].ends_with("?$select=id"), "{calls:?}");
}

#[tokio::test]
async fn a_decoy_that_is_refused_is_as_it_has_to_be() {
    let (report, _) = decoy(403, "ErrorAccessDenied").await;
    assert_eq!(verdict(&report.least_privilege.unwrap()), GOOD);
}

#[tokio::test]
async fn a_decoy_without_a_mailbox_proves_nothing() {
    let (report, _) = decoy(404, "MailboxNotEnabledForRESTAPI").await;
    let advice = report.least_privilege.unwrap();
    assert_eq!(
        verdict(&advice),
        (Known::Unknown, Reason::MailboxNotEnabled)
    );
}

#[tokio::test]
async fn without_a_token_nothing_is_known_of_the_roles() {
    let description =
        "AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: 1";
    let graph = FakeGraph::refusing(401, "invalid_client", description).await;
    let report = check(&graph, probing(), request()).await;
    assert_eq!(
        verdict(&report.authenticated),
        (Known::False, Reason::SecretExpired)
    );
    assert_eq!(report.delegation.verdict, Known::Unknown);
    assert!(
        report
            .scopes
            .iter()
            .all(|one| one.granted == Known::Unknown)
    );
    assert!(graph.calls().await.is_empty());
    let graph = FakeGraph::refusing(503, "temporarily_unavailable", "AADSTS90033: later").await;
    tokio::time::pause();
    let report = check(&graph, spec(), request()).await;
    assert_eq!(report.authenticated.verdict, Known::Unknown);
}

#[tokio::test]
async fn the_end_of_a_secret_is_read_where_that_is_allowed() {
    let graph = FakeGraph::start(LEAST).await;
    let report = check(&graph, spec(), request()).await;
    let credential = report.credential.unwrap();
    assert_eq!(
        verdict(&credential),
        (Known::Unknown, Reason::ExpiryUnknown)
    );
    let mut roles = LEAST.to_vec();
    roles.push("Application.Read.All");
    for (ends, expected) in [
        ("2099-01-01T00:00:00Z", GOOD),
        (
            "2020-01-01T00:00:00Z",
            (Known::False, Reason::CredentialExpiring),
        ),
    ] {
        let graph = FakeGraph::start(&roles).await;
        let secrets = json!({"passwordCredentials": [
            {"hint": "abc", "endDateTime": ends, "startDateTime": "2019-01-01T00:00:00Z"},
            {"hint": "xyz", "endDateTime": "2000-01-01T00:00:00Z"},
        ]});
        let at = "/graph/v1.0/applications(appId='6a2c1a4e-8f0b-4d53-9c3c-1f0f0b7f6d11')";
        graph.answer(at, 200, secrets).await;
        let report = check(&graph, spec(), request()).await;
        assert_eq!(verdict(&report.credential.unwrap()), expected);
        assert_eq!(report.identity.key_expires_at, Some(ends.parse().unwrap()));
        assert!(report.excess.is_empty(), "{:?}", report.excess);
    }
}

#[tokio::test]
async fn a_certificate_says_itself_when_it_ends() {
    let graph = FakeGraph::start(LEAST).await;
    let entries = [
        ("tls.crt".to_owned(), certificate_pem().into_bytes()),
        ("tls.key".to_owned(), KEY_PEM.as_bytes().to_vec()),
    ];
    let session = graph.open_with(spec(), Credentials::new(entries));
    let report = session.check(&request()).await;
    assert_eq!(verdict(&report.credential.unwrap()), GOOD);
    assert!(report.identity.key_expires_at.is_some());
    assert!(report.identity.key_created_at.is_some());
}

fn token_file(audience: &str) -> tempfile::NamedTempFile {
    use base64::Engine as _;
    use std::io::Write as _;
    let claims = json!({"iss": "https://oidc.example", "sub": "system:serviceaccount:a:b", "aud": [audience]});
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "e30.{claims}.canary").unwrap();
    file
}

async fn federated(audience: &str) -> (CheckReport, FakeGraph) {
    let graph = FakeGraph::start(LEAST).await;
    let file = token_file(audience);
    let spec = Microsoft365Spec {
        federated: Some(Federated {
            token_file: Some(file.path().to_owned()),
        }),
        ..spec()
    };
    let session = graph.open_with(spec, Credentials::default());
    (session.check(&request()).await, graph)
}

#[tokio::test]
async fn a_federated_token_needs_no_secret_and_does_not_end() {
    let (report, graph) = federated("api://AzureADTokenExchange").await;
    assert_eq!(verdict(&report.authenticated), GOOD);
    assert_eq!(report.credential, None);
    assert_eq!(graph.tokens().await, 1);
}

#[tokio::test]
async fn a_token_for_the_cluster_itself_is_never_sent() {
    let (report, graph) = federated("https://kubernetes.default.svc").await;
    assert_eq!(
        verdict(&report.authenticated),
        (Known::False, Reason::FederationMismatch)
    );
    assert_eq!(graph.tokens().await, 0);
}

#[tokio::test]
async fn a_stream_that_no_listed_role_serves_is_named() {
    let graph = FakeGraph::start(LEAST).await;
    let listing = Microsoft365Spec {
        roles: Some(LEAST.iter().map(|&role| role.to_owned()).collect()),
        ..spec()
    };
    let full = CheckRequest {
        privacy: Privacy {
            mail: MailLevel::Full,
            ..Privacy::default()
        },
        ..request()
    };
    let report = check(&graph, listing, full).await;
    assert_eq!(
        verdict(&report.permissions),
        (Known::False, Reason::ScopeNotAuthorized)
    );
    assert!(report.permissions.message.contains("Mail.Read"));
}
