//! A real Kubernetes API server: etcd and kube-apiserver, or the cluster that `DEPUTY_TEST_KUBECONFIG` names.
//!
//! No controllers run beside it: owner references are not collected, a namespace under deletion stays, and nobody
//! makes a default `ServiceAccount` (so the admission plugin that asks for one is off).

use std::path::{Path, PathBuf};

use kube::Client;
use kube::config::Kubeconfig;
use tokio::sync::OnceCell;

use super::cluster_config::ClusterConfig;
use super::control_plane::ControlPlane;
use super::settings;

/// Free ports may be taken between the look and the start.
const START_ATTEMPTS: usize = 3;

static SHARED: OnceCell<ApiServer> = OnceCell::const_new();

/// A running API server.
#[derive(Debug)]
pub(crate) struct ApiServer {
    administrator: ClusterConfig,
    own: Option<ControlPlane>,
}

impl ApiServer {
    /// The one that all tests share, started by the first that asks.
    pub(crate) async fn shared() -> &'static Self {
        SHARED
            .get_or_init(async || match settings::setting("DEPUTY_TEST_KUBECONFIG") {
                Some(file) => Self::existing(Path::new(&file)),
                None => Self::start().await,
            })
            .await
    }

    /// Starts one of the test's own, for tests that stop it. It is never an existing cluster.
    pub(crate) async fn start() -> Self {
        for _ in 0..START_ATTEMPTS {
            let mut plane = ControlPlane::start();
            if let Some(administrator) = plane.ready().await {
                return Self {
                    administrator,
                    own: Some(plane),
                };
            }
        }
        panic!(
            "the API server did not start in {START_ATTEMPTS} attempts; its last lines are above"
        );
    }

    fn existing(file: &Path) -> Self {
        let kubeconfig = Kubeconfig::read_from(file).expect("DEPUTY_TEST_KUBECONFIG is readable");
        Self {
            administrator: ClusterConfig::new(kubeconfig),
            own: None,
        }
    }

    /// A way in as cluster administrator (group `system:masters`).
    pub(crate) fn administrator(&self) -> &ClusterConfig {
        &self.administrator
    }

    /// A new client of the cluster administrator.
    pub(crate) async fn client(&self) -> Client {
        self.administrator.client().await
    }

    /// Whether the cluster was given and outlives the tests.
    pub(crate) fn is_given(&self) -> bool {
        self.own.is_none()
    }

    /// The log of all changes, where the API server is ours.
    pub(crate) fn audit_log(&self) -> Option<PathBuf> {
        self.own.as_ref().map(ControlPlane::audit_log)
    }

    /// Stops the API server, as a failure of the control plane would; its data stays.
    pub(crate) async fn stop(&mut self) {
        self.plane().stop_apiserver().await;
    }

    /// Starts it again on the same port and data, and waits until it is ready.
    pub(crate) async fn resume(&mut self) {
        self.plane().resume_apiserver().await;
    }

    fn plane(&mut self) -> &mut ControlPlane {
        self.own
            .as_mut()
            .expect("only an API server of the test's own is stopped")
    }
}
