//! A key of an account of Deputy's own opens the SCIM endpoint from when it is issued until its overlap is over, or its object
//! is gone.

use std::collections::BTreeSet;

use deputy::model::clock::FastClock;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::issuer::Issuer;
use super::{GOOD, account_stage, current, delete, entries, gone, key, rotate};
use crate::support::hurried::Running;
use crate::support::stage::{CONNECTION, KEY, Stage};
use crate::support::wait;

/// Five minutes of overlap take ten seconds.
const SPEED: i32 = 30;

/// The endpoint, as a client sees it.
struct Door {
    users: Url,
    http: reqwest::Client,
}

impl Door {
    fn new(url: &Url) -> Self {
        Self {
            users: url.join("Users?count=1").expect("is a URL"),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("makes a client"),
        }
    }

    async fn answer(&self, with: impl Fn(RequestBuilder) -> RequestBuilder) -> StatusCode {
        let asked = with(self.http.get(self.users.clone())).send().await;
        asked.expect("is answered").status()
    }

    /// What a client is told that has the token of a key.
    async fn bearer(&self, key: &Value) -> StatusCode {
        self.answer(|request| request.bearer_auth(text(key, "token")))
            .await
    }

    /// What a client is told that has the key's two halves.
    async fn basic(&self, key: &Value) -> StatusCode {
        let (id, secret) = (text(key, "api-key"), text(key, "api-secret"));
        self.answer(|request| request.basic_auth(id, Some(secret)))
            .await
    }
}

fn text<'a>(key: &'a Value, entry: &str) -> &'a str {
    key[entry].as_str().expect("is text")
}

/// An account whose SCIM keys may provision the people of another connection.
async fn stage() -> Stage {
    let stage = account_stage().await;
    stage.apply(stage.connection("people")).await;
    let scim = json!({"connectionRef": {"name": "people"}});
    let account = json!({"spec": {"provider": {"deputy": {"scim": scim}}}});
    stage.patch(CONNECTION, "acme", account).await;
    stage
}

fn okta() -> Value {
    let mut object = key("okta", "okta-key");
    object["spec"]["purpose"] = json!("SCIM");
    object["spec"]["rotation"] = json!({"interval": "24h", "overlap": "5m"});
    object
}

async fn held(stage: &Stage) -> Value {
    let held = entries(stage, "okta-key").await.expect("is there");
    let names = held.as_object().expect("has entries").keys();
    assert!(names.eq(Issuer::Deputy.entries()), "one key and no other");
    held
}

#[tokio::test]
async fn a_key_opens_until_it_is_replaced_and_the_overlap_is_over() {
    let stage = stage().await;
    let (running, url) = Running::serving_scim(&stage, FastClock::new(SPEED)).await;
    let door = Door::new(&url);
    stage.apply(okta()).await;
    let first = stage.until_condition(KEY, "okta", GOOD).await;
    let old = held(&stage).await;
    assert_eq!(current(&first), text(&old, "api-key"));
    assert_eq!(door.bearer(&old).await, StatusCode::OK);
    assert_eq!(door.basic(&old).await, StatusCode::OK);

    let second = rotate(&stage, "okta").await;
    let new = held(&stage).await;
    assert_eq!(current(&second), text(&new, "api-key"));
    assert_ne!(old["api-secret"], new["api-secret"]);
    assert_eq!(door.bearer(&new).await, StatusCode::OK);
    assert_eq!(door.bearer(&old).await, StatusCode::OK, "both, meanwhile");
    let living: BTreeSet<_> = Issuer::Deputy.living(&stage).await.into_iter().collect();
    assert_eq!(living, [current(&first), current(&second)].into());

    wait::until("the old key to be dead", async || {
        (door.bearer(&old).await == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    assert_eq!(Issuer::Deputy.living(&stage).await, [current(&second)]);
    assert_eq!(door.basic(&new).await, StatusCode::OK);

    delete(&stage, "okta").await;
    gone(&stage, "okta").await;
    assert_eq!(door.bearer(&new).await, StatusCode::UNAUTHORIZED);
    assert_eq!(Issuer::Deputy.living(&stage).await, Vec::<String>::new());
    running.end().await;
}
