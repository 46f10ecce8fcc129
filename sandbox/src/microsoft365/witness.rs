//! Who a call is for and whom it names, for the log and the faults.

use super::graph::route;
use super::people::People;
use super::{Microsoft365, entra};
use crate::call::Call;
use crate::instruments::log::Witness;
use crate::instruments::names;
use crate::vendor::Vendor as _;

/// Works out everything that the log says about a call beyond its request line.
///
/// An application acts for nobody: the subject is the person whose resource the path names.
pub(crate) fn of(world: &Microsoft365, call: &Call) -> Witness {
    let api = world.api_of(call);
    let mut witness = Witness {
        vendor: world.name(),
        api,
        ..Witness::default()
    };
    if api == "token" {
        witness.client_id = entra::client_id(call);
        return witness;
    }
    if let Some(grant) = call.bearer().and_then(|token| world.tokens.find(token)) {
        witness.client_id = Some(grant.client_id.clone());
        witness.scopes.clone_from(&grant.roles);
    }
    let people = world.people.read();
    witness.subject = subject(&people, call);
    let subject = witness.subject.as_deref();
    witness.names = names::of(call, subject, |word| is_person(&people, word));
    witness
}

/// The primary address of the person whose resource it is, or the key that the path has for somebody unknown.
fn subject(people: &People, call: &Call) -> Option<String> {
    if let Some(drive) = route::drive_key(call) {
        return people.by_drive(&drive).map(|user| user.email());
    }
    let key = route::user_key(call)?;
    let known = people.find(&key).map(|user| user.email());
    Some(known.unwrap_or(key))
}

/// A known id, or anything that looks like an address.
fn is_person(people: &People, word: &str) -> bool {
    let word = word.trim_start_matches("smtp:").trim_start_matches("SMTP:");
    let address = word
        .split_once('@')
        .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
    address || people.find(word).is_some()
}
