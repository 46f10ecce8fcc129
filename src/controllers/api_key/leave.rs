//! How a key goes: revoked by what the status says of it, or left good on purpose; never forgotten.

use jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::act::{Ground, Trouble};
use super::end::{end_all, tidy};
use super::resolve::is_credential;
use super::slots::{Holder, in_use};
use super::{ApiKeyReconciler, by_hand, connection_of, is_orphaned, report};
use crate::api::{ApiKey, ApiKeyStatus as Status, ServiceAccountConnection};
use crate::controllers::fact::Fact;
use crate::controllers::kstatus;
use crate::controllers::links::Link;
use crate::controllers::schedule::backed_off_since;
use crate::kube_io::events::Severity;
use crate::kube_io::key::kind_of;
use crate::kube_io::reconciler::{Cleanup, Next};
use crate::kube_io::secret::SecretError;
use crate::kube_io::vault::{Change, Vault};
use crate::providers::Keys;

/// How long a key waits for a connection that is not there: whoever deletes and makes both again may be slow.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
const SOONEST: SignedDuration = SignedDuration::from_secs(5);
const LATEST: SignedDuration = SignedDuration::from_mins(5);

/// How to do without the revocation.
const GIVE_UP: &str =
    "To let the object go and leave the keys good, set spec.deletionPolicy: Orphan.";

impl ApiKeyReconciler {
    pub(super) async fn leave(&self, object: &ApiKey) -> Cleanup<Status> {
        let now = self.clock.now();
        if is_orphaned(object) {
            return match self.let_go(object).await {
                Ok(()) => Cleanup::Done,
                Err(error) => waiting(object, &Fact::from(&error), now),
            };
        }
        if is_nothing_made(object) {
            return Cleanup::Done;
        }
        let key = connection_of(object);
        match self.cluster.connections.get(&key) {
            Some(connection) => self.revoke_all(object, &connection, now).await,
            None if self.cluster.connections.is_undecodable(&key) => {
                let fact = Fact::unknown("ConnectionUndecodable", "The connection cannot be read.");
                waiting(object, &fact, now)
            }
            None => self.without_connection(object, now).await,
        }
    }

    /// The connection has gone first. Nobody can revoke the keys any more, which is told with their ids.
    async fn without_connection(&self, object: &ApiKey, now: Timestamp) -> Cleanup<Status> {
        let deleted = object.meta().deletion_timestamp.as_ref();
        let since = deleted.map_or(now, |time| time.0);
        if now.duration_since(since) < PATIENCE {
            let message =
                "The connection is not there, and its credential is needed to revoke the keys.";
            return waiting(object, &Fact::unknown("ConnectionNotFound", message), now);
        }
        let note = format!(
            "The connection {} is gone, so that nobody could revoke what this ApiKey had made: {}. Revoke it in the vendor's console.",
            connection_of(object),
            left(object)
        );
        let reference = object.object_ref(&());
        self.events
            .publish(&reference, Severity::Warning, "Orphaned", &note)
            .await;
        self.metrics.orphaned(kind_of::<ApiKey>());
        tracing::warn!(
            key.name = object.name_any(),
            "keys are left alive: their connection is gone"
        );
        Cleanup::Done
    }

    async fn revoke_all(
        &self,
        object: &ApiKey,
        connection: &ServiceAccountConnection,
        now: Timestamp,
    ) -> Cleanup<Status> {
        let Some(link) = self.links.get(&connection_of(object)) else {
            let message =
                "The connection cannot be opened, and its credential is needed to revoke the keys.";
            return waiting(object, &Fact::unknown("ConnectionNotOpen", message), now);
        };
        // The connection goes on with its own key when the object that has replaced it now and then is gone.
        let is_credential = is_credential(object, connection);
        let is_needed = is_credential && connection.meta().deletion_timestamp.is_none();
        let vault = self.vault(object);
        let issuer = match link.session.keys() {
            Some(Keys::Issued(issuer)) => issuer,
            Some(Keys::Adopted(adopter)) => {
                let alive = by_hand::alive(adopter, &vault, is_needed).await;
                return alive.map_or(Cleanup::Done, |why| waiting(object, &why, now));
            }
            None => return Cleanup::Done,
        };
        if is_needed && !follows(&link, &vault).await {
            let message =
                "The connection is still to be opened with the key that its Secret holds now.";
            return waiting(object, &Fact::unknown("ConnectionOpening", message), now);
        }
        let ground = Ground {
            issuer,
            vault: &vault,
            fence: std::sync::Arc::clone(&self.fence),
            holder: super::holder(object, is_needed),
            now,
        };
        if let Err((id, trouble)) = end_all(&ground, object, is_needed).await {
            return waiting(object, &unrevoked(&id, &trouble), now);
        }
        // Any other Secret goes with the object.
        if is_credential && let Err(trouble) = tidy(&ground).await {
            return waiting(object, &untidied(object, &trouble), now);
        }
        Cleanup::Done
    }

    /// Lets the Secret outlive the object.
    async fn let_go(&self, object: &ApiKey) -> Result<(), SecretError> {
        let vault = self.vault(object);
        let Some(stored) = vault.load().await? else {
            return Ok(());
        };
        let holder = Holder {
            uid: object.uid().unwrap_or_default(),
            owner: None,
        };
        let Some(owners) = holder.owners(Some(&stored)) else {
            return Ok(());
        };
        let change = Change {
            owners: Some(owners),
            ..Change::default()
        };
        vault.store(Some(&stored), &change).await.map(drop)
    }
}

/// Returns whether a connection uses the key that its Secret holds, so that the others can go.
async fn follows(link: &Link, vault: &dyn Vault) -> bool {
    let stored = vault.load().await.ok().flatten();
    let held = stored.map(|stored| in_use(&stored.entries).fingerprint().to_string());
    held.is_some() && held == link.fingerprint
}

fn is_nothing_made(object: &ApiKey) -> bool {
    object.status.as_ref().is_none_or(|status| {
        status.current.is_none() && status.pending.is_none() && status.previous.is_empty()
    })
}

/// Returns what is, or may be, alive.
pub(super) fn left(object: &ApiKey) -> String {
    let Some(status) = &object.status else {
        return "nothing".to_owned();
    };
    let current = status.current.iter().map(|key| key.id.clone());
    let previous = status.previous.iter().map(|key| key.id.clone());
    let pending = status.pending.iter().map(|key| {
        key.id
            .clone()
            .unwrap_or_else(|| format!("perhaps one called {}", key.name))
    });
    let all: Vec<String> = current.chain(pending).chain(previous).collect();
    format!("the key(s) {}", all.join(", "))
}

fn unrevoked(id: &str, trouble: &Trouble) -> Fact {
    undone(&format!("{id} could not be revoked."), trouble)
}

fn untidied(object: &ApiKey, trouble: &Trouble) -> Fact {
    let secret = &object.spec.secret_name;
    let what =
        format!("The entries next-… and draft-… could not be removed from the Secret {secret}.");
    undone(&what, trouble)
}

fn undone(what: &str, trouble: &Trouble) -> Fact {
    let why = match trouble {
        Trouble::Vendor(error) => Fact::from(error),
        Trouble::Secret(error) => Fact::from(error),
        Trouble::NotLeading => Fact::unknown("NotLeading", "Another replica goes on."),
    };
    Fact {
        message: format!("{what} {}", why.message),
        transient: true,
        ..why
    }
}

fn waiting(object: &ApiKey, why: &Fact, now: Timestamp) -> Cleanup<Status> {
    let mut status = report::begin(object);
    let mut conditions = report::conditions(object, now);
    let message = format!(
        "The object is being deleted and waits until {} is revoked; it is tried again by itself. {} {GIVE_UP}",
        left(object),
        why.message
    );
    let fact = Fact::not_yet("RevocationPending", message);
    Fact {
        transient: true,
        ..Fact::bad(why.reason.clone(), fact.message.clone())
    }
    .put(&mut conditions, "OldKeysRevoked");
    kstatus::conclude(&mut conditions, &fact);
    status.conditions = conditions.into_vec();
    let deleted = object.meta().deletion_timestamp.as_ref();
    let since = deleted.map_or(now, |time| time.0);
    let wait = backed_off_since(since, now, SOONEST, LATEST);
    let next = Next::At(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
    Cleanup::Wait { status, next }
}
