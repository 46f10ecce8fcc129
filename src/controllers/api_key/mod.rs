//! Reconciles `ApiKey`s: a key is never lost, leaked or doubled.
//!
//! ```text
//! resolve (connection, Secret) ─► decide (pure: one step) ─► act (vendor, Secret) ─► report (pure: status) ─► next step
//! ```
//!
//! A pass does one thing and its status is written before the next one begins, so that a crash at any point is gone on from
//! with what the status and the Secret record. Nothing is held in memory. Adopted keys are made by hand.

mod act;
mod adopted;
mod by_hand;
mod decide;
mod end;
mod leave;
mod naming;
mod report;
mod resolve;
mod slots;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kube::{Api, Resource, ResourceExt};

use super::cluster::Cluster;
use super::fact::Fact;
use super::links::Links;
use crate::api::api_key::KeyDeletionPolicy;
use crate::api::{ApiKey, ApiKeyStatus as Status};
use crate::kube_io::events::Events;
use crate::kube_io::reconciler::{Cleanup, Next, Pass, Reconciler};
use crate::kube_io::vault::SecretVault;
use crate::model::clock::Clock;
use crate::model::key::Purpose;
use crate::model::secret::Fingerprint;
use crate::providers::{KeyAdopter, KeyIssuer, Keys};
use crate::sync::Fence;
use crate::telemetry::metrics::Metrics;
use act::Ground;
use adopted::Adoption;
use decide::Situation;
use resolve::Surroundings;
use slots::{Holder, Slots};

pub(in crate::controllers) use resolve::connection_of;
pub use slots::in_use;

/// What waits for its connection looks again after this long, should its news be missed.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Reconciles keys.
pub struct ApiKeyReconciler {
    /// The caches.
    pub cluster: Cluster,
    /// The opened connections.
    pub links: Links,
    /// Whether this process may still act.
    pub fence: Arc<dyn Fence>,
    /// Where it is told what was left behind.
    pub events: Events,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

#[async_trait]
impl Reconciler for ApiKeyReconciler {
    type Kind = ApiKey;

    /// Also where the key is to stay good: the Secret must be let go of before the object goes.
    fn needs_finalizer(&self, _: &ApiKey) -> bool {
        true
    }

    async fn reconcile(&self, object: Arc<ApiKey>) -> Pass<Status> {
        let now = self.clock.now();
        if object.spec.suspend == Some(true) {
            return Pass {
                status: report::suspended(&object, now),
                next: Next::OnChange,
            };
        }
        let waits = |condition, fact: &Fact| Pass {
            status: report::blocked(&object, condition, fact, now),
            next: Next::After(LOOK_AGAIN),
        };
        let around = match self.resolve(&object) {
            Ok(around) => around,
            Err(fact) => return waits("ConnectionReady", &fact),
        };
        match around.link.session.keys() {
            None => waits("Issued", &unsupported(around.link.provider)),
            Some(keys) if !purposes(keys).contains(&object.spec.purpose) => waits(
                "Issued",
                &wrong_purpose(around.link.provider, object.spec.purpose),
            ),
            Some(Keys::Adopted(adopter)) => self.adopt(&object, &around, adopter, now).await,
            Some(Keys::Issued(issuer)) => self.go_on(&object, &around, issuer, now).await,
        }
    }

    async fn cleanup(&self, object: Arc<ApiKey>) -> Cleanup<Status> {
        self.leave(&object).await
    }
}

impl ApiKeyReconciler {
    /// Takes the next step of a key that is made by API.
    async fn go_on(
        &self,
        object: &Arc<ApiKey>,
        around: &Surroundings,
        issuer: &dyn KeyIssuer,
        now: Timestamp,
    ) -> Pass<Status> {
        // A cache may be behind another replica that has led until now, and its steps are not to be taken again.
        let api: Api<ApiKey> = Api::namespaced(
            self.cluster.client.clone(),
            &object.namespace().unwrap_or_default(),
        );
        let live = match api.get(&object.name_any()).await {
            Ok(live) if live.uid() == object.uid() => live,
            _ => {
                return Pass {
                    status: object.status.clone().unwrap_or_default(),
                    next: Next::Backoff,
                };
            }
        };
        let ground = Ground {
            issuer,
            vault: &self.vault(object),
            fence: Arc::clone(&self.fence),
            holder: holder(object, around.is_credential),
            now,
        };
        // A link from before the connection had a Secret fits none.
        let opened_with = around.link.fingerprint.as_deref().unwrap_or_default();
        let credential = around.is_credential.then_some(opened_with);
        let account = around.link.session.identity().account;
        pass(&ground, &live, credential, &account).await
    }

    /// Looks after a key that is handed over in the Secret.
    async fn adopt(
        &self,
        object: &ApiKey,
        around: &Surroundings,
        adopter: &dyn KeyAdopter,
        now: Timestamp,
    ) -> Pass<Status> {
        let adoption = Adoption {
            adopter,
            vault: &self.vault(object),
            fence: Arc::clone(&self.fence),
            // Whoever has made the Secret keeps it.
            holder: holder(object, true),
            is_credential: around.is_credential,
            account: around.link.session.identity().account,
            now,
        };
        adoption.pass(object).await
    }

    fn vault(&self, object: &ApiKey) -> SecretVault {
        let namespace = object.namespace().unwrap_or_default();
        SecretVault::new(
            self.cluster.client.clone(),
            &namespace,
            &object.spec.secret_name,
        )
    }
}

/// Makes one pass. `credential` is the fingerprint of what the connection was opened with, where it reads this very Secret.
async fn pass(
    ground: &Ground<'_>,
    object: &ApiKey,
    credential: Option<&str>,
    account: &str,
) -> Pass<Status> {
    let unready = |condition, fact: &Fact| Pass {
        status: report::blocked(object, condition, fact, ground.now),
        next: Next::After(LOOK_AGAIN),
    };
    let stored = match ground.vault.load().await {
        Ok(stored) => stored,
        Err(error) => return unready("SecretWritten", &Fact::from(&error)),
    };
    let held = stored
        .as_ref()
        .map(|stored| in_use(&stored.entries).fingerprint());
    if credential.is_some() && credential != held.as_ref().map(Fingerprint::as_str) {
        // The connection is about to be opened with what its Secret holds now; if that fails, its own condition says so.
        return Pass {
            status: report::begin(object),
            next: Next::After(LOOK_AGAIN),
        };
    }
    let status = object.status.clone().unwrap_or_default();
    let situation = Situation {
        object,
        status: &status,
        slots: Slots {
            stored: stored.as_ref(),
            names: ground.issuer.entries(),
        },
        is_credential: credential.is_some(),
        now: ground.now,
    };
    let plan = decide::decide(&situation);
    let outcome = act::act(ground, &situation, &plan).await;
    report::report(&report::Facts {
        object,
        account,
        plan: &plan,
        outcome: &outcome,
        now: ground.now,
    })
}

/// A Secret goes with the object that it was made for, unless the key is to stay good or the Secret is the connection's.
fn holder(object: &ApiKey, is_credential: bool) -> Holder {
    let goes_along = !is_credential && !is_orphaned(object);
    Holder {
        uid: object.uid().unwrap_or_default(),
        owner: object.controller_owner_ref(&()).filter(|_| goes_along),
    }
}

fn is_orphaned(object: &ApiKey) -> bool {
    object.spec.deletion_policy == Some(KeyDeletionPolicy::Orphan)
}

fn purposes(keys: Keys<'_>) -> &'static [Purpose] {
    match keys {
        Keys::Issued(issuer) => issuer.purposes(),
        Keys::Adopted(adopter) => adopter.purposes(),
    }
}

fn unsupported(provider: &str) -> Fact {
    Fact::bad(
        "UnsupportedByProvider",
        format!(
            "Deputy has no way to make or to watch keys of {provider}: nothing is made and no Secret is written. Make the key in the \
             vendor's console and store it in a Secret yourself."
        ),
    )
}

fn wrong_purpose(provider: &str, purpose: Purpose) -> Fact {
    Fact::bad(
        "PurposeNotSupported",
        format!(
            "{provider} has no keys for {}. Make an ApiKey with another spec.purpose.",
            purpose.as_str()
        ),
    )
}
