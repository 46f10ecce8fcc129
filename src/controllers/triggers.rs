//! Who is looked at again when somebody else has changed.
//!
//! Only what matters to the other kind counts, since objects that followed each other's every status would write for ever.

use std::collections::HashMap;

use futures::stream::{self, BoxStream, StreamExt};
use kube::{Resource, ResourceExt};

use super::api_key::connection_of;
use super::cluster::{Cluster, connection_key};
use super::connection::{Suspects, secrets_of};
use super::dropzone::Notices;
use super::links::Links;
use super::synced_user::pool::Pool;
use crate::api::{ApiKey, ServiceAccountConnection, SyncedUser};
use crate::kube_io::conditions::find;
use crate::kube_io::key::ObjectKey;
use crate::kube_io::watch;

/// A connection is looked at again when one of its Secrets, people or keys has changed, a sync has found it failing, or
/// the notifications of its box go differently.
pub(super) fn of_connections(
    cluster: &Cluster,
    suspects: &Suspects,
    notices: &Notices,
) -> BoxStream<'static, ObjectKey> {
    let known = cluster.clone();
    let by_secret = cluster.secrets.changes();
    let by_secret = by_secret.flat_map(move |secret| stream::iter(readers(&known, &secret)));
    let every = [
        by_secret.boxed(),
        by_user(cluster),
        by_key(cluster),
        suspects.changes(),
        notices.changes(),
    ];
    stream::select_all(every).boxed()
}

/// A connection keeps its finalizer for as long as it has keys. A key that has gone no longer says whose it was.
fn by_key(cluster: &Cluster) -> BoxStream<'static, ObjectKey> {
    let keys = cluster.keys.clone();
    let mut connections = HashMap::new();
    let connection_of = move |key: ObjectKey| match keys.get(&key) {
        Some(found) => {
            let connection = connection_of(&found);
            connections.insert(key, connection.clone());
            Some(connection)
        }
        None => connections.remove(&key),
    };
    let changes = cluster
        .keys
        .changes_in(|key: &ApiKey| key.meta().generation);
    changes
        .map(connection_of)
        .filter_map(std::future::ready)
        .boxed()
}

/// A key is looked at again when its connection has changed or was opened, or its Secret has changed.
pub(super) fn of_keys(cluster: &Cluster, links: &Links) -> BoxStream<'static, ObjectKey> {
    let changed = cluster.connections.changes_in(what_keys_depend_on);
    let known = cluster.clone();
    let by_connection = stream::select(changed, links.opened()).flat_map(move |connection| {
        let mut keys = known.keys.all();
        keys.retain(|key| connection_of(key) == connection);
        stream::iter(keys.into_iter().map(|key| ObjectKey::of(&*key)))
    });
    let known = cluster.clone();
    let by_secret = cluster.secrets.changes().flat_map(move |secret| {
        let mut keys = known.keys.all();
        keys.retain(|key| {
            key.spec.secret_name == secret.name
                && key.namespace().as_ref() == Some(&secret.namespace)
        });
        stream::iter(keys.into_iter().map(|key| ObjectKey::of(&*key)))
    });
    stream::select(by_connection, by_secret).boxed()
}

/// What a key's next step depends on.
fn what_keys_depend_on(connection: &ServiceAccountConnection) -> impl std::hash::Hash + use<> {
    let status = connection.status.as_ref();
    let conditions = status.map(|status| status.conditions.as_slice());
    let turn = |type_| turn(conditions.unwrap_or_default(), type_);
    let observed = status.map(|status| status.observed_generation);
    let is_leaving = connection.meta().deletion_timestamp.is_some();
    let turns = [turn("Authenticated"), turn("Suspended")];
    (connection.meta().generation, observed, is_leaving, turns)
}

/// A person who has gone no longer says which connection was theirs, so it is remembered.
fn by_user(cluster: &Cluster) -> BoxStream<'static, ObjectKey> {
    let users = cluster.users.clone();
    let mut connections = HashMap::new();
    let connection_of = move |user: ObjectKey| match users.get(&user) {
        Some(found) => {
            let connection = connection_key(&found);
            connections.insert(user, connection.clone());
            Some(connection)
        }
        None => connections.remove(&user),
    };
    let changes = cluster.users.changes_in(what_connections_count);
    changes
        .map(connection_of)
        .filter_map(std::future::ready)
        .boxed()
}

/// A person is looked at again when their connection has changed or was opened, or their job has ended, or their
/// namespace has other labels.
pub(super) fn of_users(
    cluster: &Cluster,
    links: &Links,
    pool: &Pool,
) -> BoxStream<'static, ObjectKey> {
    let changed = cluster.connections.changes_in(what_users_depend_on);
    let known = cluster.clone();
    let by_connection = stream::select(changed, links.opened())
        .flat_map(move |connection| stream::iter(keys(known.users_of(&connection))));
    let known = cluster.clone();
    let namespaces = cluster.namespaces.as_ref().map(watch::Watched::changes);
    let by_namespace = namespaces
        .unwrap_or_else(|| stream::pending().boxed())
        .flat_map(move |namespace| {
            let mut users = known.users.all();
            users.retain(|user| user.namespace().as_deref() == Some(namespace.name.as_str()));
            stream::iter(keys(users))
        });
    stream::select_all([by_connection.boxed(), by_namespace.boxed(), pool.ended()]).boxed()
}

fn keys(users: Vec<std::sync::Arc<SyncedUser>>) -> impl Iterator<Item = ObjectKey> {
    users.into_iter().map(|user| ObjectKey::of(&*user))
}

type Turn = Option<(String, String)>;

/// What a connection's status counts.
fn what_connections_count(user: &SyncedUser) -> (Option<i64>, bool, [Turn; 3]) {
    let conditions = user
        .status
        .as_ref()
        .map(|status| status.conditions.as_slice());
    let turn = |type_| turn(conditions.unwrap_or_default(), type_);
    let meta = user.meta();
    let turns = [turn("Eligible"), turn("Synced"), turn("Stalled")];
    (meta.generation, meta.deletion_timestamp.is_some(), turns)
}

/// What a person's next step depends on. A seat that becomes free shows in the number of enabled people.
fn what_users_depend_on(connection: &ServiceAccountConnection) -> impl std::hash::Hash + use<> {
    let status = connection.status.as_ref();
    let conditions = status
        .map(|status| status.conditions.as_slice())
        .unwrap_or_default();
    let enabled = status.and_then(|status| Some(status.users.as_ref()?.enabled));
    let verified = status.and_then(|status| status.last_verified_time);
    let turns = [turn(conditions, "Ready"), turn(conditions, "Suspended")];
    (connection.meta().generation, enabled, verified, turns)
}

fn turn(
    conditions: &[k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition],
    type_: &str,
) -> Turn {
    find(conditions, type_).map(|found| (found.status.clone(), found.reason.clone()))
}

fn readers(cluster: &Cluster, secret: &ObjectKey) -> Vec<ObjectKey> {
    let reads = |connection: &ServiceAccountConnection| {
        connection.namespace().as_ref() == Some(&secret.namespace)
            && secrets_of(&connection.spec)
                .iter()
                .any(|name| name.name == secret.name)
    };
    let connections = cluster.connections.all();
    connections
        .iter()
        .filter(|found| reads(found))
        .map(|found| ObjectKey::of(&**found))
        .collect()
}
