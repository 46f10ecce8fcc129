//! SendSafely, through the API key of one of a company's accounts.
//!
//! ```text
//! spec + Secret ─► Sendsafely::open ─► session ─┬─► check      whose key it is, is it an administrator's, who acted as it
//!                                               ├─► directory  nobody is looked up: the vendor lists no accounts
//!                                               ├─► export     packages and activity of one person at a time
//!                                               ├─► settings   the Dropzone's recipients, which alone have an API
//!                                               └─► keys       made in the console, adopted from the Secret
//!                                  all through Api: pace ─► quota ─► signature ─► request ─► errors
//! ```

mod api;
mod check;
mod directory;
mod dropzone;
mod errors;
mod export;
mod key;
mod keys;
mod method;
pub mod spec;
#[cfg(test)]
mod testing;
mod wire;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use url::Url;

use self::api::Api;
use self::check::Check;
use self::directory::People;
use self::dropzone::Dropzone;
use self::export::SendSafelyExporter;
use self::keys::Adopter;
use self::spec::SendSafelySpec;
use crate::http::limits::Pace as Turns;
use crate::model::dataset::Dataset;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::fault;
use crate::providers::{
    CheckReport, CheckRequest, Clients, Directory, Exporter, Identity, Keys, Mandate, Pace,
    Provider, Session, Settings,
};

/// The name in YAML, metrics and folders.
pub(super) const NAME: &str = "sendsafely";

/// SendSafely.
pub struct Sendsafely;

#[async_trait]
impl Provider for Sendsafely {
    type Spec = SendSafelySpec;

    const NAME: &'static str = NAME;
    const DATASETS: &'static [Dataset] = &[Dataset::Packages, Dataset::Activity];

    fn example() -> serde_json::Value {
        serde_json::json!({
            "host": "acme.sendsafely.com",
            "account": "deputy@acme.example",
            "dropzone": {
                "recipients": ["support@acme.example", "legal@acme.example"],
                "enabled": true,
                "expiryDays": 30,
            },
            "notifications": false,
            "personalUrl": false,
        })
    }

    async fn open(
        spec: &SendSafelySpec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Arc<dyn Session>, Error> {
        let session = PortalSession::open(spec, credentials, pace, clients)?;
        Ok(Arc::new(session))
    }
}

/// An opened connection to one company's portal.
struct PortalSession {
    api: Arc<Api>,
    spec: SendSafelySpec,
    people: People,
    exporter: SendSafelyExporter,
    dropzone: Option<Dropzone>,
    adopter: Adopter,
}

impl PortalSession {
    fn open(
        spec: &SendSafelySpec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Self, Error> {
        let api = Arc::new(api(spec, credentials, pace, clients)?);
        Ok(Self {
            people: People,
            exporter: SendSafelyExporter::new(Arc::clone(&api), Arc::clone(&clients.clock)),
            dropzone: Dropzone::of(spec, &api),
            adopter: Adopter::new(spec, pace, clients),
            api,
            spec: spec.clone(),
        })
    }
}

/// Makes the API of one key.
fn api(
    spec: &SendSafelySpec,
    credentials: &Credentials,
    pace: Pace,
    clients: &Clients,
) -> Result<Api, Error> {
    let endpoints = clients.http.endpoints(api::HOSTS);
    let root = root(spec)?;
    let verdict = endpoints.check(&root);
    verdict.map_err(|error| errors::VENDOR.transport("open", &error))?;
    let pair = key::read(credentials)?;
    let root = root.as_str().trim_end_matches('/').to_owned();
    Ok(Api {
        quota: api::quota(clients.http.quotas(), &root),
        http: clients.http.clone(),
        endpoints,
        root,
        host: spec.host.clone(),
        pair,
        pace: Turns::new(pace.requests_per_second),
        clock: Arc::clone(&clients.clock),
        account: Mutex::default(),
    })
}

fn root(spec: &SendSafelySpec) -> Result<Url, Error> {
    if let Some(endpoint) = &spec.endpoint {
        return Ok(endpoint.clone());
    }
    let url = format!("https://{}/", spec.host);
    Url::parse(&url).map_err(|_| Error {
        class: Class::Invalid,
        reason: Reason::TenantInvalid,
        ..fault::malformed(NAME, "open", "the host makes no URL")
    })
}

#[async_trait]
impl Session for PortalSession {
    fn identity(&self) -> Identity {
        let declared = self.spec.account.as_ref().map(ToString::to_string);
        Identity {
            account: self
                .api
                .account_name()
                .or(declared)
                .unwrap_or_else(|| self.spec.host.clone()),
            client_id: None,
            tenant: Some(self.spec.host.clone()),
            key_created_at: None,
            key_expires_at: None,
        }
    }

    fn mandate(&self, request: &CheckRequest) -> Mandate {
        let host = &self.spec.host;
        let account = self.identity().account;
        let instruction = if request.datasets.is_empty() {
            "Nothing has to be granted for what is asked.".into()
        } else {
            format!(
                "In the Enterprise Console of {host} make the account an enterprise administrator."
            )
        };
        Mandate {
            instruction,
            values: vec![("Account", account)],
            url: None,
        }
    }

    async fn check(&self, request: &CheckRequest) -> CheckReport {
        let check = Check {
            api: &self.api,
            spec: &self.spec,
        };
        let mut report = check.run(request).await;
        report.identity = self.identity();
        report
    }

    fn directory(&self) -> Option<&dyn Directory> {
        Some(&self.people)
    }

    fn exporter(&self) -> Option<&dyn Exporter> {
        Some(&self.exporter)
    }

    fn settings(&self) -> Option<&dyn Settings> {
        self.dropzone
            .as_ref()
            .map(|dropzone| dropzone as &dyn Settings)
    }

    fn keys(&self) -> Option<Keys<'_>> {
        Some(Keys::Adopted(&self.adopter))
    }
}
