//! The SCIM 2.0 endpoint: an identity provider makes, changes and ends the `SyncedUser`s of one connection.
//!
//! ```text
//! request ─► auth (key, pace) ─► route ─► People of the connection that the account names ─► API server
//!              │                   │
//!              └── not in: no more than no         filter, patch, attributes, query: pure
//! ```
//!
//! It works on every replica, leader or not: all that it writes is made from the version that was read. It never makes
//! anybody whom the connection's lists do not admit, and never changes what it did not make.

mod attributes;
mod discovery;
mod error;
mod filter;
mod lexer;
mod patch;
mod people;
mod query;
mod refusals;
mod reply;
mod route;
mod schema;
mod user;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::ResourceExt;
use serde_json::Value;

use self::error::ScimError;
use self::people::People;
use self::reply::{Reply, Response};
use self::route::{Operation, Route};
use super::auth::{Authenticator, Caller, Denial};
use crate::api::ServiceAccountConnection;
use crate::controllers::cluster::Cluster;
use crate::controllers::home::account;
use crate::kube_io::events::Events;
use crate::kube_io::key::ObjectKey;
use crate::model::clock::Clock;
use crate::model::key::Purpose;
use crate::telemetry::metrics::Metrics;

/// More than a user with twenty addresses has.
const MOST_BODY_BYTES: usize = 64 * 1024;

/// What the endpoint works with.
pub struct Parts {
    /// The caches and the client.
    pub cluster: Cluster,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where a lock-out is told.
    pub events: Events,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// Answers SCIM requests.
pub struct Scim {
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    authenticator: Authenticator,
}

impl Scim {
    /// Makes it. It asks nobody before the first request.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            cluster,
            clock,
            events,
            metrics,
        } = parts;
        let (c, t, m) = (cluster.clone(), Arc::clone(&clock), Arc::clone(&metrics));
        Self {
            authenticator: Authenticator::new(c, t, events, m),
            cluster,
            clock,
            metrics,
        }
    }

    /// Answers one request of a client at this address. `origin` is what the client's own URL begins with.
    pub(super) async fn answer<B>(
        &self,
        from: IpAddr,
        origin: &str,
        request: Request<B>,
    ) -> Response
    where
        B: axum::body::HttpBody,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let route = Route::of(&head.method, head.uri.path());
        let base = format!("{origin}{}", route::BASE);
        let answered = match self.admit(from, &head.headers).await {
            Ok(caller) => {
                let body = read(body);
                let query = head.uri.query().unwrap_or_default();
                self.serve(&caller, &route, &base, query, &head.headers, body)
                    .await
            }
            Err(denied) => Err(denied),
        };
        let response = reply::of(answered, &head.headers);
        self.metrics
            .scim_answered(route.name(), response.status().as_u16());
        response
    }

    async fn admit(&self, from: IpAddr, headers: &HeaderMap) -> Result<Caller, ScimError> {
        if !self.cluster.is_complete() {
            return Err(ScimError::later(
                5,
                "Deputy has just been started. Try again.",
            ));
        }
        let admitted = self.authenticator.admit(from, headers, Purpose::Scim).await;
        admitted.map_err(denial)
    }

    async fn serve(
        &self,
        caller: &Caller,
        route: &Route<'_>,
        base: &str,
        query: &str,
        headers: &HeaderMap,
        body: impl Future<Output = Result<Value, ScimError>>,
    ) -> Result<Reply, ScimError> {
        if let Some(reply) = route.of_the_server(base) {
            return reply;
        }
        let connection = self.target(caller)?;
        let people = People {
            cluster: &self.cluster,
            connection: &connection,
            base,
            now: self.clock.now(),
        };
        let body = if route.has_body() {
            body.await?
        } else {
            Value::Null
        };
        let operation = Operation {
            people,
            query,
            headers,
            body,
        };
        operation.run(route).await
    }

    /// Returns the connection whose people the account may provision.
    fn target(&self, caller: &Caller) -> Result<Arc<ServiceAccountConnection>, ScimError> {
        let forbidden = |detail: String| ScimError::new(StatusCode::FORBIDDEN, detail);
        let own = caller.key();
        if caller.account.spec.suspend == Some(true) {
            return Err(forbidden(format!(
                "The account {own} is suspended (spec.suspend)."
            )));
        }
        let scim = account(&caller.account).and_then(|account| account.scim.as_ref());
        let Some(scim) = scim else {
            let detail = format!(
                "The account {own} may provision nobody: name a connection in its spec.provider.deputy.scim."
            );
            return Err(forbidden(detail));
        };
        let key = ObjectKey::new(
            caller.account.namespace().unwrap_or_default(),
            &scim.connection_ref.name,
        );
        let found = self.cluster.connections.get(&key);
        let found = found.filter(|found| {
            found.metadata.deletion_timestamp.is_none()
                && !found.spec.provider.datasets().is_empty()
        });
        let missing = || {
            let detail = format!(
                "The account {own} names the connection {key}, and there is none that has people."
            );
            ScimError::later(60, detail)
        };
        found.ok_or_else(missing)
    }
}

/// What a client is told that is not let in.
fn denial(denial: Denial) -> ScimError {
    match denial {
        Denial::NotAuthenticated => {
            ScimError::new(StatusCode::UNAUTHORIZED, "The key is not good.")
        }
        Denial::WrongPurpose(purpose) => ScimError::new(
            StatusCode::FORBIDDEN,
            format!("The key is for {}, and not for SCIM.", purpose.as_str()),
        ),
        Denial::Wait(seconds) => ScimError {
            retry_after: Some(seconds),
            ..ScimError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests. Try again later.",
            )
        },
        Denial::Unavailable => ScimError::later(5, "Deputy's cluster does not answer. Try again."),
    }
}

/// Reads a body within bounds. How deep JSON may go is bounded by its reader.
async fn read<B>(body: B) -> Result<Value, ScimError>
where
    B: axum::body::HttpBody,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = Limited::new(Box::pin(body), MOST_BODY_BYTES)
        .collect()
        .await;
    let bytes = match collected {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let detail = format!("The body has more than {MOST_BODY_BYTES} bytes.");
            return Err(ScimError::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        Err(_) => return Err(ScimError::invalid("invalidSyntax", "The body was cut off.")),
    };
    serde_json::from_slice(&bytes)
        .map_err(|_| ScimError::invalid("invalidSyntax", "The body is no JSON."))
}
