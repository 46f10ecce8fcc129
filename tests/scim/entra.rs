//! What Microsoft Entra does, in its shapes: capitalised operations, booleans as texts, paths with filters.

use deputy::providers::Purpose;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::office::Office;

#[allow(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "it stands where a request has its body"
)]
fn operations(operations: Value) -> Option<Value> {
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
    Some(json!({"schemas": schemas, "Operations": operations}))
}

#[tokio::test]
async fn entra_provisions_somebody_updates_them_and_lets_them_go() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let get = async |path: &str| office.ask(&key, Method::GET, path, None).await;

    // The test of a connection looks somebody up whom nobody knows, and wants an empty list.
    let nobody = get("Users?filter=userName+eq+%22a6f1f7f0-2b0c-4a53-8f2e-6f8f3d1f6a11%22").await;
    assert_eq!(
        (nobody.status, &nobody.body["totalResults"]),
        (StatusCode::OK, &json!(0))
    );
    let groups = get("Groups?excludedAttributes=members&filter=displayName+eq+%22x%22").await;
    assert_eq!(
        (groups.status, &groups.body["totalResults"]),
        (StatusCode::OK, &json!(0))
    );

    let mary = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "externalId": "mjane", "userName": "mary.jane@acme.example", "active": true, "title": "Actress",
        "emails": [{"primary": true, "type": "work", "value": "mary.jane@acme.example"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Mary Jane", "familyName": "Watson", "givenName": "Mary"},
        "roles": [],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Stage"},
    });
    let made = office.make(&key, mary).await;
    let path = format!("Users/{}", made["id"].as_str().expect("has an id"));
    for filter in [
        "externalId+eq+%22mjane%22",
        "emails%5Btype+eq+%22work%22%5D.value+eq+%22mary.jane%40acme.example%22",
        "userName+eq+%22MARY.JANE%40acme.example%22+and+externalId+eq+%22mjane%22",
    ] {
        let found = get(&format!("Users?filter={filter}")).await.body;
        assert_eq!(found["totalResults"], 1, "{filter}: {found}");
    }

    let update = operations(json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "mj@acme.example"},
        {"op": "Add", "path": "name.familyName", "value": "Watson-Parker"},
        {"op": "Replace", "path": "title", "value": "Star"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Film"},
    ]));
    let updated = office.ask(&key, Method::PATCH, &path, update).await;
    assert_eq!(updated.status, StatusCode::OK, "{}", updated.body);
    assert_eq!(updated.body["name"]["familyName"], "Watson-Parker");
    assert_eq!(
        office.people().await[0].data["spec"]["email"],
        "mj@acme.example"
    );

    let disable = operations(json!([{"op": "Replace", "path": "active", "value": "False"}]));
    let disabled = office.ask(&key, Method::PATCH, &path, disable).await;
    assert_eq!(
        (disabled.status, &disabled.body["active"]),
        (StatusCode::OK, &json!(false))
    );
    assert_eq!(office.people().await[0].data["spec"]["enabled"], false);
    let found = get("Users?filter=externalId+eq+%22mjane%22&attributes=userName,active")
        .await
        .body;
    assert_eq!(found["Resources"][0]["active"], false);
    assert!(found["Resources"][0].get("emails").is_none(), "{found}");

    let gone = office.ask(&key, Method::DELETE, &path, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        office.ask(&key, Method::DELETE, &path, None).await.status,
        StatusCode::NOT_FOUND
    );
}
