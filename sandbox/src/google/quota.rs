//! Quotas: sliding windows of a minute per person and per project.
//!
//! Source: developers.google.com/workspace/gmail/api/reference/quota, calendar/api/guides/quota,
//! drive/api/guides/limits, admin-sdk/directory/v1/limits (read 2026-11-22). Drive's units per method are not
//! published in full; every Drive method costs [`DRIVE_UNITS`] here.

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::Mutex;

use super::errors::ApiError;
use crate::scenario::QuotaProfile;
use crate::window::Window;

/// How long what is spent counts.
const SECONDS: u64 = 60;
/// Assumed cost of one Drive call under the 2026 table.
pub(crate) const DRIVE_UNITS: u32 = 100;

/// What a call costs under the two tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) legacy: u32,
    pub(crate) year2026: u32,
}

impl Cost {
    pub(crate) const fn same(units: u32) -> Self {
        Self {
            legacy: units,
            year2026: units,
        }
    }
}

/// Units per minute; 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    person: u64,
    project: u64,
}

fn limits(profile: QuotaProfile, api: &str) -> Limits {
    let (person, project) = match (profile, api) {
        (QuotaProfile::Legacy, "gmail") => (15_000, 1_200_000),
        (QuotaProfile::Year2026, "gmail") => (6_000, 1_200_000),
        (QuotaProfile::Legacy | QuotaProfile::Year2026, "calendar") => (600, 10_000),
        (QuotaProfile::Legacy, "drive") => (12_000, 12_000),
        (QuotaProfile::Year2026, "drive") => (325_000, 1_000_000),
        (QuotaProfile::Legacy | QuotaProfile::Year2026, "directory") => (2_400, 0),
        _ => (0, 0),
    };
    Limits { person, project }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    project: String,
    api: &'static str,
    /// Empty for the project's own window.
    person: String,
}

/// All windows.
#[derive(Debug)]
pub(crate) struct Quota {
    profile: QuotaProfile,
    start: Instant,
    windows: Mutex<HashMap<Key, Window>>,
}

impl Quota {
    pub(crate) fn new(profile: QuotaProfile) -> Self {
        Self {
            profile,
            start: Instant::now(),
            windows: Mutex::default(),
        }
    }

    pub(crate) fn profile(&self) -> QuotaProfile {
        self.profile
    }

    /// Takes a call's cost from the person's and the project's allowance, or from neither.
    pub(crate) fn spend(
        &self,
        project: &str,
        api: &'static str,
        person: &str,
        cost: Cost,
    ) -> Result<(), ApiError> {
        if self.profile == QuotaProfile::Off {
            return Ok(());
        }
        let units = match self.profile {
            QuotaProfile::Legacy => cost.legacy,
            _ => cost.year2026,
        };
        self.spend_at(
            self.start.elapsed().as_secs(),
            project,
            api,
            person,
            u64::from(units),
        )
    }

    fn spend_at(
        &self,
        second: u64,
        project: &str,
        api: &'static str,
        person: &str,
        units: u64,
    ) -> Result<(), ApiError> {
        let limits = limits(self.profile, api);
        let mut windows = self.windows.lock();
        let key = |person: &str| Key {
            project: project.to_owned(),
            api,
            person: person.to_owned(),
        };
        for (person, limit, whose) in [(person, limits.person, true), ("", limits.project, false)] {
            let window = windows
                .entry(key(person))
                .or_insert_with(|| Window::new(SECONDS, second));
            window.advance(second);
            if !window.has_room(units, limit) {
                return Err(exceeded(api, project, whose));
            }
        }
        for person in [person, ""] {
            windows
                .entry(key(person))
                .or_insert_with(|| Window::new(SECONDS, second))
                .spend(units);
        }
        Ok(())
    }
}

/// Each API has its own words for it.
fn exceeded(api: &str, project: &str, person: bool) -> ApiError {
    let limits = "usageLimits";
    match (api, person) {
        ("gmail", _) => {
            let whose = if person { " per user" } else { "" };
            let message = format!(
                "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute{whose}' of service \
                 'gmail.googleapis.com' for consumer 'project_number:{project}'."
            );
            ApiError::new(403, "rateLimitExceeded", message)
                .domain(limits)
                .status("PERMISSION_DENIED")
        }
        ("directory", _) => {
            let message = "Request rate higher than configured.";
            ApiError::new(403, "quotaExceeded", message).domain(limits)
        }
        (_, true) => {
            let message = "User Rate Limit Exceeded. Rate of requests for user exceed configured project quota, \
                           you may consider re-evaluating expected per-user traffic to the API and adjust project \
                           quota limits accordingly. You may monitor aggregate quota usage and adjust limits in \
                           the API Console.";
            ApiError::new(403, "userRateLimitExceeded", message).domain(limits)
        }
        (_, false) => ApiError::new(403, "rateLimitExceeded", "Rate Limit Exceeded").domain(limits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spend(quota: &Quota, second: u64, person: &str, units: u64) -> bool {
        quota.spend_at(second, "1", "gmail", person, units).is_ok()
    }

    #[test]
    fn a_minute_slides() {
        let quota = Quota::new(QuotaProfile::Year2026);
        assert!(spend(&quota, 10, "a", 4_000));
        assert!(spend(&quota, 40, "a", 2_000));
        assert!(!spend(&quota, 69, "a", 1));
        assert!(
            spend(&quota, 70, "a", 4_000),
            "what was spent 60 s ago is forgotten"
        );
        assert!(!spend(&quota, 99, "a", 1));
        assert!(spend(&quota, 100, "a", 2_000));
        assert!(spend(&quota, 1_000, "a", 6_000));
    }

    #[test]
    fn people_have_their_own_and_share_the_projects() {
        let quota = Quota::new(QuotaProfile::Legacy);
        for person in 0..80 {
            assert!(spend(&quota, 5, &person.to_string(), 15_000), "{person}");
        }
        assert!(
            !spend(&quota, 5, "81", 5),
            "80 × 15,000 is the project's allowance"
        );
    }

    #[test]
    fn off_means_off() {
        let quota = Quota::new(QuotaProfile::Off);
        assert!((0..10_000).all(|_| quota.spend("1", "calendar", "a", Cost::same(1)).is_ok()));
    }
}
