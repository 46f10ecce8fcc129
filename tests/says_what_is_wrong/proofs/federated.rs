//! Federated tokens: those that the API server itself makes, and no Secret at all.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{CONNECTION, Reads, Row, Stalled, World, reads, reads_of};
use crate::support::stage::{Stage, condition};
use crate::support::tenant::ROLES;
use crate::support::{guard, random};

/// What the vendor's exchange takes, by its documentation.
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// The service account whose token the operator would have projected.
const ACCOUNT: &str = "deputy";

/// What an application trusts, and what the operator has in the token's place.
#[rustfmt::skip] // a row a line
const ROWS: [Row<&str>; 8] = [
    ("none", "Authenticated", "False", "FederationMismatch", "Add a federated credential", Stalled),
    ("other-issuer", "Authenticated", "False", "FederationMismatch", "does not trust the issuer", Stalled),
    ("other-subject", "Authenticated", "False", "FederationMismatch", "does not trust the subject", Stalled),
    ("other-audience", "Authenticated", "False", "FederationMismatch", "does not trust the audience", Stalled),
    ("for-the-cluster", "Authenticated", "False", "FederationMismatch", "It was not sent", Stalled),
    ("no-file", "Authenticated", "False", "KeyMissing", "Mount a projected service account token", Stalled),
    ("no-token", "Authenticated", "False", "KeyMissing", "Mount a projected service account token", Stalled),
    ("unsigned", "Authenticated", "False", "FederationMismatch", "/.well-known/openid-configuration is open", Stalled),
];

/// Each row has an application of its own.
fn client_of(row: usize) -> String {
    format!("8d3f2c1a-0000-4000-9100-{row:012}")
}

/// The application that works.
fn trusted() -> String {
    client_of(ROWS.len())
}

fn app(client: &str) -> Value {
    json!({"clientId": client, "displayName": "Deputy", "roles": ROLES})
}

/// The cluster as an issuer of tokens.
struct Issuer {
    name: String,
    subject: String,
}

impl Issuer {
    /// Makes the service account, and has the vendor know the keys that the API server publishes.
    async fn of(stage: &Stage) -> Self {
        let account =
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT}});
        stage.apply(account).await;
        let found = published(stage, "/.well-known/openid-configuration").await;
        let name = found["issuer"].as_str().expect("has a name").to_owned();
        let keys = published(stage, "/openid/v1/jwks").await;
        stage
            .sandbox
            .microsoft365()
            .trust_issuer(&name, &keys)
            .await;
        let subject = format!("system:serviceaccount:{}:{ACCOUNT}", stage.namespace);
        Self { name, subject }
    }

    /// A federated credential as the portal has it.
    fn credential(&self) -> Value {
        json!({"issuer": self.name, "subject": self.subject, "audience": AUDIENCE})
    }
}

async fn published(stage: &Stage, path: &str) -> Value {
    let request = http::Request::get(path).body(Vec::new());
    let reply = stage.client.request(request.expect("is a request")).await;
    reply.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Puts a token of the API server where the operator finds it.
async fn project(stage: &Stage, audience: &str) -> PathBuf {
    let token = stage.token_of(ACCOUNT, &[audience]).await;
    written(&token)
}

fn written(token: &str) -> PathBuf {
    let file = guard::folder().join(random::name("token"));
    std::fs::write(&file, token).expect("writes the token");
    file
}

fn connection(world: &World, name: &str, client: &str, file: &Path) -> Value {
    let mut connection = world.connection(name, client, None);
    let provider = &mut connection["spec"]["provider"]["microsoft365"];
    provider["federated"] = json!({"tokenFile": file});
    connection
}

#[tokio::test]
async fn a_federated_token_comes_to_rows_without_a_secret_and_a_lost_trust_is_named() {
    let world = World::of(&[app(&trusted())]).await;
    let microsoft365 = world.stage.sandbox.microsoft365();
    let issuer = Issuer::of(&world.stage).await;
    let trust = json!({"federated": [issuer.credential()]});
    microsoft365.change_app(&trusted(), trust.clone()).await;
    let file = project(&world.stage, AUDIENCE).await;
    world
        .apply_acme(connection(&world, "acme", &trusted(), &file))
        .await;
    let mut operator = world.stage.operator();
    world.has_rows().await;
    let acme = world.stage.get(CONNECTION, "acme").await;
    assert_eq!(acme["spec"].get("credentialsSecretRef"), None);

    let nobody = json!({"federated": []});
    microsoft365.change_app(&trusted(), nobody).await;
    let lost = Reads {
        type_: "Authenticated",
        status: "False",
        reason: "FederationMismatch",
        remedy: "Add a federated credential",
        class: Stalled,
    };
    world.acme_says(lost).await;
    let acme = world.stage.get(CONNECTION, "acme").await;
    let says = condition(&acme, "Authenticated")["message"].to_string();
    assert!(
        says.contains(&issuer.subject) && says.contains(&issuer.name),
        "{says}"
    );
    world.edit(2).await;

    microsoft365.change_app(&trusted(), trust).await;
    world.stage.request(CONNECTION, "acme").await;
    world.has_rows().await;

    // The kubelet renews a projected token long before its end; without it, the clock shows.
    world.stage.sandbox.clock_offset(7_200).await;
    let late = Reads {
        reason: "ClockSkew",
        remedy: "Set the clock of the node",
        ..lost
    };
    world.acme_says(late).await;
    assert!(operator.is_running());
    let token = std::fs::read_to_string(&file).expect("is there");
    assert!(!operator.log().contains(&token));
}

#[tokio::test]
async fn each_way_a_federated_token_can_be_bad() {
    let apps: Vec<Value> = (0..ROWS.len()).map(|row| app(&client_of(row))).collect();
    let world = World::of(&apps).await;
    let stage = &world.stage;
    let issuer = Issuer::of(stage).await;
    let good = project(stage, AUDIENCE).await;
    let unsigned = std::fs::read_to_string(&good).expect("is there");
    let unsigned = unsigned.rsplit_once('.').expect("has a signature").0;
    for (row, (name, ..)) in ROWS.iter().enumerate() {
        let mut trust = issuer.credential();
        let mut file = good.clone();
        match *name {
            "other-issuer" => trust["issuer"] = json!("https://other.example"),
            "other-subject" => trust["subject"] = json!("system:serviceaccount:other:deputy"),
            "other-audience" => trust["audience"] = json!("api://other"),
            "for-the-cluster" => file = project(stage, &issuer.name).await,
            "no-file" => file = guard::folder().join(random::name("no-token")),
            "no-token" => file = written("canary"),
            "unsigned" => file = written(&format!("{unsigned}.c2lnbmF0dXJl")),
            _ => {}
        }
        let trust = if *name == "none" {
            json!([])
        } else {
            json!([trust])
        };
        let microsoft365 = stage.sandbox.microsoft365();
        let change = json!({"federated": trust});
        microsoft365.change_app(&client_of(row), change).await;
        stage
            .apply(connection(&world, name, &client_of(row), &file))
            .await;
    }
    let mut operator = stage.operator();
    for row in &ROWS {
        reads(stage, CONNECTION, row.0, reads_of(row)).await;
    }
    let calls = stage.sandbox.calls().await;
    let sent: Vec<_> = calls
        .iter()
        .filter_map(|call| call.client_id.as_deref())
        .collect();
    for (row, (name, ..)) in ROWS.iter().enumerate() {
        let is_sent = !["for-the-cluster", "no-file", "no-token"].contains(name);
        assert_eq!(sent.contains(&client_of(row).as_str()), is_sent, "{name}");
    }
    assert!(operator.is_running());
    assert!(!operator.log().contains("canary"));
}
