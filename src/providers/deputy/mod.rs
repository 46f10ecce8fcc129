//! The built-in system: no-login accounts of Deputy's own API.
//!
//! ```text
//! spec + Home ─► Deputy::open ─► DeputySession ─┬─► check   name, ledger and target, from the cluster alone
//!                                               └─► keys    made here, kept as hashes in the ledger
//! SCIM request, look into the Dropzone ─► server ─► the same ledger
//! ```
//!
//! There is no password, no log-in page and no session of a person anywhere. It makes no request to any vendor.

mod check;
pub mod dropzone;
mod errors;
pub mod home;
mod keys;
pub mod ledger;
pub mod spec;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use async_trait::async_trait;

use self::home::Home;
use self::spec::DeputySpec;
use crate::model::clock::Clock;
use crate::model::dataset::Dataset;
use crate::model::secret::Credentials;
use crate::providers::error::Error;
use crate::providers::{
    CheckReport, CheckRequest, Clients, Directory, Exporter, Identity, Keys, Mandate, Pace,
    Provider, Session,
};

pub use keys::ENTRIES;

/// The name in YAML, metrics and folders.
pub(super) const NAME: &str = "deputy";

/// Deputy itself.
pub struct Deputy;

#[async_trait]
impl Provider for Deputy {
    type Spec = DeputySpec;

    const NAME: &'static str = NAME;
    const DATASETS: &'static [Dataset] = &[];

    fn example() -> serde_json::Value {
        serde_json::json!({
            "username": "scim-bot@acme.example",
            "displayName": "Provisioning",
            "notifications": false,
            "personalUrl": false,
            "scim": {"connectionRef": {"name": "acme"}},
            "dropzone": {
                "enabled": true,
                "maxFileSize": "1Gi",
                "allowedTypes": ["pdf", "csv", "image/*"],
                "closesAt": "2027-01-01T00:00:00Z",
                "expiry": "720h",
                "label": "Invoices for Acme",
                "recipients": ["alice@acme.example"],
                "webhook": {
                    "url": "https://hooks.acme.example/dropzone",
                    "secretRef": {"name": "dropzone-webhook"},
                },
            },
        })
    }

    async fn open(
        spec: &DeputySpec,
        _: &Credentials,
        _: Pace,
        clients: &Clients,
    ) -> Result<Arc<dyn Session>, Error> {
        Ok(Arc::new(DeputySession {
            spec: spec.clone(),
            home: clients.home.clone(),
            clock: Arc::clone(&clients.clock),
        }))
    }
}

/// An account, opened.
struct DeputySession {
    spec: DeputySpec,
    /// None outside of a cluster, where there is nothing to keep keys in.
    home: Option<Home>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Session for DeputySession {
    fn identity(&self) -> Identity {
        Identity {
            account: self.spec.username.to_string(),
            tenant: Some(self.spec.username.domain().to_owned()),
            ..Identity::default()
        }
    }

    fn mandate(&self, _: &CheckRequest) -> Mandate {
        Mandate {
            instruction: "Nobody has to grant anything to an account of Deputy's own.".into(),
            values: Vec::new(),
            url: None,
        }
    }

    async fn check(&self, _: &CheckRequest) -> CheckReport {
        self.look_around().await
    }

    fn directory(&self) -> Option<&dyn Directory> {
        None
    }

    fn exporter(&self) -> Option<&dyn Exporter> {
        None
    }

    fn keys(&self) -> Option<Keys<'_>> {
        Some(Keys::Issued(self))
    }
}
