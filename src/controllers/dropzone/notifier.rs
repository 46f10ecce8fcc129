//! Tells the webhook of a box what was sent: who says to have sent it, and which files; never what is in them.

use std::sync::Arc;

use ::http::{Method, Uri};
use serde_json::{Value, json};

use super::{DropBox, Notices, Service, inbox_url};
use crate::controllers::cluster::Cluster;
use crate::controllers::fact::Fact;
use crate::destinations::quarantine::Quarantine;
use crate::http::auth::{Notice, NoticeKey};
use crate::http::retry::{Verdict, retry};
use crate::http::{self, Body, Request};
use crate::kube_io::secret;
use crate::model::clock::Clock;
use crate::model::upload::Manifest;
use crate::providers::deputy::dropzone::WebhookSpec;
use crate::telemetry::metrics::Metrics;

/// The entry of the Secret that notifications are signed with.
const ENTRY: &str = "secret";

/// Tells webhooks. Clones share the outcomes.
#[derive(Clone)]
pub struct Notifier {
    /// Where the Secret is read from.
    pub cluster: Cluster,
    /// What the notification is sent with.
    pub http: http::Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where notifications are counted.
    pub metrics: Arc<Metrics>,
    /// How the last ones went.
    pub notices: Notices,
    /// Where the inbox is.
    pub service: Service,
}

/// Why a notification did not get through.
enum Failure {
    /// It may with another try.
    Passing(String),
    /// Somebody has to do something.
    Lasting(Fact),
}

impl Notifier {
    /// Tells of an upload, and notes that it was told. What goes wrong is in the condition `DropzoneNotified` and in a metric, and
    /// tried again for a day: the sender has no part in it.
    pub async fn tell(&self, drop_box: &DropBox, quarantine: &dyn Quarantine, manifest: &Manifest) {
        let Some(webhook) = &drop_box.spec.webhook else {
            return;
        };
        let told = self.try_to_tell(drop_box, webhook, manifest).await;
        self.metrics
            .dropzone_notified(if told.is_ok() { "Notified" } else { "Failed" });
        let outcome = match told {
            Ok(()) => {
                if let Err(error) = quarantine.note_notified(&manifest.upload).await {
                    tracing::warn!(%error, "a notification could not be noted: it is sent again");
                }
                Fact::good("Notified", "The webhook took the last notification.")
            }
            Err(fact) => fact,
        };
        self.notices.note(&drop_box.key(), &outcome);
    }

    async fn try_to_tell(
        &self,
        drop_box: &DropBox,
        webhook: &WebhookSpec,
        manifest: &Manifest,
    ) -> Result<(), Fact> {
        let key = self.key(drop_box, webhook).await?;
        let url = webhook_allowed(&self.http, webhook)?;
        let json = notification(drop_box, manifest, &self.service);
        let send = || async {
            let notice = Notice::new(&json, key.as_ref(), self.clock.now());
            self.send(url.clone(), &notice).await
        };
        let judge = |failure: &Failure| match failure {
            Failure::Passing(_) => Verdict::Again(None),
            Failure::Lasting(_) => Verdict::Stop,
        };
        retry(send, judge).await.map_err(Fact::from)
    }

    async fn send(&self, url: Uri, notice: &Notice) -> Result<(), Failure> {
        let host = url.host().unwrap_or_default().to_owned();
        let request = Request {
            method: Method::POST,
            url,
            token: None,
            headers: &[],
            body: Body::Notice(notice),
        };
        let reply = self.http.send(&self.http.endpoints(&[]), request).await;
        match reply {
            Ok(reply) if reply.status.is_success() => Ok(()),
            Ok(reply) => {
                let answer = format!("{host} answered {}.", reply.status.as_u16());
                let may_pass = reply.status.is_server_error() || reply.status.as_u16() == 429;
                Err(if may_pass {
                    Failure::Passing(answer)
                } else {
                    Failure::Lasting(refused(&answer))
                })
            }
            Err(error) if error.kind.is_transient() => Err(Failure::Passing(error.to_string())),
            Err(error) => Err(Failure::Lasting(not_allowed(&error))),
        }
    }

    async fn key(
        &self,
        drop_box: &DropBox,
        webhook: &WebhookSpec,
    ) -> Result<Option<NoticeKey>, Fact> {
        let Some(name) = &webhook.secret_ref else {
            return Ok(None);
        };
        let namespace = drop_box.key().namespace;
        let client = self.cluster.client.clone();
        let entries = secret::read(client, &namespace, &name.name).await;
        let entries = entries.map_err(|error| Fact::from(&error))?;
        let key = entries.get(ENTRY).and_then(NoticeKey::read);
        let missing = || {
            let message = format!(
                "The Secret {namespace}/{} has no text in its entry `{ENTRY}` to sign notifications with. Put it there; it is \
                 noticed at once.",
                name.name
            );
            Fact::bad("KeyMissing", message)
        };
        key.map(Some).ok_or_else(missing)
    }
}

/// Returns where a webhook is, if the operator may send anything there.
pub(in crate::controllers) fn webhook_allowed(
    http: &http::Client,
    webhook: &WebhookSpec,
) -> Result<Uri, Fact> {
    let invalid = |_| {
        let message =
            "spec.provider.deputy.dropzone.webhook.url is no URL. Write https://host/path.";
        Fact::bad("WebhookInvalid", message)
    };
    let url: url::Url = webhook.url.parse().map_err(invalid)?;
    let allowed = http.endpoints(&[]).check(&url);
    allowed.map_err(|error| not_allowed(&error))?;
    let uri: Result<Uri, _> = url.as_str().parse();
    uri.map_err(|_| {
        let message =
            "spec.provider.deputy.dropzone.webhook.url has characters that no request can have.";
        Fact::bad("WebhookInvalid", message)
    })
}

fn not_allowed(error: &http::Error) -> Fact {
    Fact::bad(
        "WebhookNotAllowed",
        format!(
            "Notifications may not be sent to {} ({}). Have the operator started with --allow-endpoint={} (the chart's extraArgs), \
             and use https.",
            error.host, error.detail, error.host
        ),
    )
}

fn refused(answer: &str) -> Fact {
    Fact::bad(
        "WebhookRefused",
        format!(
            "The webhook refused the last notification: {answer} See there why; it is tried again for a day."
        ),
    )
}

impl From<Failure> for Fact {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lasting(fact) => fact,
            Failure::Passing(why) => Self::unknown(
                "WebhookUnreachable",
                format!(
                    "The last notification did not get through: {why} It is tried again for a day."
                ),
            ),
        }
    }
}

/// Says what was sent. The files' names and the subject are a stranger's words.
fn notification(drop_box: &DropBox, manifest: &Manifest, service: &Service) -> Value {
    json!({
        "event": "upload.received",
        "upload": manifest.upload,
        "account": manifest.account,
        "connection": drop_box.key().to_string(),
        "label": manifest.label,
        "recipients": drop_box.spec.recipients.clone().unwrap_or_default(),
        "receivedAt": manifest.received_at,
        "expiresAt": manifest.expires_at,
        "sender": manifest.sender,
        "subject": manifest.subject,
        "files": manifest.files,
        "inbox": inbox_url(service, &drop_box.about.username),
    })
}
