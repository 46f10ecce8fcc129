//! Watches of other people's objects, and Secrets, which are never cached.

use std::time::Duration;

use deputy::kube_io::key::{ObjectKey, Scope};
use deputy::kube_io::secret::{self, SecretError};
use deputy::kube_io::watch;
use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace as NamespaceObject, Secret};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::core::PartialObjectMeta;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::support::apiserver::ApiServer;
use crate::support::namespace::Namespace;
use crate::support::wait;
use crate::support::wait::PATIENCE;

fn key_file(value: &str) -> Secret {
    serde_json::from_value(json!({
        "metadata": {"name": "key", "labels": {"a": "b"}, "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": format!("canary {value}"),
        }},
        "stringData": {"key.json": value},
    }))
    .unwrap()
}

#[tokio::test]
async fn a_secret_is_noticed_but_not_kept() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let secrets = namespace.objects::<Secret>().await;
    let scope = Scope::Namespace(namespace.name().to_owned());
    let (watched, drive) = watch::metadata::<Secret>(client, &scope);
    let mut changes = watched.changes();
    let mut task = JoinSet::new();
    task.spawn(drive);
    let key = ObjectKey::new(namespace.name(), "key");
    let mut next = async || timeout(PATIENCE, changes.next()).await.unwrap().unwrap();

    let params = PostParams::default();
    let created = secrets.create(&params, &key_file("one")).await.unwrap();
    assert_eq!(next().await, key);
    let seen = watched.get(&key).unwrap();
    assert_eq!(
        seen.metadata.resource_version,
        created.metadata.resource_version
    );
    assert_eq!(seen.metadata.labels, created.metadata.labels);
    assert!(!format!("{seen:?}").contains("canary"), "{seen:?}");

    let patch = Patch::Merge(json!({"stringData": {"key.json": "two"}}));
    secrets
        .patch("key", &PatchParams::default(), &patch)
        .await
        .unwrap();
    assert_eq!(next().await, key);
    secrets
        .delete("key", &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(next().await, key);
    assert!(watched.get(&key).is_none());
    assert!(watched.progress().is_synced());
}

#[tokio::test]
async fn who_comes_late_or_falls_behind_is_told_of_everything() {
    const MANY: usize = 1500;
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let maps = namespace.objects::<ConfigMap>().await;
    let scope = Scope::Namespace(namespace.name().to_owned());
    let (watched, drive) = watch::metadata::<ConfigMap>(client, &scope);
    let mut behind = watched.changes();
    let mut task = JoinSet::new();
    task.spawn(drive);
    let creations = futures::stream::iter(0..MANY).map(|number| {
        let maps = maps.clone();
        async move {
            let mut map = ConfigMap::default();
            map.metadata.name = Some(format!("m{number}"));
            maps.create(&PostParams::default(), &map).await.unwrap();
        }
    });
    creations.buffer_unordered(16).collect::<Vec<()>>().await;
    let last = ObjectKey::new(namespace.name(), format!("m{}", MANY - 1));
    wait::until("the cache to be complete", async || {
        watched.get(&last).map(drop)
    })
    .await;
    let late = watched.changes();
    for mut reader in [
        late,
        std::mem::replace(&mut behind, futures::stream::empty().boxed()),
    ] {
        let mut told = std::collections::HashSet::new();
        while told.len() < MANY {
            told.insert(timeout(PATIENCE, reader.next()).await.unwrap().unwrap());
        }
    }
}

#[tokio::test]
async fn a_follower_is_told_only_of_what_it_follows() {
    let namespace = Namespace::create().await;
    let maps = namespace.objects::<ConfigMap>().await;
    let scope = Scope::Namespace(namespace.name().to_owned());
    let (watched, drive) = watch::objects::<ConfigMap>(namespace.client().await, &scope);
    let mut followed = watched.changes_in(|map| map.data.clone());
    let mut told = async || {
        timeout(PATIENCE, followed.next())
            .await
            .unwrap()
            .unwrap()
            .name
    };
    let mut task = JoinSet::new();
    task.spawn(drive);
    let apply = async |name: &str, labels: serde_json::Value, value: &str| {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels},
            "data": {"k": value},
        });
        let params = PatchParams::apply("deputy-tests");
        maps.patch(name, &params, &Patch::Apply(map)).await.unwrap();
    };
    apply("a", json!({}), "1").await;
    assert_eq!(told().await, "a");
    apply("a", json!({"of": "none"}), "1").await;
    apply("b", json!({}), "1").await;
    assert_eq!(told().await, "b");
    apply("a", json!({}), "2").await;
    assert_eq!(told().await, "a");
    apply("b", json!({"of": "none"}), "1").await;
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert_eq!(told().await, "a");
}

#[tokio::test]
async fn cluster_scoped_objects_can_be_watched_too() {
    let namespace = Namespace::create_labelled(&[("deputy.dev/tenant", "acme")]).await;
    let api: Api<PartialObjectMeta<NamespaceObject>> = Api::all(namespace.client().await);
    let (watched, drive) = watch::metadata_of(api);
    let mut task = JoinSet::new();
    task.spawn(drive);
    let key = ObjectKey::new("", namespace.name());
    let seen = wait::until("the namespace", async || watched.get(&key)).await;
    let labels = seen.metadata.labels.clone().unwrap();
    assert_eq!(labels["deputy.dev/tenant"], "acme");
}

#[tokio::test]
async fn a_watch_outlives_the_api_server_and_tells_only_what_changed() {
    let mut server = ApiServer::start().await;
    let secrets: Api<Secret> = Api::namespaced(server.client().await, "default");
    let params = PostParams::default();
    secrets.create(&params, &key_file("one")).await.unwrap();
    let scope = Scope::Namespace("default".to_owned());
    let (watched, drive) = watch::metadata::<Secret>(server.client().await, &scope);
    let mut changes = watched.changes();
    let mut task = JoinSet::new();
    task.spawn(drive);
    let first = timeout(PATIENCE, changes.next()).await.unwrap().unwrap();
    assert_eq!(first.name, "key");
    server.stop().await;
    wait::until("the watch to notice", async || {
        (watched.progress().stalled_for() > Duration::ZERO).then_some(())
    })
    .await;
    server.resume().await;
    let mut other = key_file("two");
    other.metadata.name = Some("other".to_owned());
    secrets.create(&params, &other).await.unwrap();
    let news = timeout(PATIENCE, changes.next()).await.unwrap().unwrap();
    assert_eq!(news.name, "other");
    assert_eq!(watched.progress().stalled_for(), Duration::ZERO);
}

#[tokio::test]
async fn a_secret_is_read_live_and_what_is_wrong_is_told_apart() {
    let namespace = Namespace::create().await;
    let client = namespace.client().await;
    let secrets = namespace.objects::<Secret>().await;
    let missing = secret::read(client.clone(), namespace.name(), "key").await;
    assert!(matches!(missing, Err(SecretError::NotFound { .. })));
    let created = key_file("one");
    secrets
        .create(&PostParams::default(), &created)
        .await
        .unwrap();
    let read = secret::read(client, namespace.name(), "key").await.unwrap();
    assert_eq!(read.names().collect::<Vec<_>>(), ["key.json"]);
    let stranger = namespace
        .server()
        .administrator()
        .as_user("stranger", &["system:authenticated"]);
    let refused = secret::read(stranger.client().await, namespace.name(), "key").await;
    assert!(matches!(refused, Err(SecretError::Forbidden { .. })));
}
