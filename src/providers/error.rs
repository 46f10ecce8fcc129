//! What can go wrong at a vendor, in words that decide what follows.

use std::fmt;
use std::time::Duration;

/// What follows from an error. Every vendor's error table maps each row to one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub enum Class {
    /// It may pass by itself: back off and try again.
    Retry,
    /// The vendor asks to slow down: wait, as long as it says.
    Throttled,
    /// Somebody has to change something at the vendor: try seldom, and at once when asked to.
    Park,
    /// The YAML or the Secret is wrong: wait for it to change.
    Invalid,
    /// The cursor is no longer good: begin a new generation.
    Expired,
    /// The item is gone: store that it is.
    Gone,
}

/// Why, in one word: the reason of a condition, an event and a metric. The vocabulary is shared by all vendors.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::Display, strum::EnumIter,
)]
pub enum Reason {
    // The credential's file.
    /// The Secret has no entry of the wanted name.
    KeyMissing,
    /// The entry is empty.
    KeyEmpty,
    /// The entry is not what a key file looks like: cut off, or no such file at all.
    KeyMalformed,
    /// It is a key file of another kind of account.
    KeyForeign,
    /// The key names an endpoint that is not the vendor's.
    EndpointRefused,
    // The credential at the vendor.
    /// The key is deleted, disabled or expired.
    KeyRevoked,
    /// The secret is not one of the account's.
    SecretInvalid,
    /// The secret has ended.
    SecretExpired,
    /// The credential ends soon.
    CredentialExpiring,
    /// The vendor does not let the account read when its credential ends.
    ExpiryUnknown,
    /// The tenant does not know the account.
    AppNotInTenant,
    /// There is no such tenant, or it lives elsewhere.
    TenantInvalid,
    /// The vendor does not trust the token that stands in for a credential.
    FederationMismatch,
    /// The account has as many keys as it may have.
    TooManyKeys,
    /// The privileged account itself is deleted or disabled.
    AccountDisabled,
    /// The clocks of this machine and of the vendor differ too much.
    ClockSkew,
    /// The token request itself was refused as malformed.
    TokenRequestRefused,
    // The delegation.
    /// Nobody has delegated anything to this client.
    ClientNotAuthorized,
    /// A scope is not delegated.
    ScopeNotAuthorized,
    /// A scope does not exist.
    ScopeInvalid,
    /// The vendor's administrator forbids it by policy.
    BlockedByPolicy,
    /// A change at the vendor may still be on its way.
    Propagating,
    /// There is nobody to test the delegation with.
    NobodyToTestWith,
    /// More is granted than is asked for.
    ExcessScopes,
    /// It is granted person by person, not for the tenant.
    GrantedPerMailbox,
    /// The account can read everybody's data, not only that of those who are listed.
    TenantWide,
    /// Somebody has acted as the account.
    Impersonated,
    /// An API is switched off for the account's project or company.
    ApiDisabled,
    /// The administrator whom the connection names may not read the directory.
    AdminNotPrivileged,
    /// A permission of the account is missing.
    PermissionDenied,
    // People.
    /// There is no such person.
    UserNotFound,
    /// The person belongs to another tenant.
    UserOfAnotherTenant,
    /// The account is suspended.
    UserSuspended,
    /// The account is archived.
    UserArchived,
    /// The person cannot be acted for; the vendor does not say why.
    UserNotAccessible,
    /// No licence is assigned.
    UserNotLicensed,
    /// Mail is off for this person.
    MailboxNotEnabled,
    /// The mailbox has no room left.
    MailboxFull,
    /// Calendar is off for this person.
    CalendarNotEnabled,
    /// The file store is off for this person.
    DriveNotEnabled,
    /// The chosen alias is not this person's.
    AliasNotFound,
    // Accounts of Deputy's own.
    /// Another account has the same name.
    UsernameTaken,
    /// The connection that is to be provisioned is not there, or has no people.
    TargetNotFound,
    /// The connection that is to be provisioned admits nobody.
    TargetAdmitsNobody,
    /// The account's keys cannot be read or written.
    LedgerUnavailable,
    // Traffic.
    /// Too many requests.
    RateLimited,
    /// The day's quota is used up.
    QuotaExhausted,
    /// The vendor failed.
    ProviderUnavailable,
    /// The vendor cannot be reached.
    ProviderUnreachable,
    /// The reply was not what the vendor documents: malformed, cut off, endless.
    MalformedReply,
    /// The request was refused as malformed.
    RequestRefused,
    /// The system has no such feature, or none that a program can use.
    UnsupportedByProvider,
    // Data.
    /// The cursor is too old.
    CursorExpired,
    /// The item is gone.
    ItemGone,
    /// All is as it should be.
    Verified,
}

impl Reason {
    /// Returns the reason as a condition has it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A failed request, in words for the person who has to mend it. Never a secret, never a reply's body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// What follows.
    pub class: Class,
    /// Why, in one word.
    pub reason: Reason,
    /// The provider's name.
    pub provider: &'static str,
    /// The vendor's name of what was asked for, such as `messages.get`.
    pub operation: &'static str,
    /// The HTTP status, where there was a reply.
    pub status: Option<u16>,
    /// The vendor's own code, such as `unauthorized_client`; at most 100 bytes.
    pub code: Option<String>,
    /// What it means, one sentence.
    pub meaning: String,
    /// What to do about it, with the exact values.
    pub remedy: String,
    /// How long the vendor asks to wait.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.meaning)?;
        match (self.status, &self.code) {
            (Some(status), Some(code)) => {
                write!(f, " ({} answered {status} {code})", self.operation)?;
            }
            (Some(status), None) => write!(f, " ({} answered {status})", self.operation)?,
            (None, Some(code)) => write!(f, " ({}: {code})", self.operation)?,
            (None, None) => {}
        }
        if !self.remedy.is_empty() {
            write!(f, " {}", self.remedy)?;
        }
        Ok(())
    }
}
