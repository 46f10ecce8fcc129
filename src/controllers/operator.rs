//! Puts watches, controllers and their triggers together.

use std::sync::Arc;

use futures::stream::StreamExt;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{Api, ResourceExt};

use super::api_key::ApiKeyReconciler;
use super::cluster::Cluster;
use super::connection::{ConnectionReconciler, Suspects};
use super::dropzone::{Caretaker, Depots, Notices, Notifier, Service};
use super::links::Links;
use super::synced_user::SyncedUserReconciler;
use super::synced_user::pool::{self, Pool};
use super::triggers;
use crate::api::SyncedUser;
use crate::kube_io::key::Scope;
use crate::kube_io::lease::Leadership;
use crate::kube_io::progress::Progress;
use crate::kube_io::runner::{self, RunnerError, Runtime, Settings};
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
    /// How boxes are served; none where they are not.
    pub dropzone: Option<Service>,
}

/// What the rest of the process needs of a started operator.
pub struct Started {
    /// The watches, for the health checks.
    pub watches: Vec<Progress>,
    /// The caches, which every replica fills.
    pub cluster: Cluster,
    /// Where boxes' files go.
    pub depots: Depots,
    /// Who tells boxes' webhooks.
    pub notifier: Notifier,
    /// Connections that something else has found failing.
    pub suspects: Suspects,
}

struct Leader(Leadership);

impl Fence for Leader {
    fn holds(&self) -> bool {
        self.0.is_held()
    }
}

struct Parts {
    cluster: Cluster,
    fence: Arc<dyn Fence>,
    links: Links,
    suspects: Suspects,
    pool: Pool,
    notices: Notices,
}

impl Operator {
    /// Starts everything under the supervisor.
    pub fn start(self, supervisor: &mut Supervisor) -> Started {
        let (cluster, watches) = self.watch(supervisor);
        let fence: Arc<dyn Fence> = Arc::new(Leader(self.runtime.leadership.clone()));
        let (pool, jobs) = pool::pool(Arc::clone(&self.clients.clock), Arc::clone(&fence));
        supervisor.worker("jobs", jobs.drive(supervisor.stop()));
        supervisor.background(
            "departures",
            stop_the_gone(cluster.users.clone(), pool.clone()),
        );
        let (links, suspects) = (Links::default(), Suspects::default());
        let notices = Notices::default();
        let started = Started {
            watches,
            depots: Depots::new(cluster.clone()),
            notifier: self.notifier(&cluster, &notices),
            cluster: cluster.clone(),
            suspects: suspects.clone(),
        };
        let parts = Parts {
            cluster,
            fence,
            links,
            suspects,
            pool,
            notices,
        };
        self.run_connections(&parts, supervisor);
        self.run_users(&parts, supervisor);
        self.run_keys(&parts, supervisor);
        self.look_after_boxes(&started, supervisor);
        started
    }

    fn notifier(&self, cluster: &Cluster, notices: &Notices) -> Notifier {
        Notifier {
            cluster: cluster.clone(),
            http: self.clients.http.clone(),
            clock: Arc::clone(&self.clients.clock),
            metrics: Arc::clone(&self.runtime.metrics),
            notices: notices.clone(),
            service: self.dropzone.clone().unwrap_or_default(),
        }
    }

    fn look_after_boxes(&self, started: &Started, supervisor: &mut Supervisor) {
        if self.dropzone.is_none() {
            return;
        }
        let caretaker = Caretaker {
            cluster: started.cluster.clone(),
            depots: started.depots.clone(),
            notifier: started.notifier.clone(),
            clock: Arc::clone(&self.clients.clock),
            metrics: Arc::clone(&self.runtime.metrics),
            leadership: self.runtime.leadership.clone(),
        };
        supervisor.worker("caretaker", caretaker.run(self.runtime.stop.clone()));
    }

    fn watch(&self, supervisor: &mut Supervisor) -> (Cluster, Vec<Progress>) {
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
            keys,
            secrets,
            namespaces: None,
        };
        if self.scope == Scope::Cluster {
            let (namespaces, driver) = watch::metadata_of::<Namespace>(Api::all(client()));
            supervisor.background("watch namespaces", driver);
            watches.push(namespaces.progress().clone());
            cluster.namespaces = Some(namespaces);
        }
        (cluster, watches)
    }

    fn run_connections(&self, parts: &Parts, supervisor: &mut Supervisor) {
        let reconciler = ConnectionReconciler {
            cluster: parts.cluster.clone(),
            links: parts.links.clone(),
            clients: self.clients.clone(),
            suspects: parts.suspects.clone(),
            events: self.runtime.events.clone(),
            dropzone: self.dropzone.clone(),
            notices: parts.notices.clone(),
        };
        let triggers = triggers::of_connections(&parts.cluster, &parts.suspects, &parts.notices);
        let objects = parts.cluster.connections.clone();
        let run = runner::run(
            Arc::new(reconciler),
            objects,
            triggers,
            self.runtime.clone(),
            Settings::default(),
        );
        supervisor.worker("connections", self.once_complete(parts, run));
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
        let triggers = triggers::of_users(&parts.cluster, &parts.links, &parts.pool);
        let objects = parts.cluster.users.clone();
        let run = runner::run(
            Arc::new(reconciler),
            objects,
            triggers,
            self.runtime.clone(),
            Settings::default(),
        );
        supervisor.worker("users", self.once_complete(parts, run));
    }

    /// Starts a runner when all caches are complete: an object's surroundings must not be judged by half of them.
    fn once_complete(
        &self,
        parts: &Parts,
        run: impl Future<Output = Result<(), RunnerError>> + Send + 'static,
    ) -> impl Future<Output = Result<(), RunnerError>> + Send + 'static {
        let (cluster, stop) = (parts.cluster.clone(), self.runtime.stop.clone());
        async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                () = cluster.complete() => {}
            }
            run.await
        }
    }

    fn run_keys(&self, parts: &Parts, supervisor: &mut Supervisor) {
        let reconciler = ApiKeyReconciler {
            cluster: parts.cluster.clone(),
            links: parts.links.clone(),
            fence: Arc::clone(&parts.fence),
            events: self.runtime.events.clone(),
            clock: Arc::clone(&self.clients.clock),
            metrics: Arc::clone(&self.runtime.metrics),
        };
        let triggers = triggers::of_keys(&parts.cluster, &parts.links);
        let run = runner::run(
            Arc::new(reconciler),
            parts.cluster.keys.clone(),
            triggers,
            self.runtime.clone(),
            Settings::default(),
        );
        supervisor.worker("keys", self.once_complete(parts, run));
    }
}

/// An object that is gone is reconciled no more, so its job is stopped from here.
async fn stop_the_gone(users: Objects<SyncedUser>, pool: Pool) {
    let mut changes = users.changes();
    while let Some(key) = changes.next().await {
        let uid = users.get(&key).and_then(|user| user.uid());
        pool.cancel_gone(&key, uid.as_deref());
    }
}
