//! Microsoft 365, through an app registration with application permissions.
//!
//! ```text
//! spec + Secret ─► Microsoft365::open ─► session ─┬─► check      a fresh token, its roles, mailboxes, the decoy
//!                                                 ├─► directory  pages or look-ups; mailbox and drive where in doubt
//!                                                 ├─► export     mail folder by folder, the calendar's window, the drive
//!                                                 └─► keys       secrets of the registration itself
//!                                    all through Api: token ─► pace ─► quota ─► request ─► errors
//! ```

mod api;
mod check;
mod cloud;
mod credential;
mod directory;
mod errors;
mod export;
mod keys;
mod method;
mod needs;
mod quotas;
mod roles;
pub mod spec;
#[cfg(test)]
mod testing;
mod tokens;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;

use self::api::Api;
use self::check::Check;
use self::cloud::Places;
use self::credential::Credential;
use self::directory::People;
use self::export::GraphExporter;
use self::keys::ApplicationSecrets;
use self::quotas::Quotas;
use self::spec::Microsoft365Spec;
use self::tokens::Tokens;
use crate::http;
use crate::model::clock::Clock;
use crate::model::dataset::Dataset;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::fault;
use crate::providers::{
    CheckReport, CheckRequest, Clients, Directory, Exporter, Identity, Keys, Mandate, Pace,
    Provider, Session,
};

/// The name in YAML, metrics and folders.
pub(super) const NAME: &str = "microsoft365";

/// Microsoft 365.
pub struct Microsoft365;

#[async_trait]
impl Provider for Microsoft365 {
    type Spec = Microsoft365Spec;

    const NAME: &'static str = NAME;
    const DATASETS: &'static [Dataset] = &[Dataset::Mail, Dataset::Calendar, Dataset::Drive];

    fn example() -> serde_json::Value {
        serde_json::json!({
            "tenant": "acme.example",
            "clientId": "6a2c1a4e-8f0b-4d53-9c3c-1f0f0b7f6d11",
            "cloud": "global",
            "roles": [
                "Mail.ReadBasic.All",
                "Calendars.ReadBasic.All",
                "Files.Read.All",
                "User.Read.All",
            ],
            "leastPrivilegeProbe": {"mailbox": "decoy@acme.example"},
            "quotaProfile": "upTo1k",
        })
    }

    async fn open(
        spec: &Microsoft365Spec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Arc<dyn Session>, Error> {
        let session = GraphSession::open(spec, credentials, pace, clients)?;
        Ok(Arc::new(session))
    }
}

/// An opened connection to one tenant.
struct GraphSession {
    api: Arc<Api>,
    spec: Microsoft365Spec,
    people: People,
    exporter: GraphExporter,
    keys: ApplicationSecrets,
    clock: Arc<dyn Clock>,
}

impl GraphSession {
    fn open(
        spec: &Microsoft365Spec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Self, Error> {
        let endpoints = clients
            .http
            .endpoints(spec.cloud.unwrap_or_default().hosts());
        let places = Places::of(spec).map_err(|_| no_url())?;
        let verdict = endpoints.check(&places.token);
        verdict.map_err(|error| errors::transport("open", &error))?;
        let credential = Credential::read(spec, credentials)?;
        let elsewhere = spec.endpoint.as_ref();
        let elsewhere = elsewhere.map_or("", |url| url.as_str());
        let account = format!("{}/{}", spec.tenant, spec.client_id);
        let profile = spec.quota_profile.unwrap_or_default();
        let api = Arc::new(Api {
            quotas: Quotas::find(clients.http.quotas(), elsewhere, &account, profile),
            tokens: Tokens::new(
                spec,
                &places,
                credential,
                (clients.http.clone(), endpoints.clone()),
                Arc::clone(&clients.clock),
            ),
            http: clients.http.clone(),
            endpoints,
            graph: places.graph,
            pace: http::limits::Pace::new(pace.requests_per_second),
            per_user: pace.per_user,
        });
        Ok(Self {
            people: People::new(Arc::clone(&api)),
            exporter: GraphExporter::new(Arc::clone(&api), Arc::clone(&clients.clock)),
            keys: ApplicationSecrets {
                api: Arc::clone(&api),
                spec: spec.clone(),
                clock: Arc::clone(&clients.clock),
            },
            api,
            spec: spec.clone(),
            clock: Arc::clone(&clients.clock),
        })
    }
}

fn no_url() -> Error {
    Error {
        class: Class::Invalid,
        reason: Reason::TenantInvalid,
        ..fault::malformed(NAME, "open", "the tenant makes no URL")
    }
}

#[async_trait]
impl Session for GraphSession {
    fn identity(&self) -> Identity {
        let claims = self.api.tokens.claims().unwrap_or_default();
        let (created, ends) = self.api.tokens.credential().validity();
        // A domain is one of several names of the same tenant, so only the id tells one from another.
        let is_id = |tenant: &&String| tenant.len() == 36 && !tenant.contains('.');
        let named = Some(&self.spec.tenant).filter(is_id);
        Identity {
            account: claims.app_displayname.map_or_else(
                || self.spec.client_id.clone(),
                |name| http::shortened(&name, 100),
            ),
            client_id: Some(self.spec.client_id.clone()),
            tenant: claims.tid.or_else(|| named.cloned()),
            key_created_at: created,
            key_expires_at: ends,
        }
    }

    fn mandate(&self, request: &CheckRequest) -> Mandate {
        let roles = needs::wanted(&self.spec, request);
        Mandate {
            instruction: format!(
                "At {}: App registrations, {}, API permissions, Add a permission, Microsoft Graph, Application permissions. Add these, \
                 and consent to them. Mailbox permissions may be granted for a group alone instead, in Exchange (RBAC for Applications).",
                self.spec.cloud.unwrap_or_default().portal(),
                self.spec.client_id,
            ),
            values: roles.into_iter().map(|role| ("Permission", role)).collect(),
            url: Some(self.api.tokens.consent_url().to_owned()),
        }
    }

    async fn check(&self, request: &CheckRequest) -> CheckReport {
        let check = Check {
            api: &self.api,
            spec: &self.spec,
            people: &self.people,
            clock: self.clock.as_ref(),
        };
        let mut report = check.run(request, self.identity()).await;
        // The token that the check got says who it is for.
        let known = self.identity();
        report.identity.account = known.account;
        report.identity.tenant = known.tenant;
        report
    }

    fn directory(&self) -> Option<&dyn Directory> {
        Some(&self.people)
    }

    fn exporter(&self) -> Option<&dyn Exporter> {
        Some(&self.exporter)
    }

    fn keys(&self) -> Option<Keys<'_>> {
        Some(Keys::Issued(&self.keys))
    }
}
