//! The token endpoint: every row of Google's error table that a state can produce.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, ADMIN, CLIENT, PETER, World, scope};

fn wanted(subject: &str, scopes: &str) -> Value {
    json!({ "sub": subject, "scope": scopes })
}

async fn refusal(world: &World, changes: &Value) -> (u16, String, String) {
    refusal_of(world, &World::assertion(&world.key, changes)).await
}

async fn refusal_of(world: &World, assertion: &str) -> (u16, String, String) {
    let reply = world.exchange(assertion).await;
    let body = reply.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (reply.status, text("error"), text("error_description"))
}

fn is(found: &(u16, String, String), status: u16, error: &str, description: &str) {
    assert_eq!((found.0, found.1.as_str()), (status, error), "{}", found.2);
    assert!(found.2.contains(description), "{}", found.2);
}

#[tokio::test]
async fn a_token_is_bound_to_person_client_and_scopes() {
    let world = World::new().await;
    let token = world
        .token("spidey@acme.example", &["gmail.readonly", "gmail.send"])
        .await;
    assert!(token.starts_with("ya29.sandbox-canary-"));
    let info = world
        .send(
            world
                .client
                .get(world.url(&format!("/google/tokeninfo?access_token={token}"))),
        )
        .await;
    let info = info.json();
    assert_eq!(info["email"], PETER);
    assert_eq!(info["azp"], CLIENT);
    assert_eq!(
        info["scope"],
        format!("{} {}", scope("gmail.readonly"), scope("gmail.send"))
    );
    let wrong = world
        .send(
            world
                .client
                .post(world.url("/google/tokeninfo"))
                .form(&[("access_token", "x")]),
        )
        .await;
    assert_eq!(
        (wrong.status, wrong.json()["error"].as_str()),
        (400, Some("invalid_token"))
    );
}

#[tokio::test]
async fn without_a_subject_the_account_acts_for_itself() {
    let world = World::new().await;
    let reply = world
        .exchange(&World::assertion(
            &world.key,
            &json!({ "scope": scope("gmail.readonly") }),
        ))
        .await;
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    let mail = world.get(&token, "gmail/v1/users/me/profile").await;
    assert_eq!(mail.refusal(), (400, "failedPrecondition".to_owned()));
}

#[tokio::test]
async fn claims_are_checked() {
    let world = World::new().await;
    let scope = scope("gmail.readonly");
    let with = |extra: Value| {
        let mut changes = wanted(PETER, &scope);
        changes
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        changes
    };
    let timing = "short-lived token (60 minutes)";
    for (extra, status, error, description) in [
        (
            json!({ "aud": "https://elsewhere.example/token" }),
            400,
            "invalid_grant",
            "Failed audience check",
        ),
        (
            json!({ "iat": 1_600_000_000, "exp": 1_600_003_600 }),
            400,
            "invalid_grant",
            timing,
        ),
        (
            json!({ "iat": 4_000_000_000_i64, "exp": 4_000_003_600_i64 }),
            400,
            "invalid_grant",
            timing,
        ),
        (
            json!({ "exp": 4_000_003_600_i64 }),
            400,
            "invalid_grant",
            timing,
        ),
        (json!({ "exp": null }), 400, "invalid_grant", timing),
        (
            json!({ "scope": "" }),
            400,
            "invalid_scope",
            "Invalid OAuth scope",
        ),
        (
            json!({ "scope": format!("{scope},{scope}") }),
            400,
            "invalid_scope",
            "Invalid OAuth scope",
        ),
        (
            json!({ "sub": "118400000000000000002" }),
            400,
            "invalid_request",
            "sub",
        ),
        (
            json!({ "sub": "nobody@acme.example" }),
            400,
            "invalid_grant",
            "Invalid email or User ID",
        ),
        (
            json!({ "sub": "nobody@nowhere.example" }),
            400,
            "invalid_grant",
            "Invalid email or User ID",
        ),
        (
            json!({ "sub": "suspended@acme.example" }),
            400,
            "invalid_grant",
            "Invalid email or User ID",
        ),
        (
            json!({ "sub": "archived@acme.example" }),
            400,
            "invalid_grant",
            "Invalid email or User ID",
        ),
        (
            json!({ "sub": "stranger@other.example" }),
            401,
            "unauthorized_client",
            "Client is unauthorized",
        ),
        (
            json!({ "iss": "typo@acme.iam.gserviceaccount.com" }),
            400,
            "invalid_grant",
            "account not found",
        ),
    ] {
        is(
            &refusal(&world, &with(extra)).await,
            status,
            error,
            description,
        );
    }
    let own = world.url("/google/token");
    let reply = world
        .exchange(&World::assertion(&world.key, &with(json!({ "aud": own }))))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn padding_is_accepted_and_garbage_is_not() {
    let world = World::new().await;
    let assertion = World::assertion(&world.key, &wanted(PETER, &scope("gmail.readonly")));
    let missing = (4 - assertion.rsplit('.').next().unwrap().len() % 4) % 4;
    let padded = format!("{assertion}{}", "=".repeat(missing));
    assert!(missing > 0);
    assert_eq!(world.exchange(&padded).await.status, 200);
    is(
        &refusal_of(&world, "a.b").await,
        400,
        "invalid_grant",
        "JWT",
    );
    let (head, _) = assertion.rsplit_once('.').unwrap();
    is(
        &refusal_of(&world, &format!("{head}.AAAA")).await,
        400,
        "invalid_grant",
        "Invalid JWT Signature.",
    );
}

#[tokio::test]
async fn scopes_are_all_or_nothing_and_change_at_once() {
    let world = World::new().await;
    let both = wanted(
        PETER,
        &format!(
            "{} {}",
            scope("gmail.readonly"),
            scope("drive.metadata.readonly")
        ),
    );
    assert_eq!(
        world
            .exchange(&World::assertion(&world.key, &both))
            .await
            .status,
        200
    );
    let revoke = json!({ "scope": scope("drive.metadata.readonly") });
    world
        .console(
            "POST",
            &format!("google/delegation/{CLIENT}/revoke"),
            revoke.clone(),
        )
        .await;
    is(
        &refusal(&world, &both).await,
        401,
        "unauthorized_client",
        "not authorized for any of the scopes",
    );
    world
        .console("POST", &format!("google/delegation/{CLIENT}/grant"), revoke)
        .await;
    assert_eq!(
        world
            .exchange(&World::assertion(&world.key, &both))
            .await
            .status,
        200
    );
    world
        .console(
            "PUT",
            &format!("google/delegation/{CLIENT}"),
            json!({ "scopes": [] }),
        )
        .await;
    is(
        &refusal(&world, &wanted(PETER, &scope("gmail.readonly"))).await,
        401,
        "unauthorized_client",
        "",
    );
}

#[tokio::test]
async fn keys_and_accounts_can_go() {
    let world = World::new().await;
    let changes = wanted(ADMIN, &scope("gmail.readonly"));
    let second = world.make_key(ACCOUNT).await;
    let id = world.key["private_key_id"].as_str().unwrap();
    world
        .console("DELETE", &format!("google/keys/{id}"), Value::Null)
        .await;
    is(
        &refusal(&world, &changes).await,
        400,
        "invalid_grant",
        "Invalid JWT Signature.",
    );
    assert_eq!(
        world
            .exchange(&World::assertion(&second, &changes))
            .await
            .status,
        200
    );
    let path = format!("google/service-accounts/{ACCOUNT}");
    world
        .console("PATCH", &path, json!({ "disabled": true }))
        .await;
    is(
        &refusal_of(&world, &World::assertion(&second, &changes)).await,
        401,
        "disabled_client",
        "disabled",
    );
    world
        .console(
            "PATCH",
            &path,
            json!({ "disabled": false, "deleted": true }),
        )
        .await;
    is(
        &refusal_of(&world, &World::assertion(&second, &changes)).await,
        400,
        "invalid_grant",
        "account not found",
    );
}

#[tokio::test]
async fn a_clock_that_is_off_is_noticed() {
    let world = World::new().await;
    world
        .console("PUT", "clock", json!({ "offsetSeconds": 7200 }))
        .await;
    let assertion = World::assertion(&world.key, &wanted(PETER, &scope("gmail.readonly")));
    let reply = world.exchange(&assertion).await;
    assert!(
        reply.text.contains("Check your iat and exp values"),
        "{}",
        reply.text
    );
    let date = reply.headers["date"].to_str().unwrap().to_owned();
    world
        .console("PUT", "clock", json!({ "offsetSeconds": 0 }))
        .await;
    let now = world.exchange(&assertion).await;
    assert_eq!(now.status, 200);
    assert_ne!(
        now.headers["date"].to_str().unwrap().get(..19),
        date.get(..19)
    );
}

#[tokio::test]
async fn tokens_end_after_an_hour() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    world.read(&token, "gmail/v1/users/me/profile").await;
    world
        .console("PUT", "clock", json!({ "offsetSeconds": 3700 }))
        .await;
    let late = world.get(&token, "gmail/v1/users/me/profile").await;
    assert_eq!(late.refusal(), (401, "authError".to_owned()));
    assert!(
        late.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
}

#[tokio::test]
async fn tokens_can_be_ended_before_their_time() {
    let world = World::new().await;
    let token = world.token(PETER, &["gmail.readonly"]).await;
    world.console("DELETE", "google/tokens", Value::Null).await;
    let ended = world.get(&token, "gmail/v1/users/me/profile").await;
    assert_eq!(ended.refusal(), (401, "authError".to_owned()));
    let fresh = world.token(PETER, &["gmail.readonly"]).await;
    world.read(&fresh, "gmail/v1/users/me/profile").await;
}
