//! Microsoft 365's side of the sandbox's console (`sandbox/README.md`).

use reqwest::Method;
use serde_json::{Value, json};

use super::sandbox::Sandbox;

/// What an administrator and the users do at Microsoft 365, and what is true there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Microsoft365<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Microsoft365<'a> {
    /// The console of this sandbox.
    pub(crate) fn of(sandbox: &'a Sandbox) -> Self {
        Self { sandbox }
    }

    async fn ask(self, method: Method, path: &[&str], body: Option<Value>) -> Value {
        let path: Vec<_> = std::iter::once("microsoft365")
            .chain(path.iter().copied())
            .collect();
        self.sandbox.ask(method, &path, body).await
    }

    /// Makes a client secret: `{"secretId", "value", "endDateTime"}`.
    pub(crate) async fn make_secret(self, client: &str) -> Value {
        let path = ["apps", client, "secrets"];
        self.ask(Method::POST, &path, Some(json!({}))).await
    }

    /// Lets a client secret end.
    pub(crate) async fn expire_secret(self, client: &str, secret: &Value) {
        let id = secret["secretId"].as_str().expect("a secret has an id");
        let body = json!({"expired": true});
        self.ask(Method::PATCH, &["apps", client, "secrets", id], Some(body))
            .await;
    }

    /// Registers a public certificate, and returns its thumbprint.
    pub(crate) async fn add_certificate(self, client: &str, pem: &str) -> String {
        let body = json!({"certificatePem": pem});
        let path = ["apps", client, "certificates"];
        let added = self.ask(Method::POST, &path, Some(body)).await;
        let print = added["thumbprint"].as_str();
        print.expect("a certificate has a thumbprint").to_owned()
    }

    /// Removes a certificate.
    pub(crate) async fn remove_certificate(self, client: &str, thumbprint: &str) {
        let path = ["apps", client, "certificates", thumbprint];
        self.ask(Method::DELETE, &path, None).await;
    }

    /// Changes an application: `{"enabled": false}`, `{"federated": […]}` and so on.
    pub(crate) async fn change_app(self, client: &str, change: Value) {
        self.ask(Method::PATCH, &["apps", client], Some(change))
            .await;
    }

    /// Tells which keys an issuer of federated tokens publishes.
    pub(crate) async fn trust_issuer(self, issuer: &str, keys: &Value) {
        let body = json!({"issuer": issuer, "jwks": keys});
        self.ask(Method::PUT, &["issuers"], Some(body)).await;
    }

    /// Consents to one application permission more.
    pub(crate) async fn grant(self, client: &str, role: &str) {
        let body = json!({"role": role});
        self.ask(Method::POST, &["apps", client, "grant"], Some(body))
            .await;
    }

    /// Takes one application permission away.
    pub(crate) async fn revoke(self, client: &str, role: &str) {
        let body = json!({"role": role});
        self.ask(Method::POST, &["apps", client, "revoke"], Some(body))
            .await;
    }

    /// The truth about a user: `messages` and `files`, and the `events` that the calendar shows within a window.
    pub(crate) async fn state(self, email: &str, (from, until): (&str, &str)) -> Value {
        let window = [("startDateTime", from), ("endDateTime", until)];
        let path = ["microsoft365", "users", email, "state"];
        self.sandbox.look(&path, &window).await
    }
}
