//! Puts watches, controllers and their triggers together.

use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt};
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{Api, ResourceExt};

use super::api_key::ApiKeyReconciler;
use super::cluster::{Cluster, connection_key};
use super::connection::{ConnectionReconciler, Suspects, secrets_of};
use super::links::Links;
use super::synced_user::SyncedUserReconciler;
use super::synced_user::pool::{self, Pool};
use crate::api::{ApiKey, ServiceAccountConnection};
use crate::kube_io::key::{ObjectKey, Scope};
use crate::kube_io::lease::Leadership;
use crate::kube_io::progress::Progress;
use crate::kube_io::runner::{self, Runtime, Settings};
use crate::kube_io::watch::{self, Objects};
use crate::providers::Clients;
use crate::supervisor::Supervisor;
use crate::sync::Fence;

/// The operator, ready to be started.
pub struct Operator {
    /// What all runners share.
    pub runtime: Runtime,
    /// Where objects are watched.
    pub scope: Scope,
    /// The HTTP stack and the clock.
    pub clients: Clients,
}

struct Leader(Leadership);

impl Fence for Leader {
    fn holds(&self) -> bool {
        self.0.is_held()
    }
}

struct Parts {
    cluster: Cluster,
    keys: Objects<ApiKey>,
    links: Links,
    suspects: Suspects,
    pool: Pool,
}

impl Operator {
    /// Starts everything under the supervisor, and returns the watches for the health checks.
    pub fn start(self, supervisor: &mut Supervisor) -> Vec<Progress> {
        let (cluster, keys, watches) = self.watch(supervisor);
        let fence = Arc::new(Leader(self.runtime.leadership.clone()));
        let (pool, jobs) = pool::pool(Arc::clone(&self.clients.clock), fence);
        supervisor.worker("jobs", jobs.drive(supervisor.stop()));
        let (links, suspects) = (Links::default(), Suspects::default());
        let parts = Parts {
            cluster,
            keys,
            links,
            suspects,
            pool,
        };
        self.run_connections(&parts, supervisor);
        self.run_users(&parts, supervisor);
        self.run_keys(parts, supervisor);
        watches
    }

    fn watch(&self, supervisor: &mut Supervisor) -> (Cluster, Objects<ApiKey>, Vec<Progress>) {
        let client = || self.runtime.client.clone();
        let (connections, driver) = watch::objects(client(), &self.scope);
        supervisor.background("watch connections", driver);
        let (users, driver) = watch::objects(client(), &self.scope);
        supervisor.background("watch users", driver);
        let (keys, driver) = watch::objects(client(), &self.scope);
        supervisor.background("watch keys", driver);
        let (secrets, driver) = watch::metadata::<Secret>(client(), &self.scope);
        supervisor.background("watch secrets", driver);
        let mut watches: Vec<Progress> = vec![
            connections.progress().clone(),
            users.progress().clone(),
            keys.progress().clone(),
            secrets.progress().clone(),
        ];
        let mut cluster = Cluster {
            client: client(),
            connections,
            users,
            secrets,
            namespaces: None,
        };
        if self.scope == Scope::Cluster {
            let (namespaces, driver) = watch::metadata_of::<Namespace>(Api::all(client()));
            supervisor.background("watch namespaces", driver);
            watches.push(namespaces.progress().clone());
            cluster.namespaces = Some(namespaces);
        }
        (cluster, keys, watches)
    }

    fn run_connections(&self, parts: &Parts, supervisor: &mut Supervisor) {
        let reconciler = ConnectionReconciler {
            cluster: parts.cluster.clone(),
            links: parts.links.clone(),
            clients: self.clients.clone(),
            suspects: parts.suspects.clone(),
            events: self.runtime.events.clone(),
        };
        let triggers = parts.connection_triggers();
        let objects = parts.cluster.connections.clone();
        let run = runner::run(
            Arc::new(reconciler),
            objects,
            triggers,
            self.runtime.clone(),
            Settings::default(),
        );
        supervisor.worker("connections", run);
    }

    fn run_users(&self, parts: &Parts, supervisor: &mut Supervisor) {
        let reconciler = SyncedUserReconciler {
            cluster: parts.cluster.clone(),
            links: parts.links.clone(),
            pool: parts.pool.clone(),
            suspects: parts.suspects.clone(),
            events: self.runtime.events.clone(),
            clock: Arc::clone(&self.clients.clock),
            metrics: Arc::clone(&self.runtime.metrics),
        };
        let triggers = parts.user_triggers();
        let objects = parts.cluster.users.clone();
        let run = runner::run(
            Arc::new(reconciler),
            objects,
            triggers,
            self.runtime.clone(),
            Settings::default(),
        );
        supervisor.worker("users", run);
    }

    fn run_keys(self, parts: Parts, supervisor: &mut Supervisor) {
        let reconciler = ApiKeyReconciler {
            clock: self.clients.clock,
        };
        let run = runner::run(
            Arc::new(reconciler),
            parts.keys,
            stream::pending().boxed(),
            self.runtime,
            Settings::default(),
        );
        supervisor.worker("keys", run);
    }
}

impl Parts {
    /// A connection is looked at again when one of its Secrets or people has changed, or a sync has found it failing.
    fn connection_triggers(&self) -> BoxStream<'static, ObjectKey> {
        let cluster = self.cluster.clone();
        let by_secret = self.cluster.secrets.changes();
        let by_secret = by_secret.flat_map(move |secret| stream::iter(readers(&cluster, &secret)));
        let cluster = self.cluster.clone();
        let by_user = self.cluster.users.changes();
        let by_user = by_user.filter_map(move |user| {
            let user = cluster.users.get(&user);
            std::future::ready(user.map(|user| connection_key(&user)))
        });
        let found_failing = self.suspects.changes();
        stream::select_all([by_secret.boxed(), by_user.boxed(), found_failing]).boxed()
    }

    /// A person is looked at again when their connection has changed or was opened, or their job has ended, or their
    /// namespace has other labels.
    fn user_triggers(&self) -> BoxStream<'static, ObjectKey> {
        let cluster = self.cluster.clone();
        let connections = stream::select(self.cluster.connections.changes(), self.links.opened());
        let by_connection = connections.flat_map(move |connection| {
            let users = cluster.users_of(&connection);
            stream::iter(users.into_iter().map(|user| ObjectKey::of(&*user)))
        });
        let cluster = self.cluster.clone();
        let namespaces = self
            .cluster
            .namespaces
            .as_ref()
            .map(watch::Watched::changes);
        let namespaces = namespaces.unwrap_or_else(|| stream::pending().boxed());
        let by_namespace = namespaces.flat_map(move |namespace| {
            let mut users = cluster.users.all();
            users.retain(|user| user.namespace().as_deref() == Some(namespace.name.as_str()));
            stream::iter(users.into_iter().map(|user| ObjectKey::of(&*user)))
        });
        stream::select_all([
            by_connection.boxed(),
            by_namespace.boxed(),
            self.pool.ended(),
        ])
        .boxed()
    }
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
        .filter(|connection| reads(connection))
        .map(|c| ObjectKey::of(&**c))
        .collect()
}
