//! A client that gets tokens for itself (RFC 6749, 4.4): it proves who it is with a secret, with a signed assertion or
//! with a token of somebody whom the vendor trusts (RFC 7523, 2.2).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ::http::{Method, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

use super::certificate::Certificate;
use super::form::Form;
use super::key_file::{Failure, Granted};
use super::token::Token;
use crate::http::client::{Body, Client, Reply, Request};
use crate::http::endpoints::Endpoints;
use crate::http::error::{Error, Kind, shortened};
use crate::model::clock::Clock;

/// The life of a token whose reply does not tell it.
const ASSUMED_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// The life of an assertion: vendors take 5 to 10 minutes.
const ASSERTION_LIFE: SignedDuration = SignedDuration::from_mins(8);
/// An assertion begins a little in the past, so that clocks may differ a little.
const ASSERTION_BEGINS: SignedDuration = SignedDuration::from_mins(1);
/// The largest token file, bytes.
const MAX_TOKEN_FILE: u64 = 64 * 1024;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client proves itself with.
#[derive(Clone)]
pub enum Proof {
    /// A secret that it shares with the vendor.
    Secret(SecretString),
    /// A certificate that the vendor knows.
    Certificate(Certificate),
    /// A file with a token of an issuer that the vendor trusts. It is read anew each time: whoever writes it renews it.
    TokenFile(PathBuf),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(_) => f.write_str("Secret(…)"),
            Self::Certificate(certificate) => certificate.fmt(f),
            Self::TokenFile(path) => write!(f, "TokenFile({})", path.display()),
        }
    }
}

/// How a client gets its tokens.
#[derive(Debug, Clone)]
pub struct ClientGrant {
    /// The client's id.
    pub client_id: String,
    /// The token endpoint, which is also an assertion's audience.
    pub token_url: Url,
    /// What the token is for.
    pub scope: String,
    /// What the client proves itself with.
    pub proof: Proof,
}

#[derive(Deserialize, Default)]
struct Body200 {
    access_token: Option<String>,
    expires_in: Option<i64>,
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Proof {
    /// Reads the token file and returns what the token says of itself, unverified: for a message, and to see that it is
    /// meant for the vendor before it is sent there.
    ///
    /// # Errors
    /// [`Failure::Key`] where there is no such file, or no JWT in it; also for another kind of proof.
    pub async fn file_claims<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let Self::TokenFile(path) = self else {
            return Err(Failure::Key);
        };
        let token = read_file(path).await?;
        super::claims::unverified(token.expose_secret()).ok_or(Failure::Key)
    }

    /// Returns whether a shared secret begins with `hint`, which a vendor shows to tell secrets apart.
    pub fn begins_with(&self, hint: &str) -> bool {
        match self {
            Self::Secret(secret) => !hint.is_empty() && secret.expose_secret().starts_with(hint),
            Self::Certificate(_) | Self::TokenFile(_) => false,
        }
    }
}

impl ClientGrant {
    /// Asks for a fresh token.
    ///
    /// # Errors
    /// Any [`Failure`]; none holds a token or a piece of the proof. Nothing is tried twice.
    pub async fn exchange(
        &self,
        client: &Client,
        endpoints: &Endpoints,
        clock: &dyn Clock,
    ) -> Result<Granted, Failure> {
        // Where it may not go, nothing is signed or read for it either.
        endpoints
            .check(&self.token_url)
            .map_err(Failure::Transport)?;
        let url = Uri::try_from(self.token_url.as_str()).map_err(|_| {
            let host = self.token_url.host_str().unwrap_or_default();
            Failure::Transport(Error::new(Kind::Refused, host, "it is no address"))
        })?;
        let form = self.form(clock.now()).await?;
        let request = Request {
            method: Method::POST,
            url,
            token: None,
            headers: &[("accept", "application/json")],
            body: Body::Form(&form),
        };
        let sent = client.send(endpoints, request).await;
        outcome(&sent.map_err(Failure::Transport)?, clock.now())
    }

    async fn form(&self, now: Timestamp) -> Result<Form, Failure> {
        let mut open = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("scope", self.scope.as_str()),
        ];
        if let Proof::Secret(secret) = &self.proof {
            return Ok(Form::new(&open, ("client_secret", secret)));
        }
        open.push(("client_assertion_type", ASSERTION_TYPE));
        let assertion = match &self.proof {
            Proof::TokenFile(path) => read_file(path).await?,
            Proof::Certificate(certificate) => {
                self.assertion(certificate, now).ok_or(Failure::Key)?
            }
            Proof::Secret(_) => return Err(Failure::Key),
        };
        Ok(Form::new(&open, ("client_assertion", &assertion)))
    }

    fn assertion(&self, certificate: &Certificate, now: Timestamp) -> Option<SecretString> {
        let begins = now.checked_sub(ASSERTION_BEGINS).ok()?.as_second();
        let ends = now.checked_add(ASSERTION_LIFE).ok()?.as_second();
        certificate.assertion(&json!({
            "aud": self.token_url.as_str(),
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": nonce()?,
            "nbf": begins,
            "iat": begins,
            "exp": ends,
        }))
    }
}

/// Returns 128 random bits as text.
fn nonce() -> Option<String> {
    let mut bytes = [0_u8; 16];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

async fn read_file(path: &std::path::Path) -> Result<SecretString, Failure> {
    let size = tokio::fs::metadata(path).await.map_err(|_| Failure::Key)?;
    if !size.is_file() || size.len() > MAX_TOKEN_FILE {
        return Err(Failure::Key);
    }
    let text = tokio::fs::read_to_string(path).await;
    let text = SecretString::from(text.map_err(|_| Failure::Key)?);
    match text.expose_secret().trim() {
        "" => Err(Failure::Key),
        token => Ok(token.to_owned().into()),
    }
}

fn outcome(reply: &Reply, now: Timestamp) -> Result<Granted, Failure> {
    let status = reply.status.as_u16();
    let clock_offset = their_time(reply).map(|theirs| theirs.duration_since(now));
    let body: Body200 = reply.json().unwrap_or_default();
    if let (200, Some(token)) = (status, body.access_token) {
        let life = body.expires_in.filter(|life| *life > 0);
        let life = life.map_or(ASSUMED_LIFE, |life| {
            SignedDuration::from_secs(life.min(86_400))
        });
        return Ok(Granted {
            token: Token::new(token, now.saturating_add(life).unwrap_or(now)),
            clock_offset,
        });
    }
    let retry_after: Option<Duration> = reply.retry_after();
    let refusal: Refusal = reply.json().unwrap_or_default();
    if refusal.error.is_empty() {
        return Err(Failure::Unexpected {
            status,
            retry_after,
        });
    }
    Err(Failure::Refused {
        status,
        code: shortened(&refusal.error, 100),
        description: shortened(&refusal.error_description, 300),
        clock_offset,
        retry_after,
    })
}

fn their_time(reply: &Reply) -> Option<Timestamp> {
    let date = reply.headers.get(header::DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serde_json::Value;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::http::auth::certificate::tests::{KEY, certificate_pem};
    use crate::http::testing::client;
    use crate::model::clock::SystemClock;

    fn grant(url: &str, proof: Proof) -> ClientGrant {
        ClientGrant {
            client_id: "c1".into(),
            token_url: format!("{url}/token").parse().unwrap(),
            scope: "all".into(),
            proof,
        }
    }

    async fn exchange(server: &MockServer, proof: Proof) -> Result<Granted, Failure> {
        let client = client(&server.uri());
        let endpoints = client.endpoints(&[]);
        let grant = grant(&server.uri(), proof);
        grant.exchange(&client, &endpoints, &SystemClock).await
    }

    async fn answering(status: u16, body: Value) -> MockServer {
        let server = MockServer::start().await;
        let reply = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(any()).respond_with(reply).mount(&server).await;
        server
    }

    async fn form(server: &MockServer) -> Vec<(String, String)> {
        let sent = server.received_requests().await.unwrap();
        let body = &sent.last().unwrap().body;
        url::form_urlencoded::parse(body).into_owned().collect()
    }

    fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
        &form.iter().find(|(key, _)| key == name).unwrap().1
    }

    fn good() -> Value {
        json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "canary"})
    }

    #[tokio::test]
    async fn a_secret_goes_into_the_form_and_nowhere_else() {
        let server = answering(200, good()).await;
        let proof = Proof::Secret("s&cret~".into());
        assert!(!format!("{proof:?}").contains("cret~"));
        assert!(proof.begins_with("s&c") && !proof.begins_with("abc") && !proof.begins_with(""));
        let granted = exchange(&server, proof).await.unwrap();
        assert!(!format!("{granted:?}").contains("canary"));
        let life = granted.token.expires_at().duration_since(SystemClock.now());
        assert!(life > SignedDuration::from_mins(58), "{life}");
        assert!(granted.clock_offset.is_some());
        let form = form(&server).await;
        assert_eq!(field(&form, "client_secret"), "s&cret~");
        assert_eq!(field(&form, "grant_type"), "client_credentials");
        assert_eq!(field(&form, "scope"), "all");
    }

    #[tokio::test]
    async fn a_certificate_signs_for_the_endpoint_that_is_asked() {
        let server = answering(200, good()).await;
        let secret = |text: &str| text.as_bytes().to_vec().into();
        let certificate = Certificate::read(&secret(&certificate_pem()), &secret(KEY)).unwrap();
        exchange(&server, Proof::Certificate(certificate))
            .await
            .unwrap();
        let form = form(&server).await;
        assert_eq!(field(&form, "client_assertion_type"), ASSERTION_TYPE);
        let claims: Value =
            super::super::claims::unverified(field(&form, "client_assertion")).unwrap();
        assert_eq!(claims["aud"], format!("{}/token", server.uri()));
        assert_eq!(
            (&claims["iss"], &claims["sub"]),
            (&json!("c1"), &json!("c1"))
        );
        let life = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
        assert!((300..=600).contains(&life), "{life}");
        assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
    }

    #[tokio::test]
    async fn a_token_file_is_read_anew_each_time() {
        let server = answering(200, good()).await;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let proof = Proof::TokenFile(file.path().to_owned());
        for token in ["one.e30.x\n", "two.e30.x\n"] {
            file.as_file().set_len(0).unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            file.write_all(token.as_bytes()).unwrap();
            exchange(&server, proof.clone()).await.unwrap();
            assert_eq!(
                field(&form(&server).await, "client_assertion"),
                token.trim()
            );
            assert_eq!(proof.file_claims::<Value>().await.unwrap(), json!({}));
        }
        let gone = Proof::TokenFile("/nonexistent/token".into());
        assert_eq!(exchange(&server, gone).await.unwrap_err(), Failure::Key);
    }

    #[tokio::test]
    async fn a_refusal_keeps_code_and_description_and_anything_else_is_unexpected() {
        let body = json!({"error": "invalid_client", "error_description": "E1: no"});
        let server = answering(401, body).await;
        let failure = exchange(&server, Proof::Secret("x".into())).await;
        let Err(Failure::Refused {
            status,
            code,
            description,
            ..
        }) = failure
        else {
            panic!("{failure:?}");
        };
        assert_eq!(
            (status, code.as_str(), description.as_str()),
            (401, "invalid_client", "E1: no")
        );
        let server = answering(200, json!({"token_type": "Bearer"})).await;
        let failure = exchange(&server, Proof::Secret("x".into())).await;
        assert!(matches!(
            failure,
            Err(Failure::Unexpected { status: 200, .. })
        ));
    }

    #[tokio::test]
    async fn a_place_that_is_not_allowed_is_sent_nothing() {
        let server = answering(200, good()).await;
        let client = client("http://127.0.0.1:1");
        let endpoints = client.endpoints(&["login.vendor.example"]);
        let grant = grant(&server.uri(), Proof::Secret("x".into()));
        let failure = grant.exchange(&client, &endpoints, &SystemClock).await;
        assert!(matches!(failure, Err(Failure::Transport(_))));
        assert!(server.received_requests().await.unwrap().is_empty());
    }
}
