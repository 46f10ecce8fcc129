//! Tokens of this vendor: one a person and set of scopes, each from an assertion signed with the key.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::errors::token::{Asked, classify};
use super::key::Key;
use crate::http::auth::{Failure, Granted, Token, TokenCache};
use crate::http::retry::{Verdict, retry};
use crate::http::{Client, Endpoints};
use crate::model::clock::Clock;
use crate::providers::error::{Class, Error, Reason};

/// Exchanges under way at once. Each costs a signature, about a millisecond of a core.
const MAX_EXCHANGES: usize = 16;

/// Whose token, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    /// The person who is acted for; empty where the account asks for itself.
    pub(super) subject: String,
    /// Full names, in the order in which they are asked for.
    pub(super) scopes: Vec<&'static str>,
}

/// Gets and keeps tokens.
pub(super) struct Tokens {
    key: Key,
    http: Client,
    endpoints: Endpoints,
    clock: Arc<dyn Clock>,
    cache: TokenCache<TokenKey, Error>,
    exchanges: Semaphore,
}

impl Tokens {
    pub(super) fn new(key: Key, http: Client, endpoints: Endpoints, clock: Arc<dyn Clock>) -> Self {
        Self {
            key,
            http,
            endpoints,
            cache: TokenCache::new(Arc::clone(&clock)),
            clock,
            exchanges: Semaphore::new(MAX_EXCHANGES),
        }
    }

    /// Returns the key that signs.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Returns a token, a kept one where there is one.
    ///
    /// # Errors
    /// As the vendor's table has it; transient failures were tried again.
    pub(super) async fn find(&self, key: &TokenKey) -> Result<Token, Error> {
        let fetch = || async {
            let subject = Some(key.subject.as_str()).filter(|subject| !subject.is_empty());
            let granted = self.mint(subject, &key.scopes).await?;
            Ok(granted.token)
        };
        self.cache.find(key, fetch).await
    }

    /// Drops a token that was refused.
    pub(super) fn drop_token(&self, key: &TokenKey, token: &Token) {
        self.cache.drop_token(key, token);
    }

    /// Gets a fresh token that nobody else sees, for exactly `scopes`.
    ///
    /// # Errors
    /// As [`Tokens::find`].
    pub(super) async fn mint(
        &self,
        subject: Option<&str>,
        scopes: &[&str],
    ) -> Result<Granted, Error> {
        retry(|| self.exchange(subject, scopes), verdict).await
    }

    async fn exchange(&self, subject: Option<&str>, scopes: &[&str]) -> Result<Granted, Error> {
        let turn = self.exchanges.acquire().await;
        let clock = self.clock.as_ref();
        let file = &self.key.file;
        let result = file
            .exchange(&self.http, &self.endpoints, clock, subject, scopes)
            .await;
        drop(turn);
        result.map_err(|failure| self.meaning(&failure, subject, scopes))
    }

    fn meaning(&self, failure: &Failure, subject: Option<&str>, scopes: &[&str]) -> Error {
        let asked = Asked {
            account: &self.key.file.account,
            client_id: self.key.client_id(),
            subject,
            scopes,
        };
        classify(failure, &asked)
    }
}

/// Asking for a token may be done twice without harm.
pub(super) fn verdict(error: &Error) -> Verdict {
    match error.class {
        // The day's quota comes back when the day ends, not in this call.
        Class::Throttled if error.reason == Reason::QuotaExhausted => Verdict::Stop,
        Class::Retry | Class::Throttled => Verdict::Again(error.retry_after),
        Class::Park | Class::Invalid | Class::Expired | Class::Gone => Verdict::Stop,
    }
}
