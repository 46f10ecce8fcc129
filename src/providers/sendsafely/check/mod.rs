//! Finding out whose key it is and what it may do.
//!
//! ```text
//! verify-credentials ─► refused: the key is the trouble, nothing is known of the rest
//!       │ good: the account it is, and is it the one that the spec names
//!       ▼
//! enterprise: the company;   user: an administrator or not;   the log: has somebody acted as the account
//! ```

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::json;

use super::api::{Api, Method};
use super::export::entry::{self, Entry};
use super::keys::foreign;
use super::spec::SendSafelySpec;
use super::wire::{Account, Enterprise, Verified};
use crate::http::shortened;
use crate::model::email::Email;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::report::{CheckReport, CheckRequest, Finding, Identity};

/// One check under way.
pub(super) struct Check<'a> {
    pub(super) api: &'a Api,
    pub(super) spec: &'a SendSafelySpec,
}

impl Check<'_> {
    pub(super) async fn run(self, request: &CheckRequest) -> CheckReport {
        let owner = match self.owner().await {
            Ok(owner) => owner,
            Err(error) => return Self::locked_out(&error),
        };
        let account: Result<Account, Error> = self.api.ask(Method::User, &[], None).await;
        let enterprise: Result<Enterprise, Error> =
            self.api.ask(Method::Enterprise, &[], None).await;
        let errors = [account.as_ref().err(), enterprise.as_ref().err()];
        let throttled = errors.into_iter().flatten().find_map(throttled);
        let is_admin = account.map(|account| account.admin_user);
        let needs_admin = !request.datasets.is_empty();
        CheckReport {
            least_privilege: match (request.look_for_excess, &is_admin) {
                (true, Ok(Some(true))) => Some(self.privilege(&owner, needs_admin).await),
                _ => None,
            },
            permissions: self.permissions(needs_admin, is_admin),
            authenticated: self.opened(&owner, enterprise.ok()),
            service_identity: self.service_identity(&owner),
            throttled,
            ..Self::report()
        }
    }

    /// Asks whose key it is.
    async fn owner(&self) -> Result<String, Error> {
        let verified: Verified = self.api.ask(Method::VerifyCredentials, &[], None).await?;
        let owner = shortened(&verified.message, 254);
        self.api.note_account(&owner);
        let found: Option<Email> = owner.parse().ok();
        match &self.spec.account {
            Some(wanted) if found.as_ref() != Some(wanted) => Err(foreign(self.spec, &owner)),
            _ => Ok(owner),
        }
    }

    /// A report of nothing but what is so of every key.
    fn report() -> CheckReport {
        CheckReport {
            identity: Identity::default(),
            credential: None,
            authenticated: Finding::good(""),
            delegation: Finding::good(
                "Nobody has to delegate anything: what the key may do are its account's own privileges.",
            ),
            permissions: Finding::good(""),
            least_privilege: None,
            service_identity: Finding::good(""),
            scopes: Vec::new(),
            excess: Vec::new(),
            remedy_url: None,
            throttled: None,
        }
    }

    fn locked_out(error: &Error) -> CheckReport {
        let unknown = "Nothing is known of the account before its key opens it.";
        CheckReport {
            authenticated: Finding::from(error),
            permissions: Finding::unknown(error.reason, unknown),
            service_identity: Finding::unknown(error.reason, unknown),
            throttled: throttled(error),
            ..Self::report()
        }
    }

    fn opened(&self, owner: &str, enterprise: Option<Enterprise>) -> Finding {
        let host = &self.spec.host;
        let enterprise = enterprise.unwrap_or(Enterprise {
            host: None,
            system_name: None,
        });
        if let Some(other) = enterprise.host.as_deref().and_then(|it| another(it, host)) {
            return Finding::bad(
                Reason::TenantInvalid,
                format!(
                    "The key opens {owner} at {other}, and the spec names {host}. Correct spec.provider.sendsafely.host, or store a \
                     key of that company."
                ),
            );
        }
        let company = enterprise.system_name.unwrap_or_else(|| host.clone());
        Finding::good(format!(
            "The key opens {owner} of {}.",
            shortened(&company, 100)
        ))
    }

    fn permissions(&self, needs_admin: bool, is_admin: Result<Option<bool>, Error>) -> Finding {
        match is_admin {
            Err(error) => Finding::from(&error),
            Ok(Some(true)) => Finding::good("The account is an enterprise administrator."),
            Ok(_) if !needs_admin => Finding::good(
                "The account is not known as an administrator, and nothing that is asked of it needs one.",
            ),
            Ok(Some(false)) => Finding::bad(
                Reason::AdminNotPrivileged,
                format!(
                    "The account is no enterprise administrator, and only those may read people's packages and activity. In the \
                     Enterprise Console of {} make it one, or store the key of a service account that is one.",
                    self.spec.host
                ),
            ),
            Ok(None) => Finding::unknown(
                Reason::MalformedReply,
                "SendSafely's reply does not tell whether the account is an administrator (user.adminUser).",
            ),
        }
    }

    /// The vendor has no way to tell; what the administrator has declared is not a proof.
    fn service_identity(&self, owner: &str) -> Finding {
        Finding::unknown(
            Reason::UnsupportedByProvider,
            format!(
                "That {owner} is a service account (no login) is assumed: SendSafely has no API that tells it from a person's. The \
                 Enterprise Console of {} shows a padlock beside it. It needs no mailbox.",
                self.spec.host
            ),
        )
    }

    /// Judges whether an administrator's key can do more than it is for, and whether somebody has acted as the account.
    async fn privilege(&self, owner: &str, needs_admin: bool) -> Finding {
        if needs_admin {
            self.impersonations(owner).await
        } else {
            self.needless_admin(owner)
        }
    }

    fn needless_admin(&self, owner: &str) -> Finding {
        Finding::bad(
            Reason::ExcessScopes,
            format!(
                "{owner} is an enterprise administrator, and nothing that this connection does needs one. Take the privilege away in \
                 the Enterprise Console of {}, or give the connection a destination.",
                self.spec.host
            ),
        )
    }

    /// Asks the log whether an administrator has acted as the account, which is how its settings and keys are changed.
    async fn impersonations(&self, owner: &str) -> Finding {
        let body = json!({"impersonatedUser": owner, "pageSize": 1, "rowIndex": 0});
        let found = self.api.ask(Method::AuditLogs, &[], Some(&body)).await;
        let found = found.and_then(|reply| entry::read_all(&reply));
        match found {
            Ok(entries) => match entries.first() {
                Some(entry) => self.impersonated(owner, entry),
                None => Finding::good(
                    "Nobody has acted as the account in the 90 days that SendSafely keeps its log.",
                ),
            },
            Err(error) => Finding::unknown(
                error.reason,
                format!("Whether somebody has acted as the account is not known. {error}"),
            ),
        }
    }

    fn impersonated(&self, owner: &str, entry: &Entry) -> Finding {
        let who = entry.authenticated_user.as_deref().unwrap_or("somebody");
        let what = entry.action.as_deref().unwrap_or("something");
        Finding::bad(
            Reason::Impersonated,
            format!(
                "{} has acted as {owner}: {} at {}. Whoever acts as the account can change its keys and Dropzone. Ask them about it; \
                 where it was not one of you, revoke the keys in the Enterprise Console of {} (the account, View, Profile, API \
                 Access Keys). This goes away 90 days after it happened.",
                shortened(who, 254),
                shortened(what, 100),
                shortened(entry.timestamp.as_deref().unwrap_or("an unknown time"), 40),
                self.spec.host
            ),
        )
    }
}

/// Returns the host that a reply names, where it is another one of the vendor's.
fn another(text: &str, host: &str) -> Option<String> {
    let name = text.trim_start_matches("https://").trim_end_matches('/');
    let name = name.to_ascii_lowercase();
    (name.ends_with(".sendsafely.com") && name != host).then_some(name)
}

fn throttled(error: &Error) -> Option<Duration> {
    let is_throttled = error.class == Class::Throttled;
    is_throttled.then(|| error.retry_after.unwrap_or(Duration::from_mins(1)))
}
