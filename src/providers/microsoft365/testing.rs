//! A small Entra ID and Graph for tests: a token endpoint that grants the roles it is told to, and what is mounted on it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::spec::{Microsoft365Spec, QuotaProfile};
use super::{GraphSession, NAME};
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::Privacy;
use crate::model::secret::Credentials;
use crate::providers::CheckRequest;
use crate::providers::testing::means;

pub(super) use crate::http::auth::testing::{KEY as KEY_PEM, certificate_pem};

/// The tenant's id in tokens.
pub(super) const TENANT: &str = "0f0f0f0f-1111-2222-3333-444444444444";

/// The server.
pub(super) struct FakeGraph {
    pub(super) server: MockServer,
}

pub(super) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

/// A token of these roles; of none where there are none, as the vendor leaves the field out.
fn token(roles: &[&str]) -> Value {
    let mut claims = json!({"tid": TENANT, "app_displayname": "Deputy"});
    if !roles.is_empty() {
        claims["roles"] = json!(roles);
    }
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("canary.{claims}.x")})
}

impl FakeGraph {
    pub(super) async fn start(roles: &[&str]) -> Self {
        let graph = Self {
            server: MockServer::start().await,
        };
        graph.answer_token(200, token(roles)).await;
        graph
    }

    /// A token endpoint that refuses.
    pub(super) async fn refusing(status: u16, error: &str, description: &str) -> Self {
        let graph = Self {
            server: MockServer::start().await,
        };
        let body = json!({"error": error, "error_description": description});
        graph.answer_token(status, body).await;
        graph
    }

    async fn answer_token(&self, status: u16, body: Value) {
        let reply = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(path_regex("/oauth2/v2.0/token$"))
            .respond_with(reply)
            .mount(&self.server)
            .await;
    }

    pub(super) async fn answer(&self, at: &str, status: u16, body: Value) {
        let reply = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(path(at))
            .respond_with(reply)
            .mount(&self.server)
            .await;
    }

    pub(super) async fn answer_once(&self, at: &str, status: u16, body: Value) {
        let reply = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(path(at))
            .respond_with(reply)
            .up_to_n_times(1)
            .mount(&self.server)
            .await;
    }

    pub(super) async fn fail(&self, at: &str, status: u16, code: &str, message: &str) {
        let body = json!({"error": {"code": code, "message": message}});
        self.answer(at, status, body).await;
    }

    /// Returns the requests for one path.
    pub(super) async fn sent(&self, at: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter().filter(|one| one.url.path() == at).collect()
    }

    /// Returns how many tokens were asked for.
    pub(super) async fn tokens(&self) -> usize {
        let all = self.server.received_requests().await.unwrap();
        let is_token = |one: &&Request| one.url.path().ends_with("/token");
        all.iter().filter(is_token).count()
    }

    /// Returns the requests to Graph, as paths and queries below the version.
    pub(super) async fn calls(&self) -> Vec<String> {
        let all = self.server.received_requests().await.unwrap();
        let calls = all.iter().filter_map(|one| {
            let rest = &one.url[url::Position::BeforePath..];
            rest.strip_prefix("/graph/v1.0/").map(str::to_owned)
        });
        calls.collect()
    }

    pub(super) fn open(&self, spec: Microsoft365Spec) -> GraphSession {
        let entries = [("client-secret".to_owned(), b"abc~canary".to_vec())];
        self.open_with(spec, Credentials::new(entries))
    }

    pub(super) fn open_with(
        &self,
        spec: Microsoft365Spec,
        credentials: Credentials,
    ) -> GraphSession {
        let uri = self.server.uri();
        let spec = Microsoft365Spec {
            endpoint: Some(uri.parse().unwrap()),
            quota_profile: Some(QuotaProfile::Unlimited),
            ..spec
        };
        let (clients, pace) = means(&uri);
        let session = GraphSession::open(&spec, &credentials, pace, &clients);
        session.unwrap_or_else(|error| panic!("{NAME}: {error}"))
    }
}

/// A spec with nothing beyond what is needed.
pub(super) fn spec() -> Microsoft365Spec {
    Microsoft365Spec {
        tenant: "acme.example".into(),
        client_id: "6a2c1a4e-8f0b-4d53-9c3c-1f0f0b7f6d11".into(),
        cloud: None,
        federated: None,
        roles: None,
        least_privilege_probe: None,
        quota_profile: None,
        endpoint: None,
    }
}

/// A request for all kinds of data, with Peter to test with.
pub(super) fn request() -> CheckRequest {
    CheckRequest {
        datasets: vec![Dataset::Mail, Dataset::Calendar, Dataset::Drive],
        privacy: Privacy::default(),
        licenses: false,
        people: vec![email("peter@acme.example")],
        look_for_excess: false,
    }
}
