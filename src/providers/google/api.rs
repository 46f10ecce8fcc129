//! One way to ask the vendor: token, limits, request, reply, error, retry.

use std::time::Duration;

use ::http::{StatusCode, Uri};
use serde::de::DeserializeOwned;

use super::errors::{api::classify, paused, transport};
use super::grants::Grants;
pub(in crate::providers::google) use super::method::Method;
use super::quotas::{MAX_UNDER_WAY, Quotas};
use super::spec::QuotaProfile;
use super::tokens::{TokenKey, Tokens, verdict};
use crate::http::auth::Token;
use crate::http::limits::{Pace, Permit};
use crate::http::retry::retry;
use crate::http::{Client, Endpoints, Kind, Reply, Request};
use crate::model::email::Email;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::path::address;

/// The vendor's own hosts: the APIs', and those that key files name as token endpoints.
pub(super) const HOSTS: &[&str] = &[
    "oauth2.googleapis.com",
    "www.googleapis.com",
    "accounts.google.com",
    "gmail.googleapis.com",
    "admin.googleapis.com",
    "licensing.googleapis.com",
    "iam.googleapis.com",
];

/// The pause after a complaint that names none.
const PAUSE: Duration = Duration::from_secs(1);

/// The vendor's APIs as one connection may use them. Shared by all who read through it.
pub(in crate::providers::google) struct Api {
    pub(super) http: Client,
    pub(super) endpoints: Endpoints,
    /// Another place that speaks the vendor's APIs, without a trailing slash.
    pub(super) endpoint: Option<String>,
    pub(super) tokens: Tokens,
    pub(super) grants: Grants,
    pub(super) quotas: Quotas,
    pub(super) profile: QuotaProfile,
    pub(super) pace: Pace,
    pub(super) per_user: usize,
}

impl Api {
    /// Asks for `path` as `subject` and reads the reply.
    ///
    /// `path` is relative and already percent-encoded, such as `gmail/v1/users/me/messages`; `query` is encoded here.
    /// Waits for the quota, uses a token of only the scope that `method` needs, and tries transient failures again
    /// within bounds.
    ///
    /// # Errors
    /// As the vendor's table has it. [`Class::Expired`] only from a method that takes a cursor, [`Class::Gone`] where
    /// the item that `path` names is not there.
    ///
    /// # Cancel
    /// Safe: reads change nothing.
    pub(in crate::providers::google) async fn get<T: DeserializeOwned>(
        &self,
        method: Method,
        subject: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let url = self.url(method, path, query)?;
        // Boxed, since a library that tries again moves the future about, and it is large.
        retry(|| Box::pin(self.try_get(method, subject, &url)), verdict).await
    }

    /// Returns whether the connection has a scope that `method` may use, as far as is known without asking.
    pub(in crate::providers::google) fn may(&self, method: Method) -> bool {
        self.grants.may(method)
    }

    /// Returns how many requests may be under way for one person, from 1 to 8: beyond that the vendor answers 429
    /// whatever the quota.
    pub(in crate::providers::google) fn per_user(&self) -> usize {
        self.per_user.clamp(1, MAX_UNDER_WAY)
    }

    /// Asks with a token at hand instead of one of the connection's.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(super) async fn get_with<T: DeserializeOwned>(
        &self,
        token: &Token,
        method: Method,
        subject: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let url = self.url(method, path, query)?;
        let ask = || async { read(method, &self.send(method, subject, &url, token).await?) };
        retry(ask, verdict).await
    }

    async fn try_get<T: DeserializeOwned>(
        &self,
        method: Method,
        subject: &Email,
        url: &Uri,
    ) -> Result<T, Error> {
        let (key, token) = self.token(method, subject).await?;
        let reply = match self.send(method, subject, url, &token).await {
            Err(error) if is_stale_token(&error) => {
                self.tokens.drop_token(&key, &token);
                let fresh = self.tokens.find(&key).await?;
                self.send(method, subject, url, &fresh).await?
            }
            other => other?,
        };
        read(method, &reply)
    }

    /// Returns a token for `method`: of the first set of scopes that is granted.
    async fn token(&self, method: Method, subject: &Email) -> Result<(TokenKey, Token), Error> {
        let mut refused = None;
        for scopes in self.grants.choices(method)? {
            let key = TokenKey {
                subject: subject.as_str().to_owned(),
                scopes,
            };
            match self.tokens.find(&key).await {
                Ok(token) => {
                    self.grants.learn_one(&key.scopes);
                    return Ok((key, token));
                }
                Err(error) if error.reason == Reason::ScopeNotAuthorized => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(|| malformed(method, "no scope serves")))
    }

    /// Sends one request when the limits allow it, and tells them how it went.
    async fn send(
        &self,
        method: Method,
        subject: &Email,
        url: &Uri,
        token: &Token,
    ) -> Result<Reply, Error> {
        let request = Request::get(url.clone(), token);
        self.send_request(method, subject, request).await
    }

    /// The same for a request of any kind.
    pub(super) async fn send_request(
        &self,
        method: Method,
        subject: &Email,
        request: Request<'_>,
    ) -> Result<Reply, Error> {
        self.pace.turn().await;
        let permit = self.permit(method, subject).await?;
        let sent = self.http.send(&self.endpoints, request).await;
        let reply = sent.map_err(|error| transport(method.name(), &error))?;
        if reply.status == StatusCode::OK {
            permit.iter().for_each(Permit::succeeded);
            return Ok(reply);
        }
        let (error, breadth) = classify(method, subject, &reply);
        if let (Class::Throttled, Some(permit)) = (error.class, &permit) {
            permit.throttled(breadth, error.retry_after.unwrap_or(PAUSE));
        }
        Err(error)
    }

    async fn permit(&self, method: Method, subject: &Email) -> Result<Option<Permit>, Error> {
        let Some(quota) = self.quotas.of(method.api()) else {
            return Ok(None);
        };
        let cost = method.cost(self.profile);
        let permit = quota.acquire(subject.as_str(), cost, self.per_user()).await;
        permit.map(Some).map_err(|pause| paused(method, pause))
    }

    pub(super) fn url(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Uri, Error> {
        let address = match &self.endpoint {
            Some(endpoint) => address(endpoint, path, query),
            None => address(&format!("https://{}", method.api().host()), path, query),
        };
        address.ok_or_else(|| malformed(method, "the path is not one"))
    }
}

/// A 401 whose body says nothing else: the token may have been revoked before its time.
fn is_stale_token(error: &Error) -> bool {
    error.status == Some(401) && error.reason == Reason::UserNotAccessible
}

pub(super) fn read<T: DeserializeOwned>(method: Method, reply: &Reply) -> Result<T, Error> {
    reply
        .json()
        .map_err(|error| transport(method.name(), &error))
}

pub(super) fn malformed(method: Method, detail: &str) -> Error {
    let error = crate::http::Error::new(Kind::Refused, method.api().host(), detail);
    transport(method.name(), &error)
}

#[cfg(test)]
mod tests;
