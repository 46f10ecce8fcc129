//! The vendor's limits.
//!
//! Source: learn.microsoft.com/graph/throttling-limits and sharepoint/dev/general-development/how-to-avoid-getting-throttled
//! (read 2026-11-22). That four calls at once are borne per application and mailbox is what clients report.

use std::collections::HashMap;
use std::time::Instant;

use http::{HeaderName, HeaderValue, header};
use parking_lot::Mutex;

use super::Microsoft365;
use super::errors::GraphError;
use super::graph::route::{self, Endpoint};
use super::roles::Need;
use super::scenario::QuotaProfile;
use crate::call::Call;
use crate::visit::{Visit, Visits};
use crate::window::Window;

/// Calls at once per application and mailbox.
const MOST_CONCURRENT: usize = 4;
/// Calls in ten minutes per application and mailbox.
const MAILBOX_CALLS: u64 = 10_000;
const MAILBOX_SECONDS: u64 = 600;
const DIRECTORY_SECONDS: u64 = 10;
/// Units a minute per application, for up to 1,000 licences.
const SHAREPOINT_UNITS: u64 = 1_200;
const SHAREPOINT_SECONDS: u64 = 60;

const RESOURCE_UNIT: HeaderName = HeaderName::from_static("x-ms-resource-unit");
const THROTTLE_PERCENTAGE: HeaderName = HeaderName::from_static("x-ms-throttle-limit-percentage");
const THROTTLE_SCOPE: HeaderName = HeaderName::from_static("x-ms-throttle-scope");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATE_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Headers of a reply that tell what is left.
type Charge = Vec<(HeaderName, HeaderValue)>;

/// The three services' allowances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Service {
    Directory,
    Exchange,
    SharePoint,
}

impl Service {
    fn of(need: Need) -> Self {
        match need {
            Need::Users | Need::Applications | Need::Credentials | Need::Skus => Self::Directory,
            Need::Files => Self::SharePoint,
            _ => Self::Exchange,
        }
    }

    fn seconds(self) -> u64 {
        match self {
            Self::Directory => DIRECTORY_SECONDS,
            Self::Exchange => MAILBOX_SECONDS,
            Self::SharePoint => SHAREPOINT_SECONDS,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    service: Service,
    client: String,
    /// Empty where all mailboxes share.
    mailbox: String,
}

/// What was spent, and what is in flight.
#[derive(Debug)]
pub(crate) struct Limits {
    profile: QuotaProfile,
    start: Instant,
    windows: Mutex<HashMap<Key, Window>>,
    visits: Mutex<HashMap<(String, String), Visits>>,
}

impl Limits {
    pub(crate) fn new(profile: QuotaProfile) -> Self {
        Self {
            profile,
            start: Instant::now(),
            windows: Mutex::default(),
            visits: Mutex::default(),
        }
    }

    /// Counts a mailbox call in flight; beyond the limit it gives the refusal.
    pub(crate) fn enter(
        &self,
        world: &Microsoft365,
        call: &Call,
    ) -> Result<Option<Visit>, GraphError> {
        let exchange = route::need_of(call).is_some_and(Need::is_exchange);
        if self.profile == QuotaProfile::Off || !exchange {
            return Ok(None);
        }
        let grant = call.bearer().and_then(|token| world.tokens.find(token));
        let (Some(grant), Some(mailbox)) = (grant, mailbox(world, call)) else {
            return Ok(None);
        };
        let key = (grant.client_id.clone(), mailbox);
        let visits = self.visits.lock().entry(key).or_default().clone();
        visits.enter(MOST_CONCURRENT).map(Some).ok_or_else(|| {
            let message = "Application is over its MailboxConcurrency limit.";
            let error = GraphError::new(429, "ApplicationThrottled", message);
            error.header(header::RETRY_AFTER, "1")
        })
    }

    /// Takes a call's cost from its allowance; what the reply says about it.
    pub(crate) fn spend(
        &self,
        world: &Microsoft365,
        endpoint: &Endpoint,
        client: &str,
        call: &Call,
    ) -> Result<Charge, GraphError> {
        if self.profile == QuotaProfile::Off {
            return Ok(Vec::new());
        }
        let service = Service::of(endpoint.need);
        let mailbox = match service {
            Service::Exchange => mailbox(world, call).unwrap_or_default(),
            _ => String::new(),
        };
        let key = Key {
            service,
            client: client.to_owned(),
            mailbox,
        };
        let people = world.people.read().all().len();
        self.spend_at(
            self.start.elapsed().as_secs(),
            key,
            cost(endpoint, call),
            people,
        )
    }

    fn spend_at(
        &self,
        second: u64,
        key: Key,
        units: u64,
        people: usize,
    ) -> Result<Charge, GraphError> {
        let service = key.service;
        let limit = limit(service, people);
        let mut windows = self.windows.lock();
        let window = windows
            .entry(key)
            .or_insert_with(|| Window::new(service.seconds(), second));
        window.advance(second);
        let room = window.has_room(units, limit);
        // A refused call counts as well.
        window.spend(units);
        if room {
            Ok(charge(service, units, window.total(), limit))
        } else {
            Err(refusal(service))
        }
    }
}

fn mailbox(world: &Microsoft365, call: &Call) -> Option<String> {
    let key = route::user_key(call)?;
    let people = world.people.read();
    people.find(&key).map(|user| user.id.clone())
}

fn limit(service: Service, people: usize) -> u64 {
    match (service, people) {
        (Service::Exchange, _) => MAILBOX_CALLS,
        (Service::SharePoint, _) => SHAREPOINT_UNITS,
        (Service::Directory, 0..50) => 3_500,
        (Service::Directory, 50..=500) => 5_000,
        (Service::Directory, _) => 8_000,
    }
}

/// Resource units.
fn cost(endpoint: &Endpoint, call: &Call) -> u64 {
    match Service::of(endpoint.need) {
        Service::Exchange => 1,
        Service::Directory if call.param("$select").is_some() => 1,
        Service::Directory => 2,
        Service::SharePoint => {
            let list = endpoint
                .path
                .iter()
                .any(|part| part.starts_with("children"));
            let delta = endpoint.path.iter().any(|part| part.starts_with("delta"));
            let token = call.param("token").is_some() || endpoint.path.contains(&"delta(token)");
            if list || (delta && !token) { 2 } else { 1 }
        }
    }
}

fn charge(service: Service, units: u64, spent: u64, limit: u64) -> Charge {
    let number = |name: HeaderName, value: u64| (name, HeaderValue::from(value));
    let near = spent * 10 >= limit * 8;
    let mut charge = Vec::new();
    match service {
        Service::Directory => {
            charge.push(number(RESOURCE_UNIT, units));
            let share = format!("{}.{}", spent * 10 / limit / 10, spent * 10 / limit % 10);
            let share = HeaderValue::from_str(&share).ok().filter(|_| near);
            charge.extend(share.map(|share| (THROTTLE_PERCENTAGE, share)));
        }
        Service::SharePoint if near => {
            charge.push(number(RATE_LIMIT, limit));
            charge.push(number(RATE_REMAINING, limit.saturating_sub(spent)));
            charge.push(number(RATE_RESET, SHAREPOINT_SECONDS));
        }
        _ => {}
    }
    charge
}

fn refusal(service: Service) -> GraphError {
    let retry = |error: GraphError, seconds| error.header(header::RETRY_AFTER, seconds);
    match service {
        Service::Exchange => {
            let message = "Application is over its request limit for this mailbox.";
            retry(GraphError::new(429, "ApplicationThrottled", message), "10")
        }
        Service::Directory => {
            let message = "Too many requests.";
            let error = GraphError::new(429, "TooManyRequests", message);
            retry(
                error.header(THROTTLE_SCOPE, "Tenant_Application/ReadWrite"),
                "10",
            )
        }
        Service::SharePoint => {
            let message = "The request has been throttled.";
            retry(GraphError::new(429, "activityLimitReached", message), "10")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(service: Service, mailbox: &str) -> Key {
        Key {
            service,
            client: "c".to_owned(),
            mailbox: mailbox.to_owned(),
        }
    }

    #[test]
    fn a_mailbox_has_its_own_allowance_and_refusals_count() {
        let limits = Limits::new(QuotaProfile::Vendor);
        let spend = |second, mailbox| {
            let key = key(Service::Exchange, mailbox);
            limits.spend_at(second, key, 1, 5).is_ok()
        };
        assert!((0..MAILBOX_CALLS).all(|_| spend(1, "a")));
        assert!(!spend(1, "a") && spend(1, "b"));
        assert!(!spend(600, "a"));
        assert!(
            spend(601, "a"),
            "what was spent ten minutes ago is forgotten"
        );
    }

    #[test]
    fn the_directory_says_what_is_spent() {
        let limits = Limits::new(QuotaProfile::Vendor);
        let spend = |units| limits.spend_at(1, key(Service::Directory, ""), units, 5);
        let first = spend(2).unwrap();
        assert_eq!(first, [(RESOURCE_UNIT, HeaderValue::from(2_u64))]);
        let near = spend(2_900).unwrap();
        assert_eq!(near[1].0, THROTTLE_PERCENTAGE);
        assert!(spend(700).is_err());
    }

    #[test]
    fn sharepoint_tells_what_is_left_near_the_end() {
        let limits = Limits::new(QuotaProfile::Vendor);
        let spend = |units| limits.spend_at(1, key(Service::SharePoint, ""), units, 5);
        assert!(spend(900).unwrap().is_empty());
        let near = spend(100).unwrap();
        assert_eq!(near[1], (RATE_REMAINING, HeaderValue::from(200_u64)));
        assert!(spend(201).is_err());
    }
}
