//! How a client reaches the cluster, and as whom.

use std::path::PathBuf;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig, NamedAuthInfo};
use kube::{Api, Client, Config};

use super::guard;

/// A way into the cluster: what `kubectl` calls a kubeconfig.
#[derive(Clone, Debug)]
pub(crate) struct ClusterConfig(Kubeconfig);

impl ClusterConfig {
    /// Wraps the administrator's kubeconfig.
    pub(crate) fn new(kubeconfig: Kubeconfig) -> Self {
        Self(kubeconfig)
    }

    /// The same cluster as another user of these groups. The API server decides as if they had logged in.
    pub(crate) fn as_user(&self, user: &str, groups: &[&str]) -> Self {
        let mut config = self.0.clone();
        for named in &mut config.auth_infos {
            let auth = named.auth_info.get_or_insert_default();
            auth.impersonate = Some(user.to_owned());
            auth.impersonate_groups = Some(groups.iter().map(ToString::to_string).collect());
        }
        Self(config)
    }

    /// The same cluster with a real token of a `ServiceAccount`.
    pub(crate) async fn as_service_account(&self, namespace: &str, name: &str) -> Self {
        self.with_token(&self.token_of(namespace, name, &[]).await)
    }

    /// A real token of a `ServiceAccount` for these audiences; for the API server's own where there are none.
    pub(crate) async fn token_of(&self, namespace: &str, name: &str, audiences: &[&str]) -> String {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client().await, namespace);
        let spec = TokenRequestSpec {
            audiences: Some(audiences.iter().map(ToString::to_string).collect()),
            ..TokenRequestSpec::default()
        };
        let request = TokenRequest {
            spec: Some(spec),
            ..TokenRequest::default()
        };
        let reply = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .expect("the API server makes a token");
        let token = reply.status.and_then(|status| status.token);
        token.expect("a token was made")
    }

    fn with_token(&self, token: &str) -> Self {
        let user = serde_json::json!({"name": "user", "user": {"token": token}});
        let user: NamedAuthInfo = serde_json::from_value(user).expect("is a user");
        let mut config = self.0.clone();
        let cluster = config
            .clusters
            .first()
            .expect("a kubeconfig has a cluster")
            .name
            .clone();
        let context =
            serde_json::json!({"name": "test", "context": {"cluster": cluster, "user": "user"}});
        config.contexts = vec![serde_json::from_value(context).expect("is a context")];
        config.current_context = Some("test".to_owned());
        config.auth_infos = vec![user];
        Self(config)
    }

    /// A new client. It belongs to the calling test's runtime, so it must not be kept for another test.
    pub(crate) async fn client(&self) -> Client {
        // The first caller's choice stands, and every caller makes the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(self.0.clone(), &options).await;
        Client::try_from(config.expect("is a valid kubeconfig")).expect("makes a client")
    }

    /// Writes it to a file, for the operator and for `kubectl`.
    pub(crate) fn file(&self) -> PathBuf {
        let file = guard::folder().join(super::random::name("kubeconfig"));
        let text = serde_json::to_vec(&self.0).expect("serialises"); // JSON is YAML
        std::fs::write(&file, text).expect("writes the kubeconfig");
        file
    }
}
