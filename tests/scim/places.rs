//! What SCIM applies is made only where nothing is, and changed only from what was read.

use deputy::api::SyncedUser;
use deputy::kube_io::apply::{ApplyError, Place, apply};
use kube::api::DeleteParams;
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::support::kinds;
use crate::support::namespace::Namespace;

struct Town {
    client: Client,
    namespace: Namespace,
    people: Api<SyncedUser>,
}

impl Town {
    async fn found() -> Self {
        kinds::install().await;
        let namespace = Namespace::create().await;
        Self {
            client: namespace.client().await,
            people: namespace.objects().await,
            namespace,
        }
    }

    async fn put(&self, place: Place<'_>, email: &str) -> Result<SyncedUser, ApplyError> {
        let manifest = json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": "SyncedUser", "metadata": {"name": "peter"},
            "spec": {"connectionRef": {"name": "acme"}, "email": email, "enabled": true},
        });
        let key = (self.namespace.name(), "peter");
        apply(&self.client, key, "deputy-scim", place, manifest).await
    }

    async fn address(&self) -> Option<String> {
        let found = self.people.get_opt("peter").await.expect("is answered")?;
        Some(found.spec.email.to_string())
    }

    async fn delete(&self) {
        let how = DeleteParams::default();
        self.people.delete("peter", &how).await.expect("is deleted");
    }
}

fn is_late(answer: Result<SyncedUser, ApplyError>) {
    assert_eq!(answer.expect_err("is refused"), ApplyError::Late);
}

#[tokio::test]
async fn what_is_there_is_not_made_again() {
    let town = Town::found().await;
    let made = town.put(Place::Free, "peter@acme.example").await;
    let made = made.expect("is made");
    is_late(town.put(Place::Free, "other@acme.example").await);
    assert_eq!(town.address().await.as_deref(), Some("peter@acme.example"));
    let changed = town
        .put(Place::Taken(&made.metadata), "new@acme.example")
        .await;
    let changed = changed.expect("is changed");
    let managers = changed.managed_fields().iter();
    let managers: Vec<_> = managers
        .map(|entry| (entry.manager.as_deref(), entry.operation.as_deref()))
        .collect();
    assert_eq!(
        managers,
        [(Some("deputy-scim"), Some("Apply"))],
        "one manages both"
    );
}

#[tokio::test]
async fn what_has_changed_or_gone_since_it_was_read_is_left_so() {
    let town = Town::found().await;
    let first = town
        .put(Place::Free, "peter@acme.example")
        .await
        .expect("is made");
    let first = Place::Taken(&first.metadata);
    let second = town
        .put(first, "new@acme.example")
        .await
        .expect("is changed");
    is_late(town.put(first, "late@acme.example").await);
    assert_eq!(town.address().await.as_deref(), Some("new@acme.example"));

    town.delete().await;
    is_late(
        town.put(Place::Taken(&second.metadata), "back@acme.example")
            .await,
    );
    assert_eq!(town.address().await, None, "who is deleted stays so");

    town.put(Place::Free, "another@acme.example")
        .await
        .expect("is made");
    is_late(
        town.put(Place::Taken(&second.metadata), "back@acme.example")
            .await,
    );
    assert_eq!(
        town.address().await.as_deref(),
        Some("another@acme.example")
    );
}
