//! A private key that is exchanged for tokens: an assertion signed with it, posted to a token endpoint (RFC 7523).
//!
//! The exchange itself is `yup-oauth2`'s. It keeps no token of its own here: its cache answers a request for fewer
//! scopes with a token for more and does not tell subjects apart, so that each exchange has an authenticator to itself.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use yup_oauth2::storage::{TokenInfo, TokenStorage, TokenStorageError};
use yup_oauth2::{CustomHyperClientBuilder, ServiceAccountAuthenticator, ServiceAccountKey};

use super::tap::{Head, TapConnector};
use super::token::Token;
use super::withhold;
use crate::http::client::Client;
use crate::http::endpoints::Endpoints;
use crate::http::error::{Error, Kind, shortened};
use crate::model::clock::Clock;

/// The life of a token whose reply does not tell it.
const ASSUMED_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// What a key file holds, as far as an exchange needs it.
#[derive(Clone)]
pub struct KeyFile {
    /// The account's name, which signs.
    pub account: String,
    /// The private key, PEM.
    pub private_key: SecretString,
    /// The token endpoint as the file writes it: it is also the assertion's audience.
    pub token_uri: String,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFile({})", self.account)
    }
}

/// A token, and what else its reply told.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The token.
    pub token: Token,
    /// The vendor's clock less ours, where the vendor told.
    pub clock_offset: Option<SignedDuration>,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The key cannot be used to sign.
    Key,
    /// The vendor refused.
    Refused {
        /// The status; 0 where it could not be read.
        status: u16,
        /// The vendor's code, such as `invalid_grant`.
        code: String,
        /// The vendor's description; at most 300 bytes.
        description: String,
        /// The vendor's clock less ours.
        clock_offset: Option<SignedDuration>,
        /// How long the vendor asks to wait.
        retry_after: Option<Duration>,
    },
    /// The reply held neither a token nor a refusal.
    Unexpected {
        /// The status; 0 where it could not be read.
        status: u16,
        /// How long the vendor asks to wait.
        retry_after: Option<Duration>,
    },
    /// There was no reply that could be used.
    Transport(Error),
}

impl KeyFile {
    /// Finds out whether the key can sign: without a request.
    ///
    /// # Errors
    /// [`Failure::Key`].
    pub async fn prove(&self, client: &Client) -> Result<(), Failure> {
        self.authenticator(client, None, &Head::default())
            .await
            .map(drop)
    }

    /// Exchanges an assertion for a fresh token of exactly `scopes`, for `subject` if there is one.
    ///
    /// # Errors
    /// Any [`Failure`]; none holds a token or a piece of the key. Nothing is tried twice.
    pub async fn exchange(
        &self,
        client: &Client,
        endpoints: &Endpoints,
        clock: &dyn Clock,
        subject: Option<&str>,
        scopes: &[&str],
    ) -> Result<Granted, Failure> {
        let host = self.check_endpoint(endpoints)?;
        let head = Head::default();
        let authenticator = self.authenticator(client, subject, &head).await?;
        let exchange = authenticator.force_refreshed_token(scopes);
        let Ok(reply) = tokio::time::timeout(client.timeout(), exchange).await else {
            let error = Error::new(Kind::TimedOut, host, "no token in time");
            return Err(Failure::Transport(error));
        };
        let now = clock.now();
        match reply {
            Ok(token) => granted(&token, &head, now),
            Err(error) => Err(failure(&host, &error, &head, now)),
        }
    }

    fn check_endpoint(&self, endpoints: &Endpoints) -> Result<String, Failure> {
        let refused = |detail: &str| {
            Failure::Transport(Error::new(Kind::Refused, self.token_uri.as_str(), detail))
        };
        let url = Url::parse(&self.token_uri).map_err(|_| refused("not a URL"))?;
        endpoints.check(&url).map_err(Failure::Transport)?;
        // The library takes the text itself, and panics where this fails.
        let uri: ::http::Uri = self.token_uri.parse().map_err(|_| refused("not a URL"))?;
        match uri.host() {
            Some(host)
                if url
                    .host_str()
                    .is_some_and(|ours| ours.eq_ignore_ascii_case(host)) =>
            {
                Ok(host.to_owned())
            }
            _ => Err(refused("not a URL in its plain form")),
        }
    }

    async fn authenticator(
        &self,
        client: &Client,
        subject: Option<&str>,
        head: &Head,
    ) -> Result<yup_oauth2::authenticator::Authenticator<impl Connector>, Failure> {
        let hyper = legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .retry_canceled_requests(false)
            .build(TapConnector::new(client.connector(), head.clone()));
        let mut builder = ServiceAccountAuthenticator::with_client(
            self.library_key(),
            CustomHyperClientBuilder::from(hyper),
        )
        .with_storage(Box::new(Forget));
        if let Some(subject) = subject {
            builder = builder.subject(subject);
        }
        builder.build().await.map_err(|_| Failure::Key)
    }

    fn library_key(&self) -> ServiceAccountKey {
        ServiceAccountKey {
            key_type: None,
            project_id: None,
            private_key_id: None,
            private_key: self.private_key.expose_secret().to_owned(),
            client_email: self.account.clone(),
            client_id: None,
            auth_uri: None,
            token_uri: self.token_uri.clone(),
            auth_provider_x509_cert_url: None,
            client_x509_cert_url: None,
        }
    }
}

/// What the library asks of a connector.
trait Connector: legacy::connect::Connect + Clone + Send + Sync + 'static {}
impl<T: legacy::connect::Connect + Clone + Send + Sync + 'static> Connector for T {}

/// A store that keeps nothing.
struct Forget;

#[async_trait]
impl TokenStorage for Forget {
    async fn set(&self, _: &[&str], _: TokenInfo) -> Result<(), TokenStorageError> {
        Ok(())
    }

    async fn get(&self, _: &[&str]) -> Option<TokenInfo> {
        None
    }
}

fn granted(
    token: &yup_oauth2::AccessToken,
    head: &Head,
    now: Timestamp,
) -> Result<Granted, Failure> {
    let status = head.status().unwrap_or(0);
    let text = token.token().filter(|text| !text.is_empty());
    let (200, Some(text)) = (status, text) else {
        return Err(Failure::Unexpected {
            status,
            retry_after: head.retry_after(),
        });
    };
    let expires_at = token
        .expiration_time()
        .and_then(|at| Timestamp::from_second(at.unix_timestamp()).ok())
        .unwrap_or_else(|| now.saturating_add(ASSUMED_LIFE).unwrap_or(now));
    Ok(Granted {
        token: Token::new(text.to_owned(), expires_at),
        clock_offset: head.date().map(|theirs| theirs.duration_since(now)),
    })
}

fn failure(host: &str, error: &yup_oauth2::Error, head: &Head, now: Timestamp) -> Failure {
    use yup_oauth2::Error as Library;
    let status = head.status().unwrap_or(0);
    match error {
        Library::AuthError(refusal) => {
            let description = refusal.error_description.as_deref().unwrap_or_default();
            Failure::Refused {
                status,
                code: shortened(refusal.error.as_str(), 100),
                description: shortened(&withhold::assertions(description), 300),
                clock_offset: head.date().map(|theirs| theirs.duration_since(now)),
                retry_after: head.retry_after(),
            }
        }
        Library::HttpClientError(_) if status == 0 => transport(host, error, Kind::Unreachable),
        Library::HttpError(_) | Library::HttpClientError(_) => transport(host, error, Kind::Cut),
        Library::UserError(_) => Failure::Key,
        _ => Failure::Unexpected {
            status,
            retry_after: head.retry_after(),
        },
    }
}

fn transport(host: &str, error: &yup_oauth2::Error, kind: Kind) -> Failure {
    Failure::Transport(Error::from_chain(host, error, kind))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use serde_json::{Value, json};
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::http::testing::{Raw, client, raw_server};
    use crate::model::clock::SystemClock;

    fn key_file(token_uri: &str) -> KeyFile {
        KeyFile {
            account: "deputy@acme.example".into(),
            private_key: include_str!("../testdata/key.pem").to_owned().into(),
            token_uri: token_uri.into(),
        }
    }

    async fn exchange(url: &str, scopes: &[&str]) -> Result<Granted, Failure> {
        let client = client(url);
        let endpoints = client.endpoints(&["vendor.example"]);
        let key = key_file(&format!("{url}/token"));
        key.exchange(
            &client,
            &endpoints,
            &SystemClock,
            Some("peter@acme.example"),
            scopes,
        )
        .await
    }

    async fn answering(template: ResponseTemplate) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(template)
            .mount(&server)
            .await;
        server
    }

    fn claims(assertion: &str) -> Value {
        let middle = assertion.split('.').nth(1).unwrap().trim_end_matches("%3D");
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(middle);
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_assertion_names_subject_scopes_and_audience() {
        let reply = json!({"access_token": "canary", "expires_in": 3599, "token_type": "Bearer"});
        let server = answering(ResponseTemplate::new(200).set_body_json(reply)).await;
        let granted = exchange(&server.uri(), &["a", "b"]).await.unwrap();
        assert!(!format!("{granted:?}").contains("canary"));
        let life = granted.token.expires_at().duration_since(SystemClock.now());
        assert!(life > SignedDuration::from_mins(58), "{life}");
        let sent = server.received_requests().await.unwrap();
        let body = String::from_utf8(sent[0].body.clone()).unwrap();
        let claims = claims(body.split("assertion=").nth(1).unwrap());
        assert_eq!(claims["iss"], "deputy@acme.example");
        assert_eq!(claims["sub"], "peter@acme.example");
        assert_eq!(claims["scope"], "a b");
        assert_eq!(claims["aud"], format!("{}/token", server.uri()));
    }

    #[tokio::test]
    async fn a_refusal_keeps_status_code_description_and_clock() {
        let body = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
        let template = ResponseTemplate::new(400)
            .insert_header("Date", "Sun, 22 Nov 2020 07:00:00 GMT")
            .set_body_json(body);
        let server = answering(template).await;
        let Err(Failure::Refused {
            status,
            code,
            description,
            clock_offset,
            ..
        }) = exchange(&server.uri(), &["a"]).await
        else {
            panic!("a refusal was expected");
        };
        assert_eq!((status, code.as_str()), (400, "invalid_grant"));
        assert_eq!(description, "Invalid JWT Signature.");
        assert!(clock_offset.unwrap() < SignedDuration::from_hours(-24));
    }

    #[tokio::test]
    async fn what_is_neither_token_nor_refusal_keeps_its_status() {
        for (status, body) in [
            (503, "busy"),
            (429, r#"{"error": {"code": 429, "message": "canary"}}"#),
            (200, "{}"),
            (200, r#"{"access_token": ""}"#),
            (302, ""),
        ] {
            let template = ResponseTemplate::new(status)
                .insert_header("Retry-After", "9")
                .set_body_string(body);
            let server = answering(template).await;
            let failure = exchange(&server.uri(), &["a"]).await.unwrap_err();
            let retry_after = Some(Duration::from_secs(9));
            assert_eq!(
                failure,
                Failure::Unexpected {
                    status,
                    retry_after
                },
                "{body}"
            );
        }
    }

    #[tokio::test]
    async fn an_endless_reply_ends_at_the_bound() {
        let url = raw_server(Raw::Endless).await;
        let Err(Failure::Transport(error)) = exchange(&url, &["a"]).await else {
            panic!("a transport error was expected");
        };
        assert_eq!(error.kind, Kind::TooLarge, "{error}");
    }

    #[tokio::test]
    async fn silence_and_a_closed_port_are_told_apart() {
        let url = raw_server(Raw::Silent).await;
        for (url, kind) in [
            (url.as_str(), Kind::TimedOut),
            ("http://127.0.0.1:1", Kind::Unreachable),
        ] {
            let Err(Failure::Transport(error)) = exchange(url, &["a"]).await else {
                panic!("a transport error was expected");
            };
            assert_eq!(error.kind, kind, "{error}");
        }
    }

    #[tokio::test]
    async fn an_assertion_goes_nowhere_else() {
        let client = client("http://127.0.0.1:1");
        let endpoints = client.endpoints(&["vendor.example"]);
        for uri in [
            "https://evil.example/token",
            "http://vendor.example/token",
            "not a url",
            "",
        ] {
            let result = key_file(uri)
                .exchange(&client, &endpoints, &SystemClock, None, &["a"])
                .await;
            let Err(Failure::Transport(error)) = result else {
                panic!("{uri} was not refused");
            };
            assert_eq!(error.kind, Kind::Refused, "{uri}");
        }
    }

    #[tokio::test]
    async fn a_key_that_cannot_sign_is_told_and_not_shown() {
        let client = client("http://127.0.0.1:1");
        let mut key = key_file("http://127.0.0.1:1/token");
        key.prove(&client).await.unwrap();
        for text in [
            "",
            "canary",
            "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
        ] {
            key.private_key = text.to_owned().into();
            assert_eq!(key.prove(&client).await, Err(Failure::Key), "{text}");
            assert!(!format!("{key:?}").contains("canary"));
        }
    }
}
