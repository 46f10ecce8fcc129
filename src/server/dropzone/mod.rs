//! The Dropzone: a page per account on which anybody may leave files for it, and the inbox that the account's own keys open.
//!
//! ```text
//! GET  /dropzone/<username>                            the form; no script, no cookie
//! POST /dropzone/<username>                            Places ─► Inflow ─► Multipart ─► Reception ─► quarantine, webhook
//! GET  /dropzone/<username>/inbox                      what was sent, with a key of the account
//! GET  /dropzone/<username>/inbox/<upload>/<number>    one file of it
//! ```
//!
//! It works on every replica, leader or not. There is no session, and so nothing that another site's page could make use of: a form
//! that it posts here can do what anybody can, and nothing in the name of its visitor. No log line has a word of a sender's.

mod body;
mod form;
mod inbox;
mod markup;
mod multipart;
mod names;
mod page;
mod places;
mod receive;
mod refusal;
mod reply;
mod route;
mod signatures;
mod types;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use self::body::Inflow;
use self::form::Filled;
use self::multipart::boundary;
use self::places::{Place, Places};
use self::receive::{FORM_BYTES, Failure, Outcome, Reception};
use self::refusal::Refusal;
use self::reply::Reply;
use self::route::Route;
use self::types::Types;
use super::auth::Authenticator;
use super::edge::Body;
use crate::controllers::cluster::Cluster;
use crate::controllers::connection::Suspects;
use crate::controllers::dropzone::{Depots, DropBox, Notifier};
use crate::destinations;
use crate::destinations::quarantine::Quarantine;
use crate::kube_io::events::Events;
use crate::model::clock::Clock;
use crate::model::email::Email;
use crate::telemetry::metrics::Metrics;

/// What the Dropzone works with.
pub struct Parts {
    /// The caches and the client.
    pub cluster: Cluster,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where a lock-out is told.
    pub events: Events,
    /// Where uploads are counted.
    pub metrics: Arc<Metrics>,
    /// Where files go.
    pub depots: Depots,
    /// Who tells webhooks.
    pub notifier: Notifier,
    /// Connections whose destination has failed.
    pub suspects: Suspects,
}

/// Answers requests of strangers and of accounts.
pub struct Dropzone {
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    depots: Depots,
    notifier: Notifier,
    suspects: Suspects,
    authenticator: Authenticator,
    places: Places,
    /// Uploads under way. They are tasks of their own, so that one whose connection breaks still takes away what it has stored.
    uploads: Mutex<JoinSet<()>>,
}

impl Dropzone {
    /// Makes it. It asks nobody before the first request.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            cluster,
            clock,
            events,
            metrics,
            depots,
            notifier,
            suspects,
        } = parts;
        let (c, t, m) = (cluster.clone(), Arc::clone(&clock), Arc::clone(&metrics));
        Arc::new(Self {
            authenticator: Authenticator::new(c, t, events, m),
            cluster,
            clock,
            metrics,
            depots,
            notifier,
            suspects,
            places: Places::default(),
            uploads: Mutex::default(),
        })
    }

    /// Returns whether a path is one of its own.
    pub(super) fn has(path: &str) -> bool {
        route::is_ours(path)
    }

    /// Answers one request of a client at this address.
    pub(super) async fn answer(self: &Arc<Self>, from: IpAddr, request: Request<Body>) -> Reply {
        let (head, body) = request.into_parts();
        if !self.cluster.is_complete() {
            return reply::refused(&Refusal::unavailable(), &head.headers);
        }
        let route = Route::of(head.uri.path());
        let answered = match (&route, &head.method) {
            (Route::Unknown, _) => Err(Refusal::not_found()),
            (Route::Box(username), &Method::GET | &Method::HEAD) => self.show(username),
            (Route::Box(username), &Method::POST) => self.take(from, &head, username, body).await,
            (Route::Box(_), _) => Err(Refusal::method("GET, HEAD, POST")),
            (_, method) if method != Method::GET => Err(Refusal::method("GET")),
            (Route::Inbox(username), _) => {
                let query = head.uri.query().unwrap_or_default();
                self.list(from, &head.headers, username.as_ref(), query)
                    .await
            }
            (Route::File(username, upload, number), _) => {
                let file = (upload.as_str(), number.as_str());
                self.download(from, &head.headers, username.as_ref(), file)
                    .await
            }
        };
        answered.unwrap_or_else(|refusal| reply::refused(&refusal, &head.headers))
    }

    /// Finds the box of a name, if it may be shown.
    fn find(&self, username: &Email) -> Result<DropBox, Refusal> {
        let found = DropBox::find(&self.cluster, username);
        let drop_box = found.ok_or_else(Refusal::not_found)?;
        if let Some(end) = drop_box.spec.closed_at(self.clock.now()) {
            return Err(Refusal::closed(end));
        }
        if drop_box.account.spec.suspend == Some(true) {
            return Err(Refusal::unavailable());
        }
        Ok(drop_box)
    }

    fn show(&self, username: &Email) -> Result<Reply, Refusal> {
        let drop_box = self.find(username)?;
        let destination = drop_box.account.spec.destination.as_ref();
        if destination.is_none_or(|destination| !destination.keeps_files()) {
            return Err(Refusal::unavailable());
        }
        let types = Types::new(&drop_box.spec.types());
        let page = page::form(&drop_box, &types, &Filled::default(), None);
        Ok(reply::html(StatusCode::OK, page))
    }

    /// Takes an upload, in a task of its own.
    async fn take(
        self: &Arc<Self>,
        from: IpAddr,
        head: &Head,
        username: &Email,
        body: Body,
    ) -> Result<Reply, Refusal> {
        let refused = |refusal: Refusal| {
            self.metrics.upload_ended(refusal.reason, 0);
            refusal
        };
        let begun = self.begin(from, &head.headers, username).await;
        let begun = begun.map_err(refused)?;
        let (told, outcome) = oneshot::channel();
        let (this, headers) = (Arc::clone(self), head.headers.clone());
        let upload = async move {
            // Nobody waits for it where the connection is broken.
            let _ = told.send(this.receive(begun, body, &headers).await);
        };
        self.spawn(upload);
        // It ends without a word only where the process ends too.
        outcome.await.map_err(|_| Refusal::unavailable())
    }

    fn spawn(&self, upload: impl Future<Output = ()> + Send + 'static) {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        while uploads.try_join_next().is_some() {}
        uploads.spawn(upload);
    }

    /// Finds out all that can be found out before a byte of the body is read.
    async fn begin(
        &self,
        from: IpAddr,
        headers: &HeaderMap,
        username: &Email,
    ) -> Result<Begun, Refusal> {
        let drop_box = self.find(username)?;
        let content_type = headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|it| it.to_str().ok());
        let boundary = content_type.and_then(boundary);
        let limit = drop_box.spec.size_limit();
        let boundary = boundary
            .ok_or_else(Refusal::no_form)?
            .map_err(|fault| Refusal::of_fault(fault, limit))?;
        let most = limit.bytes().saturating_add(FORM_BYTES);
        if announced(headers).is_some_and(|bytes| bytes > most) {
            return Err(Refusal::too_large(limit));
        }
        let place = self.places.take(from).ok_or_else(Refusal::busy)?;
        let quarantine = self.depots.open(&drop_box.account).await;
        let quarantine = quarantine.map_err(|_| Refusal::unavailable())?;
        Ok(Begun {
            types: Types::new(&drop_box.spec.types()),
            drop_box,
            boundary,
            most,
            quarantine,
            _place: place,
        })
    }

    async fn receive(&self, begun: Begun, body: Body, headers: &HeaderMap) -> Reply {
        let (clock, inflow) = (self.clock.as_ref(), Inflow::new(body, begun.most));
        let Begun {
            drop_box,
            types,
            quarantine,
            ..
        } = &begun;
        let reception = Reception::new(drop_box, types, &**quarantine, clock);
        let Outcome { filled, result } = reception.run(inflow, &begun.boundary, clock).await;
        match result {
            Ok(manifest) => {
                self.metrics.upload_ended("Received", manifest.bytes());
                tracing::info!(
                    connection.name = %drop_box.key(), upload.id = %manifest.upload,
                    upload.files = manifest.files.len(), upload.bytes = manifest.bytes(), "an upload was received"
                );
                let reply = reply::received(drop_box, &manifest, headers);
                self.tell(begun, manifest);
                reply
            }
            Err(failure) => {
                let refusal = self.refusal(failure, drop_box);
                self.metrics.upload_ended(refusal.reason, 0);
                let form = page::form(drop_box, types, &filled, Some(&refusal));
                reply::refused_above(&refusal, form, headers)
            }
        }
    }

    /// Tells the webhook, while the sender has the answer already.
    fn tell(&self, begun: Begun, manifest: crate::model::upload::Manifest) {
        let notifier = self.notifier.clone();
        self.spawn(async move {
            notifier
                .tell(&begun.drop_box, &*begun.quarantine, &manifest)
                .await;
        });
    }

    fn refusal(&self, failure: Failure, drop_box: &DropBox) -> Refusal {
        match failure {
            Failure::Refused(refusal) => refusal,
            Failure::Store(error) => {
                // The connection is verified at once, and says what is the matter.
                self.suspects.add(&drop_box.key());
                failed(&error)
            }
        }
    }
}

/// The destination has failed: the log has why, and a stranger learns no more than that.
fn failed(error: &destinations::Error) -> Refusal {
    tracing::warn!(%error, destination.failure = error.kind.as_str(), "a Dropzone's destination has failed");
    Refusal::unavailable()
}

/// An upload that may begin.
struct Begun {
    drop_box: DropBox,
    types: Types,
    boundary: String,
    most: u64,
    quarantine: Arc<dyn Quarantine>,
    /// Taken until all of it is over.
    _place: Place,
}

/// Returns how long a body says that it is.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
