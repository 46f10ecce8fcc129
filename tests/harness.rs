//! The harness itself: what every other test stands on works, and leaves nothing behind.

use std::process::Command;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use kube::api::{ListParams, PostParams};
use kube::{Api, ResourceExt};
use reqwest::Method;
use serde_json::json;

use crate::support::apiserver::ApiServer;
use crate::support::namespace::Namespace;
use crate::support::postgres::{self, Postgres};
use crate::support::process::Process;
use crate::support::sandbox::Sandbox;
use crate::support::{audit, cluster_config::ClusterConfig, guard, manifests, wait};

async fn who_am_i(config: &ClusterConfig) -> (String, Vec<String>) {
    let reviews: Api<SelfSubjectReview> = Api::all(config.client().await);
    let review = reviews
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await;
    let user = review
        .expect("the API server knows us")
        .status
        .and_then(|status| status.user_info);
    let user = user.expect("we are somebody");
    (
        user.username.unwrap_or_default(),
        user.groups.unwrap_or_default(),
    )
}

#[tokio::test]
async fn the_api_server_knows_administrators_people_and_service_accounts() {
    let namespace = Namespace::create().await;
    let administrator = namespace.server().administrator();
    assert!(
        who_am_i(administrator)
            .await
            .1
            .contains(&"system:masters".to_owned())
    );

    let alice = administrator.as_user("alice@acme.example", &["system:authenticated"]);
    assert_eq!(who_am_i(&alice).await.0, "alice@acme.example");
    let pods: Api<ConfigMap> = Api::namespaced(alice.client().await, namespace.name());
    let refusal = pods
        .list(&ListParams::default())
        .await
        .expect_err("nobody gave alice a right");
    assert!(
        refusal.to_string().contains("alice@acme.example"),
        "{refusal}"
    );

    let accounts = namespace.objects::<ServiceAccount>().await;
    let mut account = ServiceAccount::default();
    account.metadata.name = Some("robot".to_owned());
    accounts
        .create(&PostParams::default(), &account)
        .await
        .expect("makes an account");
    let robot = administrator
        .as_service_account(namespace.name(), "robot")
        .await;
    let name = format!("system:serviceaccount:{}:robot", namespace.name());
    assert_eq!(who_am_i(&robot).await.0, name);
}

#[tokio::test]
async fn objects_are_applied_with_strict_validation_and_watched() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let good =
        manifests::parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}");
    manifests::apply(&client, namespace.name(), &good)
        .await
        .expect("is applied");
    let maps = namespace.objects::<ConfigMap>().await;
    let has_key = |map: Option<&ConfigMap>| map.is_some_and(|map| map.data.is_some());
    let map = wait::until_object(&maps, "a", "to have data", has_key).await;
    assert_eq!(map.expect("exists").name_any(), "a");

    let bad =
        manifests::parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: b}, datum: {k: v}}");
    let refusal = manifests::dry_run(&client, namespace.name(), &bad).await;
    let refusal = refusal
        .expect_err("an unknown field is refused")
        .to_string();
    assert!(refusal.contains("datum"), "{refusal}");
    if !namespace.server().is_given() {
        let writes = audit::writes(namespace.server(), namespace.name());
        let to_a: Vec<_> = writes
            .iter()
            .filter(|write| write.object.name == "a")
            .collect();
        assert_eq!(to_a.len(), 1, "{writes:#?}");
        assert_eq!(
            (to_a[0].verb.as_str(), to_a[0].author()),
            ("patch", "administrator")
        );
    }
}

#[tokio::test]
async fn an_api_server_of_ones_own_stops_and_goes_on() {
    let mut server = ApiServer::start().await;
    let maps: Api<ConfigMap> = Api::namespaced(server.client().await, "default");
    let mut map = ConfigMap::default();
    map.metadata.name = Some("kept".to_owned());
    maps.create(&PostParams::default(), &map)
        .await
        .expect("is made");
    server.stop().await;
    assert!(
        maps.get("kept").await.is_err(),
        "a stopped server does not answer"
    );
    server.resume().await;
    maps.get("kept").await.expect("the data is still there");
}

#[tokio::test]
async fn every_database_is_new_and_survives_a_crash_of_the_server() {
    let shared = Postgres::shared().await;
    let (first, second) = (shared.database().await, shared.database().await);
    let client = postgres::connect(&first).await.expect("connects");
    client
        .batch_execute("CREATE TABLE only_here (id int)")
        .await
        .expect("makes a table");
    let other = postgres::connect(&second).await.expect("connects");
    assert!(
        other
            .batch_execute("SELECT * FROM only_here")
            .await
            .is_err()
    );

    let mut own = Postgres::start().await;
    own.connect()
        .await
        .batch_execute("CREATE TABLE kept AS SELECT 1 AS id")
        .await
        .expect("stores");
    own.crash();
    own.resume().await;
    let rows = own
        .connect()
        .await
        .query("SELECT id FROM kept", &[])
        .await
        .expect("reads");
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn the_sandbox_does_what_an_administrator_does_and_tells_every_call() {
    const PERSON: &str = "peter.parker@acme.example";
    let sandbox = Sandbox::start(&json!({
        "seed": 7,
        "google": {
            "customer": {"id": "C01acme", "domains": ["acme.example"]},
            "projects": [{"number": "107400000000", "apis": ["gmail"]}],
            "serviceAccounts": [{"email": "deputy@acme.iam.gserviceaccount.com", "clientId": "1",
                                 "project": "107400000000", "delegatedScopes": []}],
            "users": [{"email": PERSON}],
        },
    }))
    .await;
    let google = sandbox.google();
    let id = google
        .deliver(PERSON, "Subject: Hello\r\n\r\nHello\r\n", &["INBOX"])
        .await;
    let state = google.state(PERSON).await;
    assert_eq!(state["messages"][0]["id"], json!(id));
    google.delete_message(PERSON, &id).await;
    assert_eq!(google.state(PERSON).await["messages"], json!([]));

    assert_eq!(sandbox.calls().await.len(), 0, "the console is no vendor");
    let key = google.make_key("deputy@acme.iam.gserviceaccount.com").await;
    let token_uri = key["token_uri"]
        .as_str()
        .expect("a key has a token endpoint");
    assert!(token_uri.starts_with(sandbox.url().as_str()), "{token_uri}");
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("makes a client");
    client.post(token_uri).send().await.expect("is answered");
    let calls = sandbox.calls().await;
    assert_eq!(
        (calls.len(), calls[0].method.as_str(), calls[0].status),
        (1, "POST", 400)
    );
    let (status, _) = sandbox.try_ask(Method::GET, &["no-such-place"], None).await;
    assert_eq!(status, 404);
}

/// The end of a test process, by the harness's own means: the guard's script with a pipe that closes.
#[tokio::test]
async fn a_guard_stops_what_it_watches_when_its_pipe_closes() {
    let mut stubborn = Command::new("sh");
    stubborn.args(["-c", "trap '' TERM; while :; do sleep 1; done"]);
    let mut process = Process::start("stubborn", &mut stubborn);
    let folder = guard::new_folder("guarded");
    let mut shell = guard::shell(&folder);
    guard::tell(&mut shell, "watch", process.id());
    drop(shell.stdin.take());
    let status = process.ended().await;
    assert!(!status.success(), "it was killed");
    assert!(shell.wait().expect("the guard ends").success());
    assert!(!folder.exists(), "the guard removes the folder");
}
