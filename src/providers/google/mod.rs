//! Google Workspace, through a service account with domain-wide delegation.
//!
//! ```text
//! spec + key.json ─► Google::open ─► GoogleSession ─┬─► check      one assertion, bisected only on failure
//!                                                   ├─► directory  pages or look-ups, or probes without an administrator
//!                                                   ├─► export     mail, calendars, file metadata
//!                                                   └─► keys       the account's own keys, made here and uploaded
//!                                      all through Api: token ─► pace ─► quota ─► request ─► errors
//! ```

mod api;
mod check;
mod directory;
mod errors;
mod export;
mod grants;
mod key;
mod keys;
mod method;
mod quotas;
mod scopes;
pub mod spec;
#[cfg(test)]
mod testing;
mod tokens;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;

use self::api::{Api, HOSTS};
use self::check::Check;
use self::directory::People;
use self::export::GoogleExporter;
use self::grants::{Grants, Needs};
use self::keys::ServiceAccountKeys;
use self::quotas::Quotas;
use self::spec::{GoogleSpec, QuotaProfile};
use self::tokens::Tokens;
use crate::http;
use crate::model::dataset::Dataset;
use crate::model::secret::Credentials;
use crate::providers::error::Error;
use crate::providers::{
    CheckReport, CheckRequest, Clients, Directory, Exporter, Identity, Keys, Mandate, Pace,
    Provider, Session,
};

/// The name in YAML, metrics and folders.
pub(super) const NAME: &str = "google";

/// Google Workspace.
pub struct Google;

#[async_trait]
impl Provider for Google {
    type Spec = GoogleSpec;

    const NAME: &'static str = NAME;
    const DATASETS: &'static [Dataset] = &[Dataset::Mail, Dataset::Calendar, Dataset::Drive];

    fn example() -> serde_json::Value {
        serde_json::json!({
            "adminEmail": "it-admin@acme.example",
            "customer": "my_customer",
            "scopes": [
                "https://www.googleapis.com/auth/gmail.readonly",
                "https://www.googleapis.com/auth/gmail.send",
                "https://www.googleapis.com/auth/calendar",
                "https://www.googleapis.com/auth/drive.metadata.readonly",
                "https://www.googleapis.com/auth/admin.directory.user.readonly",
            ],
            "quotaProfile": "2026",
        })
    }

    async fn open(
        spec: &GoogleSpec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Arc<dyn Session>, Error> {
        let session = GoogleSession::open(spec, credentials, pace, clients).await?;
        Ok(Arc::new(session))
    }
}

/// An opened connection to one tenant.
struct GoogleSession {
    api: Arc<Api>,
    spec: GoogleSpec,
    people: People,
    exporter: GoogleExporter,
    keys: ServiceAccountKeys,
}

impl GoogleSession {
    async fn open(
        spec: &GoogleSpec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Self, Error> {
        let endpoints = clients.http.endpoints(HOSTS);
        if let Some(url) = &spec.endpoint {
            let verdict = endpoints.check(url);
            verdict.map_err(|error| errors::transport("open", &error))?;
        }
        let key = key::read(credentials, &clients.http, &endpoints).await?;
        let profile = spec.quota_profile.unwrap_or(QuotaProfile::Y2026);
        let elsewhere = spec.endpoint.as_ref();
        let elsewhere = elsewhere.map(|url| url.as_str().trim_end_matches('/').to_owned());
        let account = key.quota_account();
        let at = elsewhere.as_deref().unwrap_or_default();
        let api = Arc::new(Api {
            quotas: Quotas::find(clients.http.quotas(), at, account, profile),
            tokens: Tokens::new(
                key,
                clients.http.clone(),
                endpoints.clone(),
                Arc::clone(&clients.clock),
            ),
            http: clients.http.clone(),
            endpoints,
            endpoint: elsewhere,
            grants: Grants::new(spec.scopes.clone()),
            profile,
            pace: http::limits::Pace::new(pace.requests_per_second),
            per_user: pace.per_user,
        });
        Ok(Self {
            people: People::new(Arc::clone(&api), spec),
            exporter: GoogleExporter::new(Arc::clone(&api), Arc::clone(&clients.clock)),
            keys: ServiceAccountKeys {
                api: Arc::clone(&api),
                clock: Arc::clone(&clients.clock),
            },
            api,
            spec: spec.clone(),
        })
    }
}

#[async_trait]
impl Session for GoogleSession {
    fn identity(&self) -> Identity {
        let key = self.api.tokens.key();
        let domain = self
            .spec
            .admin_email
            .as_ref()
            .map(|email| email.domain().to_owned());
        let customer = self.spec.customer.clone().filter(|id| id != "my_customer");
        Identity {
            account: key.file.account.clone(),
            client_id: key.client_id.clone(),
            tenant: customer.or(domain),
            key_created_at: None,
            key_expires_at: None,
        }
    }

    /// The customer's id, and never a domain: a customer has several, and its administrator may move from one to another.
    fn tenant(&self) -> Option<String> {
        self.people.tenant().map(str::to_owned)
    }

    fn mandate(&self, request: &CheckRequest) -> Mandate {
        let key = self.api.tokens.key();
        let scopes = self.api.grants.wanted(&Needs::of(&self.spec, request));
        Mandate {
            instruction: "In Google's Admin console: Security, API controls, Domain-wide delegation, Add new.".into(),
            url: Some(key.remedy_url(&scopes)),
            values: vec![
                ("Client ID", key.client_id().to_owned()),
                ("OAuth scopes", scopes.join(",")),
            ],
        }
    }

    async fn check(&self, request: &CheckRequest) -> CheckReport {
        let check = Check {
            api: &self.api,
            spec: &self.spec,
            people: &self.people,
            identity: self.identity(),
        };
        check.run(request).await
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
