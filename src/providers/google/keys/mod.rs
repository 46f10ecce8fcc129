//! Keys of the service account: made here and uploaded, so that their private half never leaves us and is stored before the
//! vendor has heard of the key.
//!
//! ```text
//! draft: RSA key + certificate (its subject is the key's name) ─► keys.upload ─► key.json ─► a token without a person
//! ```
//!
//! Source: docs.cloud.google.com/iam/docs/keys-upload and …/reference/rest/v1/projects.serviceAccounts.keys, read 2026-11-27.

#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use ::http::Method as Verb;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use self::wire::{Key, Keys};
use super::api::{Api, Method, malformed, read};
use super::key::{self, ENTRY};
use super::tokens::{TokenKey, Tokens, verdict};
use super::{NAME, scopes};
use crate::http::auth::{Certified, KeyPair, read_secret_json, write_secret_json};
use crate::http::retry::retry;
use crate::http::{Body, Reply, Request};
use crate::model::apart::apart;
use crate::model::clock::Clock;
use crate::model::email::Email;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::path::segment;
use crate::providers::{IssuedKey, KeyIssuer, KeyRequest, Purpose, RemoteKey};

/// The entries of a draft.
const PRIVATE_KEY: &str = "private-key.pem";
const CERTIFICATE: &str = "certificate.pem";
/// A certificate begins to be good a little before now, since clocks differ.
const HEAD_START: SignedDuration = SignedDuration::from_mins(10);

/// Makes and ends keys of the connection's own service account.
pub(super) struct ServiceAccountKeys {
    pub(super) api: Arc<Api>,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl KeyIssuer for ServiceAccountKeys {
    fn purposes(&self) -> &'static [Purpose] {
        &[Purpose::Api]
    }

    fn entries(&self) -> &'static [&'static str] {
        &[ENTRY]
    }

    async fn draft(&self, request: &KeyRequest) -> Result<Option<Credentials>, Error> {
        let begins = self
            .clock
            .now()
            .saturating_sub(HEAD_START)
            .unwrap_or_default();
        let (name, ends) = (request.name.clone(), request.expires_at);
        let pair = apart(move || KeyPair::generate(&name, begins, ends)).await;
        let pair = pair.ok_or_else(|| unusable("No key pair could be made on this machine."))?;
        Ok(Some(Credentials::closed([
            (PRIVATE_KEY.to_owned(), pair.private_key),
            (CERTIFICATE.to_owned(), pair.certificate.into_bytes().into()),
        ])))
    }

    async fn issue(&self, _: &KeyRequest, draft: Option<&Credentials>) -> Result<IssuedKey, Error> {
        let damaged = || {
            unusable("The material of the key, in the Secret's draft entries, has been changed.")
        };
        let draft = draft.ok_or_else(damaged)?;
        let pem = draft.get(CERTIFICATE).ok_or_else(damaged)?.expose_secret();
        let certified = Certified::read(pem).ok_or_else(damaged)?;
        let key = match self.find(&certified).await? {
            Some(key) => key,
            None => self.upload(pem).await?,
        };
        let file = self.file(&key, draft).ok_or_else(damaged)?;
        Ok(IssuedKey {
            key: RemoteKey {
                expires_at: certified.not_after,
                ..key.remote(certified.subject)
            },
            entries: Credentials::closed([(ENTRY.to_owned(), file)]),
        })
    }

    async fn list(&self) -> Result<Vec<RemoteKey>, Error> {
        let mut found = Vec::new();
        for key in self.keys().await? {
            let certified = self.certified(&key).await?;
            found.push(key.remote(certified.and_then(|certified| certified.subject)));
        }
        Ok(found)
    }

    async fn recognize(&self, entries: &Credentials) -> Result<Option<RemoteKey>, Error> {
        let named = entries
            .get(ENTRY)
            .and_then(|file| read_secret_json::<Named>(file).ok());
        let Some(id) = named.and_then(|named| named.private_key_id) else {
            return Ok(None);
        };
        let path = self.path(&format!("keys/{}", segment(&id)));
        match self.get::<Key>(Method::KeysGet, &path, &[]).await {
            Ok(key) => Ok(Some(key.remote(None))),
            Err(error) if error.class == Class::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn verify(&self, entries: &Credentials) -> Result<(), Error> {
        let api = &self.api;
        let key = key::read(entries, &api.http, &api.endpoints).await?;
        let clock = Arc::clone(&self.clock);
        let tokens = Tokens::new(key, api.http.clone(), api.endpoints.clone(), clock);
        tokens.mint(None, scopes::KEYS).await.map(drop)
    }

    async fn revoke(&self, id: &str) -> Result<(), Error> {
        let path = self.path(&format!("keys/{}", segment(id)));
        match self
            .ask(Method::KeysDelete, Verb::DELETE, &path, &[], Body::None)
            .await
        {
            Err(error) if error.class != Class::Gone => Err(error),
            _ => Ok(()),
        }
    }
}

/// The one field that tells which key a file holds.
#[derive(Deserialize)]
struct Named {
    private_key_id: Option<String>,
}

fn unusable(meaning: &str) -> Error {
    Error {
        class: Class::Invalid,
        reason: Reason::KeyMalformed,
        provider: NAME,
        operation: "key",
        status: None,
        code: None,
        meaning: meaning.to_owned(),
        remedy: "Ask for another key.".to_owned(),
        retry_after: None,
    }
}

impl ServiceAccountKeys {
    /// Returns the keys that are the account's own to end: not those that the vendor keeps for itself.
    async fn keys(&self) -> Result<Vec<Key>, Error> {
        let query = [("keyTypes", "USER_MANAGED")];
        let path = self.path("keys");
        Ok(self
            .get::<Keys>(Method::KeysList, &path, &query)
            .await?
            .keys)
    }

    /// Returns the certificate of a key that was uploaded. One that is just being made may not be found yet.
    async fn certified(&self, key: &Key) -> Result<Option<Certified>, Error> {
        if !key.is_uploaded() {
            return Ok(None);
        }
        let path = self.path(&format!("keys/{}", segment(key.id())));
        let query = [("publicKeyType", "TYPE_X509_PEM_FILE")];
        let found = match self.get::<Key>(Method::KeysGet, &path, &query).await {
            Err(error) if error.class == Class::Gone => return Ok(None),
            found => found?,
        };
        let data = found.public_key_data.unwrap_or_default();
        Ok(STANDARD
            .decode(data)
            .ok()
            .and_then(|pem| Certified::read(&pem)))
    }

    /// Finds the key that has been uploaded from a draft already.
    async fn find(&self, wanted: &Certified) -> Result<Option<Key>, Error> {
        for key in self.keys().await? {
            let certified = self.certified(&key).await?;
            if certified.is_some_and(|found| found.public_key == wanted.public_key) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Uploads once: whether a failure has made a key is found out by [`find`](Self::find).
    async fn upload(&self, certificate: &[u8]) -> Result<Key, Error> {
        let body = json!({"publicKeyData": STANDARD.encode(certificate)});
        let path = self.path("keys:upload");
        let method = Method::KeysUpload;
        let reply = self
            .ask(method, Verb::POST, &path, &[], Body::Json(&body))
            .await?;
        read(method, &reply)
    }

    /// Writes the file as the console would.
    fn file(&self, key: &Key, draft: &Credentials) -> Option<secrecy::SecretSlice<u8>> {
        let own = self.api.tokens.key();
        let account = &own.file.account;
        let certificates = "https://www.googleapis.com";
        let fields = json!({
            "type": "service_account",
            "project_id": own.project,
            "private_key_id": key.id(),
            "client_email": account,
            "client_id": own.client_id,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": own.file.token_uri,
            "auth_provider_x509_cert_url": format!("{certificates}/oauth2/v1/certs"),
            "client_x509_cert_url": format!("{certificates}/robot/v1/metadata/x509/{}", segment(account)),
            "universe_domain": "googleapis.com",
        });
        let Value::Object(fields) = fields else {
            return None;
        };
        let filled = fields.into_iter().filter(|(_, value)| !value.is_null());
        let fields: Map<String, Value> = filled.collect();
        write_secret_json(fields, "private_key", draft.get(PRIVATE_KEY)?)
    }

    fn path(&self, rest: &str) -> String {
        let account = segment(&self.api.tokens.key().file.account);
        // Another place has all APIs below one host.
        let below = if self.api.endpoint.is_some() {
            "iam/"
        } else {
            ""
        };
        format!("{below}v1/projects/-/serviceAccounts/{account}/{rest}")
    }

    async fn get<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let ask = || self.ask(method, Verb::GET, path, query, Body::None);
        read(method, &retry(ask, verdict).await?)
    }

    /// Asks once, as the account itself.
    async fn ask(
        &self,
        method: Method,
        verb: Verb,
        path: &str,
        query: &[(&str, &str)],
        body: Body<'_>,
    ) -> Result<Reply, Error> {
        let url = self.api.url(method, path, query)?;
        let key = TokenKey {
            subject: String::new(),
            scopes: scopes::KEYS.to_vec(),
        };
        let token = self.api.tokens.find(&key).await?;
        let request = Request {
            method: verb,
            body,
            ..Request::get(url, &token)
        };
        let sent = self
            .api
            .send_request(method, &self.account(method)?, request)
            .await;
        if sent
            .as_ref()
            .is_err_and(|error| error.reason == Reason::AccountDisabled)
        {
            self.api.tokens.drop_token(&key, &token);
        }
        sent
    }

    fn account(&self, method: Method) -> Result<Email, Error> {
        let account = self.api.tokens.key().file.account.parse();
        account.map_err(|_| malformed(method, "the account's name is no address"))
    }
}
