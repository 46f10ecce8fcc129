//! SendSafely as one connection may use it.
//!
//! ```text
//! Method + JSON ─► pace ─► quota ─► signature over key, path, time and body ─► request ─► errors
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::Uri;
use bytes::Bytes;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

pub(in crate::providers::sendsafely) use super::method::Method;

use super::errors::{self, Context, VENDOR};
use super::wire::Account;
use crate::http::auth::{SignedHeaders, SigningKey, ToSign};
use crate::http::limits::{Allowance, Breadth, Pace, Permit, Quota, QuotaKey, Registry, Table};
use crate::http::retry::{Verdict, retry};
use crate::http::{Body, Client, Endpoints, Reply, Request};
use crate::model::clock::Clock;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::fault;

/// Where the vendor's companies live, one name below.
pub(super) const HOSTS: &[&str] = &["*.sendsafely.com"];

/// The vendor's names of the headers of a signed request.
const HEADERS: SignedHeaders = SignedHeaders {
    key: "ss-api-key",
    time: "ss-request-timestamp",
    signature: "ss-request-signature",
};
/// Requests under way for one person. The vendor publishes no limits.
const MAX_UNDER_WAY: usize = 2;
/// The pause after a complaint that names none.
const PAUSE: Duration = Duration::from_secs(5);

/// SendSafely as one connection may use it. Shared by all who read through it.
pub(in crate::providers::sendsafely) struct Api {
    pub(super) http: Client,
    pub(super) endpoints: Endpoints,
    /// What every path hangs below, without a trailing slash.
    pub(super) root: String,
    /// The portal's host, as people know it.
    pub(super) host: String,
    pub(super) pair: SigningKey,
    pub(super) quota: Arc<Quota>,
    pub(super) pace: Pace,
    pub(super) clock: Arc<dyn Clock>,
    /// The account of the key, once the vendor has told.
    pub(super) account: Mutex<Option<String>>,
}

impl Api {
    /// Asks and reads the reply. Waits for the limits, and tries transient failures again within bounds.
    ///
    /// # Errors
    /// As the vendor's table has it, also where the status is 200.
    ///
    /// # Cancel
    /// Safe: what is written here may be written twice.
    pub(in crate::providers::sendsafely) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, Error> {
        let asked = retry(|| self.send(method, query, body), verdict).await;
        let reply = match asked {
            Err(error) if is_a_denied_log(method, &error) => {
                return Err(self.explained(error).await);
            }
            other => other?,
        };
        let read = reply.json();
        read.map_err(|error| VENDOR.transport(method.name(), &error))
    }

    /// Returns the account of the key as it is known: an address, or the host before the vendor has told.
    pub(super) fn account_name(&self) -> Option<String> {
        let account = self.account.lock();
        account.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes whose key it is.
    pub(super) fn note_account(&self, email: &str) {
        let account = self.account.lock();
        *account.unwrap_or_else(PoisonError::into_inner) = Some(email.to_owned());
    }

    async fn send(
        &self,
        method: Method,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, Error> {
        self.pace.turn().await;
        let permit = self.quota.acquire("", 1, MAX_UNDER_WAY).await;
        let permit = permit.map_err(|pause| VENDOR.paused(method.name(), pause))?;
        let reply = self.exchange(method, query, body).await?;
        let context = Context {
            host: &self.host,
            now: self.clock.now(),
        };
        match errors::judge(method, context, &reply) {
            None => {
                permit.succeeded();
                Ok(reply)
            }
            Some(error) => {
                told(&permit, &error);
                Err(error)
            }
        }
    }

    async fn exchange(
        &self,
        method: Method,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, Error> {
        let time = self.clock.now().to_zoned(TimeZone::UTC);
        let time = time.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string();
        let body = body.map(|json| Bytes::from(json.to_string()));
        let what = ToSign {
            path: method.path(),
            time: &time,
            body: body.unwrap_or_default(),
        };
        let signed = self.pair.sign(HEADERS, what);
        let request = Request {
            method: method.verb(),
            url: self.url(method, query)?,
            token: None,
            headers: &[],
            body: Body::Signed(&signed),
        };
        let sent = self.http.send(&self.endpoints, request).await;
        sent.map_err(|error| VENDOR.transport(method.name(), &error))
    }

    fn url(&self, method: Method, query: &[(&str, &str)]) -> Result<Uri, Error> {
        let mut text = format!("{}{}", self.root, method.path());
        if !query.is_empty() {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(query)
                .finish();
            text = format!("{text}?{query}");
        }
        Uri::try_from(text).map_err(|_| Error {
            class: Class::Invalid,
            reason: Reason::EndpointRefused,
            ..fault::malformed(super::NAME, method.name(), "the endpoint makes no URL")
        })
    }

    /// Tells why the log is denied: the account may be no administrator, or the company has not switched the log on.
    async fn explained(&self, error: Error) -> Error {
        let account = retry(|| self.send(Method::User, &[], None), verdict).await;
        let account = account.ok().and_then(|reply| reply.json::<Account>().ok());
        match account.and_then(|account| account.admin_user) {
            Some(true) => errors::log_is_off(error, &self.host),
            _ => error,
        }
    }
}

fn told(permit: &Permit, error: &Error) {
    if error.class == Class::Throttled {
        permit.throttled(Breadth::All, error.retry_after.unwrap_or(PAUSE));
    }
}

fn is_a_denied_log(method: Method, error: &Error) -> bool {
    method == Method::AuditLogs && error.reason == Reason::AdminNotPrivileged
}

/// Finds the quota of one key's company, which other connections to it share. Only what the vendor answers counts.
pub(super) fn quota(registry: &Registry, root: &str) -> Arc<Quota> {
    let key = QuotaKey {
        provider: super::NAME,
        endpoint: root.to_owned(),
        account: String::new(),
        api: "REST",
    };
    let table = Table {
        all: Allowance::Unbounded,
        user: Allowance::Unbounded,
        under_way: MAX_UNDER_WAY,
    };
    registry.find(key, table)
}

/// Asking may be done twice without harm, and so may adding somebody or taking somebody away.
fn verdict(error: &Error) -> Verdict {
    match error.class {
        Class::Retry | Class::Throttled => Verdict::Again(error.retry_after),
        Class::Park | Class::Invalid | Class::Expired | Class::Gone => Verdict::Stop,
    }
}
