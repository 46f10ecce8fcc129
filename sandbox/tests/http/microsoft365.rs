//! Microsoft 365: tokens, permissions, batches and the console.

use serde_json::{Value, json};

use crate::support::{PETER, Reply, World};

pub(crate) const TENANT: &str = "7e2f0a52-3f0c-4b1e-9a57-0000000000aa";
pub(crate) const APP: &str = "7e2f0a52-3f0c-4b1e-9a57-0000000000a1";
const BARE: &str = "7e2f0a52-3f0c-4b1e-9a57-0000000000a2";
const NARROW: &str = "7e2f0a52-3f0c-4b1e-9a57-0000000000a3";
const DISABLED: &str = "7e2f0a52-3f0c-4b1e-9a57-0000000000a4";
const MARY: &str = "mary.jane@acme-labs.example";

impl World {
    /// A request for a token with a new secret of the application's.
    async fn ask_entra(&self, tenant: &str, app: &str) -> Reply {
        let path = format!("microsoft365/apps/{app}/secrets");
        let secret = self.console("POST", &path, json!({})).await;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", app),
            ("client_secret", secret["value"].as_str().unwrap()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let url = self.url(&format!("/microsoft365/login/{tenant}/oauth2/v2.0/token"));
        self.send(self.client.post(url).form(&form)).await
    }

    /// A token of an application's, which must be granted.
    pub(crate) async fn graph_token(&self, app: &str) -> String {
        let reply = self.ask_entra(TENANT, app).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A request to Graph, by path or by a link's whole address.
    pub(crate) async fn graph(&self, token: &str, path: &str) -> Reply {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            self.url(&format!("/microsoft365/graph/v1.0{path}"))
        };
        let request = self.client.get(url).bearer_auth(token);
        let request = request.header("Prefer", "IdType=\"ImmutableId\", odata.maxpagesize=20");
        self.send(request).await
    }

    async fn batch(&self, token: &str, requests: Value) -> Reply {
        let url = self.url("/microsoft365/graph/v1.0/$batch");
        let request = self.client.post(url).bearer_auth(token);
        self.send(request.json(&json!({ "requests": requests })))
            .await
    }
}

/// Status and `error.code`.
pub(crate) fn refusal(reply: &Reply) -> (u16, String) {
    let code = reply.json()["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (reply.status, code)
}

fn is(reply: &Reply, status: u16, code: &str) {
    assert_eq!(refusal(reply), (status, code.to_owned()), "{}", reply.text);
}

#[tokio::test]
async fn entra_refuses_by_number() {
    let world = World::new().await;
    for (tenant, app, status, code) in [
        (TENANT, DISABLED, 400, 7_000_112),
        ("7e2f0a52-3f0c-4b1e-9a57-0000000000bb", APP, 400, 700_016),
        ("other.example", APP, 400, 700_016),
        ("agency.example", APP, 400, 90_038),
        ("nobody.example", APP, 400, 90_002),
        ("nonsense", APP, 400, 900_023),
        ("common", APP, 400, 9_001_023),
    ] {
        let reply = world.ask_entra(tenant, app).await;
        assert_eq!(reply.status, status, "{tenant}: {}", reply.text);
        assert_eq!(reply.json()["error_codes"], json!([code]), "{tenant}");
    }
    let get = world.url(&format!("/microsoft365/login/{TENANT}/oauth2/v2.0/token"));
    let reply = world.send(world.client.get(get)).await;
    assert_eq!(reply.json()["error_codes"], json!([900_561]));
}

#[tokio::test]
async fn discovery_names_the_vendors_addresses() {
    let world = World::new().await;
    let get = |path: &str| {
        let url = world.url(&format!("/microsoft365/login/{path}"));
        world.send(world.client.get(url))
    };
    let found = get(&format!("{TENANT}/v2.0/.well-known/openid-configuration"))
        .await
        .json();
    assert_eq!(
        found["token_endpoint"],
        format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")
    );
    let found = get("common/discovery/instance?api-version=1.1")
        .await
        .json();
    assert_eq!(
        found["metadata"][0]["preferred_network"],
        "login.microsoftonline.com"
    );
    assert_eq!(
        get("nobody.example/v2.0/.well-known/openid-configuration")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn entra_and_exchange_grant_apart() {
    let world = World::new().await;
    let inbox = |user: &str| format!("/users/{user}/mailFolders/inbox");
    let full = world.graph_token(APP).await;
    let bare = world.graph_token(BARE).await;
    let narrow = world.graph_token(NARROW).await;
    for user in [
        PETER,
        "spidey@acme.example",
        "shared@acme.example",
        "disabled@acme.example",
    ] {
        assert_eq!(world.graph(&full, &inbox(user)).await.status, 200, "{user}");
    }
    assert_eq!(world.graph(&bare, &inbox(PETER)).await.status, 200);
    is(
        &world.graph(&bare, &inbox(MARY)).await,
        403,
        "ErrorAccessDenied",
    );
    is(
        &world.graph(&bare, "/users").await,
        403,
        "Authorization_RequestDenied",
    );
    let denied = world.graph(&narrow, &inbox(MARY)).await;
    is(&denied, 403, "ErrorAccessDenied");
    assert_eq!(
        denied.json()["error"]["message"],
        "Access to OData is disabled."
    );
    for user in ["no.mailbox@acme.example", "unlicensed@acme.example"] {
        is(
            &world.graph(&narrow, &inbox(user)).await,
            404,
            "MailboxNotEnabledForRESTAPI",
        );
    }
    is(
        &world
            .graph(&full, "/users/no.drive@acme.example/drive")
            .await,
        404,
        "ResourceNotFound",
    );
    let shared = world
        .graph(&full, "/users/shared@acme.example/mailboxSettings")
        .await;
    assert_eq!(shared.json()["userPurpose"], "shared");
}

#[tokio::test]
async fn paths_are_read_as_graph_reads_them() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    for path in [
        "//users//peter.parker@acme.example//mailFolders/delta()",
        "/users('peter.parker@acme.example')/drive/root/microsoft.graph.delta()",
        "/users/zo%C3%AB.castillo@acme.example/messages",
    ] {
        assert_eq!(world.graph(&token, path).await.status, 200, "{path}");
    }
    for (path, status, code) in [
        ("/planets", 400, "BadRequest"),
        ("/me/messages", 400, "BadRequest"),
        (
            "/users/peter.parker@acme.example/sendMail",
            405,
            "Request_BadRequest",
        ),
        ("/users?$top=1000", 400, "Request_BadRequest"),
        ("/users?$top=x", 400, "BadRequest"),
        (
            "/users?$filter=shoeSize%20eq%204",
            400,
            "Request_UnsupportedQuery",
        ),
    ] {
        is(&world.graph(&token, path).await, status, code);
    }
    is(
        &world.graph("nonsense", "/users").await,
        401,
        "InvalidAuthenticationToken",
    );
    let url = world.url("/microsoft365/graph/beta/users");
    is(
        &world.send(world.client.get(url).bearer_auth(&token)).await,
        400,
        "BadRequest",
    );
}

#[tokio::test]
async fn batches_answer_part_by_part() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    let part = |id: usize, url: &str| json!({ "id": id.to_string(), "method": "GET", "url": url });
    let mut dependent = part(3, "/users");
    dependent["dependsOn"] = json!(["2"]);
    let requests = json!([
        part(
            1,
            "/users?$filter=mail eq 'peter.parker@acme.example'&$select=mail"
        ),
        part(2, "/users/nobody@acme.example"),
        dependent,
        part(4, "/$batch"),
    ]);
    let reply = world.batch(&token, requests).await.json();
    let replies = reply["responses"].as_array().unwrap();
    let found: Vec<(&str, u64)> = replies
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [("4", 400), ("3", 424), ("2", 404), ("1", 200)]);
    assert_eq!(replies[3]["body"]["value"][0]["mail"], PETER);
    let many: Vec<Value> = (0..21).map(|id| part(id, "/users")).collect();
    is(
        &world.batch(&token, json!(many)).await,
        400,
        "MaximumValueExceeded",
    );
    is(
        &world
            .batch(&token, json!([part(1, "/a"), part(1, "/b")]))
            .await,
        400,
        "BadRequest",
    );
    is(
        &world.batch("nonsense", json!([])).await,
        401,
        "InvalidAuthenticationToken",
    );
}

#[tokio::test]
async fn the_console_of_microsoft_365_is_strict() {
    let world = World::new().await;
    let app = format!("microsoft365/apps/{APP}");
    let peter = format!("microsoft365/users/{PETER}");
    for (method, path, body, status) in [
        (
            "POST",
            "microsoft365/apps/none/secrets".to_owned(),
            json!({}),
            404,
        ),
        ("POST", format!("{app}/secrets"), json!({ "days": 3 }), 400),
        (
            "PATCH",
            format!("{app}/secrets/none"),
            json!({ "expired": true }),
            404,
        ),
        (
            "POST",
            format!("{app}/certificates"),
            json!({ "certificatePem": "x" }),
            400,
        ),
        ("DELETE", format!("{app}/certificates/00"), Value::Null, 404),
        (
            "PUT",
            format!("{app}/roles"),
            json!({ "roles": ["Mail.Reed"] }),
            400,
        ),
        (
            "PATCH",
            app.clone(),
            json!({ "exchangeRbac": { "roles": ["Mail.Read"] } }),
            400,
        ),
        ("PATCH", app, json!({ "enabledd": true }), 400),
        (
            "POST",
            "microsoft365/users".to_owned(),
            json!({ "email": "spidey@acme.example" }),
            400,
        ),
        (
            "POST",
            "microsoft365/users".to_owned(),
            json!({ "email": "x@nowhere.example" }),
            400,
        ),
        ("PATCH", peter.clone(), json!({ "suspended": true }), 400),
        ("PATCH", format!("{peter}/messages/none"), json!({}), 404),
        ("DELETE", format!("{peter}/folders/inbox"), Value::Null, 404),
        (
            "POST",
            format!("{peter}/events"),
            json!({ "subject": "no time" }),
            400,
        ),
        (
            "POST",
            format!("{peter}/expire"),
            json!({ "what": "everything" }),
            400,
        ),
        (
            "GET",
            format!("{peter}/state?startDateTime=2026-01-01T00:00:00Z"),
            Value::Null,
            400,
        ),
        ("GET", "microsoft365/nothing".to_owned(), Value::Null, 404),
    ] {
        let reply = world.try_console(method, &path, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text);
        assert!(reply.json()["error"].is_string());
    }
}

#[tokio::test]
async fn both_vendors_share_the_instruments() {
    let world = World::new().await;
    let token = world.graph_token(APP).await;
    let google = world.token(PETER, &["gmail.readonly"]).await;
    world.console("DELETE", "log", Value::Null).await;
    world
        .graph(&token, &format!("/users/{PETER}/calendar"))
        .await;
    world.get(&google, "gmail/v1/users/me/profile").await;
    let vendors: Vec<Value> = world
        .log()
        .await
        .iter()
        .map(|call| call["vendor"].clone())
        .collect();
    assert_eq!(vendors, [json!("microsoft365"), json!("google")]);
    let stats = world.console("GET", "stats", Value::Null).await;
    assert_eq!(stats["vendors"]["microsoft365"]["calendar"], 1);
    assert_eq!(stats["calls"]["token"], 2);
    assert!(!json!(world.log().await).to_string().contains("canary"));
}
