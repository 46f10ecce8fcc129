//! One runner over the widgets of one namespace.

use std::sync::Arc;
use std::time::Duration;

use deputy::kube_io::events::Events;
use deputy::kube_io::key::{ObjectKey, Scope};
use deputy::kube_io::lease::Leadership;
use deputy::kube_io::runner::{Backoff, RunnerError, Runtime, Settings, run};
use deputy::kube_io::watch;
use deputy::model::clock::SystemClock;
use deputy::telemetry::metrics::Metrics;
use futures::StreamExt;
use futures::channel::mpsc;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::widget::{self, Widget, Widgets};
use crate::support::namespace::Namespace;
use crate::support::wait::PATIENCE;
use crate::support::{audit, wait};

type Ended = Result<Result<(), RunnerError>, JoinError>;

pub(crate) struct Bench {
    pub(crate) namespace: Namespace,
    pub(crate) widgets: Api<Widget>,
    pub(crate) reconciler: Arc<Widgets>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) stop: CancellationToken,
    triggers: mpsc::Sender<ObjectKey>,
    tasks: JoinSet<Result<(), RunnerError>>,
    _watch: JoinSet<()>,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_as(Leadership::unchallenged()).await
    }

    /// Starts a runner that is quick to come back to failing objects, and keeps undecodable ones for a second.
    pub(crate) async fn start_as(leadership: Leadership) -> Self {
        let namespace = Namespace::create().await;
        let client = namespace.client().await;
        widget::install(&client).await;
        let scope = Scope::Namespace(namespace.name().to_owned());
        let (objects, drive) = watch::objects::<Widget>(client.clone(), &scope);
        let (triggers, triggered) = mpsc::channel(16);
        let (reconciler, metrics) = (Widgets::new(), Arc::new(Metrics::new()));
        let stop = CancellationToken::new();
        let runtime = Runtime {
            client: client.clone(),
            clock: Arc::new(SystemClock),
            events: Events::new(client.clone(), None),
            metrics: Arc::clone(&metrics),
            leadership,
            stop: stop.clone(),
        };
        let (mut tasks, mut watch) = (JoinSet::new(), JoinSet::new());
        watch.spawn(drive);
        let running = run(
            Arc::clone(&reconciler),
            objects,
            triggered.boxed(),
            runtime,
            settings(),
        );
        tasks.spawn(running);
        Self {
            widgets: Api::namespaced(client, namespace.name()),
            namespace,
            reconciler,
            metrics,
            stop,
            triggers,
            tasks,
            _watch: watch,
        }
    }

    /// Makes an object from what its spec should be, and its metadata but for the name.
    pub(crate) async fn create(&self, name: &str, spec: Value) -> Value {
        self.create_with(name, json!({}), spec).await
    }

    pub(crate) async fn create_with(&self, name: &str, mut metadata: Value, spec: Value) -> Value {
        metadata["name"] = json!(name);
        let object = json!({
            "apiVersion": "tests.deputy.dev/v1", "kind": "Widget", "metadata": metadata, "spec": spec,
        });
        let created: Api<kube::api::DynamicObject> = self.raw();
        let object = serde_json::from_value(object).unwrap();
        let object = created.create(&PostParams::default(), &object).await;
        serde_json::to_value(object.unwrap()).unwrap()
    }

    /// The objects as anything.
    pub(crate) fn raw(&self) -> Api<kube::api::DynamicObject> {
        let resource = kube::api::ApiResource::erase::<Widget>(&());
        let client = self.widgets.clone().into_client();
        Api::namespaced_with(client, self.namespace.name(), &resource)
    }

    /// Changes an object as a user would.
    pub(crate) async fn patch(&self, name: &str, patch: Value) {
        let patch = Patch::Merge(patch);
        self.raw()
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// Asks for a pass although nothing has changed.
    pub(crate) fn trigger(&self, name: &str) {
        let key = ObjectKey::new(self.namespace.name(), name);
        self.triggers.clone().try_send(key).unwrap();
    }

    pub(crate) async fn until_passes(&self, name: &str, count: usize) {
        wait::until("the passes", async || {
            (self.reconciler.passes(name) >= count).then_some(())
        })
        .await;
    }

    /// Waits until a condition says something, and returns the object.
    pub(crate) async fn until_condition(&self, name: &str, type_: &str, reason: &str) -> Value {
        wait::until(&format!("{name}: {type_} {reason}"), async || {
            let object = self.raw().get(name).await.unwrap();
            let conditions = object.data["status"]["conditions"].as_array()?;
            conditions
                .iter()
                .any(|there| there["type"] == type_ && there["reason"] == reason)
                .then(|| serde_json::to_value(&object).unwrap())
        })
        .await
    }

    pub(crate) async fn version(&self, name: &str) -> String {
        self.raw()
            .get(name)
            .await
            .unwrap()
            .resource_version()
            .unwrap()
    }

    /// How often the status of an object was written, whether or not that changed anything.
    pub(crate) fn status_writes(&self, name: &str) -> usize {
        audit::writes(self.namespace.server(), self.namespace.name())
            .iter()
            .filter(|write| write.object.subresource == "status" && write.object.name == name)
            .count()
    }

    /// Type and reason of the events about an object, oldest first.
    pub(crate) async fn events(&self, name: &str) -> Vec<(String, String)> {
        let events: Api<Event> =
            Api::namespaced(self.widgets.clone().into_client(), self.namespace.name());
        let mut events = events.list(&ListParams::default()).await.unwrap().items;
        events.sort_by_key(|event| event.event_time.clone().map(|time| time.0));
        events
            .into_iter()
            .filter(|event| {
                let regarding = event.regarding.as_ref();
                regarding.and_then(|object| object.name.as_deref()) == Some(name)
            })
            .map(|event| (event.type_.unwrap(), event.reason.unwrap()))
            .collect()
    }

    /// How the runner ended.
    pub(crate) async fn ended(&mut self) -> Ended {
        tokio::time::timeout(PATIENCE, self.tasks.join_next())
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.tasks.try_join_next().is_none()
    }
}

fn settings() -> Settings {
    Settings {
        concurrency: 4,
        backoff: Backoff {
            first: Duration::from_millis(20),
            longest: Duration::from_millis(100),
        },
        orphan_after: Duration::from_secs(1),
    }
}
