//! A connection, an account whose keys may provision its people, and the operator under the chart's own rights.

use std::path::PathBuf;
use std::sync::Arc;

use deputy::api::ServiceAccountConnection;
use deputy::controllers::home::ledger_of;
use deputy::http;
use deputy::model::clock::SystemClock;
use deputy::model::email::Email;
use deputy::model::secret::Credentials;
use deputy::providers::deputy::home::{Home, Neighbours, Target, mark};
use deputy::providers::{Clients, KeyRequest, Keys, Pace, Purpose, Session};
use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client, Resource};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::support::chart::Release;
use crate::support::cluster_config::ClusterConfig;
use crate::support::namespace::Namespace;
use crate::support::operator::{Launch, Operator};
use crate::support::{guard, kinds, manifests, random, wait};

/// The connection whose people are provisioned.
pub(super) const CONNECTION: &str = "acme";
/// The account whose keys may.
pub(super) const ACCOUNT: &str = "scim-bot";

/// What is there before anybody provisions.
pub(super) struct Office {
    pub(super) client: Client,
    pub(super) namespace: Namespace,
    pub(super) operator: Operator,
    pub(super) url: Url,
    account: ClusterConfig,
    http: reqwest::Client,
}

/// An answer of the endpoint.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) body: Value,
}

/// A key, as the Secret of an `ApiKey` has it.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Key {
    /// The token of both.
    pub(super) fn token(&self) -> String {
        format!("{}.{}", self.id, self.secret)
    }
}

/// What a user looks like of whom nothing is said but the address.
pub(super) fn user(email: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email})
}

fn objects() -> Value {
    json!([
        {"apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection", "metadata": {"name": CONNECTION},
         "spec": {
            "provider": {"google": {"adminEmail": "it-admin@acme.example"}},
            "credentialsSecretRef": {"name": "acme-key"},
            "allowedUsers": ["*@acme.example", "*@*.com"],
            "deniedUsers": ["ceo@acme.example"],
         }},
        {"apiVersion": "deputy.dev/v1alpha1", "kind": "ServiceAccountConnection", "metadata": {"name": ACCOUNT},
         "spec": {"provider": {"deputy": {
            "username": "scim-bot@acme.example", "scim": {"connectionRef": {"name": CONNECTION}},
         }}}},
    ])
}

impl Office {
    /// Opens one, in a namespace of its own.
    pub(super) async fn open() -> Self {
        kinds::install().await;
        let namespace = Namespace::create().await;
        let client = namespace.client().await;
        let release = Release::new(namespace.name());
        let confined = format!("watchNamespace={}", json!(namespace.name()));
        let values = [
            &confined,
            "crds={\"install\":false}",
            "apiKeys={\"enabled\":true}",
            "scim={\"enabled\":true}",
        ];
        let objects: Vec<DynamicObject> = serde_json::from_value(objects()).expect("are objects");
        for objects in [release.render(&values), objects] {
            let applied = manifests::apply(&client, namespace.name(), &objects).await;
            applied.expect("are applied");
        }
        let administrator = namespace.server().administrator();
        let account = administrator
            .as_service_account(namespace.name(), release.object_name())
            .await;
        let (operator, url) = start(&account, namespace.name(), &[]).await;
        Self {
            client,
            namespace,
            operator,
            url,
            account,
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("makes a client"),
        }
    }

    /// Starts another replica, and returns its URL.
    pub(super) async fn replica(&self) -> (Operator, Url) {
        self.replica_with(&[]).await
    }

    /// The same, with further arguments.
    pub(super) async fn replica_with(&self, more: &[&str]) -> (Operator, Url) {
        start(&self.account, self.namespace.name(), more).await
    }

    /// Connections, or people.
    pub(super) fn objects(&self, kind: &str) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("deputy.dev", "v1alpha1", kind);
        let resource = ApiResource::from_gvk(&kind);
        Api::namespaced_with(self.client.clone(), self.namespace.name(), &resource)
    }

    /// Everybody, as they are in the cluster.
    pub(super) async fn people(&self) -> Vec<DynamicObject> {
        let people = self
            .objects("SyncedUser")
            .list(&kube::api::ListParams::default())
            .await;
        people.expect("lists people").items
    }

    /// Applies an object as another field manager than SCIM's.
    pub(super) async fn apply(&self, object: Value) {
        let object: DynamicObject = serde_json::from_value(object).expect("is an object");
        let applied = manifests::apply(&self.client, self.namespace.name(), &[object]).await;
        applied.expect("is applied");
    }

    /// Issues a key as the operator does.
    pub(super) async fn key(&self, purpose: Purpose, expires_at: Option<Timestamp>) -> Key {
        let session = self.session().await;
        let Some(Keys::Issued(issuer)) = session.keys() else {
            panic!("an account issues keys");
        };
        let request = KeyRequest {
            name: random::name("deputy-okta"),
            purpose,
            description: None,
            expires_at,
        };
        let made = issuer.issue(&request, None).await.expect("issues a key");
        let text = |name: &str| made.entries.identifier(name).expect("is there").to_owned();
        let key = Key {
            id: text("api-key"),
            secret: text("api-secret"),
        };
        assert_eq!(text("token"), key.token());
        key
    }

    /// Revokes a key as the operator does.
    pub(super) async fn revoke(&self, key: &Key) {
        let session = self.session().await;
        let Some(Keys::Issued(issuer)) = session.keys() else {
            panic!("an account issues keys");
        };
        issuer.revoke(&key.id).await.expect("revokes a key");
    }

    async fn session(&self) -> Arc<dyn Session> {
        let accounts: Api<ServiceAccountConnection> =
            Api::namespaced(self.client.clone(), self.namespace.name());
        let account = accounts.get(ACCOUNT).await.expect("the account is there");
        let home = Home {
            mark: mark(account.meta().uid.as_deref().expect("has a UID")),
            ledger: Arc::new(ledger_of(&account, self.client.clone())),
            neighbours: Arc::new(Nobody),
        };
        let clients = Clients {
            http: http::Client::new(http::Settings::default()).expect("makes a client"),
            clock: Arc::new(SystemClock),
            home: Some(home),
        };
        let pace = Pace {
            requests_per_second: None,
            per_user: 1,
        };
        let provider = &account.spec.provider;
        let opened = provider.open(&Credentials::default(), pace, &clients).await;
        opened.expect("opens the account")
    }

    /// Asks the endpoint with a key.
    pub(super) async fn ask(
        &self,
        key: &Key,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        self.ask_with(key, method, path, body, &[]).await
    }

    /// Asks the endpoint with a key and further headers.
    pub(super) async fn ask_with(
        &self,
        key: &Key,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = self
            .url
            .join(path.trim_start_matches('/'))
            .expect("is a URL");
        let mut request = self.http.request(method, url).bearer_auth(key.token());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        answer(request).await
    }

    /// Asks a replica as it is, without a key unless the request has one.
    pub(super) fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        self.http.request(method, url)
    }

    /// Makes somebody and returns them.
    pub(super) async fn make(&self, key: &Key, user: Value) -> Value {
        let made = self.ask(key, Method::POST, "Users", Some(user)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body
    }
}

/// Sends a request and reads the answer, which is JSON whatever it says.
pub(super) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let reply = request.send().await.expect("is answered");
    let (status, headers) = (reply.status(), reply.headers().clone());
    #[allow(
        clippy::disallowed_methods,
        reason = "the operator bounds its own replies"
    )]
    let text = reply.text().await.expect("has a body");
    let body = match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).expect("is JSON"),
    };
    if !body.is_null() {
        assert_eq!(headers["content-type"], "application/scim+json");
    }
    Answer {
        status,
        headers,
        body,
    }
}

/// Starts an operator that serves SCIM, and returns where.
pub(super) async fn start(
    account: &ClusterConfig,
    namespace: &str,
    more: &[&str],
) -> (Operator, Url) {
    let file: PathBuf = guard::folder().join(random::name("scim"));
    let mut launch = Launch::controller(account, namespace)
        .confined_to(namespace)
        .arg("--lease-name")
        .arg(random::name("lease"))
        .arg("--no-leader-election")
        .arg("--scim")
        .arg("--edge-listen")
        .arg("127.0.0.1:0")
        .arg("--edge-address-file")
        .arg(&file);
    for argument in more {
        launch = launch.arg(argument);
    }
    let mut operator = launch.start();
    let address = wait::until("SCIM to be served", async || {
        assert!(
            operator.is_running(),
            "deputy has ended:\n{}",
            operator.log()
        );
        std::fs::read_to_string(&file)
            .ok()
            .filter(|address| !address.is_empty())
    })
    .await;
    let url = Url::parse(&format!("http://{address}/scim/v2/")).expect("is a URL");
    is_ready(&mut operator).await;
    (operator, url)
}

/// Waits until the operator knows the cluster: before, it answers that it has just been started.
async fn is_ready(operator: &mut Operator) {
    let probe = operator.url().await.join("readyz").expect("is a URL");
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("makes a client");
    wait::until("the operator to be ready", async || {
        let reply = http.get(probe.clone()).send().await.ok()?;
        reply.status().is_success().then_some(())
    })
    .await;
}

/// A street without neighbours, for keys alone.
struct Nobody;

impl Neighbours for Nobody {
    fn namesakes(&self, _: &Email) -> Vec<String> {
        Vec::new()
    }

    fn target(&self, _: &str) -> Target {
        Target::Found
    }
}
