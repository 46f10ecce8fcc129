//! Google: the token endpoint, Directory, Licensing, Gmail, Calendar, Drive and the keys of service accounts.
//!
//! ```text
//! Call ─▶ witness/enter ─▶ access: token → API enabled → scope → quota → service on → endpoint ─▶ fields mask ─▶ Reply
//! ```

pub(crate) mod access;
mod accounts;
mod arrival;
mod batch;
pub(crate) mod calendar;
pub(crate) mod console;
mod directory;
pub(crate) mod drive;
mod errors;
mod fields;
mod gmail;
mod iam;
mod keys;
mod licensing;
mod people;
mod quota;
mod scopes;
mod token;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use http::StatusCode;
use parking_lot::RwLock;

use self::access::Api;
use self::accounts::Accounts;
use self::errors::ApiError;
use self::fields::Masks;
use self::people::People;
use self::quota::Quota;
use self::token::{Subject, Tokens};
use crate::app::App;
use crate::call::{Call, Reply};
use crate::console::Outcome;
use crate::instruments::clock::Clock;
use crate::instruments::log::Witness;
use crate::scenario::{QuotaProfile, RestrictedSubject, Scenario};
use crate::vendor::Vendor;
use crate::visit::Visit;

/// Concurrent Gmail calls per person that Google bears (observed, not documented).
pub(crate) const MOST_CONCURRENT: usize = 10;

/// The APIs, by the start of their path after `/google/`.
const ALL: &[&Api] = &[
    &gmail::API,
    &calendar::API,
    &drive::API,
    &directory::API,
    &licensing::API,
];

/// One Google.
///
/// Locks are taken in the order of the fields, then those of one person; never two people's.
#[derive(Debug)]
pub(crate) struct Google {
    pub(crate) people: RwLock<People>,
    pub(crate) accounts: RwLock<Accounts>,
    pub(crate) tokens: Tokens,
    pub(crate) quota: Quota,
    pub(crate) masks: Masks,
    pub(crate) restricted_subject: RestrictedSubject,
    pub(crate) seed: u64,
    /// Milliseconds since 1970 that generated content leads up to.
    pub(crate) epoch: i64,
    /// The folder that the scenario's paths start from.
    pub(crate) base: PathBuf,
    latency: Duration,
    url: OnceLock<String>,
}

impl Google {
    pub(crate) fn open(
        scenario: &Scenario,
        base: &Path,
        clock: &Clock,
    ) -> anyhow::Result<Box<dyn Vendor>> {
        Ok(Box::new(Self::new(scenario, base, clock)?))
    }

    fn new(scenario: &Scenario, base: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let given = &scenario.google;
        let customers = std::iter::once(&given.customer).chain(&given.other_customers);
        let google = Self {
            people: RwLock::new(People::new(customers.cloned().collect())),
            accounts: RwLock::new(Accounts::new(given)?),
            tokens: Tokens::default(),
            quota: Quota::new(given.quota),
            masks: Masks::default(),
            restricted_subject: given.restricted_subject,
            seed: scenario.seed,
            epoch: scenario.epoch.as_millisecond(),
            base: base.to_owned(),
            latency: Duration::from_millis(given.latency_ms),
            url: OnceLock::new(),
        };
        for user in &given.users {
            google.add_user(user, clock.now_ms())?;
        }
        Ok(google)
    }

    /// The address of the whole sandbox.
    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }
}

impl Vendor for Google {
    fn name(&self) -> &'static str {
        "google"
    }

    fn set_url(&self, url: &str) {
        self.url.get_or_init(|| url.to_owned());
    }

    fn console(&self, app: &App, call: &Call, path: &[&str]) -> Outcome {
        console::answer(self, app, call, path)
    }

    fn latency(&self) -> Duration {
        self.latency
    }

    fn answer(&self, app: &App, call: &Call, seq: u64) -> Reply {
        let clock = &app.instruments.clock;
        let path = call.segments_after(1);
        match path.as_slice() {
            ["token"] => token::exchange(self, call, clock.now_ms()),
            ["tokeninfo"] => token::info(self, call, clock.now_seconds()),
            ["batch", rest @ ..] => batch::answer(self, app, call, rest, seq),
            ["iam", rest @ ..] => iam::answer(self, call, rest, clock),
            _ => match ALL.iter().find_map(|api| Some((api, api.rest(&path)?))) {
                Some((api, rest)) => access::answer(self, api, rest, call, clock),
                None => ApiError::no_method().reply(),
            },
        }
    }

    fn enter(&self, _app: &App, call: &Call) -> Result<Option<Visit>, Reply> {
        if self.quota.profile() == QuotaProfile::Off || self.api_of(call) != "gmail" {
            return Ok(None);
        }
        let grant = call.bearer().and_then(|token| self.tokens.find(token));
        let Some(Subject::Person(user)) = grant.map(|grant| grant.subject.clone()) else {
            return Ok(None);
        };
        let visit = user.visits.enter(MOST_CONCURRENT);
        visit.map(Some).ok_or_else(|| too_many_concurrent().reply())
    }

    fn api_of(&self, call: &Call) -> &'static str {
        let path = call.segments_after(1);
        match path.as_slice() {
            ["token"] => "token",
            ["tokeninfo"] => "tokeninfo",
            ["batch", ..] => "batch",
            ["iam", ..] => "iam",
            _ => {
                let api = ALL.iter().find(|api| api.rest(&path).is_some());
                api.map_or("unknown", |api| api.label)
            }
        }
    }

    fn witness(&self, call: &Call) -> Witness {
        witness::of(self, call)
    }
}

/// Source: reports of `429 Too many concurrent requests for user`, about ten at once (read 2026-11-22).
pub(crate) fn too_many_concurrent() -> ApiError {
    let code = StatusCode::TOO_MANY_REQUESTS.as_u16();
    ApiError::new(
        code,
        "rateLimitExceeded",
        "Too many concurrent requests for user",
    )
    .status("RESOURCE_EXHAUSTED")
}
