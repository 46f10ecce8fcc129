//! A namespace of its own for every test.

use std::process::Command;

use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use kube::api::PostParams;
use kube::{Api, Client};

use super::apiserver::ApiServer;
use super::{random, settings};

/// A namespace that no other test uses.
#[derive(Debug)]
pub(crate) struct Namespace {
    name: String,
    server: &'static ApiServer,
}

impl Namespace {
    /// Makes one on the shared API server.
    pub(crate) async fn create() -> Self {
        Self::create_labelled(&[]).await
    }

    /// Makes one with labels, for connections that open themselves by a selector.
    pub(crate) async fn create_labelled(labels: &[(&str, &str)]) -> Self {
        let server = ApiServer::shared().await;
        let name = random::name("test");
        let mut object = NamespaceObject::default();
        object.metadata.name = Some(name.clone());
        object.metadata.labels = Some(
            labels
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        );
        let namespaces: Api<NamespaceObject> = Api::all(server.client().await);
        namespaces
            .create(&PostParams::default(), &object)
            .await
            .expect("makes a namespace");
        Self { name, server }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The API server that it is on.
    pub(crate) fn server(&self) -> &'static ApiServer {
        self.server
    }

    /// A new client of the cluster administrator.
    pub(crate) async fn client(&self) -> Client {
        self.server.client().await
    }

    /// The objects of one kind in it, as the cluster administrator.
    pub(crate) async fn objects<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client().await, &self.name)
    }
}

impl Drop for Namespace {
    /// Our own API server is thrown away whole; a given cluster gets its namespace back.
    fn drop(&mut self) {
        if self.server.is_given() {
            let config = self.server.administrator().file();
            let deletion = Command::new(settings::tool("kubectl"))
                .arg("--kubeconfig")
                .arg(config)
                .args(["delete", "namespace", "--wait=false", &self.name])
                .status();
            eprintln!("deleting namespace {}: {deletion:?}", self.name);
        }
    }
}
