//! Ends what an object has made: its keys at the vendor, and what it has put into a Secret that outlives it.
//!
//! Each may be cut off anywhere and is done again from the start.

use super::act::{Ground, Trouble, strays};
use super::decide::is_the_one;
use super::leave::left;
use super::slots::{Slots, in_use};
use crate::api::{ApiKey, ApiKeyStatus as Status};

/// Revokes all that this object has made and, unless it is still needed, the key in use as the last one.
///
/// # Errors
/// The key that could not be revoked, and why.
pub(super) async fn end_all(
    ground: &Ground<'_>,
    object: &ApiKey,
    is_needed: bool,
) -> Result<(), (String, Trouble)> {
    let unknown = |trouble| (left(object), trouble);
    let status = object.status.clone().unwrap_or_default();
    let in_use = in_use_id(ground, &status, is_needed).await;
    let in_use = in_use.map_err(unknown)?;
    let listed = ground.issuer.list().await;
    let listed = listed.map_err(|error| unknown(error.into()))?;
    let mut ids = written_down(&status);
    let known = Status {
        pending: None,
        ..status
    };
    ids.extend(strays(&listed, object, &known).map(|key| key.id.clone()));
    ids.retain(|id| Some(id) != in_use.as_ref());
    ids.extend(in_use.filter(|_| !is_needed));
    for id in ids {
        ground.end(&id).await.map_err(|trouble| (id, trouble))?;
    }
    Ok(())
}

/// Returns the id of the key that the Secret holds, which need not be the one that the status calls current: a process may have
/// ended between the two, and somebody may have put an older one back. Where nobody can tell, the status is believed.
async fn in_use_id(
    ground: &Ground<'_>,
    status: &Status,
    is_needed: bool,
) -> Result<Option<String>, Trouble> {
    let stored = ground.vault.load().await?;
    let slots = Slots {
        stored: stored.as_ref(),
        names: ground.issuer.entries(),
    };
    let current = status.current.as_ref();
    let told = current.map(|current| current.id.clone());
    let Some(held) = slots.current() else {
        return Ok(told);
    };
    let pending = status.pending.as_ref();
    if let Some(promoted) = pending.filter(|it| is_the_one(it, it.id.as_deref(), Some(&held))) {
        return Ok(promoted.id.clone());
    }
    let is_told = current.is_some_and(|it| it.fingerprint == held.fingerprint().as_str());
    if is_told || !is_needed {
        return Ok(told);
    }
    let all = stored.as_ref().map(|stored| in_use(&stored.entries));
    let found = ground.issuer.recognize(&all.unwrap_or_default()).await?;
    Ok(found.map(|key| key.id).or(told))
}

/// Returns the ids of all keys that the status knows, the current one last.
fn written_down(status: &Status) -> Vec<String> {
    let previous = status.previous.iter().map(|key| &key.id);
    let pending = status.pending.iter().filter_map(|key| key.id.as_ref());
    let current = status.current.iter().map(|key| &key.id);
    previous.chain(pending).chain(current).cloned().collect()
}

/// Takes what this object has put beside the key in use out of a Secret that outlives it. The vendor must have revoked those keys
/// before: until then the Secret says which they are.
///
/// # Errors
/// The Secret, where it cannot be written or somebody else has just done so; it is tried again.
pub(super) async fn tidy(ground: &Ground<'_>) -> Result<(), Trouble> {
    let stored = ground.vault.load().await?;
    let slots = Slots {
        stored: stored.as_ref(),
        names: ground.issuer.entries(),
    };
    let Some(change) = slots.tidied(&ground.holder.uid) else {
        return Ok(());
    };
    ground.check_lead()?;
    ground.vault.store(slots.stored, &change).await?;
    Ok(())
}
