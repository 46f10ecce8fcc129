//! A small Google for tests: it grants the scopes that it is told to, and answers what is mounted on it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::key::tests::file;
use super::spec::{GoogleSpec, QuotaProfile};
use super::{GoogleSession, NAME};
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::Privacy;
use crate::model::secret::Credentials;
use crate::providers::CheckRequest;
use crate::providers::testing::means;

/// One assertion that the token endpoint saw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) subject: Option<String>,
    pub(super) scopes: Vec<String>,
}

#[derive(Default)]
struct Console {
    granted: BTreeSet<String>,
    /// Answers every assertion with this refusal.
    refusal: Option<(u16, Value)>,
    nobody: BTreeSet<String>,
    asked: Vec<Asked>,
}

/// The server and its console.
pub(super) struct FakeGoogle {
    pub(super) server: MockServer,
    console: Arc<Mutex<Console>>,
}

pub(super) fn scope(name: &str) -> String {
    format!("https://www.googleapis.com/auth/{name}")
}

pub(super) fn email(text: &str) -> Email {
    text.parse().unwrap()
}

impl FakeGoogle {
    pub(super) async fn start(granted: &[&str]) -> Self {
        let console = Arc::new(Mutex::new(Console::default()));
        let server = MockServer::start().await;
        let token = Mock::given(path("/token"));
        token
            .respond_with(TokenEndpoint(Arc::clone(&console)))
            .mount(&server)
            .await;
        let google = Self { server, console };
        google.grant(granted);
        google
    }

    pub(super) fn grant(&self, granted: &[&str]) {
        let granted = granted.iter().map(|name| scope(name)).collect();
        self.console.lock().unwrap().granted = granted;
    }

    pub(super) fn refuse(&self, status: u16, error: &str, description: &str) {
        let body = json!({"error": error, "error_description": description});
        self.console.lock().unwrap().refusal = Some((status, body));
    }

    /// Makes an address nobody's.
    pub(super) fn forget(&self, address: &str) {
        self.console
            .lock()
            .unwrap()
            .nobody
            .insert(address.to_owned());
    }

    /// Returns the assertions since it was last asked.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.console.lock().unwrap().asked)
    }

    /// Returns the requests to all but the token endpoint, as path and query.
    pub(super) async fn calls(&self) -> Vec<String> {
        let all = self.server.received_requests().await.unwrap();
        let calls = all.iter().filter(|one| one.url.path() != "/token");
        calls
            .map(|one| one.url[url::Position::BeforePath..].to_owned())
            .collect()
    }

    pub(super) async fn answer(&self, at: &str, status: u16, body: Value) {
        let reply = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(path(at))
            .respond_with(reply)
            .mount(&self.server)
            .await;
    }

    pub(super) async fn open(&self, spec: GoogleSpec) -> GoogleSession {
        let uri = self.server.uri();
        let spec = GoogleSpec {
            endpoint: Some(uri.parse().unwrap()),
            quota_profile: Some(QuotaProfile::Unlimited),
            ..spec
        };
        let file = file(&format!("{uri}/token")).to_string().into_bytes();
        let credentials = Credentials::new([("key.json".to_owned(), file)]);
        let (clients, pace) = means(&uri);
        let session = GoogleSession::open(&spec, &credentials, pace, &clients).await;
        session.unwrap_or_else(|error| panic!("{NAME}: {error}"))
    }
}

struct TokenEndpoint(Arc<Mutex<Console>>);

impl Respond for TokenEndpoint {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let claims = claims(&request.body);
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        let scopes = text("scope").unwrap();
        let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
        let subject = text("sub");
        let mut console = self.0.lock().unwrap();
        let is_granted =
            subject.is_none() || scopes.iter().all(|one| console.granted.contains(one));
        let is_nobody = subject
            .as_ref()
            .is_some_and(|one| console.nobody.contains(one));
        console.asked.push(Asked { subject, scopes });
        if let Some((status, body)) = &console.refusal {
            return ResponseTemplate::new(*status).set_body_json(body);
        }
        if is_nobody {
            let body =
                json!({"error": "invalid_grant", "error_description": "Invalid email or User ID"});
            return ResponseTemplate::new(400).set_body_json(body);
        }
        if !is_granted {
            let body = json!({"error": "unauthorized_client", "error_description": "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."});
            return ResponseTemplate::new(401).set_body_json(body);
        }
        let token = format!("canary-{}", console.asked.len());
        let body = json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"});
        ResponseTemplate::new(200).set_body_json(body)
    }
}

fn claims(body: &[u8]) -> Value {
    let form: Vec<_> = url::form_urlencoded::parse(body).into_owned().collect();
    let (_, assertion) = form.iter().find(|(name, _)| name == "assertion").unwrap();
    let middle = assertion.split('.').nth(1).unwrap().trim_end_matches('=');
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(middle).unwrap()).unwrap()
}

/// A spec that lists nothing.
pub(super) fn spec() -> GoogleSpec {
    GoogleSpec {
        admin_email: None,
        customer: None,
        scopes: None,
        quota_profile: None,
        endpoint: None,
    }
}

/// A spec that lists these scopes.
pub(super) fn listing(scopes: &[&str]) -> GoogleSpec {
    GoogleSpec {
        scopes: Some(scopes.iter().map(|name| scope(name)).collect()),
        ..spec()
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
