//! What most tests of the whole need: a namespace, a simulated company, a folder for rows, and the operator between them.

use std::path::PathBuf;

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

use super::cluster_config::ClusterConfig;
use super::namespace::Namespace;
use super::operator::{Launch, Operator};
use super::sandbox::Sandbox;
use super::{guard, kinds, manifests, wait};

/// The service account that connections use.
pub(crate) const ACCOUNT: &str = "deputy@acme.iam.gserviceaccount.com";
/// Its client id.
pub(crate) const CLIENT_ID: &str = "107400000000000000001";
/// Who reads the directory.
pub(crate) const ADMIN: &str = "it-admin@acme.example";
/// What connections ask for.
pub(crate) const SCOPES: [&str; 4] = [
    "https://www.googleapis.com/auth/gmail.readonly",
    "https://www.googleapis.com/auth/calendar",
    "https://www.googleapis.com/auth/drive.metadata.readonly",
    "https://www.googleapis.com/auth/admin.directory.user.readonly",
];

/// A kind of ours, by its name.
pub(crate) type Kind = &'static str;
pub(crate) const CONNECTION: Kind = "ServiceAccountConnection";
pub(crate) const USER: Kind = "SyncedUser";
pub(crate) const KEY: Kind = "ApiKey";

/// A namespace, a company and a folder.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) data: PathBuf,
    config: ClusterConfig,
}

impl Stage {
    /// Sets one up on the shared API server, in a namespace of its own.
    pub(crate) async fn new(scenario: &Value) -> Self {
        kinds::install().await;
        let namespace = Namespace::create().await;
        let server = namespace.server();
        Self::on(server.administrator().clone(), namespace.name(), scenario).await
    }

    /// Sets one up in a namespace that is there.
    pub(crate) async fn on(config: ClusterConfig, namespace: &str, scenario: &Value) -> Self {
        Self {
            sandbox: Sandbox::start(scenario).await,
            client: config.client().await,
            namespace: namespace.to_owned(),
            data: guard::new_folder("data"),
            config,
        }
    }

    /// Starts the operator for this namespace alone, so that tests do not meet.
    pub(crate) fn operator(&self) -> Operator {
        self.launch()
            .arg("--namespace")
            .arg(&self.namespace)
            .start()
    }

    /// The operator for all namespaces.
    pub(crate) fn launch(&self) -> Launch {
        // Without a port, so that connections may name sandboxes of their own.
        Launch::new([
            "controller",
            "--no-leader-election",
            "--listen",
            "127.0.0.1:0",
        ])
        .arg("--allow-endpoint")
        .arg("127.0.0.1")
        .cluster(&self.config)
    }

    /// A connection to this company that admits everyone in it and writes into the folder.
    pub(crate) fn connection(&self, name: &str) -> Value {
        let endpoint = self.sandbox.url().join("google").expect("is a URL");
        json!({
            "apiVersion": "deputy.dev/v1alpha1", "kind": CONNECTION, "metadata": {"name": name},
            "spec": {
                "provider": {"google": {"adminEmail": ADMIN, "scopes": SCOPES, "endpoint": endpoint}},
                "credentialsSecretRef": {"name": "key"},
                "allowedUsers": ["*@acme.example"],
                "destination": {"objectStore": {"url": format!("file://{}", self.data.display())}},
            },
        })
    }

    /// Stores a key file as the console made it.
    pub(crate) async fn store_new_key(&self, secret: &str) {
        let key = self.sandbox.google().make_key(ACCOUNT).await;
        self.store(secret, json!({"key.json": key.to_string()}))
            .await;
    }

    /// Stores a Secret with these entries and no others.
    pub(crate) async fn store(&self, name: &str, entries: Value) {
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": entries,
        });
        self.apply(secret).await;
    }

    /// A token of a `ServiceAccount` of the namespace, as the API server makes them, for these audiences.
    pub(crate) async fn token_of(&self, account: &str, audiences: &[&str]) -> String {
        let token = self.config.token_of(&self.namespace, account, audiences);
        token.await
    }

    /// Applies an object.
    pub(crate) async fn apply(&self, object: Value) -> DynamicObject {
        let object: DynamicObject = serde_json::from_value(object).expect("is an object");
        let applied = manifests::apply(&self.client, &self.namespace, &[object]).await;
        applied.expect("is accepted").remove(0)
    }

    /// Objects of a kind.
    pub(crate) fn objects(&self, kind: Kind) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("deputy.dev", "v1alpha1", kind);
        Api::namespaced_with(
            self.client.clone(),
            &self.namespace,
            &ApiResource::from_gvk(&kind),
        )
    }

    /// An object as it is.
    pub(crate) async fn get(&self, kind: Kind, name: &str) -> Value {
        let object = self.objects(kind).get(name).await.expect("is there");
        serde_json::to_value(object).expect("is JSON")
    }

    /// Changes an object.
    pub(crate) async fn patch(&self, kind: Kind, name: &str, patch: Value) {
        let changed = self
            .objects(kind)
            .patch(name, &PatchParams::default(), &Patch::Merge(&patch))
            .await;
        changed.unwrap_or_else(|error| panic!("{name} can be changed: {error}"));
    }

    /// Asks for a pass now, as `kubectl annotate` would, and returns the value to wait for.
    pub(crate) async fn request(&self, kind: Kind, name: &str) -> String {
        let stamp = super::random::name("request");
        let annotations = json!({"deputy.dev/reconcile-requested-at": stamp});
        self.patch(
            kind,
            name,
            json!({"metadata": {"annotations": annotations}}),
        )
        .await;
        stamp
    }

    /// Asks for a pass and waits until it is answered.
    pub(crate) async fn ask_and_wait(&self, kind: Kind, name: &str) -> Value {
        let stamp = self.request(kind, name).await;
        let what = "the request to be answered";
        self.until(kind, name, what, |object| {
            object["status"]["lastHandledReconcileAt"] == json!(stamp)
        })
        .await
    }

    /// Waits until an object is as wanted.
    pub(crate) async fn until(
        &self,
        kind: Kind,
        name: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Value {
        let api = self.objects(kind);
        let fits = |object: Option<&DynamicObject>| {
            object.is_some_and(|object| wanted(&serde_json::to_value(object).expect("is JSON")))
        };
        let object = wait::until_object(&api, name, what, fits).await;
        serde_json::to_value(object).expect("is JSON")
    }

    /// Waits until a condition of the present generation says this.
    pub(crate) async fn until_condition(
        &self,
        kind: Kind,
        name: &str,
        (type_, status, reason): (&str, &str, &str),
    ) -> Value {
        let what = format!("{type_}={status} because of {reason}");
        self.until(kind, name, &what, |object| {
            let is_present =
                object["status"]["observedGeneration"] == object["metadata"]["generation"];
            let found = condition(object, type_);
            is_present && found["status"] == status && found["reason"] == reason
        })
        .await
    }
}

/// A person of the connection `acme`, enabled.
pub(crate) fn person(name: &str, email: &str) -> Value {
    json!({
        "apiVersion": "deputy.dev/v1alpha1", "kind": USER, "metadata": {"name": name},
        "spec": {"connectionRef": {"name": "acme"}, "email": email, "enabled": true},
    })
}

/// A condition of an object; null where it has none of that type.
pub(crate) fn condition(object: &Value, type_: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions
        .find(|condition| condition["type"] == type_)
        .cloned()
        .unwrap_or_default()
}

/// A company with an administrator and these people.
pub(crate) fn company(people: &[Value]) -> Value {
    let mut users = vec![json!({"email": ADMIN, "admin": true})];
    users.extend_from_slice(people);
    json!({
        "seed": 5,
        "google": {
            "customer": {"id": "C01acme", "domains": ["acme.example"]},
            "otherCustomers": [{"id": "C02other", "domains": ["other.example"]}],
            "quota": "off",
            "projects": [{"number": "107400000000", "apis": ["gmail", "calendar", "drive", "admin", "licensing"]}],
            "serviceAccounts": [{
                "email": ACCOUNT, "clientId": CLIENT_ID, "project": "107400000000", "delegatedScopes": SCOPES,
            }],
            "users": users,
        },
    })
}

/// Somebody with a little of everything.
pub(crate) fn employee(email: &str, messages: u32) -> Value {
    json!({
        "email": email,
        "mail": {"generate": {"messages": messages}},
        "calendars": [{"id": "primary", "generate": {"events": 3}}],
        "files": {"generate": {"files": 3}},
    })
}
