//! Finding out what the credential may do.
//!
//! ```text
//! one assertion for all scopes ─► good: done (and one look at the directory, where that is asked for)
//!        │ refused
//!        ▼
//! the key alone ─► refused: the key is the trouble, nothing is known of the delegation
//!        │ good
//!        ▼
//! halves, quarters, … ─► which scopes are missing
//! ```

mod bisect;
mod excess;
mod words;

use std::time::Duration;

use super::api::{Api, Method};
use super::directory::People;
use super::errors::token::MAX_SKEW;
use super::grants::Needs;
use super::scopes;
use super::spec::GoogleSpec;
use crate::http::auth::{Granted, Token};
use crate::model::account::Known;
use crate::model::email::Email;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::report::{CheckReport, CheckRequest, Finding, Identity, ScopeState};

/// People who are tried, one after the other, where there is no administrator to test the delegation with.
const MAX_PEOPLE: usize = 3;

/// One check under way.
pub(super) struct Check<'a> {
    pub(super) api: &'a Api,
    pub(super) spec: &'a GoogleSpec,
    pub(super) people: &'a People,
    pub(super) identity: Identity,
}

/// What the first assertion came to.
enum First {
    /// All scopes are granted.
    Granted(Email, Granted),
    /// They are not, or it cannot be known.
    Failed(Email, Error),
    /// There is nobody to act for.
    Nobody,
}

/// What is known of the delegation after all.
struct Delegation {
    authenticated: Finding,
    finding: Finding,
    scopes: Vec<ScopeState>,
    /// Somebody to act for, and a token of all scopes.
    token: Option<(Email, Token)>,
    throttled: Option<Duration>,
}

impl Check<'_> {
    /// Checks, and remembers what is granted for those who ask for tokens later.
    pub(super) async fn run(self, request: &CheckRequest) -> CheckReport {
        let needs = Needs::of(self.spec, request);
        let wanted = self.api.grants.wanted(&needs);
        let found = match self.first(&wanted, &request.people).await {
            First::Granted(subject, granted) => self.all_granted(&wanted, subject, granted),
            First::Failed(subject, error) => self.look_closer(&wanted, &subject, error).await,
            First::Nobody => self.nobody(&wanted).await,
        };
        self.learn(&found.scopes);
        let permissions = self.permissions(&needs, &wanted, &found).await;
        let (least_privilege, excess) = match &found.token {
            Some((subject, _)) if request.look_for_excess => self.excess(subject, &wanted).await,
            _ => (None, Vec::new()),
        };
        CheckReport {
            remedy_url: Some(self.remedy_url(&wanted)),
            identity: self.identity,
            credential: None,
            authenticated: found.authenticated,
            delegation: found.finding,
            permissions,
            least_privilege,
            service_identity: Finding::good("A service account is no person's."),
            scopes: found.scopes,
            excess,
            throttled: found.throttled,
        }
    }

    /// One assertion for everything. People who are not there, or who may be another tenant's, are passed over; an
    /// administrator is not.
    async fn first(&self, wanted: &[String], people: &[Email]) -> First {
        let subjects = match &self.spec.admin_email {
            Some(admin) => std::slice::from_ref(admin),
            None => people
                .get(..people.len().min(MAX_PEOPLE))
                .unwrap_or_default(),
        };
        let scopes: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut outcome = First::Nobody;
        for subject in subjects {
            let minted = self.api.tokens.mint(Some(subject.as_str()), &scopes).await;
            outcome = match minted {
                Ok(granted) => return First::Granted(subject.clone(), granted),
                Err(error) => First::Failed(subject.clone(), error),
            };
            if !matches!(&outcome, First::Failed(_, error) if may_be_about_the_person(error)) {
                break;
            }
        }
        outcome
    }

    fn all_granted(&self, wanted: &[String], subject: Email, granted: Granted) -> Delegation {
        Delegation {
            authenticated: words::authenticated(&self.identity.account, clock(&granted)),
            finding: words::delegated(wanted.len()),
            scopes: wanted
                .iter()
                .map(|name| state(name, Known::True, None))
                .collect(),
            token: Some((subject, granted.token)),
            throttled: None,
        }
    }

    async fn nobody(&self, wanted: &[String]) -> Delegation {
        let key = self.key_alone().await;
        let reason = Some(Reason::NobodyToTestWith);
        let scopes = wanted
            .iter()
            .map(|name| state(name, Known::Unknown, reason));
        Delegation {
            throttled: key.as_ref().err().and_then(throttled),
            authenticated: self.authenticated(&key),
            finding: words::nobody(),
            scopes: scopes.collect(),
            token: None,
        }
    }

    /// The first assertion failed: is it the key, the person, or some of the scopes?
    async fn look_closer(&self, wanted: &[String], subject: &Email, error: Error) -> Delegation {
        if matches!(error.class, Class::Retry | Class::Throttled) || is_about_the_key(&error) {
            return undecided(wanted, Finding::from(&error), &error);
        }
        let key = self.key_alone().await;
        let authenticated = self.authenticated(&key);
        if let Err(error) = key {
            return undecided(wanted, authenticated, &error);
        }
        if is_about_the_person(&error) {
            let mut found = undecided(wanted, authenticated, &error);
            found.finding = words::person(subject, &error, self.spec.admin_email.is_some());
            return found;
        }
        let verdicts = bisect::run(self.api, subject, wanted, error).await;
        let url = self.remedy_url(wanted);
        Delegation {
            authenticated,
            finding: words::missing(&self.identity, &verdicts, &url),
            throttled: verdicts
                .iter()
                .find_map(|one| one.error.as_ref().and_then(throttled)),
            scopes: verdicts.iter().map(bisect::Verdict::state).collect(),
            token: None,
        }
    }

    /// Tries the key without acting for anybody. Whatever the vendor says of the scope, the key was good if it was
    /// not the key that it complained about.
    async fn key_alone(&self) -> Result<Granted, Error> {
        self.api.tokens.mint(None, &[scopes::HARMLESS]).await
    }

    fn authenticated(&self, key: &Result<Granted, Error>) -> Finding {
        match key {
            Ok(granted) => words::authenticated(&self.identity.account, clock(granted)),
            Err(error) => Finding::from(error),
        }
    }

    fn learn(&self, scopes: &[ScopeState]) {
        let is_known = scopes.iter().any(|one| one.granted != Known::Unknown);
        if is_known {
            let granted = scopes.iter().filter(|one| one.granted == Known::True);
            self.api.grants.learn(granted.map(|one| one.name.clone()));
        }
    }

    /// What must be so beyond the delegation: a scope for everything that is read, and a directory that opens.
    async fn permissions(
        &self,
        needs: &Needs<'_>,
        wanted: &[String],
        found: &Delegation,
    ) -> Finding {
        let serves = |method: Method| {
            let mut scopes = method.scopes().iter();
            scopes.any(|&scope| wanted.iter().any(|one| one == scope))
        };
        let unserved = needs
            .methods()
            .into_iter()
            .filter(|&method| !serves(method));
        // Without a directory people are probed instead.
        let mut unserved = unserved.filter(|&method| method != Method::UsersGet);
        if let Some(method) = unserved.next() {
            return words::unserved(method);
        }
        let Some(admin) = self
            .spec
            .admin_email
            .as_ref()
            .filter(|_| serves(Method::UsersGet))
        else {
            return Finding::good("Nothing beyond the delegation is needed.");
        };
        match &found.token {
            Some((_, token)) => match self.people.look_at(token, admin).await {
                Ok(()) => Finding::good("The directory can be read."),
                Err(error) => Finding::from(&error),
            },
            None => Finding::unknown(found.finding.reason, "Known once the delegation is whole."),
        }
    }

    fn remedy_url(&self, wanted: &[String]) -> String {
        self.api.tokens.key().remedy_url(wanted)
    }
}

fn clock(granted: &Granted) -> Option<jiff::SignedDuration> {
    granted
        .clock_offset
        .filter(|offset| offset.abs() > MAX_SKEW)
}

/// Nothing is known of the delegation, because of `error`.
fn undecided(wanted: &[String], authenticated: Finding, error: &Error) -> Delegation {
    let states = wanted
        .iter()
        .map(|name| state(name, Known::Unknown, Some(error.reason)));
    Delegation {
        authenticated,
        finding: Finding::unknown(error.reason, error.to_string()),
        scopes: states.collect(),
        token: None,
        throttled: throttled(error),
    }
}

fn throttled(error: &Error) -> Option<Duration> {
    let is_throttled = error.class == Class::Throttled;
    is_throttled.then(|| error.retry_after.unwrap_or(Duration::from_mins(1)))
}

fn is_about_the_key(error: &Error) -> bool {
    matches!(
        error.reason,
        Reason::KeyMalformed
            | Reason::KeyRevoked
            | Reason::AccountDisabled
            | Reason::ClockSkew
            | Reason::EndpointRefused
    ) || (error.reason == Reason::TokenRequestRefused && error.class == Class::Invalid)
}

fn is_about_the_person(error: &Error) -> bool {
    matches!(
        error.reason,
        Reason::UserNotFound | Reason::UserNotAccessible
    )
}

/// A delegation ends at the tenant's border, and the refusal beyond it reads as if there were none at all.
fn may_be_about_the_person(error: &Error) -> bool {
    is_about_the_person(error)
        || matches!(
            error.reason,
            Reason::ClientNotAuthorized | Reason::ScopeNotAuthorized
        )
}

fn state(name: &str, granted: Known, reason: Option<Reason>) -> ScopeState {
    ScopeState {
        name: name.to_owned(),
        granted,
        reason,
    }
}

#[cfg(test)]
mod tests;
