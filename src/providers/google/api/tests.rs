use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{any, header, path};
use wiremock::{Mock, ResponseTemplate};

use super::{Api, Method};
use crate::providers::google::testing::{FakeGoogle, email, listing};
use crate::providers::{Class, Error, Reason};

async fn google() -> (FakeGoogle, Arc<Api>) {
    let scopes = ["gmail.readonly", "calendar", "drive.metadata.readonly"];
    let google = FakeGoogle::start(&scopes).await;
    let session = google.open(listing(&scopes)).await;
    (google, session.api)
}

async fn profile(api: &Api) -> Result<Value, Error> {
    let path = "gmail/v1/users/me/profile";
    api.get(Method::Profile, &email("peter@acme.example"), path, &[])
        .await
}

fn fault(status: u16, reason: &str) -> ResponseTemplate {
    let body =
        json!({"error": {"code": status, "message": reason, "errors": [{"reason": reason}]}});
    ResponseTemplate::new(status).set_body_json(body)
}

#[tokio::test]
async fn one_token_serves_many_requests_and_has_one_scope() {
    let (google, api) = google().await;
    google
        .answer("/gmail/v1/users/me/profile", 200, json!({"historyId": "7"}))
        .await;
    let replies = futures::future::join_all((0..50).map(|_| profile(&api))).await;
    assert!(
        replies
            .iter()
            .all(|reply| reply.as_ref().unwrap()["historyId"] == "7")
    );
    let asked = google.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].scopes,
        ["https://www.googleapis.com/auth/gmail.readonly"]
    );
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_fifty_callers() {
    let (google, api) = google().await;
    Mock::given(path("/gmail/v1/users/me/profile"))
        .and(header("Authorization", "Bearer canary-1"))
        .respond_with(fault(401, "authError"))
        .mount(&google.server)
        .await;
    google
        .answer("/gmail/v1/users/me/profile", 200, json!({}))
        .await;
    let replies = futures::future::join_all((0..50).map(|_| profile(&api))).await;
    assert!(replies.iter().all(Result::is_ok));
    assert_eq!(google.asked().len(), 2);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_parks() {
    let (google, api) = google().await;
    Mock::given(path("/gmail/v1/users/me/profile"))
        .respond_with(fault(401, "authError"))
        .mount(&google.server)
        .await;
    let error = profile(&api).await.unwrap_err();
    assert_eq!(
        (error.class, error.reason),
        (Class::Park, Reason::UserNotAccessible)
    );
    assert_eq!(google.calls().await.len(), 2);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_a_403_may_mean_429() {
    for template in [
        fault(503, "backendError"),
        fault(403, "userRateLimitExceeded"),
        fault(429, "rateLimitExceeded"),
    ] {
        let (google, api) = google().await;
        Mock::given(path("/gmail/v1/users/me/profile"))
            .respond_with(template)
            .up_to_n_times(1)
            .mount(&google.server)
            .await;
        google
            .answer("/gmail/v1/users/me/profile", 200, json!({}))
            .await;
        profile(&api).await.unwrap();
        assert_eq!(google.calls().await.len(), 2);
    }
}

#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    for (template, class) in [
        (fault(404, "notFound"), Class::Park),
        (fault(400, "failedPrecondition"), Class::Park),
        (fault(403, "dailyLimitExceeded"), Class::Throttled),
    ] {
        let (google, api) = google().await;
        Mock::given(path("/gmail/v1/users/me/profile"))
            .respond_with(template)
            .mount(&google.server)
            .await;
        assert_eq!(profile(&api).await.unwrap_err().class, class);
        assert_eq!(google.calls().await.len(), 1);
    }
}

#[tokio::test]
async fn a_days_quota_silences_the_api_for_everybody() {
    let (google, api) = google().await;
    Mock::given(path("/gmail/v1/users/me/profile"))
        .respond_with(fault(403, "dailyLimitExceeded"))
        .mount(&google.server)
        .await;
    profile(&api).await.unwrap_err();
    let mary = email("mary@acme.example");
    let reply = api
        .get::<Value>(Method::Profile, &mary, "gmail/v1/users/me/profile", &[])
        .await;
    let error = reply.unwrap_err();
    assert_eq!(error.class, Class::Throttled);
    assert!(
        error.retry_after.unwrap() > Duration::from_mins(50),
        "{error:?}"
    );
    assert_eq!(google.calls().await.len(), 1);
}

#[tokio::test]
async fn a_scope_that_is_not_listed_is_never_asked_for() {
    let (google, api) = google().await;
    let admin = email("a@acme.example");
    let asked = api.get::<Value>(Method::UsersGet, &admin, "admin/directory/v1/users/x", &[]);
    assert_eq!(asked.await.unwrap_err().class, Class::Invalid);
    assert!(google.asked().is_empty());
    assert!(!api.may(Method::UsersGet) && api.may(Method::MessagesSearch));
}

#[tokio::test]
async fn without_a_list_the_next_broader_scope_is_tried_and_remembered() {
    let google = FakeGoogle::start(&["gmail.readonly"]).await;
    let session = google.open(crate::providers::google::testing::spec()).await;
    google
        .answer("/gmail/v1/users/me/profile", 200, json!({}))
        .await;
    profile(&session.api).await.unwrap();
    assert_eq!(google.asked().len(), 2);
    profile(&session.api).await.unwrap();
    assert!(google.asked().is_empty());
    assert!(session.api.may(Method::MessagesSearch));
}

#[tokio::test]
async fn a_path_that_leads_elsewhere_is_not_asked() {
    let (google, api) = google().await;
    Mock::given(any())
        .and(path("/gmail/v1/users/you"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&google.server)
        .await;
    for path in [
        "gmail/v1/users/me/../you",
        "gmail/v1/users/me/%2e%2e/you",
        "gmail/v1/users/me?x",
    ] {
        let reply = api
            .get::<Value>(Method::Profile, &email("peter@acme.example"), path, &[])
            .await;
        assert_eq!(reply.unwrap_err().reason, Reason::EndpointRefused, "{path}");
    }
    assert!(google.calls().await.is_empty());
}
