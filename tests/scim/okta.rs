//! What Okta does, in its order.

use deputy::providers::Purpose;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::office::Office;

#[tokio::test]
async fn okta_provisions_somebody_updates_them_and_lets_them_go() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let get = async |path: &str| office.ask(&key, Method::GET, path, None).await;

    let tested = get("Users?startIndex=1&count=2").await;
    assert_eq!(tested.status, StatusCode::OK);
    assert_eq!(tested.body["totalResults"], 0);
    assert_eq!(tested.body["Resources"], json!([]));
    let groups = get("Groups?startIndex=1&count=100").await;
    assert_eq!(
        (groups.status, &groups.body["totalResults"]),
        (StatusCode::OK, &json!(0))
    );

    let lookup =
        "Users?filter=userName%20eq%20%22peter.parker%40acme.example%22&startIndex=1&count=100";
    assert_eq!(get(lookup).await.body["totalResults"], 0);
    let okta_user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "peter.parker@acme.example",
        "name": {"givenName": "Peter", "familyName": "Parker"},
        "emails": [{"primary": true, "value": "peter.parker@acme.example", "type": "work"}],
        "displayName": "Peter Parker", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [], "password": "canary-1mz050nq", "active": true,
    });
    let made = office
        .ask(&key, Method::POST, "Users", Some(okta_user.clone()))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let id = made.body["id"].as_str().expect("has an id").to_owned();
    let path = format!("Users/{id}");
    let location = office.url.join(&path).expect("is a URL");
    assert_eq!(made.headers["location"], location.as_str());
    assert_eq!(made.body["externalId"], okta_user["externalId"]);
    assert!(made.body.get("password").is_none(), "{}", made.body);

    let found = get(lookup).await.body;
    assert_eq!(
        (&found["totalResults"], &found["Resources"][0]["id"]),
        (&json!(1), &json!(id))
    );
    let again = office
        .ask(&key, Method::POST, "Users", Some(okta_user.clone()))
        .await;
    assert_eq!(
        (again.status, &again.body["scimType"]),
        (StatusCode::CONFLICT, &json!("uniqueness"))
    );

    // An integration made with the wizard updates by PUT.
    let mut renamed = okta_user;
    renamed["id"] = json!(id);
    renamed["name"]["familyName"] = json!("Parker-Watson");
    let put = office.ask(&key, Method::PUT, &path, Some(renamed)).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    assert_eq!(put.body["name"]["familyName"], "Parker-Watson");

    // One from the catalogue deactivates by PATCH.
    let off = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"active": false}}],
    });
    let patched = office.ask(&key, Method::PATCH, &path, Some(off)).await;
    assert_eq!(
        (patched.status, &patched.body["active"]),
        (StatusCode::OK, &json!(false))
    );
    let object = &office.people().await[0];
    assert_eq!(object.data["spec"]["enabled"], false);

    // Whoever is deactivated is still found (devforum.okta.com 24187).
    assert_eq!(get(&path).await.body["active"], false);
    assert_eq!(get(lookup).await.body["Resources"][0]["active"], false);

    let gone = office.ask(&key, Method::DELETE, &path, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(lookup).await.body["totalResults"], 0);
    assert!(office.people().await.is_empty());
    assert!(
        !office.operator.log().contains("canary"),
        "a password is in the log"
    );
}

#[tokio::test]
async fn group_push_is_refused_with_words() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Heroes", "members": []});
    let refused = office.ask(&key, Method::POST, "Groups", Some(group)).await;
    assert_eq!(refused.status, StatusCode::NOT_IMPLEMENTED);
    assert!(
        refused.body["detail"]
            .as_str()
            .expect("says why")
            .contains("no groups"),
        "{}",
        refused.body
    );
    let unknown = office.ask(&key, Method::GET, "Groups/1", None).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
