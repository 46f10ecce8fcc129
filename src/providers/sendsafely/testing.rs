//! A small portal for tests: what is mounted on it, and what it was asked.

use serde_json::{Value, json};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::PortalSession;
use super::spec::SendSafelySpec;
use crate::model::dataset::Dataset;
use crate::model::privacy::Privacy;
use crate::model::secret::Credentials;
use crate::providers::CheckRequest;
use crate::providers::testing::means;

/// The server.
pub(super) struct FakePortal {
    server: MockServer,
}

/// A key whose halves tell where they came from.
pub(super) fn credentials(name: &str) -> Credentials {
    let entry = |half: &str| format!("{name}-{half}-canary").into_bytes();
    Credentials::new([
        ("api-key".to_owned(), entry("key")),
        ("api-secret".to_owned(), entry("secret")),
    ])
}

/// A spec with nothing beyond what is needed.
pub(super) fn spec() -> SendSafelySpec {
    SendSafelySpec {
        host: "acme.sendsafely.com".into(),
        account: None,
        dropzone: None,
        notifications: None,
        personal_url: None,
        endpoint: None,
    }
}

/// A request for these kinds of data.
pub(super) fn request(datasets: &[Dataset]) -> CheckRequest {
    CheckRequest {
        datasets: datasets.to_vec(),
        privacy: Privacy::default(),
        licenses: false,
        people: Vec::new(),
        look_for_excess: true,
    }
}

fn success(body: Value) -> ResponseTemplate {
    let mut body = body;
    body["response"] = json!("SUCCESS");
    ResponseTemplate::new(200).set_body_json(body)
}

impl FakePortal {
    pub(super) async fn start() -> Self {
        Self {
            server: MockServer::start().await,
        }
    }

    /// Answers whatever is asked at a path.
    pub(super) async fn answer(&self, at: &str, body: Value) {
        let asked = Mock::given(path(at)).respond_with(success(body));
        asked.mount(&self.server).await;
    }

    /// Answers whatever is asked as `vendor` does.
    pub(super) async fn serve(&self, vendor: impl wiremock::Respond + 'static) {
        let asked = Mock::given(any()).respond_with(vendor);
        asked.mount(&self.server).await;
    }

    /// Answers one verb at a path.
    pub(super) async fn answer_to(&self, verb: &str, at: &str, body: Value) {
        let asked = Mock::given(method(verb)).and(path(at));
        asked.respond_with(success(body)).mount(&self.server).await;
    }

    /// Says whose the key is.
    pub(super) async fn answer_verify(&self, email: &str) {
        self.answer(
            "/api/v2.0/config/verify-credentials/",
            json!({"message": email}),
        )
        .await;
    }

    /// A portal of the bot's, who is or is no administrator.
    pub(super) async fn of_bot(admin: bool) -> Self {
        let portal = Self::start().await;
        portal.answer_verify("bot@acme.example").await;
        portal
            .answer("/api/v2.0/user/", json!({"adminUser": admin}))
            .await;
        let enterprise = json!({"host": "https://acme.sendsafely.com", "systemName": "Acme"});
        portal.answer("/api/v2.0/enterprise/", enterprise).await;
        portal
    }

    /// Refuses at one path, as the vendor does: with status 200.
    pub(super) async fn refuse_at(&self, at: &str, code: &str, message: &str) {
        let body = json!({"response": code, "message": message});
        let reply = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path(at))
            .respond_with(reply)
            .mount(&self.server)
            .await;
    }

    /// Refuses everything that nothing else was mounted for.
    pub(super) async fn refuse(&self, code: &str, message: &str) {
        let body = json!({"response": code, "message": message});
        let reply = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(any())
            .respond_with(reply)
            .mount(&self.server)
            .await;
    }

    /// Answers everything with a page, as a host does that is no company's.
    pub(super) async fn answer_with_a_page(&self) {
        let reply = ResponseTemplate::new(404).set_body_string("<html>Page not found</html>");
        Mock::given(any())
            .respond_with(reply)
            .mount(&self.server)
            .await;
    }

    /// Returns the requests for one path.
    pub(super) async fn sent(&self, at: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter().filter(|one| one.url.path() == at).collect()
    }

    /// Returns the keys that requests were signed with.
    pub(super) async fn keys(&self) -> Vec<String> {
        let all = self.server.received_requests().await.unwrap();
        let key = |one: &Request| {
            one.headers
                .get("ss-api-key")
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        all.iter().map(key).collect()
    }

    pub(super) fn open(&self, spec: SendSafelySpec) -> PortalSession {
        let uri = self.server.uri();
        let spec = SendSafelySpec {
            endpoint: Some(uri.parse().unwrap()),
            ..spec
        };
        let (clients, pace) = means(&uri);
        PortalSession::open(&spec, &credentials("first"), pace, &clients).unwrap()
    }
}
