//! The vendor's limits.
//!
//! Source: learn.microsoft.com/graph/throttling-limits and …/sharepoint/dev/general-development/how-to-avoid-getting-throttled-…,
//! read 2026-11-22.

use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::NAME;
use super::method::Service;
use super::spec::QuotaProfile;
use crate::http::limits::Allowance::{PerMinute, Unbounded};
use crate::http::limits::{Allowance, Quota, QuotaKey, Registry, Table};

/// Requests under way for one mailbox: the documented limit per application and mailbox. A fifth is answered 429.
pub(super) const MAX_UNDER_WAY: usize = 4;
/// Requests a minute for one mailbox: 10,000 in 10 minutes, less a little, as a known client has it (16 a second).
const MAILBOX: Allowance = PerMinute(960);
/// Units a minute for the directory: 3,500 in 10 seconds, for the smallest tenants.
const DIRECTORY: Allowance = PerMinute(21_000);
/// Requests a minute of an application over all tenants: 2,000 a second.
const GRAPH: Allowance = PerMinute(120_000);

/// One application's quotas in one tenant, by service.
pub(super) struct Quotas(Vec<(Service, Arc<Quota>)>);

impl Quotas {
    /// Finds the quotas of an application, shared with other connections of the same one.
    pub(super) fn find(
        registry: &Registry,
        endpoint: &str,
        account: &str,
        profile: QuotaProfile,
    ) -> Self {
        let quota = |service: Service| {
            let key = QuotaKey {
                provider: NAME,
                endpoint: endpoint.to_owned(),
                account: account.to_owned(),
                api: service.title(),
            };
            (service, registry.find(key, table(service, profile)))
        };
        Self(Service::iter().map(quota).collect())
    }

    /// Returns the quota of one service; there is one for each.
    pub(super) fn of(&self, service: Service) -> Option<&Arc<Quota>> {
        let found = self.0.iter().find(|(one, _)| *one == service);
        found.map(|(_, quota)| quota)
    }
}

const fn table(service: Service, profile: QuotaProfile) -> Table {
    let (all, user) = match (service, profile) {
        (_, QuotaProfile::Unlimited) => (Unbounded, Unbounded),
        (Service::Directory, _) => (DIRECTORY, Unbounded),
        (Service::Exchange, _) => (GRAPH, MAILBOX),
        (Service::SharePoint, profile) => (files(profile), Unbounded),
    };
    Table {
        all,
        user,
        under_way: MAX_UNDER_WAY,
    }
}

/// Resource units a minute of an application in a tenant.
const fn files(profile: QuotaProfile) -> Allowance {
    match profile {
        QuotaProfile::UpTo1k => PerMinute(1_200),
        QuotaProfile::UpTo5k => PerMinute(2_400),
        QuotaProfile::UpTo15k => PerMinute(3_600),
        QuotaProfile::UpTo50k => PerMinute(4_800),
        QuotaProfile::Over50k => PerMinute(6_000),
        QuotaProfile::Unlimited => Unbounded,
    }
}
