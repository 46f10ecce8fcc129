//! Asks the vendor, and writes the Secret.

use std::sync::Arc;

use jiff::Timestamp;
use kube::ResourceExt;

use super::decide::{Plan, Situation, Step};
use super::naming;
use super::slots::{Holder, Slots, in_use};
use crate::api::api_key::PendingKeyStatus;
use crate::api::{ApiKey, ApiKeyStatus as Status};
use crate::kube_io::secret::SecretError;
use crate::kube_io::vault::Vault;
use crate::model::secret::Credentials;
use crate::providers::{Error, KeyIssuer, KeyRequest, RemoteKey};
use crate::sync::Fence;

/// What a step works with.
pub(super) struct Ground<'a> {
    /// The vendor.
    pub(super) issuer: &'a dyn KeyIssuer,
    /// The Secret's place.
    pub(super) vault: &'a dyn Vault,
    /// Whether this process may still act.
    pub(super) fence: Arc<dyn Fence>,
    /// Whose keys the Secret holds.
    pub(super) holder: Holder,
    /// Now.
    pub(super) now: Timestamp,
}

/// Why a step did not come to its end.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The vendor.
    Vendor(Error),
    /// The API server.
    Secret(SecretError),
    /// Another replica may act now.
    NotLeading,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Vendor(error)
    }
}

impl From<SecretError> for Trouble {
    fn from(error: SecretError) -> Self {
        Self::Secret(error)
    }
}

/// What a step came to.
#[derive(Debug)]
pub(super) enum Done {
    /// There was nothing to do, or what was done shows in the Secret alone.
    Nothing,
    /// It is known which key the Secret holds.
    Recognized(RemoteKey, String),
    /// Nobody can tell which key the Secret holds.
    NotRecognized,
    /// A key is made and in the next slot.
    Issued(RemoteKey, String),
    /// The next key is in use.
    Promoted,
    /// The key that was to be made is given up.
    Abandoned,
}

/// What a pass came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Ids of keys that are dead now.
    pub(super) revoked: Vec<String>,
    /// A key that could not be revoked, and why. The ones after it were not tried.
    pub(super) unrevoked: Option<(String, Trouble)>,
    /// Ids of living keys of this object that nobody had written down.
    pub(super) strays: Vec<String>,
    /// The step.
    pub(super) step: Result<Done, Trouble>,
}

/// Carries a plan out. What it did not come to is in the outcome, and is done by a later pass.
///
/// # Cancel
/// Safe: what is half done is found by the next pass from what is recorded.
pub(super) async fn act(ground: &Ground<'_>, situation: &Situation<'_>, plan: &Plan) -> Outcome {
    let mut outcome = Outcome {
        revoked: Vec::new(),
        unrevoked: None,
        strays: Vec::new(),
        step: Ok(Done::Nothing),
    };
    if !plan.revoke.is_empty() {
        revoke(ground, situation, plan, &mut outcome).await;
    }
    outcome.step = take(ground, situation, &plan.step).await;
    outcome
}

/// Revokes what is due, and looks for living keys that nobody has written down.
async fn revoke(
    ground: &Ground<'_>,
    situation: &Situation<'_>,
    plan: &Plan,
    outcome: &mut Outcome,
) {
    for id in &plan.revoke {
        if let Err(trouble) = ground.end(id).await {
            outcome.unrevoked = Some((id.clone(), trouble));
            return;
        }
        outcome.revoked.push(id.clone());
    }
    // One that cannot be listed now is found when the next one is revoked, or when the object goes.
    let listed = ground.issuer.list().await.unwrap_or_default();
    let strays = strays(&listed, situation.object, situation.status);
    outcome.strays = strays.map(|key| key.id.clone()).collect();
}

/// Returns the keys of an object that its status does not know. A key that is just being made is not among them.
pub(super) fn strays<'a>(
    listed: &'a [RemoteKey],
    object: &'a ApiKey,
    status: &'a Status,
) -> impl Iterator<Item = &'a RemoteKey> {
    let (name, uid) = (object.name_any(), object.uid().unwrap_or_default());
    listed.iter().filter(move |key| {
        let is_ours = key
            .name
            .as_ref()
            .is_some_and(|of| naming::is_of(of, &name, &uid));
        is_ours && !is_known(status, key)
    })
}

fn is_known(status: &Status, key: &RemoteKey) -> bool {
    let is_current = status
        .current
        .as_ref()
        .is_some_and(|current| current.id == key.id);
    let is_pending = status.pending.as_ref().is_some_and(|pending| {
        pending.id.as_ref() == Some(&key.id) || key.name.as_ref() == Some(&pending.name)
    });
    let is_previous = status.previous.iter().any(|previous| previous.id == key.id);
    is_current || is_pending || is_previous
}

async fn take(
    ground: &Ground<'_>,
    situation: &Situation<'_>,
    step: &Step,
) -> Result<Done, Trouble> {
    let slots = situation.slots;
    let Some(pending) = &situation.status.pending else {
        return match step {
            Step::Recognize => recognize(ground, slots).await,
            _ => Ok(Done::Nothing),
        };
    };
    match step {
        Step::Make => make(ground, situation, pending).await,
        Step::Issue => issue(ground, situation, pending, slots.draft().as_ref()).await,
        Step::Take => adopt_made(ground, situation, pending).await,
        Step::Verify => verify(ground, slots, pending).await,
        Step::Record => Ok(Done::Promoted),
        Step::Abandon => Ok(Done::Abandoned),
        Step::Rest | Step::Refuse { .. } | Step::Intend(_) | Step::Recognize => Ok(Done::Nothing),
    }
}

async fn recognize(ground: &Ground<'_>, slots: Slots<'_>) -> Result<Done, Trouble> {
    let entries = slots.current().unwrap_or_default();
    // What stands beside the key may say which one it is.
    let all = slots.stored.map(|stored| in_use(&stored.entries));
    let found = ground.issuer.recognize(&all.unwrap_or_default()).await?;
    Ok(found.map_or(Done::NotRecognized, |key| {
        Done::Recognized(key, entries.fingerprint().to_string())
    }))
}

/// Makes a key from nothing. Whatever of this object is alive and not written down was made by a try whose secret half is
/// lost, as was the pending key itself.
async fn make(
    ground: &Ground<'_>,
    situation: &Situation<'_>,
    pending: &PendingKeyStatus,
) -> Result<Done, Trouble> {
    let listed = ground.issuer.list().await?;
    let known = Status {
        pending: None,
        ..situation.status.clone()
    };
    let lost = listed
        .iter()
        .filter(|key| pending.id.as_ref() == Some(&key.id));
    for key in lost.chain(strays(&listed, situation.object, &known)) {
        ground.end(&key.id).await?;
    }
    let request = request(situation.object, pending);
    let slots = situation.slots;
    let draft = ground.issuer.draft(&request).await?;
    if draft.is_none() && slots.next_sequence() == Some(pending.sequence) {
        return issue(ground, situation, pending, None).await;
    }
    ground.check_lead()?;
    // Also where there is no material: a key that could not be stored is not made in the first place.
    let draft = draft.unwrap_or_default();
    let change = slots.with_draft(&ground.holder, pending.sequence, &draft);
    ground.vault.store(slots.stored, &change).await?;
    Ok(Done::Nothing)
}

async fn issue(
    ground: &Ground<'_>,
    situation: &Situation<'_>,
    pending: &PendingKeyStatus,
    draft: Option<&Credentials>,
) -> Result<Done, Trouble> {
    ground.check_lead()?;
    let request = request(situation.object, pending);
    let issued = ground.issuer.issue(&request, draft).await?;
    let (slots, id) = (situation.slots, &issued.key.id);
    let change = slots.with_next(&ground.holder, pending.sequence, id, &issued.entries);
    ground.vault.store(slots.stored, &change).await?;
    let fingerprint = issued.entries.fingerprint().to_string();
    Ok(Done::Issued(issued.key, fingerprint))
}

/// Takes a key over that the next slot holds and the status does not know. What the Secret says of it is believed only where
/// the vendor says the same: it is revoked by its id one day.
async fn adopt_made(
    ground: &Ground<'_>,
    situation: &Situation<'_>,
    pending: &PendingKeyStatus,
) -> Result<Done, Trouble> {
    let slots = situation.slots;
    let listed = ground.issuer.list().await?;
    let is_it = |key: &RemoteKey| {
        key.name.as_ref() == Some(&pending.name) && slots.next_id() == Some(key.id.as_str())
    };
    match (listed.into_iter().find(is_it), slots.next()) {
        (Some(key), Some(entries)) => {
            let fingerprint = entries.fingerprint().to_string();
            Ok(Done::Issued(key, fingerprint))
        }
        _ => make(ground, situation, pending).await,
    }
}

async fn verify(
    ground: &Ground<'_>,
    slots: Slots<'_>,
    pending: &PendingKeyStatus,
) -> Result<Done, Trouble> {
    let (Some(next), Some(id)) = (slots.next(), &pending.id) else {
        return Ok(Done::Nothing);
    };
    ground.issuer.verify(&next).await?;
    ground.check_lead()?;
    let change = slots.promoted(&ground.holder, (pending.sequence, id), false);
    ground.vault.store(slots.stored, &change).await?;
    Ok(Done::Promoted)
}

/// Returns what is asked of the vendor: the same for every try.
fn request(object: &ApiKey, pending: &PendingKeyStatus) -> KeyRequest {
    KeyRequest {
        name: pending.name.clone(),
        purpose: object.spec.purpose,
        description: object.spec.description.clone(),
        expires_at: pending.expires_at,
    }
}

impl Ground<'_> {
    /// Nothing that cannot be undone is begun without the lead.
    pub(super) fn check_lead(&self) -> Result<(), Trouble> {
        if self.fence.holds() {
            Ok(())
        } else {
            Err(Trouble::NotLeading)
        }
    }

    /// Revokes a key.
    pub(super) async fn end(&self, id: &str) -> Result<(), Trouble> {
        self.check_lead()?;
        Ok(self.issuer.revoke(id).await?)
    }
}
