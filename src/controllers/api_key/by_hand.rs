//! How keys go that were handed over: somebody has to revoke them, and the vendor has to say that they are dead.

use super::slots::Slots;
use crate::controllers::fact::Fact;
use crate::kube_io::vault::Vault;
use crate::providers::{KeyAdopter, Reason};

/// Returns why a key that goes is not known to be dead; none where all of them are.
///
/// The key in use does not go where it `is_needed`.
pub(super) async fn alive(
    adopter: &dyn KeyAdopter,
    vault: &dyn Vault,
    is_needed: bool,
) -> Option<Fact> {
    let stored = match vault.load().await {
        Ok(Some(stored)) => stored,
        Ok(None) => return Some(untold()),
        Err(error) => return Some(Fact::from(&error)),
    };
    let slots = Slots {
        stored: Some(&stored),
        names: adopter.entries(),
    };
    let current = slots.current().filter(|_| !is_needed);
    for entries in slots.previous().into_iter().chain(current) {
        match adopter.verify(&entries).await {
            Ok(_) => return Some(Fact::not_yet("KeyAlive", adopter.how_to_revoke())),
            Err(error) if error.reason == Reason::KeyRevoked => {}
            Err(error) => return Some(Fact::from(&error)),
        }
    }
    None
}

/// A key is tried with itself.
fn untold() -> Fact {
    Fact::not_yet(
        "SecretNotFound",
        "The Secret that held the keys is gone, so that nobody can tell whether they are alive.",
    )
}
