//! The rights that the chart gives the operator are enough: it verifies, syncs, tells and leaves under its own account.

use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, PostParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::support::apiserver::ApiServer;
use crate::support::chart::Release;
use crate::support::namespace::Namespace;
use crate::support::operator::Launch;
use crate::support::sandbox::Sandbox;
use crate::support::{guard, kinds, manifests, wait};

const ACCOUNT: &str = "deputy@acme.iam.gserviceaccount.com";
const PERSON: &str = "peter.parker@acme.example";
const SCOPE: &str = "https://www.googleapis.com/auth/gmail.readonly";

async fn sandbox() -> Sandbox {
    Sandbox::start(&json!({"seed": 7, "google": {
        "customer": {"id": "C01acme", "domains": ["acme.example"]},
        "quota": "off",
        "projects": [{"number": "107400000000", "apis": ["gmail"]}],
        "serviceAccounts": [{"email": ACCOUNT, "clientId": "107400000000000000001",
                             "project": "107400000000", "delegatedScopes": [SCOPE]}],
        "users": [{"email": PERSON, "mail": {"generate": {"messages": 20}}}],
    }}))
    .await
}

/// The Secret, the connection and the person, as an administrator applies them.
async fn objects(sandbox: &Sandbox) -> Vec<DynamicObject> {
    let key = sandbox.google().make_key(ACCOUNT).await;
    let endpoint = sandbox.url().join("google").expect("is a URL");
    let destination = format!("file://{}", guard::new_folder("rows").display());
    let objects = json!([
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"},
         "stringData": {"key.json": key.to_string()}},
        {"apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection",
         "metadata": {"name": "acme"}, "spec": {
            "provider": {"google": {"scopes": [SCOPE], "endpoint": endpoint}},
            "credentialsSecretRef": {"name": "key"},
            "access": {"owner": "alice@acme.example"},
            "allowedUsers": [PERSON],
            "sync": {"streams": ["mail"]},
            "destination": {"objectStore": {"url": destination}},
        }},
        {"apiVersion": "deputy.dev/v1alpha1", "kind": "SyncedUser", "metadata": {"name": "peter"},
         "spec": {"connectionRef": {"name": "acme"}, "email": PERSON, "enabled": true}},
    ]);
    serde_json::from_value(objects).expect("are objects")
}

fn people(client: Client, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("deputy.dev", "v1alpha1", "SyncedUser");
    Api::namespaced_with(client, namespace, &ApiResource::from_gvk(&kind))
}

fn is_ready(object: Option<&DynamicObject>) -> bool {
    let conditions = object.and_then(|object| object.data["status"]["conditions"].as_array());
    conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|condition: &Value| condition["type"] == "Ready" && condition["status"] == "True")
    })
}

/// Installs the chart, runs the operator as its account, and has a person synced and let go.
async fn works(server: &ApiServer, namespace: &str, values: &[&str]) {
    let client = server.client().await;
    let release = Release::new(namespace);
    let chart = release.render(&[values, &["crds={\"install\":false}"]].concat());
    manifests::apply(&client, namespace, &chart)
        .await
        .expect("installs the chart");
    let sandbox = sandbox().await;
    manifests::apply(&client, namespace, &objects(&sandbox).await)
        .await
        .expect("are applied");

    let account = server
        .administrator()
        .as_service_account(namespace, release.object_name())
        .await;
    let mut launch = Launch::controller(&account, namespace)
        .allow_endpoint(sandbox.url())
        .arg("--lease-name")
        .arg(release.object_name());
    if !values.is_empty() {
        launch = launch.confined_to(namespace);
    }
    let mut operator = launch.start();
    let people = people(client.clone(), namespace);
    wait::until_object(&people, "peter", "to be synced", is_ready).await;
    let events: Api<Event> = Api::namespaced(client, namespace);
    let told = events
        .list(&ListParams::default())
        .await
        .expect("lists events");
    assert!(!told.items.is_empty(), "it tells what has happened");
    people
        .delete("peter", &DeleteParams::default())
        .await
        .expect("is deleted");
    wait::until("the person to be let go", async || {
        people
            .get_opt("peter")
            .await
            .expect("asks")
            .is_none()
            .then_some(())
    })
    .await;
    assert!(operator.terminate().await.success(), "it leaves in order");
    let log = operator.log().to_lowercase();
    assert!(!log.contains("forbidden"), "something was refused:\n{log}");
}

#[tokio::test]
async fn in_one_namespace() {
    kinds::install().await;
    let namespace = Namespace::create().await;
    let value = format!("watchNamespace={}", json!(namespace.name()));
    works(namespace.server(), namespace.name(), &[&value]).await;
}

/// An operator for all namespaces would see to the objects of other tests, so it gets an API server of its own.
#[tokio::test]
async fn in_all_namespaces() {
    let server = ApiServer::start().await;
    kinds::install_on(&server).await;
    let namespaces: Api<NamespaceObject> = Api::all(server.client().await);
    let mut namespace = NamespaceObject::default();
    namespace.metadata.name = Some("revops".to_owned());
    namespaces
        .create(&PostParams::default(), &namespace)
        .await
        .expect("makes a namespace");
    works(&server, "revops", &[]).await;
}
