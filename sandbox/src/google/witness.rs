//! Who a call is for and whom it names, for the log and the faults.

use super::Google;
use super::people::People;
use super::token::{self, Assertion};
use crate::call::Call;
use crate::instruments::log::Witness;
use crate::instruments::names;
use crate::vendor::Vendor as _;

/// The end of every service account's address.
const ROBOTS: &str = ".gserviceaccount.com";

/// Works out everything that the log says about a call beyond its request line.
pub(crate) fn of(google: &Google, call: &Call) -> Witness {
    let api = google.api_of(call);
    let mut witness = Witness {
        vendor: "google",
        api,
        ..Witness::default()
    };
    if api == "token" {
        from_assertion(google, call, &mut witness);
    } else if let Some(grant) = call.bearer().and_then(|token| google.tokens.find(token)) {
        witness.client_id = Some(grant.client_id.clone());
        witness.subject = Some(grant.email());
        witness.scopes.clone_from(&grant.scopes);
    }
    let people = google.people.read();
    let subject = witness.subject.as_deref();
    let subject = subject.filter(|subject| !subject.ends_with(ROBOTS));
    witness.names = names::of(call, subject, |word| is_person(&people, word));
    witness
}

fn from_assertion(google: &Google, call: &Call, witness: &mut Witness) {
    let text = token::assertion(call).unwrap_or_default();
    let Some(Assertion { claims, .. }) = Assertion::parse(&text) else {
        return;
    };
    let accounts = google.accounts.read();
    witness.client_id = accounts
        .account(&claims.iss)
        .map(|account| account.client_id.clone());
    witness.subject = claims
        .sub
        .or(Some(claims.iss))
        .filter(|subject| !subject.is_empty());
    witness.scopes = claims.scope.split_whitespace().map(str::to_owned).collect();
}

/// A known id, or anything that looks like an address and is not that of a shared calendar or of a service account.
fn is_person(people: &People, word: &str) -> bool {
    let address = word.split_once('@').is_some_and(|(_, domain)| {
        let other = domain.contains("calendar.") || domain.ends_with(ROBOTS);
        domain.contains('.') && !other
    });
    address || people.find(word).is_some()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;

    #[test]
    fn people_are_named_wherever_they_stand() {
        let people = People::new(Vec::new());
        let target = "/google/calendar/v3/calendars/a%40x.example/events?q=from:b@y.example&access_token=t@z.example";
        let call = Call::new(Method::GET, target, HeaderMap::new(), Bytes::new());
        assert_eq!(
            names::of(&call, Some("me@x.example"), |word| is_person(&people, word)),
            ["a@x.example", "b@y.example", "me@x.example"]
        );
        let shared = "/google/calendar/v3/calendars/team@group.calendar.google.com/events";
        let call = Call::new(Method::GET, shared, HeaderMap::new(), Bytes::new());
        assert!(names::of(&call, None, |word| is_person(&people, word)).is_empty());
    }
}
