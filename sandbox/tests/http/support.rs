//! A running sandbox and a client that signs assertions.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use deputy_sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) const PETER: &str = "peter.parker@acme.example";
pub(crate) const ADMIN: &str = "admin@acme.example";
pub(crate) const ACCOUNT: &str = "deputy@acme.iam.gserviceaccount.com";
pub(crate) const CLIENT: &str = "107400000000000000001";

/// `https://www.googleapis.com/auth/…`
pub(crate) fn scope(name: &str) -> String {
    format!("https://www.googleapis.com/auth/{name}")
}

/// A reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and `error.errors[0].reason`.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        (
            self.status,
            body["error"]["errors"][0]["reason"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    }
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: reqwest::Client,
    pub(crate) key: Value,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&std::fs::read_to_string("scenarios/test.yaml").unwrap()).await
    }

    /// With Google's quotas in force.
    pub(crate) async fn limited(profile: &str) -> Self {
        let text = std::fs::read_to_string("scenarios/test.yaml").unwrap();
        Self::with(&text.replacen("quota: off", &format!("quota: {profile}"), 1)).await
    }

    pub(crate) async fn with(scenario: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("scenario.yaml");
        std::fs::write(&file, scenario).unwrap();
        Self::from_file(&file).await
    }

    pub(crate) async fn from_file(file: &Path) -> Self {
        let sandbox = Sandbox::start(file, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .unwrap();
        let client = reqwest::Client::builder().build().unwrap();
        let mut world = Self {
            sandbox,
            client,
            key: Value::Null,
        };
        world.key = world.make_key(ACCOUNT).await;
        world
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    pub(crate) async fn make_key(&self, account: &str) -> Value {
        self.console("POST", "google/keys", json!({ "serviceAccount": account }))
            .await
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        self.try_send(request).await.unwrap()
    }

    pub(crate) async fn try_send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<Reply, reqwest::Error> {
        let mut response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            bytes.extend_from_slice(&chunk);
            assert!(bytes.len() < 50_000_000, "endless");
        }
        Ok(Reply {
            status,
            headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }

    /// A console request that must work.
    pub(crate) async fn console(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.try_console(method, path, body).await;
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text);
        reply.json()
    }

    pub(crate) async fn try_console(&self, method: &str, path: &str, body: Value) -> Reply {
        let url = self.url(&format!("/_sandbox/{path}"));
        let mut request = self.client.request(method.parse().unwrap(), url);
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(request).await
    }

    /// An assertion with these claims on top of right ones.
    pub(crate) fn assertion(key: &Value, changes: &Value) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut claims = json!({ "iss": key["client_email"], "aud": "https://oauth2.googleapis.com/token",
            "iat": now, "exp": now + 3600 });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key["private_key_id"] });
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(sign(key, signed.as_bytes()))
        )
    }

    pub(crate) async fn exchange(&self, assertion: &str) -> Reply {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion),
        ];
        self.send(self.client.post(self.url("/google/token")).form(&form))
            .await
    }

    /// A token, which must be granted.
    pub(crate) async fn token(&self, subject: &str, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|name| scope(name)).collect();
        let changes = json!({ "sub": subject, "scope": scopes.join(" ") });
        let reply = self.exchange(&Self::assertion(&self.key, &changes)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Reply {
        let url = self.url(&format!("/google/{path}"));
        self.send(self.client.get(url).bearer_auth(token)).await
    }

    /// The body of a reply that must be 200.
    pub(crate) async fn read(&self, token: &str, path: &str) -> Value {
        let reply = self.get(token, path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        reply.json()
    }

    /// All items under a key, page by page, and the last page.
    pub(crate) async fn pages(&self, token: &str, path: &str, key: &str) -> (Vec<Value>, Value) {
        let (mut items, mut next) = (Vec::new(), String::new());
        for _ in 0..1000 {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = if next.is_empty() {
                path.to_owned()
            } else {
                format!("{path}{separator}pageToken={next}")
            };
            let body = self.read(token, &page).await;
            items.extend(body[key].as_array().cloned().unwrap_or_default());
            match body["nextPageToken"].as_str() {
                Some(token) => token.clone_into(&mut next),
                None => return (items, body),
            }
        }
        panic!("paging does not end: {path}");
    }

    pub(crate) async fn log(&self) -> Vec<Value> {
        let body = self.console("GET", "log", Value::Null).await;
        body["calls"].as_array().unwrap().clone()
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.console("PUT", "faults", json!({ "faults": [fault] }))
            .await;
    }
}

fn sign(key: &Value, message: &[u8]) -> Vec<u8> {
    let pem = key["private_key"].as_str().unwrap();
    let base64: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message,
        &mut signature,
    )
    .unwrap();
    signature
}
