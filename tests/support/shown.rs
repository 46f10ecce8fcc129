//! What Deputy shows of itself, as text.

use kube::api::{DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::discovery::pinned_kind;
use kube::{Api, Client};
use url::Url;

/// Everything that the API server shows of Deputy's: its objects with their status, and the events.
pub(crate) async fn objects_and_events(client: &Client, namespace: &str) -> String {
    let mut shown = String::new();
    for (group, version, kind) in [
        ("deputy.dev", "v1alpha1", "ServiceAccountConnection"),
        ("deputy.dev", "v1alpha1", "SyncedUser"),
        ("deputy.dev", "v1alpha1", "ApiKey"),
        ("events.k8s.io", "v1", "Event"),
    ] {
        let kind = GroupVersionKind::gvk(group, version, kind);
        let (resource, _) = pinned_kind(client, &kind).await.expect("is served");
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
        let list = api.list(&ListParams::default()).await.expect("lists");
        shown += &serde_json::to_string(&list).expect("serialises");
    }
    shown
}

/// The metrics of an operator that listens here.
pub(crate) async fn metrics(operator: &Url) -> String {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("makes a client");
    let place = operator.join("metrics").expect("is a URL");
    let reply = client.get(place).send().await.expect("answers");
    #[expect(clippy::disallowed_methods, reason = "Deputy bounds its own metrics")]
    reply.text().await.expect("sends its metrics")
}
