//! Who a request is from: a key of an account of Deputy's own.
//!
//! ```text
//! header ─► claim ─► gate ─► account, by the key's mark ─► its ledger, read live ─► admitted
//!                     ▲                                          │
//!                     └────────────── failures ◄─────────────────┘
//! ```
//!
//! A stranger is told nothing but no. What was wrong is told in the log, in metrics and, once a lock falls, in an event of the
//! account.

mod claim;
mod gate;
mod table;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use kube::Resource;

use self::claim::Claim;
pub(super) use self::gate::network;
use self::gate::{Claimant, Gate, Wait};
use crate::api::ServiceAccountConnection;
use crate::controllers::cluster::Cluster;
use crate::controllers::home::{account, ledger_of};
use crate::kube_io::events::{Events, Severity};
use crate::kube_io::key::ObjectKey;
use crate::model::clock::Clock;
use crate::model::key::Purpose;
use crate::providers::deputy::home::mark;
use crate::providers::deputy::ledger::{Ledger, LedgerError, LedgerStore, Refusal};
use crate::telemetry::metrics::Metrics;

/// Who asks, once that is known.
pub(super) struct Caller {
    /// The account.
    pub(super) account: Arc<ServiceAccountConnection>,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denial {
    /// The key is not good, or there is none. Nobody is told more.
    NotAuthenticated,
    /// To be tried again after so many seconds.
    Wait(u64),
    /// The key is good for something else.
    WrongPurpose(Purpose),
    /// Nobody can tell now.
    Unavailable,
}

/// Knows the keys of all accounts.
pub(super) struct Authenticator {
    cluster: Cluster,
    clock: Arc<dyn Clock>,
    events: Events,
    metrics: Arc<Metrics>,
    gate: Gate,
}

impl Authenticator {
    pub(super) fn new(
        cluster: Cluster,
        clock: Arc<dyn Clock>,
        events: Events,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            cluster,
            gate: Gate::new(Arc::clone(&clock)),
            clock,
            events,
            metrics,
        }
    }

    /// Finds out who asks, and whether for what their key is good for.
    pub(super) async fn admit(
        &self,
        from: IpAddr,
        headers: &HeaderMap,
        purpose: Purpose,
    ) -> Result<Caller, Denial> {
        let Some(claim) = Claim::read(headers) else {
            self.metrics.request_refused("NoKey");
            return Err(Denial::NotAuthenticated);
        };
        let account = self.account_of(&claim);
        let id = account.as_ref().map(|_| claim.id.clone());
        let who = (network(from), id.unwrap_or_default());
        self.gate.knock(&who).map_err(|wait| self.held(wait))?;
        let Some(account) = account else {
            self.fail(&who, None, "UnknownAccount").await;
            return Err(Denial::NotAuthenticated);
        };
        let ledger = ledger_of(&account, self.cluster.client.clone());
        let read = ledger.read().await.map_err(|fault| self.blind(&fault))?;
        if let Err(refusal) = judge(&read, &claim, purpose, self.clock.as_ref()) {
            self.fail(&who, Some(&account), reason(&refusal)).await;
            return Err(match refusal {
                Refusal::WrongPurpose(purpose) => Denial::WrongPurpose(purpose),
                _ => Denial::NotAuthenticated,
            });
        }
        self.gate.passed(&who).map_err(|wait| self.held(wait))?;
        self.note_use(&ledger, read, &claim.id).await;
        Ok(Caller { account })
    }

    fn account_of(&self, claim: &Claim) -> Option<Arc<ServiceAccountConnection>> {
        let wanted = claim.mark()?;
        let is_wanted = |object: &Arc<ServiceAccountConnection>| {
            let uid = object.meta().uid.as_deref().unwrap_or_default();
            account(object).is_some() && mark(uid) == wanted
        };
        self.cluster.connections.all().into_iter().find(is_wanted)
    }

    fn held(&self, wait: Wait) -> Denial {
        let (reason, seconds) = match wait {
            Wait::Locked(seconds) => ("LockedOut", seconds),
            Wait::Paced(seconds) => ("TooManyRequests", seconds),
        };
        self.metrics.request_refused(reason);
        Denial::Wait(seconds)
    }

    fn blind(&self, fault: &LedgerError) -> Denial {
        self.metrics.request_refused("LedgerUnavailable");
        tracing::warn!(%fault, "a key could not be looked up");
        Denial::Unavailable
    }

    /// Tells the operator's people what the client is not told.
    async fn fail(
        &self,
        who: &Claimant,
        account: Option<&ServiceAccountConnection>,
        reason: &'static str,
    ) {
        self.metrics.request_refused(reason);
        let (from, key) = who;
        tracing::warn!(client.address = %from, key.id = key, refusal.reason = reason, "a request was refused");
        let locked = self.gate.failed(who);
        if let (Some(seconds), Some(account)) = (locked, account) {
            let note = format!(
                "Requests from {from} with the key {key} were refused again and again, the last one because of {reason}: they are not \
                 looked at for {seconds} s. If it is your identity provider, give it the key that is in the Secret now."
            );
            let reference = account.object_ref(&());
            self.events
                .publish(&reference, Severity::Warning, "KeyLockedOut", &note)
                .await;
        }
    }

    /// Writes down that a key was used. It is not worth failing a request for.
    async fn note_use(&self, store: &impl LedgerStore, mut ledger: Ledger, id: &str) {
        if !ledger.used(id, self.clock.now()) {
            return;
        }
        match store.write(&ledger).await {
            // Somebody else has written, most likely the same.
            Ok(()) | Err(LedgerError::Conflict(_)) => {}
            Err(fault) => tracing::warn!(%fault, "the use of a key could not be noted"),
        }
    }
}

fn judge(
    ledger: &Ledger,
    claim: &Claim,
    purpose: Purpose,
    clock: &dyn Clock,
) -> Result<(), Refusal> {
    let entry = ledger.admit(&claim.id, &claim.secret, clock.now())?;
    if entry.purpose == purpose {
        Ok(())
    } else {
        Err(Refusal::WrongPurpose(entry.purpose))
    }
}

fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unknown => "UnknownKey",
        Refusal::WrongSecret => "WrongSecret",
        Refusal::Expired(_) => "KeyExpired",
        Refusal::WrongPurpose(_) => "WrongPurpose",
    }
}

impl Caller {
    /// Returns the account's own object.
    pub(super) fn key(&self) -> ObjectKey {
        ObjectKey::of(&*self.account)
    }
}
