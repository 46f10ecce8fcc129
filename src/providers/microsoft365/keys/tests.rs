use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use super::*;
use crate::providers::keys::testing::{issuer, request};
use crate::providers::microsoft365::testing::{FakeGraph, spec};

const OWNED: &[&str] = &["Application.ReadWrite.OwnedBy"];

fn at(action: &str) -> String {
    format!(
        "/graph/v1.0/applications(appId='{}'){action}",
        spec().client_id
    )
}

fn password(id: &str, hint: &str, name: &str) -> Value {
    json!({"keyId": id, "hint": hint, "displayName": name, "secretText": null,
        "startDateTime": "2026-11-27T12:00:00Z", "endDateTime": "2027-11-27T12:34:56Z"})
}

async fn mount(graph: &FakeGraph, verb: &str, action: &str, status: u16, body: Value) {
    let reply = ResponseTemplate::new(status).set_body_json(body);
    let mock = Mock::given(method(verb))
        .and(path(at(action)))
        .respond_with(reply);
    mock.mount(&graph.server).await;
}

fn secret(text: &str) -> Credentials {
    Credentials::new([(SECRET.to_owned(), text.as_bytes().to_vec())])
}

#[tokio::test]
async fn a_secret_is_made_under_its_name_and_can_be_used() {
    let graph = FakeGraph::start(OWNED).await;
    let session = graph.open(spec());
    let mut made = password("k4", "xyz", "deputy-okta-6a2c1a4e-4");
    made["secretText"] = json!("xyz~canary");
    mount(&graph, "POST", "/addPassword", 200, made).await;
    let issuer = issuer(&session);
    assert!(issuer.draft(&request()).await.unwrap().is_none());
    let issued = issuer.issue(&request(), None).await.unwrap();
    assert_eq!(
        (issued.key.id.as_str(), issued.key.expires_at),
        ("k4", request().expires_at)
    );
    assert_eq!(
        issued.entries.fingerprint(),
        secret("xyz~canary").fingerprint()
    );
    assert!(!format!("{issued:?}").contains("canary"));
    let sent = graph.sent(&at("/addPassword")).await;
    let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(
        body,
        json!({"passwordCredential": {"displayName": "deputy-okta-6a2c1a4e-4", "endDateTime": "2027-11-27T12:34:56Z"}})
    );
    let before = graph.tokens().await;
    issuer.verify(&issued.entries).await.unwrap();
    assert_eq!(graph.tokens().await, before + 1, "it is used itself");
}

#[tokio::test]
async fn an_administrators_secret_is_known_by_its_id_or_by_its_first_characters_alone() {
    let graph = FakeGraph::start(OWNED).await;
    let session = graph.open(spec());
    let listed = [
        password("a", "abc", "x"),
        password("b", "xyz", "y"),
        password("c", "xyz", "z"),
    ];
    mount(
        &graph,
        "GET",
        "",
        200,
        json!({"passwordCredentials": listed}),
    )
    .await;
    let named = |text: &str, id: &str| {
        secret(text).with(Credentials::new([(
            SECRET_ID.to_owned(),
            id.as_bytes().to_vec(),
        )]))
    };
    for (entries, id) in [
        (secret("abc~canary"), Some("a")),
        (secret("xyz~canary"), None),
        (named("xyz~canary", "c"), Some("c")),
        (named("xyz~canary", "gone"), None),
        (secret("other"), None),
    ] {
        let found = issuer(&session).recognize(&entries).await.unwrap();
        assert_eq!(found.map(|key| key.id).as_deref(), id);
    }
}

#[tokio::test]
async fn a_secret_that_is_listed_is_not_dead() {
    let none = json!({"error": {"code": "Request_BadRequest", "message": "No password credential found with keyId 'k'."}});
    for (listed, is_dead) in [(vec![], true), (vec![password("k", "abc", "x")], false)] {
        let graph = FakeGraph::start(OWNED).await;
        let session = graph.open(spec());
        mount(&graph, "POST", "/removePassword", 400, none.clone()).await;
        mount(
            &graph,
            "GET",
            "",
            200,
            json!({"passwordCredentials": listed}),
        )
        .await;
        assert_eq!(issuer(&session).revoke("k").await.is_ok(), is_dead);
    }
    let graph = FakeGraph::start(OWNED).await;
    let session = graph.open(spec());
    let done = Mock::given(method("POST")).and(path(at("/removePassword")));
    done.respond_with(ResponseTemplate::new(204))
        .mount(&graph.server)
        .await;
    issuer(&session).revoke("k").await.unwrap();
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let denied = (
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    );
    let full = (
        "Request_BadRequest",
        "Not allowed to add 3 passwords. You can only add a maximum of 2 passwords.",
    );
    let banned = (
        "CredentialTypeNotAllowedAsPerAppPolicy",
        "Credential type not allowed as per assigned policy.",
    );
    let long = (
        "CredentialInvalidLifetimeAsPerAppPolicy",
        "Credential lifetime exceeds the max value allowed.",
    );
    let end = (
        "KeyCredentialsInvalidEndDate",
        "Key credential end date is invalid.",
    );
    for (roles, status, (code, message), reason, remedy) in [
        (
            &[][..],
            403,
            denied,
            Reason::ScopeNotAuthorized,
            "Application.ReadWrite.OwnedBy",
        ),
        (
            OWNED,
            403,
            denied,
            Reason::PermissionDenied,
            "az ad app owner add",
        ),
        (
            OWNED,
            400,
            full,
            Reason::TooManyKeys,
            "Certificates & secrets",
        ),
        (OWNED, 400, banned, Reason::BlockedByPolicy, "certificate"),
        (
            OWNED,
            400,
            long,
            Reason::BlockedByPolicy,
            "spec.expiresAfter",
        ),
        (OWNED, 400, end, Reason::RequestRefused, "spec.expiresAfter"),
    ] {
        let graph = FakeGraph::start(roles).await;
        let session = graph.open(spec());
        let body = json!({"error": {"code": code, "message": message}});
        mount(&graph, "POST", "/addPassword", status, body).await;
        let error = issuer(&session)
            .issue(&request(), None)
            .await
            .err()
            .unwrap();
        assert_eq!(
            (error.class, error.reason),
            (Class::Park, reason),
            "{error}"
        );
        assert!(error.to_string().contains(remedy), "{error}");
        assert_eq!(error.code.as_deref(), Some(code));
        assert_eq!(
            graph.sent(&at("/addPassword")).await.len(),
            1,
            "never repeated blindly"
        );
    }
}
