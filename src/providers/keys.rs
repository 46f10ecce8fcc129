//! Keys of the privileged account: how a vendor makes, tells, tries and ends them.
//!
//! ```text
//! draft ─► (stored) ─► issue ─► (stored in the Secret's next slot) ─► verify ─► (promoted) ─► … ─► revoke
//! ```
//!
//! Whoever calls stores what each step returns before the next one begins, so that a crash at any point can be gone on
//! from. A key's bytes are in [`Credentials`] only; everything else here may be shown.

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::Error;
pub use crate::model::key::Purpose;
use crate::model::secret::Credentials;

/// A key that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// What it is called at the vendor: the same for every try of one key, and no other key's name, whichever object or
    /// cluster asks. At most 63 characters: lower-case letters, digits and hyphens.
    pub name: String,
    /// What it is for; one of the issuer's own [`purposes`](KeyIssuer::purposes).
    pub purpose: Purpose,
    /// What it is for, in words.
    pub description: Option<String>,
    /// When it is to end; none: as late as the vendor lets it.
    pub expires_at: Option<Timestamp>,
}

/// A key as the vendor tells of it. Never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteKey {
    /// The vendor's id of it: what it is revoked by.
    pub id: String,
    /// The name that it was asked for with, where the vendor keeps one.
    pub name: Option<String>,
    /// When it was made, where the vendor tells.
    pub created_at: Option<Timestamp>,
    /// When it ends, where it does.
    pub expires_at: Option<Timestamp>,
}

/// A key that has just been made.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// What may be shown of it.
    pub key: RemoteKey,
    /// What users of the key need, as entries of a Secret: `api-key`, `api-secret`, or a credential in the vendor's own
    /// form, such as `key.json`. For a key of the connection's own account they are the entries that
    /// [`Provider::open`](super::Provider::open) reads, so that the connection can be opened with them.
    pub entries: Credentials,
}

/// A vendor that makes keys by API.
#[async_trait]
pub trait KeyIssuer: Send + Sync {
    /// Returns what keys can be made for.
    fn purposes(&self) -> &'static [Purpose];

    /// Returns the names of the entries that a key of this issuer has, as in [`IssuedKey::entries`].
    fn entries(&self) -> &'static [&'static str];

    /// Makes the material of a key before the vendor hears of it, where the vendor takes ours; none where it makes it.
    /// It is stored before [`issue`](Self::issue), so that a crash cannot leave a key alive whose secret half is lost.
    ///
    /// # Errors
    /// Only where this machine fails to. Makes no request.
    async fn draft(&self, request: &KeyRequest) -> Result<Option<Credentials>, Error>;

    /// Makes a key.
    ///
    /// With a draft it may be repeated: one draft makes one key, and the later calls find it. Without one each call makes
    /// a key, so the caller has [listed](Self::list) and revoked what an earlier try has left behind.
    ///
    /// # Errors
    /// As the vendor's table has it. After one of [`Class::Retry`](super::Class::Retry) a key may have been made.
    async fn issue(
        &self,
        request: &KeyRequest,
        draft: Option<&Credentials>,
    ) -> Result<IssuedKey, Error>;

    /// Returns the keys of the account that can be revoked by [`revoke`](Self::revoke), also those that others have made.
    ///
    /// # Errors
    /// As the vendor's table has it.
    async fn list(&self) -> Result<Vec<RemoteKey>, Error>;

    /// Returns which of the account's keys a Secret's entries hold, such as one that an administrator has put there; none
    /// where it cannot be told.
    ///
    /// # Errors
    /// As the vendor's table has it.
    async fn recognize(&self, entries: &Credentials) -> Result<Option<RemoteKey>, Error>;

    /// Uses the key itself in a live call, in the way its users do. A new key may be refused for a while: the caller tries
    /// again.
    ///
    /// # Errors
    /// Why the vendor does not take it.
    async fn verify(&self, entries: &Credentials) -> Result<(), Error>;

    /// Ends a key. One that is gone already is no error.
    ///
    /// # Errors
    /// As the vendor's table has it. After one of [`Class::Retry`](super::Class::Retry) the key may be gone.
    async fn revoke(&self, id: &str) -> Result<(), Error>;
}

/// A vendor whose keys are made and ended in a console, and handed over in the Secret's slots.
#[async_trait]
pub trait KeyAdopter: Send + Sync {
    /// Returns what keys can be adopted for.
    fn purposes(&self) -> &'static [Purpose];

    /// Returns the names of the entries that one key has.
    fn entries(&self) -> &'static [&'static str];

    /// Uses the key itself in a live call.
    ///
    /// # Errors
    /// [`Reason::KeyRevoked`](super::Reason::KeyRevoked) only where the vendor says that the key is dead.
    async fn verify(&self, entries: &Credentials) -> Result<RemoteKey, Error>;

    /// Returns where and how a key is made, for a condition: at most 300 bytes.
    fn how_to_make(&self) -> String;

    /// Returns where and how a key is ended, for a condition: at most 300 bytes.
    fn how_to_revoke(&self) -> String;
}

/// How keys of an account come to be.
#[derive(Clone, Copy)]
pub enum Keys<'a> {
    /// By API.
    Issued(&'a dyn KeyIssuer),
    /// By hand.
    Adopted(&'a dyn KeyAdopter),
}

#[cfg(test)]
pub(in crate::providers) mod testing;
