//! The definitions of the three kinds, installed once.

use std::path::PathBuf;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::runtime::conditions::is_crd_established;
use kube::{Api, ResourceExt};
use tokio::sync::OnceCell;

use super::apiserver::ApiServer;
use super::{manifests, settings, wait};

static INSTALLED: OnceCell<()> = OnceCell::const_new();

/// Installs the kinds on the shared API server, unless that is done.
pub(crate) async fn install() {
    INSTALLED
        .get_or_init(async || install_on(ApiServer::shared().await).await)
        .await;
}

/// Installs the kinds on an API server and waits until it serves them.
pub(crate) async fn install_on(server: &ApiServer) {
    let client = server.client().await;
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    for file in files() {
        let yaml = std::fs::read_to_string(&file).expect("reads a definition");
        let applied = manifests::apply(&client, "default", &manifests::parse(&yaml)).await;
        for definition in applied.unwrap_or_else(|error| panic!("{}: {error}", file.display())) {
            let name = definition.name_any();
            wait::until_object(&definitions, &name, "to be served", is_crd_established()).await;
        }
    }
}

/// The files in `crds/`, in the order of their names.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = settings::repository().join("crds");
    let entries = std::fs::read_dir(&folder).expect("crds/ holds the definitions");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("reads an entry").path())
        .collect();
    files.sort();
    assert_eq!(
        files.len(),
        3,
        "one definition for each kind in {}",
        folder.display()
    );
    files
}
