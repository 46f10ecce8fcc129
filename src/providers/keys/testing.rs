//! What the tests of all issuers have in common.

use super::{KeyIssuer, KeyRequest, Keys};
use crate::model::key::Purpose;
use crate::providers::Session;

/// The issuer of a vendor that makes keys by API.
pub(in crate::providers) fn issuer(session: &impl Session) -> &dyn KeyIssuer {
    match session.keys() {
        Some(Keys::Issued(issuer)) => issuer,
        _ => panic!("the vendor makes no keys by API"),
    }
}

/// A request for a key of a year.
pub(in crate::providers) fn request() -> KeyRequest {
    KeyRequest {
        name: "deputy-okta-6a2c1a4e-4".into(),
        purpose: Purpose::Api,
        description: None,
        expires_at: Some("2027-11-27T12:34:56Z".parse().unwrap()),
    }
}
