//! Google's side of the sandbox's console (`sandbox/README.md`).

use reqwest::Method;
use serde_json::{Value, json};

use super::sandbox::Sandbox;

/// What an administrator and the users do at Google, and what is true there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Google<'a> {
    sandbox: &'a Sandbox,
}

impl<'a> Google<'a> {
    /// The console of this sandbox.
    pub(crate) fn of(sandbox: &'a Sandbox) -> Self {
        Self { sandbox }
    }

    async fn ask(self, method: Method, path: &[&str], body: Option<Value>) -> Value {
        let path: Vec<_> = std::iter::once("google")
            .chain(path.iter().copied())
            .collect();
        self.sandbox.ask(method, &path, body).await
    }

    /// Makes a key of a service account and returns the key file that would be downloaded.
    pub(crate) async fn make_key(self, account: &str) -> Value {
        self.ask(
            Method::POST,
            &["keys"],
            Some(json!({"serviceAccount": account})),
        )
        .await
    }

    /// Returns the ids of an account's keys, in order.
    pub(crate) async fn keys(self, account: &str) -> Vec<String> {
        let found = self.ask(Method::GET, &["keys", account], None).await;
        ids(&found["keys"], "id")
    }

    /// Enforces exactly these constraints of the organisation.
    pub(crate) async fn constrain(self, constraints: &[&str]) {
        let body = json!({"constraints": constraints});
        self.ask(Method::PUT, &["org-policies"], Some(body)).await;
    }

    /// Lets new keys stay unknown to the rest of the vendor for so long.
    pub(crate) async fn delay_keys(self, ms: i64) {
        self.ask(Method::PUT, &["key-propagation"], Some(json!({"ms": ms})))
            .await;
    }

    /// Deletes a key.
    pub(crate) async fn delete_key(self, id: &str) {
        self.ask(Method::DELETE, &["keys", id], None).await;
    }

    /// Disables or deletes a service account: `{"disabled": true}`, `{"deleted": true}`.
    pub(crate) async fn change_service_account(self, email: &str, change: Value) {
        self.ask(Method::PATCH, &["service-accounts", email], Some(change))
            .await;
    }

    /// Replaces the scopes that a client id is delegated; none removes it from the list.
    pub(crate) async fn delegate(self, client_id: &str, scopes: &[&str]) {
        let body = json!({"scopes": scopes});
        self.ask(Method::PUT, &["delegation", client_id], Some(body))
            .await;
    }

    /// Delegates one scope more.
    pub(crate) async fn grant(self, client_id: &str, scope: &str) {
        let body = json!({"scope": scope});
        self.ask(
            Method::POST,
            &["delegation", client_id, "grant"],
            Some(body),
        )
        .await;
    }

    /// Takes one scope away.
    pub(crate) async fn revoke(self, client_id: &str, scope: &str) {
        let body = json!({"scope": scope});
        self.ask(
            Method::POST,
            &["delegation", client_id, "revoke"],
            Some(body),
        )
        .await;
    }

    /// Enables exactly these APIs of a project.
    pub(crate) async fn enable_apis(self, project: &str, apis: &[&str]) {
        self.ask(
            Method::PATCH,
            &["projects", project],
            Some(json!({"apis": apis})),
        )
        .await;
    }

    /// Adds a user, as a scenario describes one.
    pub(crate) async fn add_user(self, user: Value) {
        self.ask(Method::POST, &["users"], Some(user)).await;
    }

    /// Changes a user: `{"suspended": true}`, `{"licenses": []}`, `{"primaryEmail": …}` and so on.
    pub(crate) async fn change_user(self, email: &str, change: Value) {
        self.ask(Method::PATCH, &["users", email], Some(change))
            .await;
    }

    /// Deletes a user.
    pub(crate) async fn delete_user(self, email: &str) {
        self.ask(Method::DELETE, &["users", email], None).await;
    }

    /// Delivers a message and returns its id.
    pub(crate) async fn deliver(self, email: &str, rfc822: &str, labels: &[&str]) -> String {
        let body = json!({"rfc822": rfc822, "labels": labels});
        let reply = self
            .ask(Method::POST, &["users", email, "messages"], Some(body))
            .await;
        reply["id"]
            .as_str()
            .expect("a delivery has an id")
            .to_owned()
    }

    /// Adds and removes labels of a message.
    pub(crate) async fn label(self, email: &str, id: &str, add: &[&str], remove: &[&str]) {
        let body = json!({"addLabels": add, "removeLabels": remove});
        self.ask(Method::PATCH, &["users", email, "messages", id], Some(body))
            .await;
    }

    /// Deletes a message for ever.
    pub(crate) async fn delete_message(self, email: &str, id: &str) {
        self.ask(Method::DELETE, &["users", email, "messages", id], None)
            .await;
    }

    /// Makes an event as the API describes one, `calendar` included, and returns it.
    pub(crate) async fn make_event(self, email: &str, event: Value) -> Value {
        self.ask(Method::POST, &["users", email, "events"], Some(event))
            .await
    }

    /// Changes an event.
    pub(crate) async fn change_event(self, email: &str, calendar: &str, id: &str, change: Value) {
        self.ask(
            Method::PATCH,
            &["users", email, "events", calendar, id],
            Some(change),
        )
        .await;
    }

    /// Cancels an event.
    pub(crate) async fn delete_event(self, email: &str, calendar: &str, id: &str) {
        self.ask(
            Method::DELETE,
            &["users", email, "events", calendar, id],
            None,
        )
        .await;
    }

    /// Makes a file and returns it.
    pub(crate) async fn make_file(self, email: &str, file: Value) -> Value {
        self.ask(Method::POST, &["users", email, "files"], Some(file))
            .await
    }

    /// Changes a file: `{"trashed": true}`, `{"name": …}`.
    pub(crate) async fn change_file(self, email: &str, id: &str, change: Value) {
        self.ask(Method::PATCH, &["users", email, "files", id], Some(change))
            .await;
    }

    /// Deletes a file for ever.
    pub(crate) async fn delete_file(self, email: &str, id: &str) {
        self.ask(Method::DELETE, &["users", email, "files", id], None)
            .await;
    }

    /// Makes that many random edits to these streams (`mail`, `calendar`, `drive`).
    pub(crate) async fn edit(self, email: &str, count: u32, seed: u64, streams: &[&str]) {
        let body = json!({"count": count, "seed": seed, "streams": streams});
        self.ask(Method::POST, &["users", email, "edits"], Some(body))
            .await;
    }

    /// Makes the cursors given out so far too old: `history` or `calendar`.
    pub(crate) async fn expire(self, email: &str, what: &str) {
        self.ask(
            Method::POST,
            &["users", email, "expire"],
            Some(json!({"what": what})),
        )
        .await;
    }

    /// The truth about a user: `messages`, `events` and `files`.
    pub(crate) async fn state(self, email: &str) -> Value {
        self.ask(Method::GET, &["users", email, "state"], None)
            .await
    }
}

fn ids(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().expect("is a list").iter();
    let mut ids: Vec<_> = list
        .map(|one| one[field].as_str().expect("has an id").to_owned())
        .collect();
    ids.sort();
    ids
}
