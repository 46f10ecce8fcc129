//! Microsoft 365: Entra's token endpoint and Microsoft Graph.
//!
//! ```text
//! Call ─▶ witness/enter ─┬▶ entra (tenant → application → credential → scope) ─▶ Reply
//!                        └▶ graph: route → token → limits → person → service → permission → endpoint ─▶ Reply
//! ```

mod apps;
mod arrival;
mod calendar;
mod console;
mod drive;
mod entra;
mod errors;
mod graph;
mod limits;
mod mail;
mod people;
mod roles;
pub(crate) mod scenario;
mod tokens;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use http::StatusCode;
use parking_lot::RwLock;

use self::apps::Apps;
use self::limits::Limits;
use self::people::People;
use self::scenario::{Quirks, Tenant};
use self::tokens::Tokens;
use crate::app::App;
use crate::call::{Call, Reply};
use crate::console::Outcome;
use crate::instruments::clock::Clock;
use crate::instruments::log::Witness;
use crate::scenario::Scenario;
use crate::vendor::Vendor;
use crate::visit::Visit;

/// One Microsoft 365 with one tenant that applications are registered in.
///
/// Locks are taken in the order of the fields, then those of one person; never two people's.
#[derive(Debug)]
pub(crate) struct Microsoft365 {
    pub(crate) tenant: Tenant,
    pub(crate) other_tenants: Vec<Tenant>,
    pub(crate) apps: RwLock<Apps>,
    pub(crate) people: RwLock<People>,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Limits,
    pub(crate) quirks: RwLock<Quirks>,
    /// Milliseconds that the token endpoint knows nothing of a secret that Graph has made.
    pub(crate) secret_propagation: AtomicI64,
    pub(crate) seed: u64,
    /// Milliseconds since 1970 that generated content leads up to.
    pub(crate) epoch: i64,
    /// The folder that the scenario's paths start from.
    pub(crate) base: PathBuf,
    latency: Duration,
    url: OnceLock<String>,
}

impl Microsoft365 {
    pub(crate) fn open(
        scenario: &Scenario,
        base: &Path,
        clock: &Clock,
    ) -> anyhow::Result<Box<dyn Vendor>> {
        Ok(Box::new(Self::new(scenario, base, clock)?))
    }

    fn new(scenario: &Scenario, base: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let given = &scenario.microsoft365;
        let world = Self {
            tenant: given.tenant.clone(),
            other_tenants: given.other_tenants.clone(),
            apps: RwLock::new(Apps::new(given, clock.now_ms())?),
            people: RwLock::new(People::new(given.tenant.domains.clone())),
            tokens: Tokens::default(),
            limits: Limits::new(given.quota),
            quirks: RwLock::new(given.quirks),
            secret_propagation: AtomicI64::new(given.secret_propagation_ms),
            seed: scenario.seed,
            epoch: scenario.epoch.as_millisecond(),
            base: base.to_owned(),
            latency: Duration::from_millis(given.latency_ms),
            url: OnceLock::new(),
        };
        for user in &given.users {
            world.add_user(user)?;
        }
        Ok(world)
    }

    /// The address of the whole sandbox.
    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }

    /// Graph's address with its version.
    pub(crate) fn graph_url(&self) -> String {
        format!("{}/microsoft365/graph/v1.0", self.url())
    }
}

impl Vendor for Microsoft365 {
    fn name(&self) -> &'static str {
        "microsoft365"
    }

    fn set_url(&self, url: &str) {
        self.url.get_or_init(|| url.to_owned());
    }

    fn latency(&self) -> Duration {
        self.latency
    }

    fn answer(&self, app: &App, call: &Call, seq: u64) -> Reply {
        let path = call.segments_after(1);
        match path.split_first() {
            Some((&"login", rest)) => {
                entra::answer(self, call, rest, app.instruments.clock.now_seconds())
            }
            Some((&"graph", _)) => graph::answer(self, app, call, seq),
            _ => Reply::empty(StatusCode::NOT_FOUND).because("notFound"),
        }
    }

    fn enter(&self, app: &App, call: &Call) -> Result<Option<Visit>, Reply> {
        let now = app.instruments.clock.now_ms();
        self.limits
            .enter(self, call)
            .map_err(|error| error.reply(call, now))
    }

    fn api_of(&self, call: &Call) -> &'static str {
        match call.segments.get(1).map(String::as_str) {
            Some("login") => "token",
            Some("graph") => graph::route::api_of(call),
            _ => "unknown",
        }
    }

    fn witness(&self, call: &Call) -> Witness {
        witness::of(self, call)
    }

    fn console(&self, app: &App, call: &Call, path: &[&str]) -> Outcome {
        console::answer(self, app, call, path)
    }
}
