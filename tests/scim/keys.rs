//! A key opens the endpoint from when it is issued until it is revoked or ends, and a stranger learns nothing.

use std::time::Duration;

use deputy::providers::Purpose;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ListParams, Patch, PatchParams};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::office::{ACCOUNT, Answer, Key, Office, answer};
use crate::support::wait;

async fn users(office: &Office, key: &Key) -> Answer {
    office.ask(key, Method::GET, "Users?count=1", None).await
}

fn at(offset: Duration) -> Timestamp {
    #[allow(
        clippy::disallowed_methods,
        reason = "the operator's clock is the machine's"
    )]
    let now = Timestamp::now();
    now + SignedDuration::try_from(offset).expect("is not long")
}

async fn ledger(office: &Office) -> Secret {
    let secrets = office.namespace.objects::<Secret>().await;
    secrets
        .get(&format!("{ACCOUNT}-keys"))
        .await
        .expect("the ledger is there")
}

#[tokio::test]
async fn a_key_opens_in_either_scheme_and_is_kept_as_a_hash() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    assert_eq!(users(&office, &key).await.status, StatusCode::OK);
    let url = office.url.join("Users").expect("is a URL");
    let basic = office
        .request(Method::GET, url)
        .basic_auth(&key.id, Some(&key.secret));
    assert_eq!(answer(basic).await.status, StatusCode::OK);

    let ledger = ledger(&office).await;
    let owner = &ledger
        .metadata
        .owner_references
        .as_ref()
        .expect("has an owner")[0];
    assert_eq!(
        (owner.kind.as_str(), owner.name.as_str()),
        ("ServiceAccountConnection", ACCOUNT)
    );
    let entry = &ledger.data.as_ref().expect("has entries")[&key.id];
    let text = String::from_utf8(entry.0.clone()).expect("is text");
    assert!(!text.contains(&key.secret), "{text}");
    let entry: Value = serde_json::from_str(&text).expect("is JSON");
    assert_eq!(entry["purpose"], "SCIM");
    assert!(entry["lastUsedAt"].is_string(), "{entry}");
    assert!(
        !office.operator.log().contains(&key.secret),
        "a secret is in the log"
    );
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_on_every_replica() {
    let office = Office::open().await;
    let (old, new) = (
        office.key(Purpose::Scim, None).await,
        office.key(Purpose::Scim, None).await,
    );
    let (_operator, url) = office.replica().await;
    let url = url.join("Users").expect("is a URL");
    let elsewhere = async |key: &Key| {
        answer(
            office
                .request(Method::GET, url.clone())
                .bearer_auth(key.token()),
        )
        .await
        .status
    };
    for key in [&old, &new] {
        assert_eq!(users(&office, key).await.status, StatusCode::OK);
        assert_eq!(elsewhere(key).await, StatusCode::OK);
    }
    office.revoke(&old).await;
    assert_eq!(users(&office, &old).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(elsewhere(&old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(users(&office, &new).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    let office = Office::open().await;
    let ended = office.key(Purpose::Scim, Some(at(Duration::ZERO))).await;
    let lasting = office
        .key(Purpose::Scim, Some(at(Duration::from_hours(1))))
        .await;
    assert_eq!(
        users(&office, &ended).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(users(&office, &lasting).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_for_something_else_opens_nothing_here() {
    let office = Office::open().await;
    let key = office.key(Purpose::Api, None).await;
    let refused = users(&office, &key).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        refused.body["detail"]
            .as_str()
            .expect("says why")
            .contains("for API"),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn a_stranger_learns_nothing_and_is_locked_out() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let other = office.key(Purpose::Scim, None).await;
    let unknown = Key {
        id: "dep_000000000000_00".to_owned(),
        secret: "x".to_owned(),
    };
    let guessed = Key {
        secret: "deps_wrong".to_owned(),
        ..key.clone()
    };
    let first = users(&office, &guessed).await;
    let told = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401", "detail": "The key is not good.",
    });
    for refused in [&first, &users(&office, &unknown).await] {
        assert_eq!(
            (refused.status, &refused.body),
            (StatusCode::UNAUTHORIZED, &told)
        );
        assert!(refused.headers.contains_key("www-authenticate"));
    }
    let bare = answer(office.request(
        Method::GET,
        office.url.join("ServiceProviderConfig").expect("is a URL"),
    ))
    .await;
    assert_eq!(bare.body, told);

    for _ in 0..4 {
        assert_eq!(
            users(&office, &guessed).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let locked = users(&office, &key).await;
    assert_eq!(
        locked.status,
        StatusCode::TOO_MANY_REQUESTS,
        "not even with the right secret"
    );
    let wait: u64 = locked.headers["retry-after"]
        .to_str()
        .expect("is text")
        .parse()
        .expect("is a number");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(
        users(&office, &other).await.status,
        StatusCode::OK,
        "another key goes on"
    );

    // The operator's people are told what the stranger is not.
    let events = office.namespace.objects::<Event>().await;
    let note = wait::until("the event", async || {
        let all = events
            .list(&ListParams::default())
            .await
            .expect("lists events");
        let told = all
            .items
            .into_iter()
            .find(|event| event.reason.as_deref() == Some("KeyLockedOut"))?;
        told.note
    })
    .await;
    assert!(
        note.contains(&key.id) && note.contains("WrongSecret"),
        "{note}"
    );
}

/// Tries a key as somebody for whom a proxy asks from this machine.
async fn try_for(office: &Office, url: &Url, client: &str, token: &str) -> StatusCode {
    let url = url.join("Users?count=1").expect("is a URL");
    let request = office.request(Method::GET, url).bearer_auth(token);
    let forwarded = format!("203.0.113.250, {client}");
    answer(request.header("x-forwarded-for", forwarded))
        .await
        .status
}

#[tokio::test]
async fn a_lock_is_for_whom_a_trusted_proxy_asks_and_others_are_not_believed() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let trusting = ["--edge-trusted-proxies", "192.0.2.0/24,127.0.0.1"];
    let (_operator, trusting) = office.replica_with(&trusting).await;
    let guessed = format!("{}.deps_wrong", key.id);
    for (url, other) in [
        (&trusting, StatusCode::OK),
        (&office.url, StatusCode::TOO_MANY_REQUESTS),
    ] {
        for _ in 0..5 {
            let refused = try_for(&office, url, "198.51.100.66", &guessed).await;
            assert_eq!(refused, StatusCode::UNAUTHORIZED);
        }
        let locked = try_for(&office, url, "198.51.100.66", &key.token()).await;
        assert_eq!(locked, StatusCode::TOO_MANY_REQUESTS);
        let neighbour = try_for(&office, url, "198.51.100.7", &key.token()).await;
        assert_eq!(neighbour, other);
    }
}

#[tokio::test]
async fn refusals_are_counted_by_their_reason() {
    let mut office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    users(&office, &key).await;
    users(
        &office,
        &Key {
            secret: "x".to_owned(),
            ..key.clone()
        },
    )
    .await;
    let metrics = office
        .operator
        .url()
        .await
        .join("metrics")
        .expect("is a URL");
    let metrics = office
        .request(Method::GET, metrics)
        .send()
        .await
        .expect("is answered");
    #[allow(
        clippy::disallowed_methods,
        reason = "the operator bounds its own replies"
    )]
    let metrics = metrics.text().await.expect("is text");
    for line in [
        r#"deputy_requests_refused_total{reason="WrongSecret"} 1"#,
        r#"deputy_scim_requests_total{operation="list",status="200"} 1"#,
        r#"deputy_scim_requests_total{operation="list",status="401"} 1"#,
    ] {
        assert!(
            metrics.lines().any(|there| there == line),
            "{line} is not in\n{metrics}"
        );
    }
}

#[tokio::test]
async fn a_suspended_account_or_one_without_a_target_provisions_nobody() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let connections = office.objects("ServiceAccountConnection");
    let deputy = |scim: Value| json!({"spec": {"provider": {"deputy": {"scim": scim}}}});
    for (patch, status, says) in [
        (
            deputy(json!({"connectionRef": {"name": "nobody"}})),
            StatusCode::SERVICE_UNAVAILABLE,
            "nobody",
        ),
        (
            deputy(json!({"connectionRef": {"name": ACCOUNT}})),
            StatusCode::SERVICE_UNAVAILABLE,
            "none that has people",
        ),
        (
            deputy(Value::Null),
            StatusCode::FORBIDDEN,
            "may provision nobody",
        ),
        (
            json!({"spec": {"suspend": true}}),
            StatusCode::FORBIDDEN,
            "is suspended",
        ),
    ] {
        let changed = connections
            .patch(ACCOUNT, &PatchParams::default(), &Patch::Merge(&patch))
            .await;
        changed.expect("is changed");
        let refused = wait::until(says, async || {
            let refused = users(&office, &key).await;
            let detail = refused.body["detail"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            detail.contains(says).then_some(refused)
        })
        .await;
        assert_eq!(refused.status, status);
    }
}

#[tokio::test]
async fn a_secret_in_the_ledgers_place_is_not_touched() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let secrets = office.namespace.objects::<Secret>().await;
    let name = format!("{ACCOUNT}-keys");
    let stranger = json!({"metadata": {"labels": {"deputy.dev/ledger": null}}});
    secrets
        .patch(&name, &PatchParams::default(), &Patch::Merge(&stranger))
        .await
        .expect("is changed");
    assert_eq!(
        users(&office, &key).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
}
