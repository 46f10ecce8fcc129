//! The one token of a connection: it is the application's own, for everybody it may act for.

use std::sync::{Arc, PoisonError, RwLock};

use super::cloud::Places;
use super::credential::Credential;
use super::errors::token::{Asked, classify, foreign_audience};
use super::spec::Microsoft365Spec;
use super::wire::{Claims, Presented};
use crate::http::auth::{ClientGrant, Failure, Granted, Proof, Token, TokenCache};
use crate::http::retry::{Verdict, retry};
use crate::http::{Client, Endpoints};
use crate::model::clock::Clock;
use crate::providers::error::{Class, Error};

/// Gets and keeps the token.
pub(super) struct Tokens {
    grant: ClientGrant,
    credential: Credential,
    spec: Microsoft365Spec,
    consent: String,
    http: Client,
    endpoints: Endpoints,
    clock: Arc<dyn Clock>,
    cache: TokenCache<(), Error>,
    /// What the newest token says of itself.
    claims: RwLock<Option<Claims>>,
}

impl Tokens {
    pub(super) fn new(
        spec: &Microsoft365Spec,
        places: &Places,
        credential: Credential,
        (http, endpoints): (Client, Endpoints),
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            grant: ClientGrant {
                client_id: spec.client_id.clone(),
                token_url: places.token.clone(),
                scope: spec.cloud.unwrap_or_default().scope(),
                proof: credential.proof.clone(),
            },
            credential,
            spec: spec.clone(),
            consent: places.consent.clone(),
            http,
            endpoints,
            cache: TokenCache::new(Arc::clone(&clock)),
            clock,
            claims: RwLock::new(None),
        }
    }

    /// Returns what the application proves itself with.
    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Returns the page on which an administrator consents.
    pub(super) fn consent_url(&self) -> &str {
        &self.consent
    }

    /// Returns what the newest token says of itself; none before the first.
    pub(super) fn claims(&self) -> Option<Claims> {
        let claims = self.claims.read();
        claims.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether the newest token has one of `roles`.
    pub(super) fn has_any(&self, roles: &[&str]) -> bool {
        let claims = self.claims().unwrap_or_default();
        claims
            .roles
            .iter()
            .any(|role| roles.contains(&role.as_str()))
    }

    /// Returns the token, the kept one where there is one.
    ///
    /// # Errors
    /// As the vendor's table has it; transient failures were tried again.
    pub(super) async fn find(&self) -> Result<Token, Error> {
        let fetch = || async { Ok(self.mint().await?.token) };
        self.cache.find(&(), fetch).await
    }

    /// Drops a token that was refused.
    pub(super) fn drop_token(&self, token: &Token) {
        self.cache.drop_token(&(), token);
    }

    /// Gets a fresh token and puts it in the place of the kept one: what has been consented to since shows only in a
    /// new token.
    ///
    /// # Errors
    /// As [`Tokens::find`].
    pub(super) async fn renew(&self) -> Result<Granted, Error> {
        let granted = self.mint().await?;
        let fresh = || async { Ok(granted.token.clone()) };
        let kept = self.cache.find(&(), fresh).await?;
        if !kept.is_same(&granted.token) {
            self.drop_token(&kept);
            self.cache.find(&(), fresh).await?;
        }
        Ok(granted)
    }

    async fn mint(&self) -> Result<Granted, Error> {
        let granted = retry(|| self.exchange(), verdict).await?;
        let claims = granted.token.claims::<Claims>();
        *self.claims.write().unwrap_or_else(PoisonError::into_inner) = claims;
        Ok(granted)
    }

    async fn exchange(&self) -> Result<Granted, Error> {
        let presented = self.presented().await?;
        let clock = self.clock.as_ref();
        let exchanged = self.grant.exchange(&self.http, &self.endpoints, clock);
        exchanged.await.map_err(|failure| match failure {
            Failure::Key => self.credential.unusable(),
            failure => classify(
                &failure,
                &Asked {
                    spec: &self.spec,
                    consent: &self.consent,
                    credential: self.credential.name(),
                    presented: presented.as_ref(),
                },
            ),
        })
    }

    /// Looks at a federated token before it is sent: one for another audience, such as the cluster's own API, must not
    /// leave the cluster.
    async fn presented(&self) -> Result<Option<Presented>, Error> {
        if !matches!(self.grant.proof, Proof::TokenFile(_)) {
            return Ok(None);
        }
        let claims = self.grant.proof.file_claims::<Presented>().await;
        let presented = claims.map_err(|_| self.credential.unusable())?;
        let audience = self.spec.cloud.unwrap_or_default().exchange_audience();
        if presented.aud.names(audience) {
            Ok(Some(presented))
        } else {
            Err(foreign_audience(audience))
        }
    }
}

/// Asking may be done twice without harm.
pub(super) fn verdict(error: &Error) -> Verdict {
    match error.class {
        Class::Retry | Class::Throttled => Verdict::Again(error.retry_after),
        Class::Park | Class::Invalid | Class::Expired | Class::Gone => Verdict::Stop,
    }
}
