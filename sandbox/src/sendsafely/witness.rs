//! Who a call is for and whom it names, for the log and the faults.

use serde_json::Value;

use super::accounts::is_address;
use super::{SendSafely, scim, signature};
use crate::call::Call;
use crate::instruments::log::Witness;
use crate::instruments::names;
use crate::vendor::Vendor as _;

/// Works out everything that the log says about a call beyond its request line.
///
/// The subject is the owner of the key. People are named in bodies too; a service account is no person.
pub(crate) fn of(portal: &SendSafely, call: &Call) -> Witness {
    let key = signature::key_of(call);
    let accounts = portal.accounts.read();
    let signer = key.and_then(|id| accounts.key(id)).map(|key| &key.owner);
    let owner = signer.or_else(|| scim::caller(&accounts, call).map(|user| &user.email));
    let owner = owner.cloned();
    let is_person = |word: &str| {
        let robot = accounts.user(word).is_some_and(|user| user.service_account);
        is_address(word) && !robot
    };
    let person = owner.as_deref().filter(|owner| is_person(owner));
    let mut named = names::of(call, person, is_person);
    named.extend(
        addresses(&call.body)
            .into_iter()
            .filter(|word| is_person(word)),
    );
    named.sort_unstable();
    named.dedup();
    Witness {
        vendor: portal.name(),
        api: portal.api_of(call),
        client_id: key.map(str::to_owned),
        subject: owner,
        scopes: Vec::new(),
        names: named,
    }
}

/// The texts of a JSON object's fields.
fn addresses(body: &[u8]) -> Vec<String> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let texts = fields.values().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}
