//! `SendSafely`: the REST API with its signed requests, and its SCIM endpoint.
//!
//! ```text
//! Call ─▶ host ─┬▶ api: key → time → signature → account → endpoint ─▶ Reply (200, with the outcome in its body)
//!               └▶ scim: Basic → administrator → users ─▶ Reply
//! ```
//!
//! Source: the vendor's Java, Windows, Python and Node clients and Code-Examples on GitHub, and the articles
//! 16680201903885 and 32501318613005 on sendsafely.zendesk.com (read 2026-11-27). Messages of refusals that are neither in a
//! client nor in an article are assumed; their codes are the vendor's.

mod accounts;
mod api;
mod audit;
mod console;
mod generate;
mod packages;
pub(crate) mod scenario;
mod scim;
mod signature;
mod witness;

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use http::{HeaderValue, StatusCode, header};
use parking_lot::RwLock;

use self::accounts::Accounts;
use self::audit::AuditLog;
use self::packages::Packages;
use self::scenario::Features;
use crate::app::App;
use crate::call::{Call, Reply};
use crate::console::Outcome;
use crate::instruments::clock::Clock;
use crate::instruments::log::Witness;
use crate::scenario::Scenario;
use crate::vendor::Vendor;
use crate::visit::Visit;

/// One company's portal.
///
/// Locks are taken in the order of the fields.
#[derive(Debug)]
pub(crate) struct SendSafely {
    /// Such as `acme.sendsafely.com`.
    host: String,
    system_name: String,
    features: RwLock<Features>,
    accounts: RwLock<Accounts>,
    packages: RwLock<Packages>,
    audit: RwLock<AuditLog>,
    latency: Duration,
    url: OnceLock<String>,
}

impl SendSafely {
    pub(crate) fn open(
        scenario: &Scenario,
        _base: &Path,
        _clock: &Clock,
    ) -> anyhow::Result<Box<dyn Vendor>> {
        let given = &scenario.sendsafely;
        let portal = Self {
            host: given.host.clone(),
            system_name: given.system_name.clone(),
            features: RwLock::new(given.features()),
            accounts: RwLock::default(),
            packages: RwLock::default(),
            audit: RwLock::default(),
            latency: Duration::from_millis(given.latency_ms),
            url: OnceLock::new(),
        };
        for user in &given.users {
            let added = portal
                .accounts
                .write()
                .add(user)
                .map_err(anyhow::Error::msg);
            let added = added.with_context(|| format!("SendSafely user {}", user.email))?;
            let epoch = scenario.epoch.as_millisecond();
            generate::life_of(&portal, &added, user, scenario.seed, epoch);
        }
        for group in &given.groups {
            let added = portal.accounts.write().add_group(group);
            added.map_err(anyhow::Error::msg)?;
        }
        Ok(Box::new(portal))
    }

    /// The path on the company's host, if the call is for that host.
    ///
    /// A call is for the host that its `Host` header names, or that its path does (`/sendsafely/hosts/…`), or else for the
    /// company's.
    fn local<'a>(&self, call: &'a Call) -> Option<&'a str> {
        let path = call.path.strip_prefix("/sendsafely")?;
        if let Some(rest) = path.strip_prefix("/hosts/") {
            let (host, _) = rest.split_once('/')?;
            let path = rest.strip_prefix(host)?;
            return host.eq_ignore_ascii_case(&self.host).then_some(path);
        }
        let host = call.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let foreign = host.to_lowercase().ends_with(".sendsafely.com")
            && !host.eq_ignore_ascii_case(&self.host);
        (!foreign).then_some(path)
    }
}

/// The parts of a path, without the empty ones: a slash at the end makes no difference.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

/// What a host answers that is no company's: a page, not JSON.
fn no_company() -> Reply {
    let page = "<!DOCTYPE html><html><head><title>SendSafely</title></head><body>Page not found</body></html>";
    Reply {
        headers: vec![(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html;charset=UTF-8"),
        )],
        body: page.into(),
        ..Reply::empty(StatusCode::NOT_FOUND)
    }
    .because("notFound")
}

impl Vendor for SendSafely {
    fn name(&self) -> &'static str {
        "sendsafely"
    }

    fn set_url(&self, url: &str) {
        self.url.get_or_init(|| url.to_owned());
    }

    fn latency(&self) -> Duration {
        self.latency
    }

    fn answer(&self, app: &App, call: &Call, _seq: u64) -> Reply {
        let now = app.instruments.clock.now_ms();
        let Some(path) = self.local(call) else {
            return no_company();
        };
        match parts(path).as_slice() {
            ["api", "v2.0", rest @ ..] => api::answer(self, call, path, rest, now),
            ["scim", "v2", rest @ ..] => scim::answer(self, call, rest),
            _ => no_company(),
        }
    }

    fn enter(&self, _app: &App, _call: &Call) -> Result<Option<Visit>, Reply> {
        Ok(None)
    }

    fn api_of(&self, call: &Call) -> &'static str {
        match parts(self.local(call).unwrap_or_default()).as_slice() {
            ["api", "v2.0", rest @ ..] => api::label(rest),
            ["scim", "v2", ..] => "scim",
            _ => "unknown",
        }
    }

    fn witness(&self, call: &Call) -> Witness {
        witness::of(self, call)
    }

    fn console(&self, app: &App, call: &Call, path: &[&str]) -> Outcome {
        console::answer(self, call, path, app.instruments.clock.now_ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_make_no_difference() {
        assert_eq!(parts("/api/v2.0/user/"), parts("/api/v2.0/user"));
        assert_eq!(parts("/"), Vec::<&str>::new());
    }
}
