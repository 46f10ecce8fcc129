//! Who a call is for and whom it names, for the log and the faults.

use serde_json::{Map, Value};

use super::accounts::is_address;
use super::{SendSafely, scim, signature};
use crate::call::Call;
use crate::instruments::log::Witness;
use crate::instruments::names;
use crate::vendor::Vendor as _;

/// Works out everything that the log says about a call beyond its request line.
///
/// The subject is the person whose packages or entries are asked for, else the owner of the key. People are named in bodies too;
/// a service account is no person.
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
    let fields = fields(&call.body);
    let mut wanted = WHOSE
        .iter()
        .filter_map(|field| fields.get(*field)?.as_str());
    let wanted = wanted.find(|word| is_person(word)).map(str::to_owned);
    let subject = wanted.or_else(|| owner.clone());
    let texts = fields.values().filter_map(Value::as_str);
    named.extend(texts.filter(|word| is_person(word)).map(str::to_owned));
    named.sort_unstable();
    named.dedup();
    Witness {
        vendor: portal.name(),
        api: portal.api_of(call),
        client_id: key.map(str::to_owned),
        subject,
        scopes: Vec::new(),
        names: named,
    }
}

/// The fields of a body that tell whose data is asked for.
const WHOSE: [&str; 2] = ["sender", "authenticatedUser"];

/// A JSON object's fields; none of anything else.
fn fields(body: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(body).unwrap_or_default()
}
