//! What is known of the cluster, from the caches: which people and keys belong to which connection, and who
//! admits whom.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::core::{Selector, SelectorExt};
use kube::{Client, Resource, ResourceExt};

use super::api_key::connection_of;
use crate::api::{ApiKey, ServiceAccountConnection, SyncedUser};
use crate::kube_io::key::ObjectKey;
use crate::kube_io::progress::Progress;
use crate::kube_io::watch::{Metadata, Objects};

/// The caches, and the client for what must not be taken from a cache.
#[derive(Clone)]
pub struct Cluster {
    /// For live reads and writes.
    pub client: Client,
    /// All connections.
    pub connections: Objects<ServiceAccountConnection>,
    /// All people.
    pub users: Objects<SyncedUser>,
    /// All keys.
    pub keys: Objects<ApiKey>,
    /// Names and versions of Secrets, never their content.
    pub secrets: Metadata<Secret>,
    /// Labels of namespaces; none where Deputy is confined to one namespace.
    pub namespaces: Option<Metadata<Namespace>>,
}

/// Returns the connection that a person's object refers to.
pub fn connection_key(user: &SyncedUser) -> ObjectKey {
    let reference = &user.spec.connection_ref;
    let own = || user.namespace().unwrap_or_default();
    ObjectKey::new(
        reference.namespace.clone().unwrap_or_else(own),
        &reference.name,
    )
}

impl Cluster {
    /// Waits until every cache has been complete once. Before that, whoever is missing may only not have been read yet.
    pub async fn complete(&self) {
        self.connections.complete().await;
        self.users.complete().await;
        self.keys.complete().await;
        self.secrets.complete().await;
        if let Some(namespaces) = &self.namespaces {
            namespaces.complete().await;
        }
    }

    /// Returns whether every cache has been complete once.
    pub fn is_complete(&self) -> bool {
        let namespaces = self.namespaces.as_ref().map(Metadata::progress);
        let own = [
            self.connections.progress(),
            self.users.progress(),
            self.secrets.progress(),
        ];
        own.into_iter().chain(namespaces).all(Progress::is_synced)
    }

    /// Returns the people of a connection, the oldest first: the order in which seats are given.
    pub fn users_of(&self, connection: &ObjectKey) -> Vec<Arc<SyncedUser>> {
        let mut users = self.users.all();
        users.retain(|user| &connection_key(user) == connection);
        users.sort_by_cached_key(|user| {
            let meta = user.meta();
            (meta.creation_timestamp.clone(), ObjectKey::of(&**user))
        });
        users
    }

    /// Returns the people of a connection in namespaces that it admits. An object elsewhere has no say: it takes no
    /// seat, stands in nobody's way, and nobody is asked for on its account.
    pub fn admitted_users_of(&self, connection: &ServiceAccountConnection) -> Vec<Arc<SyncedUser>> {
        let mut users = self.users_of(&ObjectKey::of(connection));
        users.retain(|user| self.admits(connection, &user.namespace().unwrap_or_default()));
        users
    }

    /// Returns the keys of a connection's account in namespaces that it admits.
    pub fn admitted_keys_of(&self, connection: &ServiceAccountConnection) -> Vec<Arc<ApiKey>> {
        let of = ObjectKey::of(connection);
        let mut keys = self.keys.all();
        keys.retain(|key| {
            connection_of(key) == of
                && self.admits(connection, &key.namespace().unwrap_or_default())
        });
        keys
    }

    /// Returns whether a connection may be used from a namespace. Only the connection can open itself.
    pub fn admits(&self, connection: &ServiceAccountConnection, namespace: &str) -> bool {
        if connection.namespace().as_deref() == Some(namespace) {
            return true;
        }
        let Some(selector) = connection.spec.allowed_namespaces.clone() else {
            return false;
        };
        let Ok(selector) = Selector::try_from(selector) else {
            return false;
        };
        // An empty selector would admit every namespace there is, which nobody means by leaving it empty.
        if selector.selects_all() {
            return false;
        }
        let namespaces = self.namespaces.as_ref();
        let found = namespaces.and_then(|known| known.get(&ObjectKey::new("", namespace)));
        found.is_some_and(|found| selector.matches(found.labels()))
    }

    /// Returns the version of a Secret as last heard, to notice a change without reading it.
    pub fn secret_version(&self, key: &ObjectKey) -> Option<String> {
        self.secrets.get(key)?.resource_version()
    }
}
