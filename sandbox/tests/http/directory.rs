//! Directory and Licensing.

use serde_json::{Value, json};

use crate::support::{ADMIN, PETER, World};

const SCOPE: &str = "admin.directory.user.readonly";
const USERS: &str = "admin/directory/v1/users";

#[tokio::test]
async fn people_are_found_by_address_alias_and_id() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[SCOPE]).await;
    for key in [
        PETER,
        "spidey@acme.example",
        "SPIDEY@acme.example",
        "118400000000000000002",
    ] {
        let user = world.read(&token, &format!("{USERS}/{key}")).await;
        assert_eq!(
            (&user["id"], &user["primaryEmail"]),
            (&json!("118400000000000000002"), &json!(PETER)),
            "{key}"
        );
    }
    let user = world
        .read(
            &token,
            &format!("{USERS}/suspended@acme.example?fields=suspended,suspensionReason,archived"),
        )
        .await;
    assert_eq!(
        user,
        json!({ "suspended": true, "archived": false, "suspensionReason": "ADMIN" })
    );
    let unicode = world
        .read(&token, &format!("{USERS}/zo%C3%AB.castillo@acme.example"))
        .await;
    assert_eq!(unicode["primaryEmail"], "zoë.castillo@acme.example");
    let missing = world
        .get(&token, &format!("{USERS}/nobody@acme.example"))
        .await;
    assert_eq!(missing.refusal(), (404, "notFound".to_owned()));
    assert!(missing.text.contains("userKey"));
    let foreign = world
        .get(&token, &format!("{USERS}/stranger@other.example"))
        .await;
    assert_eq!(foreign.refusal(), (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn only_administrators_may_ask() {
    let world = World::new().await;
    let token = world.token(PETER, &[SCOPE]).await;
    let reply = world.get(&token, &format!("{USERS}/{PETER}")).await;
    assert_eq!(reply.refusal(), (403, "forbidden".to_owned()));
    world
        .console(
            "PATCH",
            &format!("google/users/{PETER}"),
            json!({ "admin": true }),
        )
        .await;
    world.read(&token, &format!("{USERS}/{PETER}")).await;
    let narrow = world.token(ADMIN, &["gmail.readonly"]).await;
    let reply = world.get(&narrow, &format!("{USERS}/{PETER}")).await;
    assert_eq!(reply.refusal(), (403, "insufficientPermissions".to_owned()));
}

#[tokio::test]
async fn the_list_has_pages_and_only_the_own_company() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[SCOPE]).await;
    let list = format!(
        "{USERS}?customer=my_customer&maxResults=3&fields=nextPageToken,users(primaryEmail)"
    );
    let (users, _) = world.pages(&token, &list, "users").await;
    assert_eq!(users.len(), 10);
    assert!(
        users
            .iter()
            .all(|user| user.as_object().unwrap().len() == 1)
    );
    assert!(
        !users
            .iter()
            .any(|user| user["primaryEmail"] == "stranger@other.example")
    );
    let (labs, _) = world
        .pages(
            &token,
            &format!("{USERS}?domain=acme-labs.example"),
            "users",
        )
        .await;
    assert_eq!(labs.len(), 1);
    for (query, status) in [
        ("", 400),
        ("?customer=C02other0", 403),
        ("?domain=other.example", 404),
        ("?customer=my_customer&maxResults=501", 400),
        ("?customer=my_customer&pageToken=x", 400),
    ] {
        assert_eq!(
            world.get(&token, &format!("{USERS}{query}")).await.status,
            status,
            "{query}"
        );
    }
}

#[tokio::test]
async fn deleted_and_renamed_people() {
    let world = World::new().await;
    let token = world.token(ADMIN, &[SCOPE]).await;
    let path = format!("google/users/{PETER}");
    world
        .console(
            "PATCH",
            &path,
            json!({ "primaryEmail": "p.parker@acme.example" }),
        )
        .await;
    let user = world.read(&token, &format!("{USERS}/{PETER}")).await;
    assert_eq!(user["primaryEmail"], "p.parker@acme.example");
    assert!(user["aliases"].as_array().unwrap().contains(&json!(PETER)));
    world.console("DELETE", &path, Value::Null).await;
    assert_eq!(
        world.get(&token, &format!("{USERS}/{PETER}")).await.status,
        404
    );
    let (deleted, _) = world
        .pages(
            &token,
            &format!("{USERS}?customer=my_customer&showDeleted=true"),
            "users",
        )
        .await;
    assert_eq!(deleted.len(), 1);
    assert!(deleted[0]["deletionTime"].is_string());
}

#[tokio::test]
async fn licences_are_found_by_sku_and_by_product() {
    let world = World::new().await;
    let token = world.token(ADMIN, &["apps.licensing"]).await;
    let product = "apps/licensing/v1/product/Google-Apps";
    let held = world
        .read(&token, &format!("{product}/sku/1010020020/user/{PETER}"))
        .await;
    assert_eq!(
        (&held["userId"], &held["skuId"]),
        (&json!(PETER), &json!("1010020020"))
    );
    let not = world
        .get(&token, &format!("{product}/sku/1010020028/user/{PETER}"))
        .await;
    assert_eq!(not.refusal(), (404, "notFound".to_owned()));
    let (all, _) = world
        .pages(
            &token,
            &format!("{product}/users?customerId=C01test00&maxResults=2"),
            "items",
        )
        .await;
    assert_eq!(all.len(), 8);
    assert_eq!(
        world
            .get(&token, &format!("{product}/users?customerId=C02other0"))
            .await
            .status,
        403
    );
}
