//! Secrets of the application's registration: the vendor makes them, and tells each value once.
//!
//! ```text
//! addPassword (displayName is the key's name) ─► client-secret ─► a token ─► … ─► removePassword
//! ```
//!
//! Source: learn.microsoft.com/graph/api/application-addpassword and …/application-removepassword, read 2026-11-27.

#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use self::wire::{Application, Made, Password};
use super::NAME;
use super::api::{Api, Method, Target, Whom};
use super::cloud::Places;
use super::credential::{Credential, SECRET};
use super::spec::Microsoft365Spec;
use super::tokens::Tokens;
use crate::http::auth::{Proof, read_secret_text};
use crate::model::clock::Clock;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::fault;
use crate::providers::{IssuedKey, KeyIssuer, KeyRequest, Purpose, RemoteKey};

/// The entry in which an administrator may say which of several secrets theirs is: the "Secret ID" of the portal.
const SECRET_ID: &str = "client-secret-id";

/// Makes and ends secrets of the connection's own application.
pub(super) struct ApplicationSecrets {
    pub(super) api: Arc<Api>,
    pub(super) spec: Microsoft365Spec,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl KeyIssuer for ApplicationSecrets {
    fn purposes(&self) -> &'static [Purpose] {
        &[Purpose::Api]
    }

    fn entries(&self) -> &'static [&'static str] {
        &[SECRET]
    }

    async fn draft(&self, _: &KeyRequest) -> Result<Option<Credentials>, Error> {
        Ok(None)
    }

    async fn issue(
        &self,
        request: &KeyRequest,
        _: Option<&Credentials>,
    ) -> Result<IssuedKey, Error> {
        let mut wanted = json!({"displayName": request.name});
        if let (Some(end), Some(wanted)) = (request.expires_at, wanted.as_object_mut()) {
            wanted.insert("endDateTime".to_owned(), json!(end));
        }
        let method = Method::PasswordsAdd;
        let body = json!({"passwordCredential": wanted});
        let reply = self.post(method, "addPassword", &body).await?;
        let made: Made = reply
            .json()
            .map_err(|error| super::errors::transport(method.name(), &error))?;
        Ok(IssuedKey {
            key: made.password.remote(),
            entries: Credentials::closed([(SECRET.to_owned(), made.value)]),
        })
    }

    async fn list(&self) -> Result<Vec<RemoteKey>, Error> {
        let passwords = self.passwords().await?;
        Ok(passwords.into_iter().map(Password::remote).collect())
    }

    /// By the id that stands beside it, or by its first characters where only one secret begins so.
    async fn recognize(&self, entries: &Credentials) -> Result<Option<RemoteKey>, Error> {
        let mut passwords = self.passwords().await?;
        if let Some(id) = entries.get(SECRET_ID).and_then(read_secret_text) {
            let id = secrecy::ExposeSecret::expose_secret(&id);
            passwords.retain(|one| one.key_id == id);
        } else {
            let Some(secret) = entries.get(SECRET).and_then(read_secret_text) else {
                return Ok(None);
            };
            let proof = Proof::Secret(secret);
            passwords.retain(|one| proof.begins_with(one.hint.as_deref().unwrap_or_default()));
        }
        let found = if passwords.len() == 1 {
            passwords.pop()
        } else {
            None
        };
        Ok(found.map(Password::remote))
    }

    async fn verify(&self, entries: &Credentials) -> Result<(), Error> {
        let spec = Microsoft365Spec {
            federated: None,
            ..self.spec.clone()
        };
        let places = Places::of(&spec).map_err(|_| super::no_url())?;
        let credential = Credential::read(&spec, entries)?;
        let stack = (self.api.http.clone(), self.api.endpoints.clone());
        let tokens = Tokens::new(&spec, &places, credential, stack, Arc::clone(&self.clock));
        tokens.find().await.map(drop)
    }

    /// The vendor answers for one that it has only just made as if there were none of that id; so it is looked for.
    async fn revoke(&self, id: &str) -> Result<(), Error> {
        let body = json!({"keyId": id});
        match self
            .post(Method::PasswordsRemove, "removePassword", &body)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.class == Class::Gone => {
                let is_there = |one: &Password| one.key_id == id;
                if self.passwords().await?.iter().any(is_there) {
                    return Err(not_yet());
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl ApplicationSecrets {
    async fn passwords(&self) -> Result<Vec<Password>, Error> {
        let path = self.path("");
        let query = [("$select", "passwordCredentials")];
        let target = Target::Path(&path, &query);
        let read = self
            .api
            .get::<Application>(Method::ApplicationsGet, self.whom(), target);
        Ok(read.await?.password_credentials)
    }

    async fn post(
        &self,
        method: Method,
        action: &str,
        body: &Value,
    ) -> Result<crate::http::Reply, Error> {
        let path = self.path(&format!("/{action}"));
        self.api
            .post(method, self.whom(), Target::Path(&path, &[]), body)
            .await
    }

    fn path(&self, rest: &str) -> String {
        format!("applications(appId='{}'){rest}", self.spec.client_id)
    }

    fn whom(&self) -> Whom<'_> {
        Whom {
            key: "",
            name: &self.spec.client_id,
        }
    }
}

fn not_yet() -> Error {
    Error {
        reason: Reason::Propagating,
        ..fault::malformed(
            NAME,
            Method::PasswordsRemove.name(),
            "a secret that it lists is not found",
        )
    }
}
