//! Who makes the keys, and what it says of them.

use std::sync::Arc;

use deputy::api::ServiceAccountConnection;
use deputy::controllers::home::ledger_of;
use deputy::http;
use deputy::model::clock::{Clock, SystemClock};
use deputy::model::secret::Credentials;
use deputy::providers::deputy::ledger::{Ledger, LedgerStore};
use deputy::providers::registry::ProviderSpec;
use deputy::providers::{Clients, Keys, Pace, deputy as account};
use kube::Api;
use serde_json::Value;

use crate::company::system::System;
use crate::support::stage::{ACCOUNT, Stage};
use crate::support::tenant;

/// Who makes the keys of the connection `acme`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Issuer {
    /// Google, simulated.
    Google,
    /// Microsoft 365, simulated.
    Microsoft365,
    /// Deputy itself.
    Deputy,
}

impl Issuer {
    /// The names of the entries of a key, in order.
    pub(super) fn entries(self) -> &'static [&'static str] {
        match self {
            Self::Google => &["key.json"],
            Self::Microsoft365 => &["client-secret"],
            Self::Deputy => &account::ENTRIES,
        }
    }

    /// The ids of the account's keys, in order.
    pub(super) async fn living(self, stage: &Stage) -> Vec<String> {
        match self {
            Self::Google => stage.sandbox.google().keys(ACCOUNT).await,
            Self::Microsoft365 => stage.sandbox.microsoft365().secrets(tenant::CLIENT).await,
            Self::Deputy => ledger(stage).await.keys.into_keys().collect(),
        }
    }

    /// The key that a Secret holds is taken.
    pub(super) async fn takes(self, stage: &Stage, entries: &Value) {
        let entries = entries.as_object().expect("has entries").iter();
        let entries = Credentials::new(entries.map(|(name, value)| {
            let value = value.as_str().expect("is text");
            (name.clone(), value.as_bytes().to_vec())
        }));
        match self {
            Self::Google => is_good(stage, System::Google, &entries).await,
            Self::Microsoft365 => is_good(stage, System::Microsoft365, &entries).await,
            Self::Deputy => is_admitted(&ledger(stage).await, &entries),
        }
    }
}

/// The vendor takes the key in a live call with it.
async fn is_good(stage: &Stage, system: System, entries: &Credentials) {
    let spec = system.provider(&stage.sandbox);
    let spec: ProviderSpec = serde_json::from_value(spec).expect("is a spec");
    let settings = http::Settings {
        allowed: vec!["127.0.0.1".parse().expect("is a place")],
        ..http::Settings::default()
    };
    let clients = Clients {
        http: http::Client::new(settings).expect("sets the stack up"),
        clock: Arc::new(SystemClock),
        home: None,
    };
    let pace = Pace {
        requests_per_second: None,
        per_user: 1,
    };
    let session = spec.open(entries, pace, &clients).await.expect("opens");
    let Some(Keys::Issued(issuer)) = session.keys() else {
        panic!("{system:?} makes keys");
    };
    issuer.verify(entries).await.expect("is a good key");
}

/// The server admits the key.
fn is_admitted(ledger: &Ledger, entries: &Credentials) {
    let id = entries.identifier("api-key").expect("has an id");
    let secret = entries.digest("api-secret").expect("has a secret");
    let admitted = ledger.admit(id, &secret, SystemClock.now());
    admitted.unwrap_or_else(|refusal| panic!("{id} is refused: {refusal:?}"));
}

async fn ledger(stage: &Stage) -> Ledger {
    let accounts: Api<ServiceAccountConnection> =
        Api::namespaced(stage.client.clone(), &stage.namespace);
    let account = accounts.get("acme").await.expect("the account is there");
    let ledger = ledger_of(&account, stage.client.clone());
    ledger.read().await.expect("the ledger can be read")
}
