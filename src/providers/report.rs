//! What a check of a connection found.

use jiff::{SignedDuration, Timestamp};

use super::error::{Error, Reason};
use crate::model::account::Known;
use crate::model::dataset::Dataset;
use crate::model::email::Email;

/// Who a credential is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The privileged account's own name.
    pub account: String,
    /// The id that an administrator delegates to.
    pub client_id: Option<String>,
    /// The company, as the vendor names it.
    pub tenant: Option<String>,
    /// When the key was made, where the vendor tells.
    pub key_created_at: Option<Timestamp>,
    /// When the key ends, where it does.
    pub key_expires_at: Option<Timestamp>,
}

/// What is to be found out.
#[derive(Debug, Clone)]
pub struct CheckRequest {
    /// The kinds of data that are to be read; none where the connection is only verified.
    pub datasets: Vec<Dataset>,
    /// What must be readable of them.
    pub privacy: crate::model::privacy::Privacy,
    /// Whether each person's licence must be known.
    pub licenses: bool,
    /// People that may be acted for, to test the delegation with where the connection names no administrator.
    pub people: Vec<Email>,
    /// Whether to look for grants beyond what is asked for: a request a candidate, so not every time.
    pub look_for_excess: bool,
}

/// One fact, as a condition tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is so.
    pub verdict: Known,
    /// Why.
    pub reason: Reason,
    /// What the vendor said, what it means, what to do; at most 1 kB.
    pub message: String,
}

impl Finding {
    /// It is so.
    pub fn good(message: impl Into<String>) -> Self {
        Self {
            verdict: Known::True,
            reason: Reason::Verified,
            message: message.into(),
        }
    }

    /// It is not so.
    pub fn bad(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            verdict: Known::False,
            reason,
            message: message.into(),
        }
    }

    /// It cannot be known, and why.
    pub fn unknown(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            verdict: Known::Unknown,
            reason,
            message: message.into(),
        }
    }
}

impl From<&Error> for Finding {
    /// An error that may pass by itself says nothing of the fact: it is unknown, not false.
    fn from(error: &Error) -> Self {
        use super::error::Class;
        let verdict = match error.class {
            Class::Retry | Class::Throttled => Known::Unknown,
            Class::Park | Class::Invalid | Class::Expired | Class::Gone => Known::False,
        };
        Self {
            verdict,
            reason: error.reason,
            message: error.to_string(),
        }
    }
}

/// How long before its end a credential is warned of.
pub const EXPIRY_NOTICE: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Finding {
    /// Judges when a credential ends: it is warned of a month before. `remedy` says how to renew it.
    pub fn of_expiry(ends: Timestamp, now: Timestamp, remedy: &str) -> Self {
        let day = ends.strftime("%F");
        if ends <= now {
            let message = format!("The credential has ended on {day}. {remedy}");
            return Self::bad(Reason::CredentialExpiring, message);
        }
        if ends.duration_since(now) <= EXPIRY_NOTICE {
            let message = format!("The credential ends on {day}. {remedy}");
            return Self::bad(Reason::CredentialExpiring, message);
        }
        Self::good(format!("The credential is good until {day}."))
    }
}

/// The state of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeState {
    /// The scope, as it is pasted.
    pub name: String,
    /// Whether it is granted.
    pub granted: Known,
    /// Why not, or why it cannot be known.
    pub reason: Option<Reason>,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Who the credential is, now that the vendor has been asked.
    pub identity: Identity,
    /// The credential lasts for a while yet. None: it is not one that ends.
    pub credential: Option<Finding>,
    /// The key opens the account, whatever is delegated to it.
    pub authenticated: Finding,
    /// Everything that is asked for is delegated.
    pub delegation: Finding,
    /// The account may do what the streams need beyond the delegation.
    pub permissions: Finding,
    /// Nothing beyond what is asked for is granted. None: not looked for this time.
    pub least_privilege: Option<Finding>,
    /// The account is no person's.
    pub service_identity: Finding,
    /// Each scope that is asked for.
    pub scopes: Vec<ScopeState>,
    /// Scopes that are granted beyond it; only where looked for.
    pub excess: Vec<String>,
    /// The console's page with everything filled in.
    pub remedy_url: Option<String>,
    /// The vendor asked to slow down.
    pub throttled: Option<std::time::Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_warned_of_a_month_before_its_end() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for (ends, verdict) in [
            ("2027-11-22T12:00:00Z", Known::True),
            ("2026-12-23T12:00:00Z", Known::True),
            ("2026-12-22T12:00:00Z", Known::False),
            ("2026-11-22T12:00:00Z", Known::False),
        ] {
            let finding = Finding::of_expiry(ends.parse().unwrap(), now, "Renew it.");
            assert_eq!(finding.verdict, verdict, "{ends}");
            assert!(finding.message.contains(&ends[..10]), "{}", finding.message);
        }
    }
}
