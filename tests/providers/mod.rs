//! What every provider promises, tried on every system through its simulated vendor.
//!
//! A session is opened as the operator opens it, over the real HTTP stack, and the vendor's replies are struck. A new system is
//! one line below; what the cases must know of it is in its [`Dialect`](crate::company::dialect::Dialect). That no log shows
//! a secret is proved of the whole program, in `secrets_stay_secret`.

mod cases;
mod subject;

use std::collections::BTreeSet;

use deputy::providers::registry::ProviderSpec;

use crate::company::system::System;

/// Makes a test of every case for every system.
macro_rules! contract {
    ({$($name:ident => $system:expr,)*} $cases:tt) => {
        /// The systems under contract.
        const SYSTEMS: &[System] = &[$($system,)*];
        $(mod $name {
            use crate::company::system::System;
            contract!(@of $system, $cases);
        })*
    };
    (@of $system:expr, {$($case:ident,)*}) => {
        $(#[tokio::test]
        async fn $case() {
            super::cases::$case(&super::subject::Subject::of($system).await).await;
        })*
    };
}

contract! {
    {
        google => System::Google,
        microsoft365 => System::Microsoft365,
        sendsafely => System::SendSafely,
    }
    {
        its_accessors_are_what_it_can_do,
        fifty_callers_begin_with_one_token,
        an_ended_token_is_replaced_once_for_fifty_callers,
        a_throttled_request_waits_as_long_as_it_is_asked_to,
        a_failure_that_passes_costs_one_request_more,
        pages_come_whole_and_once,
        an_empty_page_is_not_the_end,
        what_is_no_reply_is_told_as_such_and_is_not_asked_for_ever,
        a_401_asks_for_another_token_and_a_403_does_not,
        an_address_beyond_ascii_is_found_and_read,
        a_page_elsewhere_is_not_asked_for,
        a_page_that_leads_to_itself_is_not_followed_for_ever,
        no_error_shows_a_secret,
        its_keys_are_made_told_tried_and_ended,
    }
}

/// The systems that are not under contract. Deputy itself has no vendor: it makes no request, so there are no replies to strike
/// and no people to page through. Its keys and its endpoint are tried in `scim`.
const WITHOUT_A_VENDOR: &[&str] = &["deputy"];

#[test]
fn every_system_of_the_registry_is_under_contract() {
    let tried: BTreeSet<_> = SYSTEMS.iter().map(|system| system.name()).collect();
    let excused: BTreeSet<_> = WITHOUT_A_VENDOR.iter().copied().collect();
    let registered: BTreeSet<_> = ProviderSpec::NAMES.iter().copied().collect();
    assert!(tried.is_disjoint(&excused));
    assert_eq!(&tried | &excused, registered);
    assert_eq!(SYSTEMS, System::ALL);
}
