//! `SendSafely`'s side of the sandbox's console (`sandbox/README.md`).

use reqwest::Method;
use serde_json::{Value, json};

use super::sandbox::Sandbox;

/// What an administrator and the users do at `SendSafely`, and what is true there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendSafely<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> SendSafely<'a> {
    /// The console of this sandbox.
    pub(crate) fn of(sandbox: &'a Sandbox) -> Self {
        Self { sandbox }
    }

    async fn ask(self, method: Method, path: &[&str], body: Option<Value>) -> Value {
        let path: Vec<_> = std::iter::once("sendsafely")
            .chain(path.iter().copied())
            .collect();
        self.sandbox.ask(method, &path, body).await
    }

    /// Makes a key of an account: `{"apiKey", "apiSecret"}`.
    pub(crate) async fn make_key(self, email: &str) -> Value {
        let path = ["users", email, "keys"];
        self.ask(Method::POST, &path, Some(json!({}))).await
    }

    /// Revokes a key.
    pub(crate) async fn revoke_key(self, key: &Value) {
        let id = key["apiKey"].as_str().expect("a key has an id");
        self.ask(Method::DELETE, &["keys", id], None).await;
    }

    /// Changes an account: `{"admin": false}`, `{"active": false}`, `{"dropzoneRecipients": […]}`.
    pub(crate) async fn change_user(self, email: &str, change: Value) {
        self.ask(Method::PATCH, &["users", email], Some(change))
            .await;
    }

    /// Switches what a company has: `{"auditLogs": false}`.
    pub(crate) async fn change_features(self, change: Value) {
        self.ask(Method::PATCH, &["features"], Some(change)).await;
    }

    /// Lets an account send a package, and returns its id.
    pub(crate) async fn send(self, email: &str, package: Value) -> String {
        let path = ["users", email, "packages"];
        let sent = self.ask(Method::POST, &path, Some(package)).await;
        let id = sent["packageId"].as_str();
        id.expect("a package has an id").to_owned()
    }

    /// Changes a package, now: `{"state", "life", "archived", "label"}`.
    pub(crate) async fn change_package(self, id: &str, change: Value) {
        self.ask(Method::PATCH, &["packages", id], Some(change))
            .await;
    }

    /// Deletes a package for ever.
    pub(crate) async fn delete_package(self, id: &str) {
        self.ask(Method::DELETE, &["packages", id], None).await;
    }

    /// Adds an entry to the log.
    pub(crate) async fn log(self, entry: Value) {
        self.ask(Method::POST, &["audit"], Some(entry)).await;
    }

    /// The truth: `users`, `packages` and `audit`.
    pub(crate) async fn state(self) -> Value {
        self.ask(Method::GET, &["state"], None).await
    }
}
