//! A SCIM user is a `SyncedUser`, and SCIM changes only what it has made.

use deputy::providers::Purpose;
use kube::ResourceExt;
use kube::api::{DeleteParams, Patch, PatchParams};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::office::{Answer, CONNECTION, Key, Office, answer, user};
use crate::support::wait;

#[allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "it stands where a request has its body"
)]
fn patch(operation: Value) -> Option<Value> {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    Some(json!({"schemas": schemas, "Operations": [operation]}))
}

fn person(name: &str, email: &str) -> Value {
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": "SyncedUser", "metadata": {"name": name},
        "spec": {"connectionRef": {"name": CONNECTION}, "email": email, "enabled": true},
    })
}

/// The request that makes somebody active or not.
fn switch(active: bool) -> Option<Value> {
    patch(json!({"op": "replace", "path": "active", "value": active}))
}

/// Where somebody is who was made or found.
fn path_of(user: &Value) -> String {
    format!("Users/{}", user["id"].as_str().expect("has an id"))
}

/// Asks for somebody of whom nothing is said but the address.
async fn ask_for(office: &Office, key: &Key, email: &str) -> Answer {
    let body = Some(user(email));
    office.ask(key, Method::POST, "Users", body).await
}

fn says(body: &Value, text: &str) -> bool {
    body["detail"]
        .as_str()
        .is_some_and(|detail| detail.contains(text))
}

#[tokio::test]
async fn what_it_makes_is_a_synced_user_and_writes_nothing_without_a_change() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let made = office.make(&key, user("Peter.Parker@acme.example")).await;
    let object = office.people().await.remove(0);
    assert!(
        object.name_any().starts_with("peter-parker-"),
        "{}",
        object.name_any()
    );
    assert_eq!(object.uid().as_deref(), made["id"].as_str());
    let spec = json!({"connectionRef": {"name": CONNECTION}, "email": "peter.parker@acme.example", "enabled": true});
    assert_eq!(object.data["spec"], spec);
    assert_eq!(object.labels()["scim.deputy.dev/managed"], "true");
    let managers = object.managed_fields().iter();
    assert!(
        managers
            .clone()
            .any(|entry| entry.manager.as_deref() == Some("deputy-scim"))
    );

    let before = object.metadata.generation;
    let changed_at = object.annotations()["scim.deputy.dev/changed-at"].clone();
    let path = path_of(&made);
    let same = office
        .ask(&key, Method::PUT, &path, Some(made.clone()))
        .await;
    assert_eq!((same.status, &same.body), (StatusCode::OK, &made));
    let same = office.ask(&key, Method::PATCH, &path, switch(true)).await;
    assert_eq!(same.status, StatusCode::OK);
    let object = office.people().await.remove(0);
    assert_eq!(object.metadata.generation, before);
    assert_eq!(
        object.annotations()["scim.deputy.dev/changed-at"],
        changed_at
    );
}

#[tokio::test]
async fn nobody_is_made_whom_the_connection_does_not_admit() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    for (email, why) in [
        ("ceo@acme.example", "deniedUsers"),
        ("peter@other.example", "allowedUsers"),
    ] {
        let refused = ask_for(&office, &key, email).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(says(&refused.body, why), "{}", refused.body);
    }
    let nameless = ask_for(&office, &key, "peter").await;
    assert_eq!(
        (nameless.status, &nameless.body["scimType"]),
        (StatusCode::BAD_REQUEST, &json!("invalidValue"))
    );

    let made = office.make(&key, user("peter@acme.example")).await;
    let path = path_of(&made);
    let moved =
        patch(json!({"op": "replace", "path": "emails", "value": [{"value": "ceo@acme.example"}]}));
    assert_eq!(
        office.ask(&key, Method::PATCH, &path, moved).await.status,
        StatusCode::FORBIDDEN
    );
    let people = office.people().await;
    assert_eq!(people.len(), 1);
    assert_eq!(people[0].data["spec"]["email"], "peter@acme.example");

    // Whoever is no longer admitted can still be let go.
    let list = json!({"spec": {"allowedUsers": ["*@elsewhere.example"]}});
    let connections = office.objects("ServiceAccountConnection");
    let changed = connections
        .patch(CONNECTION, &PatchParams::default(), &Patch::Merge(&list))
        .await;
    changed.expect("is changed");
    assert_eq!(
        office
            .ask(&key, Method::PATCH, &path, switch(false))
            .await
            .status,
        StatusCode::OK
    );
    let refused = wait::until("the list to be heard of", async || {
        let turn =
            async |active: bool| office.ask(&key, Method::PATCH, &path, switch(active)).await;
        assert_eq!(turn(false).await.status, StatusCode::OK);
        let on = turn(true).await;
        (on.status != StatusCode::OK).then_some(on)
    })
    .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
}

#[tokio::test]
async fn what_somebody_else_has_made_is_seen_and_left_alone() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    office.apply(person("peter", "peter@acme.example")).await;
    let lookup = "Users?filter=userName+eq+%22peter%40acme.example%22";
    let found = wait::until("the person to be seen", async || {
        let found = office.ask(&key, Method::GET, lookup, None).await.body;
        found["Resources"].get(0).cloned()
    })
    .await;
    assert_eq!(found["emails"][0]["value"], "peter@acme.example");
    let path = path_of(&found);

    let refused = office.ask(&key, Method::PATCH, &path, switch(false)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        says(&refused.body, "was not made by SCIM"),
        "{}",
        refused.body
    );
    let refused = office.ask(&key, Method::DELETE, &path, None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let doubled = ask_for(&office, &key, "peter@acme.example").await;
    assert_eq!(
        (doubled.status, &doubled.body["scimType"]),
        (StatusCode::CONFLICT, &json!("uniqueness"))
    );
    let same = office
        .ask(&key, Method::PUT, &path, Some(found.clone()))
        .await;
    assert_eq!(
        (same.status, &same.body),
        (StatusCode::OK, &found),
        "what would change nothing is no fight"
    );
    assert_eq!(office.people().await[0].data["spec"]["enabled"], true);

    // The words of the refusal are the way to hand it over; what another manager still has stays that one's.
    let label = json!({"metadata": {"labels": {"scim.deputy.dev/managed": "true"}}});
    let people = office.objects("SyncedUser");
    people
        .patch("peter", &PatchParams::default(), &Patch::Merge(&label))
        .await
        .expect("is labelled");
    let named = patch(json!({"op": "add", "path": "externalId", "value": "00u"}));
    let named = office.ask(&key, Method::PATCH, &path, named).await;
    assert_eq!(
        (named.status, &named.body["externalId"]),
        (StatusCode::OK, &json!("00u")),
        "{}",
        named.body
    );
    let refused = office.ask(&key, Method::PATCH, &path, switch(false)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        says(&refused.body, ".spec.enabled") && says(&refused.body, "deputy-tests"),
        "{}",
        refused.body
    );
}

/// A `SyncedUser` that is made by hand has its address for a userName, which SCIM may have given to somebody with another address.
#[tokio::test]
async fn whoever_shares_a_name_can_be_let_go_and_not_be_brought_back() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let mut peter = user("peter@acme.example");
    peter["emails"] = json!([{"value": "p.parker@acme.example"}]);
    let made = office.make(&key, peter).await;
    let path = path_of(&made);
    office.apply(person("peter", "peter@acme.example")).await;
    let lookup = "Users?filter=userName+eq+%22peter%40acme.example%22";
    wait::until("both to be seen", async || {
        let found = office.ask(&key, Method::GET, lookup, None).await.body;
        (found["totalResults"] == 2).then_some(())
    })
    .await;
    let off = office.ask(&key, Method::PATCH, &path, switch(false)).await;
    assert_eq!(off.status, StatusCode::OK, "{}", off.body);
    let on = office.ask(&key, Method::PATCH, &path, switch(true)).await;
    assert_eq!(
        (on.status, &on.body["scimType"]),
        (StatusCode::CONFLICT, &json!("uniqueness"))
    );
    let name = json!({"op": "replace", "path": "userName", "value": "p.parker@acme.example"});
    let named = office.ask(&key, Method::PATCH, &path, patch(name)).await;
    assert_eq!(named.status, StatusCode::OK, "{}", named.body);
    let on = office.ask(&key, Method::PATCH, &path, switch(true)).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);
}

#[tokio::test]
async fn an_old_version_is_not_written_over() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let made = office.make(&key, user("peter@acme.example")).await;
    let path = path_of(&made);
    let version = made["meta"]["version"]
        .as_str()
        .expect("has a version")
        .to_owned();
    let read = async || {
        let unless = [("if-none-match", version.as_str())];
        let read = office.ask_with(&key, Method::GET, &path, None, &unless);
        read.await.status
    };
    let write = async || {
        let only_if = [("if-match", version.as_str())];
        office
            .ask_with(&key, Method::PATCH, &path, switch(false), &only_if)
            .await
    };
    assert_eq!(read().await, StatusCode::NOT_MODIFIED);
    let first = write().await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    assert_eq!(write().await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(read().await, StatusCode::OK);
}

#[tokio::test]
async fn of_two_replicas_only_one_makes_the_same_person() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let (_operator, other) = office.replica().await;
    let urls = [office.url.clone(), other];
    for n in 0..5 {
        let body = user(&format!("person{n}@acme.example")).to_string();
        let made = urls.iter().cycle().take(4).map(|url| {
            let request = office.request(Method::POST, url.join("Users").expect("is a URL"));
            answer(request.bearer_auth(key.token()).body(body.clone()))
        });
        let answers = futures::future::join_all(made).await;
        let mut statuses: Vec<_> = answers.iter().map(|a| a.status.as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409], "{answers:?}");
    }
    assert_eq!(office.people().await.len(), 5);
    let listed = answer(
        office
            .request(Method::GET, urls[1].join("Users").expect("is a URL"))
            .bearer_auth(key.token()),
    )
    .await;
    assert_eq!(
        listed.body["totalResults"], 5,
        "every replica sees what any has made"
    );
}

#[tokio::test]
async fn an_address_that_somebody_had_before_is_free_again() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let made = office.make(&key, user("jane.doe@acme.example")).await;
    let path = path_of(&made);
    let married = office
        .ask(
            &key,
            Method::PUT,
            &path,
            Some(user("jane.smith@acme.example")),
        )
        .await;
    assert_eq!(married.status, StatusCode::OK, "{}", married.body);
    let other = office.make(&key, user("jane.doe@acme.example")).await;
    assert_ne!(made["id"], other["id"]);
    let doubled = ask_for(&office, &key, "jane.doe@acme.example").await;
    assert_eq!(doubled.status, StatusCode::CONFLICT);
    assert_eq!(office.people().await.len(), 2);
}

#[tokio::test]
async fn whoever_is_still_being_erased_is_not_made_again_yet() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let made = office.make(&key, user("peter@acme.example")).await;
    let name = office.people().await[0].name_any();
    let hold = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    let people = office.objects("SyncedUser");
    people
        .patch(&name, &PatchParams::default(), &Patch::Merge(&hold))
        .await
        .expect("is held");
    people
        .delete(&name, &DeleteParams::default())
        .await
        .expect("begins to go");
    let path = path_of(&made);
    assert_eq!(
        office.ask(&key, Method::GET, &path, None).await.status,
        StatusCode::NOT_FOUND
    );
    let again = wait::until("the end to be heard of", async || {
        let again = ask_for(&office, &key, "peter@acme.example").await;
        (again.status != StatusCode::CONFLICT).then_some(again)
    })
    .await;
    assert_eq!(
        again.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        again.body
    );
    assert!(again.headers.contains_key("retry-after"));
    let free = json!({"metadata": {"finalizers": null}});
    people
        .patch(&name, &PatchParams::default(), &Patch::Merge(&free))
        .await
        .expect("is let go");
    let mut made = user("peter@acme.example");
    made["active"] = json!(false);
    assert_eq!(office.make(&key, made).await["active"], false);
}
