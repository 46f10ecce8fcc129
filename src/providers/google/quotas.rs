//! The vendor's allowances.
//!
//! Source: developers.google.com/workspace/gmail/api/reference/quota, …/calendar/api/guides/quota,
//! …/drive/api/guides/limits and …/admin-sdk/directory/v1/limits, read 2026-11-22. The allowance of the
//! licensing API is not documented; the one here is modest. IAM's is that of writes (cloud.google.com/iam/quotas, read
//! 2026-11-27); reads have ten times as much.

use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::NAME;
use super::method::ApiName;
use super::spec::QuotaProfile;
use crate::http::limits::Allowance::{PerMinute, Unbounded};
use crate::http::limits::{Quota, QuotaKey, Registry, Table};

/// Requests under way for one person beyond which the vendor answers "Too many concurrent requests for user". About
/// ten are seen to pass; no page documents it.
pub(super) const MAX_UNDER_WAY: usize = 8;

/// One account's quotas, by API.
pub(super) struct Quotas(Vec<(ApiName, Arc<Quota>)>);

impl Quotas {
    /// Finds the quotas of an account, shared with other connections of the same one.
    pub(super) fn find(
        registry: &Registry,
        endpoint: &str,
        account: &str,
        profile: QuotaProfile,
    ) -> Self {
        let quota = |api: ApiName| {
            let key = QuotaKey {
                provider: NAME,
                endpoint: endpoint.to_owned(),
                account: account.to_owned(),
                api: api.title(),
            };
            (api, registry.find(key, table(api, profile)))
        };
        Self(ApiName::iter().map(quota).collect())
    }

    /// Returns the quota of one API; there is one for each.
    pub(super) fn of(&self, api: ApiName) -> Option<&Arc<Quota>> {
        self.0
            .iter()
            .find(|(one, _)| *one == api)
            .map(|(_, quota)| quota)
    }
}

const fn table(api: ApiName, profile: QuotaProfile) -> Table {
    let (all, user) = match (api, profile) {
        (_, QuotaProfile::Unlimited) => (Unbounded, Unbounded),
        (ApiName::Gmail, QuotaProfile::Legacy) => (PerMinute(1_200_000), PerMinute(15_000)),
        (ApiName::Gmail, QuotaProfile::Y2026) => (PerMinute(1_200_000), PerMinute(6_000)),
        (ApiName::Calendar, _) => (PerMinute(10_000), PerMinute(600)),
        (ApiName::Drive, QuotaProfile::Legacy) => (PerMinute(12_000), PerMinute(12_000)),
        (ApiName::Drive, QuotaProfile::Y2026) => (PerMinute(1_000_000), PerMinute(325_000)),
        (ApiName::Directory, _) => (Unbounded, PerMinute(2_400)),
        (ApiName::Licensing | ApiName::Iam, _) => (PerMinute(600), PerMinute(600)),
    };
    Table {
        all,
        user,
        under_way: MAX_UNDER_WAY,
    }
}
