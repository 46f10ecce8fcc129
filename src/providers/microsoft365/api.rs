//! Graph as one connection may use it.
//!
//! ```text
//! Target ─► url, below the configured place ─► pace ─► quota ─► token ─► request ─► errors
//! ```

use std::time::Duration;

use ::http::{StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

pub(super) use super::method::Method;

use super::NAME;
use super::errors::api::{Context, classify};
use super::errors::{paused, transport};
use super::quotas::{MAX_UNDER_WAY, Quotas};
use super::tokens::{Tokens, verdict};
use crate::http::auth::Token;
use crate::http::limits::{Pace, Permit};
use crate::http::retry::retry;
use crate::http::{Body, Client, Endpoints, Reply, Request};
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::fault;
use crate::providers::reading::path::segment;

/// The pause after a complaint that names none.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest link that is followed or stored, bytes.
const MAX_LINK: usize = 8 * 1024;

/// A link that the vendor gave: what follows the place that all requests hang below. It cannot lead anywhere else, also
/// after it has been stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::providers::microsoft365) struct Link(String);

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(in crate::providers::microsoft365) enum Target<'a> {
    /// A path below the place, already percent-encoded and without a slash before it, and a query, which is encoded here.
    Path(&'a str, &'a [(&'a str, &'a str)]),
    /// A link, to which nothing is added: the vendor has put the query into it.
    Link(&'a Link),
}

/// Whose data is asked for.
#[derive(Debug, Clone, Copy)]
pub(in crate::providers::microsoft365) struct Whom<'a> {
    /// Whom the vendor counts the request for; a mailbox has limits of its own.
    pub(in crate::providers::microsoft365) key: &'a str,
    /// As they are called in a message.
    pub(in crate::providers::microsoft365) name: &'a str,
}

impl Whom<'_> {
    /// Nobody in particular.
    pub(in crate::providers::microsoft365) const TENANT: Whom<'static> = Whom {
        key: "",
        name: "the tenant",
    };
}

/// Graph as one connection may use it. Shared by all who read through it.
pub(in crate::providers::microsoft365) struct Api {
    pub(super) http: Client,
    pub(super) endpoints: Endpoints,
    /// What every path hangs below, without a trailing slash.
    pub(super) graph: String,
    pub(super) tokens: Tokens,
    pub(super) quotas: Quotas,
    pub(super) pace: Pace,
    pub(super) per_user: usize,
}

impl Api {
    /// Asks and reads the reply. Waits for the limits, and tries transient failures again within bounds.
    ///
    /// # Errors
    /// As the vendor's table has it. [`Class::Expired`] only from a method that takes a cursor, [`Class::Gone`] where
    /// the item that the path names is not there.
    ///
    /// # Cancel
    /// Safe: reads change nothing.
    pub(in crate::providers::microsoft365) async fn get<T: DeserializeOwned>(
        &self,
        method: Method,
        whom: Whom<'_>,
        target: Target<'_>,
    ) -> Result<T, Error> {
        let url = self.url(method, target)?;
        retry(|| self.try_get(method, whom, &url), verdict).await
    }

    /// Changes something. It is asked for once: whether a failure has had its effect is for the caller to find out.
    ///
    /// # Errors
    /// As the vendor's table has it.
    pub(in crate::providers::microsoft365) async fn post(
        &self,
        method: Method,
        whom: Whom<'_>,
        target: Target<'_>,
        body: &serde_json::Value,
    ) -> Result<Reply, Error> {
        let url = self.url(method, target)?;
        let token = self.tokens.find().await?;
        let request = Request {
            method: ::http::Method::POST,
            body: Body::Json(body),
            ..Request::get(url, &token)
        };
        let sent = self.send_request(method, whom, request).await;
        if sent.as_ref().is_err_and(is_stale_token) {
            self.tokens.drop_token(&token);
        }
        sent
    }

    /// Takes a link of a reply over.
    ///
    /// # Errors
    /// [`Class::Invalid`] where it leads to another place than the configured one: a token would be sent there.
    pub(in crate::providers::microsoft365) fn link(
        &self,
        method: Method,
        absolute: &str,
    ) -> Result<Link, Error> {
        link(&self.graph, method, absolute)
    }

    /// Returns whether the newest token has a role for `method`.
    pub(in crate::providers::microsoft365) fn may(&self, method: Method) -> bool {
        self.tokens.has_any(method.roles())
    }

    /// Returns how many requests may be under way for one person, from 1 to 4: beyond that the vendor answers 429
    /// whatever the quota.
    pub(in crate::providers::microsoft365) fn per_user(&self) -> usize {
        self.per_user.clamp(1, MAX_UNDER_WAY)
    }

    async fn try_get<T: DeserializeOwned>(
        &self,
        method: Method,
        whom: Whom<'_>,
        url: &Uri,
    ) -> Result<T, Error> {
        let token = self.tokens.find().await?;
        let reply = match self.send(method, whom, url, &token).await {
            Err(error) if is_stale_token(&error) => {
                self.tokens.drop_token(&token);
                let fresh = self.tokens.find().await?;
                self.send(method, whom, url, &fresh).await?
            }
            other => other?,
        };
        let read = reply.json();
        read.map_err(|error| transport(method.name(), &error))
    }

    /// Sends one request when the limits allow it, and tells them how it went.
    async fn send(
        &self,
        method: Method,
        whom: Whom<'_>,
        url: &Uri,
        token: &Token,
    ) -> Result<Reply, Error> {
        let request = Request {
            headers: method.headers(),
            ..Request::get(url.clone(), token)
        };
        self.send_request(method, whom, request).await
    }

    async fn send_request(
        &self,
        method: Method,
        whom: Whom<'_>,
        request: Request<'_>,
    ) -> Result<Reply, Error> {
        self.pace.turn().await;
        let permit = self.permit(method, whom).await?;
        let sent = self.http.send(&self.endpoints, request).await;
        let reply = sent.map_err(|error| transport(method.name(), &error))?;
        if matches!(reply.status, StatusCode::OK | StatusCode::NO_CONTENT) {
            permit.iter().for_each(Permit::succeeded);
            return Ok(reply);
        }
        let context = Context {
            who: whom.name,
            consent: self.tokens.consent_url(),
            has_role: self.may(method),
        };
        let (error, breadth) = classify(method, context, &reply);
        if let (Class::Throttled, Some(permit)) = (error.class, &permit) {
            permit.throttled(breadth, error.retry_after.unwrap_or(PAUSE));
        }
        Err(error)
    }

    async fn permit(&self, method: Method, whom: Whom<'_>) -> Result<Option<Permit>, Error> {
        let Some(quota) = self.quotas.of(method.service()) else {
            return Ok(None);
        };
        let permit = quota.acquire(whom.key, method.cost(), self.per_user());
        let permit = permit.await;
        permit.map(Some).map_err(|pause| paused(method, pause))
    }

    fn url(&self, method: Method, target: Target<'_>) -> Result<Uri, Error> {
        let text = match target {
            Target::Path(path, query) => format!("{}/{path}{}", self.graph, encoded(query)),
            Target::Link(Link(rest)) => format!("{}/{rest}", self.graph),
        };
        let url = Url::parse(&text).map_err(|_| not_a_path(method))?;
        // A segment that a parser resolves, such as "..", would lead to another resource.
        if !is_below(&url, &self.graph) {
            return Err(not_a_path(method));
        }
        Uri::try_from(url.as_str()).map_err(|_| not_a_path(method))
    }
}

/// Returns whether a URL stays below a place once it is parsed.
fn is_below(url: &Url, place: &str) -> bool {
    let rest = url.as_str().strip_prefix(place);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn link(place: &str, method: Method, absolute: &str) -> Result<Link, Error> {
    let parsed = Url::parse(absolute).ok().filter(|url| is_below(url, place));
    let rest = absolute
        .strip_prefix(place)
        .and_then(|rest| rest.strip_prefix('/'));
    match (parsed, rest) {
        (Some(_), Some(rest)) if rest.len() <= MAX_LINK => Ok(Link(rest.to_owned())),
        _ => Err(Error {
            class: Class::Invalid,
            reason: Reason::EndpointRefused,
            ..fault::malformed(
                NAME,
                method.name(),
                "a link leads away from the configured place and is not followed",
            )
        }),
    }
}

/// Encodes a query. A `$` in a name stays, and a space is `%20`: not every service behind Graph reads `+` as one.
fn encoded(query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", segment(value)))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

/// A 401 whose body says that it is the token: it may have been revoked before its time.
fn is_stale_token(error: &Error) -> bool {
    error.status == Some(401) && error.reason == Reason::TokenRequestRefused
}

fn not_a_path(method: Method) -> Error {
    Error {
        class: Class::Invalid,
        reason: Reason::RequestRefused,
        ..fault::malformed(NAME, method.name(), "an id makes no path")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::providers::microsoft365::testing::{FakeGraph, spec};

    const PLACE: &str = "https://graph.vendor.example/v1.0";

    #[rstest]
    #[case("https://graph.vendor.example/v1.0/users/1/x?$skiptoken=a%20b", true)]
    #[case("https://graph.vendor.example/v1.0/users('1')/x", true)]
    #[case("https://graph.vendor.example/v1.0//users/1", true)]
    #[case("https://graph.vendor.example/v1.0/../beta/users", false)]
    #[case("https://graph.vendor.example/v1.0@evil.example/users", false)]
    #[case("https://graph.vendor.example.evil.example/v1.0/users", false)]
    #[case("https://graph.vendor.example/beta/users", false)]
    #[case("http://graph.vendor.example/v1.0/users", false)]
    #[case("https://evil.example/v1.0/users", false)]
    #[case("/v1.0/users", false)]
    #[case("", false)]
    fn a_link_stays_below_the_configured_place(#[case] absolute: &str, #[case] stays: bool) {
        let link = link(PLACE, Method::MessagesDelta, absolute);
        assert_eq!(link.is_ok(), stays, "{link:?}");
        if let Err(error) = link {
            assert_eq!(error.reason, Reason::EndpointRefused);
            assert!(!error.to_string().contains("evil"));
        }
    }

    #[test]
    fn a_stored_link_cannot_be_made_to_lead_away() {
        for rest in ["../beta/users", "..%2f..", "users/../../x"] {
            let url = Url::parse(&format!("{PLACE}/{rest}")).unwrap();
            let below = is_below(&url, PLACE);
            assert_eq!(below, rest == "..%2f..", "{url}");
        }
    }

    #[test]
    fn a_query_is_encoded_and_its_name_is_not() {
        assert_eq!(
            encoded(&[("$select", "id,mail"), ("$filter", "a eq 'b'")]),
            "?$select=id%2Cmail&$filter=a%20eq%20%27b%27"
        );
        assert_eq!(encoded(&[]), "");
    }

    async fn ask(graph: &FakeGraph) -> Result<Value, Error> {
        let session = graph.open(spec());
        let target = Target::Path("users/1", &[("$select", "id")]);
        session
            .api
            .get(Method::UsersGet, Whom::TENANT, target)
            .await
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_once() {
        let graph = FakeGraph::start(&["User.Read.All"]).await;
        let stale = json!({"error": {"code": "InvalidAuthenticationToken", "message": "expired"}});
        graph.answer_once("/graph/v1.0/users/1", 401, stale).await;
        graph
            .answer("/graph/v1.0/users/1", 200, json!({"id": "1"}))
            .await;
        assert_eq!(ask(&graph).await.unwrap()["id"], "1");
        assert_eq!(graph.tokens().await, 2);
    }

    #[tokio::test]
    async fn one_token_serves_everybody() {
        let graph = FakeGraph::start(&["User.Read.All"]).await;
        graph
            .answer("/graph/v1.0/users/1", 200, json!({"id": "1"}))
            .await;
        let session = &graph.open(spec());
        let asked = (0..20).map(|_| async move {
            let target = Target::Path("users/1", &[]);
            let reply = session
                .api
                .get::<Value>(Method::UsersGet, Whom::TENANT, target);
            reply.await.unwrap()
        });
        futures::future::join_all(asked).await;
        assert_eq!(graph.tokens().await, 1);
    }

    #[tokio::test]
    async fn every_request_to_a_mailbox_asks_for_immutable_ids() {
        let graph = FakeGraph::start(&["Mail.Read"]).await;
        graph.answer("/graph/v1.0/x", 200, json!({})).await;
        let session = graph.open(spec());
        for method in [Method::InboxGet, Method::MessagesDelta, Method::EventsGet] {
            let target = Target::Path("x", &[]);
            let reply = session.api.get::<Value>(method, Whom::TENANT, target);
            reply.await.unwrap();
        }
        for sent in graph.sent("/graph/v1.0/x").await {
            let prefer = sent.headers.get("prefer").unwrap().to_str().unwrap();
            assert!(prefer.contains("IdType=\"ImmutableId\""), "{prefer}");
        }
    }
}
