//! Tokens: how one is got, kept and shown to nobody. The one place, with that which reads Secrets, that opens a secret value.

mod cache;
mod certificate;
mod claims;
mod client_grant;
mod form;
mod key_file;
mod key_pair;
mod notice;
mod secret_json;
mod secret_text;
mod signing_key;
mod tap;
mod token;
mod withhold;

pub use cache::TokenCache;
pub use certificate::{Certificate, CertificateFault};
pub use client_grant::{ClientGrant, Proof};
pub use form::Form;
pub use key_file::{Failure, Granted, KeyFile};
pub use key_pair::{Certified, KeyPair};
pub(in crate::http) use notice::SIGNATURE;
pub use notice::{Notice, NoticeKey};
pub use secret_json::{JsonFault, read_secret_json, write_secret_json};
pub use secret_text::read_secret_text;
pub use signing_key::{Signed, SignedHeaders, SigningKey, ToSign};
pub use token::Token;

/// What tests of other layers sign with.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) use super::certificate::tests::{KEY, certificate_pem};
}
