use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use super::*;
use crate::providers::google::key::tests::file;
use crate::providers::google::testing::{FakeGoogle, spec};
use crate::providers::keys::testing::{issuer, request};

fn keys() -> String {
    let account = file("https://x/token")["client_email"]
        .as_str()
        .unwrap()
        .to_owned();
    let account = segment(&account);
    format!("/iam/v1/projects/-/serviceAccounts/{account}/keys")
}

fn resource(id: &str) -> Value {
    json!({
        "name": format!("projects/acme/serviceAccounts/deputy@acme/keys/{id}"),
        "validAfterTime": "2026-11-27T12:00:00Z", "validBeforeTime": "2027-11-27T12:34:56Z",
        "keyOrigin": "USER_PROVIDED", "keyType": "USER_MANAGED", "keyAlgorithm": "KEY_ALG_RSA_2048",
    })
}

async fn mount(google: &FakeGoogle, verb: &str, at: &str, reply: ResponseTemplate) {
    let mock = Mock::given(method(verb)).and(path(at)).respond_with(reply);
    mock.mount(&google.server).await;
}

async fn uploads(google: &FakeGoogle) -> Vec<Request> {
    let all = google.server.received_requests().await.unwrap();
    let is_upload = |one: &Request| one.url.path().ends_with("keys:upload");
    all.into_iter().filter(is_upload).collect()
}

fn entry(entries: &Credentials, name: &str) -> Value {
    serde_json::from_slice(entries.get(name).unwrap().expose_secret()).unwrap()
}

#[tokio::test]
async fn a_key_is_uploaded_and_comes_back_as_a_key_file_of_the_same_account() {
    let google = FakeGoogle::start(&[]).await;
    let session = google.open(spec()).await;
    let issuer = issuer(&session);
    mount(
        &google,
        "GET",
        &keys(),
        ResponseTemplate::new(200).set_body_json(json!({})),
    )
    .await;
    let made = ResponseTemplate::new(200).set_body_json(resource("k4"));
    mount(&google, "POST", &format!("{}:upload", keys()), made).await;
    let draft = issuer.draft(&request()).await.unwrap().unwrap();
    let issued = issuer.issue(&request(), Some(&draft)).await.unwrap();
    assert_eq!(issued.key.id, "k4");
    assert_eq!(issued.key.name.as_deref(), Some("deputy-okta-6a2c1a4e-4"));
    assert_eq!(issued.key.expires_at, request().expires_at);
    let written = entry(&issued.entries, ENTRY);
    let own = file(written["token_uri"].as_str().unwrap());
    for field in [
        "type",
        "project_id",
        "client_email",
        "client_id",
        "token_uri",
    ] {
        assert_eq!(written[field], own[field], "{field}");
    }
    assert_eq!(written["private_key_id"], "k4");
    assert_ne!(written["private_key"], own["private_key"]);
    let sent = uploads(&google).await;
    let body = String::from_utf8_lossy(&sent[0].body).into_owned();
    assert!(!body.contains("PRIVATE") && !body.contains(&STANDARD.encode("PRIVATE")));
    let pem: Value = serde_json::from_str(&body).unwrap();
    let pem = STANDARD
        .decode(pem["publicKeyData"].as_str().unwrap())
        .unwrap();
    assert!(pem.starts_with(b"-----BEGIN CERTIFICATE-----"));
    issuer.verify(&issued.entries).await.unwrap();
    let asked = google.asked();
    assert!(
        asked.iter().all(|one| one.subject.is_none()),
        "nobody is acted for: {asked:?}"
    );
}

#[tokio::test]
async fn one_draft_makes_one_key_however_often_it_is_tried() {
    let google = FakeGoogle::start(&[]).await;
    let session = google.open(spec()).await;
    let issuer = issuer(&session);
    let draft = issuer.draft(&request()).await.unwrap().unwrap();
    let pem = draft.get(CERTIFICATE).unwrap().expose_secret().to_vec();
    let listed = json!({"keys": [resource("other"), resource("ours")]});
    mount(
        &google,
        "GET",
        &keys(),
        ResponseTemplate::new(200).set_body_json(listed),
    )
    .await;
    let with = |id: &str, pem: &[u8]| {
        let mut found = resource(id);
        found["publicKeyData"] = json!(STANDARD.encode(pem));
        ResponseTemplate::new(200).set_body_json(found)
    };
    let other = KeyPair::generate(
        "deputy-okta-6a2c1a4e-3",
        "2026-01-01T00:00:00Z".parse().unwrap(),
        None,
    );
    let other = other.unwrap().certificate;
    mount(
        &google,
        "GET",
        &format!("{}/other", keys()),
        with("other", other.as_bytes()),
    )
    .await;
    mount(
        &google,
        "GET",
        &format!("{}/ours", keys()),
        with("ours", &pem),
    )
    .await;
    let issued = issuer.issue(&request(), Some(&draft)).await.unwrap();
    assert_eq!(issued.key.id, "ours");
    assert!(uploads(&google).await.is_empty());
    let names: Vec<_> = issuer
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|key| key.name)
        .collect();
    let ours = |n| Some(format!("deputy-okta-6a2c1a4e-{n}"));
    assert_eq!(names, [ours(3), ours(4)]);
}

#[tokio::test]
async fn a_key_is_known_by_the_id_in_its_file() {
    let google = FakeGoogle::start(&[]).await;
    let session = google.open(spec()).await;
    let issuer = issuer(&session);
    mount(
        &google,
        "GET",
        &format!("{}/k1", keys()),
        ResponseTemplate::new(200).set_body_json(resource("k1")),
    )
    .await;
    let gone = json!({"error": {"code": 404, "status": "NOT_FOUND", "message": "no"}});
    mount(
        &google,
        "GET",
        &format!("{}/k2", keys()),
        ResponseTemplate::new(404).set_body_json(gone),
    )
    .await;
    for (id, known) in [(Some("k1"), true), (Some("k2"), false), (None, false)] {
        let mut file = file("https://x/token");
        file["private_key_id"] = json!(id);
        let entries = Credentials::new([(ENTRY.to_owned(), file.to_string().into_bytes())]);
        let found = issuer.recognize(&entries).await.unwrap();
        assert_eq!(found.is_some(), known, "{id:?}");
    }
}

#[tokio::test]
async fn what_is_gone_is_revoked_and_what_is_refused_is_not() {
    let google = FakeGoogle::start(&[]).await;
    let session = google.open(spec()).await;
    let issuer = issuer(&session);
    for (id, status, is_dead) in [
        ("a", 200, true),
        ("b", 404, true),
        ("c", 403, false),
        ("d", 503, false),
    ] {
        let body = json!({"error": {"code": status, "message": "Permission 'iam.serviceAccountKeys.delete' denied"}});
        let reply = ResponseTemplate::new(status).set_body_json(body);
        mount(&google, "DELETE", &format!("{}/{id}", keys()), reply).await;
        assert_eq!(issuer.revoke(id).await.is_ok(), is_dead, "{status}");
    }
}

#[tokio::test]
async fn a_failed_upload_is_not_repeated_blindly() {
    let google = FakeGoogle::start(&[]).await;
    let session = google.open(spec()).await;
    let issuer = issuer(&session);
    let empty = Mock::given(method("GET")).and(path_regex("/keys$"));
    empty
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .mount(&google.server)
        .await;
    mount(
        &google,
        "POST",
        &format!("{}:upload", keys()),
        ResponseTemplate::new(503),
    )
    .await;
    let draft = issuer.draft(&request()).await.unwrap().unwrap();
    let error = issuer.issue(&request(), Some(&draft)).await.err().unwrap();
    assert_eq!(error.class, Class::Retry);
    assert_eq!(uploads(&google).await.len(), 1);
}
