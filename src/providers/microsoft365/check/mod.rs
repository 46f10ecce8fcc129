//! Finding out what the credential may do.
//!
//! ```text
//! a fresh token ─► refused: the credential is the trouble, nothing is known of the permissions
//!       │ good: its roles against what the streams need
//!       ▼
//! a mailbox role is missing ─► a mailbox of those who are listed: opens (Exchange grants it there), or not
//!       ▼
//! the decoy's mailbox, which must be refused;   when the secret ends, where that can be read
//! ```

mod expiry;
mod mailboxes;
mod privilege;
mod words;

use std::time::Duration;

use self::mailboxes::Opened;
use super::api::{Api, Method};
use super::directory::People;
use super::spec::Microsoft365Spec;
use super::{needs, roles};
use crate::model::account::Known;
use crate::model::clock::Clock;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::report::{CheckReport, CheckRequest, Finding, Identity, ScopeState};

/// One check under way.
pub(super) struct Check<'a> {
    pub(super) api: &'a Api,
    pub(super) spec: &'a Microsoft365Spec,
    pub(super) people: &'a People,
    pub(super) clock: &'a dyn Clock,
}

/// What became of one role.
struct RoleState {
    name: String,
    granted: Known,
    reason: Option<Reason>,
    /// What was answered where it was looked for.
    error: Option<Error>,
}

impl Check<'_> {
    /// Checks, with a token that is fresh, so that what was consented to or taken away since is seen.
    pub(super) async fn run(self, request: &CheckRequest, mut identity: Identity) -> CheckReport {
        let wanted = needs::wanted(self.spec, request);
        if let Err(error) = self.api.tokens.renew().await {
            return self.locked_out(&wanted, identity, &error);
        }
        let granted = self.api.tokens.claims().unwrap_or_default().roles;
        let states = self.states(&wanted, &granted, request).await;
        let excess = needs::excess(&granted, &wanted, request);
        let mut throttled = states
            .iter()
            .filter_map(|one| throttled(one.error.as_ref()?));
        CheckReport {
            credential: self.expiry(&mut identity).await,
            authenticated: words::authenticated(self.spec, self.api.tokens.credential().name()),
            delegation: words::delegation(&states, &self.links()),
            permissions: Self::permissions(&wanted, request),
            least_privilege: self.least_privilege(request, &excess, &wanted).await,
            service_identity: Finding::good("An application is no person's."),
            throttled: throttled.next(),
            scopes: states.into_iter().map(RoleState::shown).collect(),
            excess,
            remedy_url: Some(self.api.tokens.consent_url().to_owned()),
            identity,
        }
    }

    fn locked_out(&self, wanted: &[String], identity: Identity, error: &Error) -> CheckReport {
        let reason = match error.class {
            Class::Retry | Class::Throttled => error.reason,
            _ => Reason::TokenRequestRefused,
        };
        let unknown = |name: &String| ScopeState {
            name: name.clone(),
            granted: Known::Unknown,
            reason: Some(reason),
        };
        let message = "Without a token nothing is known of the permissions.";
        CheckReport {
            credential: identity.key_expires_at.map(|ends| self.judge_expiry(ends)),
            authenticated: Finding::from(error),
            delegation: Finding::unknown(reason, message),
            permissions: Finding::unknown(reason, message),
            least_privilege: None,
            service_identity: Finding::good("An application is no person's."),
            throttled: throttled(error),
            scopes: wanted.iter().map(unknown).collect(),
            excess: Vec::new(),
            remedy_url: Some(self.api.tokens.consent_url().to_owned()),
            identity,
        }
    }

    fn links(&self) -> words::Links<'_> {
        words::Links {
            client: &self.spec.client_id,
            portal: self.spec.cloud.unwrap_or_default().portal(),
            consent: self.api.tokens.consent_url(),
        }
    }

    /// Compares the roles in the token with what is wanted. A mailbox role that is not among them is not missing yet:
    /// Exchange's own grants do not show there.
    async fn states(
        &self,
        wanted: &[String],
        granted: &[String],
        request: &CheckRequest,
    ) -> Vec<RoleState> {
        let mut states = Vec::new();
        for name in wanted {
            let serving = roles::serving(name);
            let has = granted.iter().any(|role| serving.contains(&role.as_str()));
            states.push(if has {
                RoleState::granted(name, None)
            } else if roles::is_exchanges(name) {
                self.look_for(name, request).await
            } else {
                RoleState::missing(name, None)
            });
        }
        states
    }

    async fn look_for(&self, role: &str, request: &CheckRequest) -> RoleState {
        let method = match role {
            _ if role.starts_with("Calendars.") => Method::CalendarGet,
            _ if role.starts_with("MailboxSettings.") => Method::SettingsGet,
            // There is no way to look for the right to send or to write without doing it.
            roles::MAIL_READ_BASIC_ALL | "Mail.ReadBasic" | roles::MAIL_READ => Method::InboxGet,
            _ => return RoleState::unknown(role, Reason::NobodyToTestWith, None),
        };
        match self.open_a_mailbox(method, &request.people).await {
            Opened::Yes => RoleState::granted(role, Some(Reason::GrantedPerMailbox)),
            Opened::Refused(error) => RoleState::missing(role, Some(error)),
            Opened::Unknown(error) => RoleState::unknown(role, error.reason, Some(error)),
            Opened::Nobody => RoleState::unknown(role, Reason::NobodyToTestWith, None),
        }
    }

    /// What the streams need beyond what the YAML lists.
    fn permissions(wanted: &[String], request: &CheckRequest) -> Finding {
        let unserved = needs::unserved(wanted, request);
        if unserved.is_empty() {
            return Finding::good("Everything that the streams need is among what is asked for.");
        }
        words::unserved(&unserved)
    }
}

impl RoleState {
    fn granted(name: &str, reason: Option<Reason>) -> Self {
        Self {
            name: name.to_owned(),
            granted: Known::True,
            reason,
            error: None,
        }
    }

    fn missing(name: &str, error: Option<Error>) -> Self {
        Self {
            name: name.to_owned(),
            granted: Known::False,
            reason: Some(Reason::ScopeNotAuthorized),
            error,
        }
    }

    fn unknown(name: &str, reason: Reason, error: Option<Error>) -> Self {
        Self {
            name: name.to_owned(),
            granted: Known::Unknown,
            reason: Some(reason),
            error,
        }
    }

    fn shown(self) -> ScopeState {
        ScopeState {
            name: self.name,
            granted: self.granted,
            reason: self.reason,
        }
    }
}

fn throttled(error: &Error) -> Option<Duration> {
    let asked = error
        .retry_after
        .filter(|_| error.class == Class::Throttled);
    asked.or_else(|| (error.class == Class::Throttled).then_some(Duration::from_mins(1)))
}

#[cfg(test)]
mod tests;
