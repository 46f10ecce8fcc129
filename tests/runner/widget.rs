//! A kind of the tests' own, whose spec says how its reconciler behaves, and whose schema lets through what the type
//! does not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use deputy::kube_io::FINALIZER;
use deputy::kube_io::conditions::Conditions;
use deputy::kube_io::reconciler::{Cleanup, Next, ObjectStatus, Pass, Reconciler};
use deputy::model::clock::{Clock, SystemClock};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Patch, PatchParams};
use kube::runtime::wait::conditions::is_crd_established;
use kube::{Api, Client, CustomResource, ResourceExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{OnceCell, Semaphore};

use crate::support::wait;

static CRD: OnceCell<()> = OnceCell::const_new();

#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "tests.deputy.dev",
    version = "v1",
    kind = "Widget",
    namespaced,
    status = "WidgetStatus",
    schema = "disabled"
)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WidgetSpec {
    /// Ready up to ten.
    pub(crate) size: u32,
    /// Ask for back-off.
    pub(crate) refuse: bool,
    /// Need the finalizer.
    pub(crate) protect: bool,
    /// Wait for a permit of the gate within the pass.
    pub(crate) gated: bool,
    /// Panic.
    pub(crate) explode: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WidgetStatus {
    pub(crate) observed_generation: Option<i64>,
    pub(crate) size: u32,
    pub(crate) conditions: Vec<Condition>,
}

impl ObjectStatus for WidgetStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }
}

/// Makes the kind known to the API server.
pub(crate) async fn install(client: &Client) {
    CRD.get_or_init(async || {
        let crd: CustomResourceDefinition = serde_json::from_value(crd()).unwrap();
        let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
        let params = PatchParams::apply("deputy-tests").force();
        crds.patch(&crd.name_any(), &params, &Patch::Apply(&crd))
            .await
            .unwrap();
        let name = crd.name_any();
        wait::until_object(&crds, &name, "established", is_crd_established()).await;
    })
    .await;
}

fn crd() -> serde_json::Value {
    let loose = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let condition = json!({
        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
        "required": ["type"], "properties": {"type": {"type": "string"}},
    });
    let status = json!({
        "type": "object", "x-kubernetes-preserve-unknown-fields": true,
        "properties": {"conditions": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "items": condition,
        }},
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.tests.deputy.dev"},
        "spec": {
            "group": "tests.deputy.dev", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": loose, "status": status}}},
            }],
        },
    })
}

/// Does as the specs say, and keeps count.
pub(crate) struct Widgets {
    pub(crate) gate: Semaphore,
    passes: Mutex<HashMap<String, Vec<bool>>>,
    cleanups: Mutex<u32>,
}

impl Widgets {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            gate: Semaphore::new(0),
            passes: Mutex::default(),
            cleanups: Mutex::default(),
        })
    }

    /// How many passes an object has had.
    pub(crate) fn passes(&self, name: &str) -> usize {
        self.protection(name).len()
    }

    /// Whether it carried our finalizer in each of its passes.
    pub(crate) fn protection(&self, name: &str) -> Vec<bool> {
        let passes = self.passes.lock().unwrap();
        passes.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn cleanups(&self) -> u32 {
        *self.cleanups.lock().unwrap()
    }

    fn status(widget: &Widget) -> WidgetStatus {
        let generation = widget.metadata.generation;
        let stored = widget.status.clone().unwrap_or_default().conditions;
        let mut conditions = Conditions::new(&stored, generation, SystemClock.now());
        let fits = widget.spec.size <= 10;
        let reason = if fits { "Fits" } else { "TooLarge" };
        conditions.set("Ready", fits.into(), reason, "as the size says");
        conditions.clear("Stalled");
        WidgetStatus {
            observed_generation: generation,
            size: widget.spec.size,
            conditions: conditions.into_vec(),
        }
    }
}

#[async_trait]
impl Reconciler for Widgets {
    type Kind = Widget;

    fn needs_finalizer(&self, widget: &Widget) -> bool {
        widget.spec.protect
    }

    async fn reconcile(&self, widget: Arc<Widget>) -> Pass<WidgetStatus> {
        let protected = widget.finalizers().iter().any(|name| name == FINALIZER);
        let name = widget.name_any();
        self.passes
            .lock()
            .unwrap()
            .entry(name)
            .or_default()
            .push(protected);
        assert!(!widget.spec.explode, "as the spec says");
        if widget.spec.gated {
            self.gate.acquire().await.unwrap().forget();
        }
        let next = if widget.spec.refuse {
            Next::Backoff
        } else {
            Next::OnChange
        };
        Pass {
            status: Self::status(&widget),
            next,
        }
    }

    /// Needs two attempts.
    async fn cleanup(&self, widget: Arc<Widget>) -> Cleanup<WidgetStatus> {
        let mut cleanups = self.cleanups.lock().unwrap();
        *cleanups += 1;
        if *cleanups > 1 {
            return Cleanup::Done;
        }
        Cleanup::Wait {
            status: WidgetStatus {
                size: 0,
                ..Self::status(&widget)
            },
            next: Next::After(Duration::from_millis(10)),
        }
    }
}
