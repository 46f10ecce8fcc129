//! The vendor's operations that are in use.
//!
//! Source: the vendor's clients for Java (3.1.14), Python (1.0.11) and Node (3.1.0), and Code-Examples on GitHub, read
//! 2026-11-22 and 2026-11-27.

use ::http::Method as Verb;

/// One of the vendor's operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub(in crate::providers::sendsafely) enum Method {
    /// Whose key it is.
    VerifyCredentials,
    /// The account of the key.
    User,
    /// The company.
    Enterprise,
    /// Who is told of an upload to the account's Dropzone.
    Recipients,
    /// Adds one of those.
    RecipientsAdd,
    /// Removes one of those.
    RecipientsRemove,
    /// The company's packages.
    Packages,
    /// The company's log.
    AuditLogs,
}

impl Method {
    /// Returns the vendor's name of the operation.
    pub(in crate::providers::sendsafely) const fn name(self) -> &'static str {
        match self {
            Self::VerifyCredentials => "config/verify-credentials",
            Self::User => "user",
            Self::Enterprise => "enterprise",
            Self::Recipients => "user/dropzone-recipients",
            Self::RecipientsAdd => "user/dropzone-recipients (add)",
            Self::RecipientsRemove => "user/dropzone-recipients (remove)",
            Self::Packages => "package/organization/search",
            Self::AuditLogs => "enterprise/audit-logs",
        }
    }

    /// Returns the path as it is sent and signed.
    pub(in crate::providers::sendsafely) const fn path(self) -> &'static str {
        match self {
            Self::VerifyCredentials => "/api/v2.0/config/verify-credentials/",
            Self::User => "/api/v2.0/user/",
            Self::Enterprise => "/api/v2.0/enterprise/",
            Self::Recipients | Self::RecipientsAdd | Self::RecipientsRemove => {
                "/api/v2.0/user/dropzone-recipients/"
            }
            Self::Packages => "/api/v2.0/package/organization/search/",
            Self::AuditLogs => "/api/v2.0/enterprise/audit-logs/",
        }
    }

    /// Returns the verb that it is asked with.
    pub(in crate::providers::sendsafely) const fn verb(self) -> Verb {
        match self {
            Self::VerifyCredentials | Self::User | Self::Enterprise | Self::Recipients => Verb::GET,
            Self::RecipientsAdd => Verb::PUT,
            Self::RecipientsRemove => Verb::DELETE,
            Self::Packages | Self::AuditLogs => Verb::POST,
        }
    }

    /// Returns whether only an administrator's key may ask it.
    pub(in crate::providers::sendsafely) const fn is_for_admins(self) -> bool {
        matches!(self, Self::Packages | Self::AuditLogs)
    }
}
