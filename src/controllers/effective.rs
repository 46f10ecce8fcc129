//! What is in force where the spec leaves things out, and for one person of a connection. Pure.

use jiff::SignedDuration;
use strum::IntoEnumIterator as _;

use crate::api::common::Effective;
use crate::api::connection::ServiceAccountConnectionSpec;
use crate::api::{Span, SyncedUserSpec};
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::{CalendarLevel, MailLevel, Privacy};
use crate::providers::{CheckRequest, Pace};

const INTERVAL: Span = Span::from_secs(5 * 60);
const VALIDATION_INTERVAL: Span = Span::from_secs(3600);
const CONCURRENT_USERS: u32 = 8;
const REQUESTS_PER_USER: u32 = 4;

/// Returns how often a connection is verified.
pub fn validation_interval(spec: &ServiceAccountConnectionSpec) -> SignedDuration {
    let validation = spec
        .validation
        .as_ref()
        .and_then(|validation| validation.interval);
    validation.unwrap_or(VALIDATION_INTERVAL).get()
}

/// Returns how many people are synced at once.
pub fn concurrent_users(spec: &ServiceAccountConnectionSpec) -> usize {
    let concurrency = spec
        .sync
        .as_ref()
        .and_then(|sync| sync.concurrency.as_ref());
    let users = concurrency
        .and_then(|concurrency| concurrency.users)
        .unwrap_or(CONCURRENT_USERS);
    usize::try_from(users).unwrap_or(usize::MAX).max(1)
}

/// Returns how much of the vendor's quota a connection may use at once.
pub fn pace(spec: &ServiceAccountConnectionSpec) -> Pace {
    let sync = spec.sync.as_ref();
    let limit = sync.and_then(|sync| sync.rate_limit.as_ref());
    let per_user = sync
        .and_then(|sync| sync.concurrency.as_ref())
        .and_then(|concurrency| concurrency.per_user)
        .unwrap_or(REQUESTS_PER_USER);
    Pace {
        requests_per_second: limit
            .and_then(|limit| limit.requests_per_second)
            .map(f64::from),
        per_user: usize::try_from(per_user).unwrap_or(usize::MAX).max(1),
    }
}

/// Returns the privacy of a connection.
pub fn privacy(spec: &ServiceAccountConnectionSpec) -> Privacy {
    spec.privacy.clone().unwrap_or_default().effective()
}

/// Returns the streams of a connection, in their order and without those that privacy leaves nothing of.
pub fn datasets(spec: &ServiceAccountConnectionSpec) -> Vec<Dataset> {
    let wanted = spec.sync.as_ref().and_then(|sync| sync.streams.as_ref());
    let privacy = privacy(spec);
    let mut all: Vec<Dataset> = Dataset::iter().collect();
    all.retain(|dataset| spec.provider.datasets().contains(dataset));
    all.retain(|dataset| wanted.is_none_or(|wanted| wanted.contains(dataset)));
    all.retain(|dataset| !is_excluded(*dataset, &privacy));
    all
}

/// Returns whether privacy leaves nothing of a stream.
pub fn is_excluded(dataset: Dataset, privacy: &Privacy) -> bool {
    match dataset {
        Dataset::Mail => privacy.mail == MailLevel::None,
        Dataset::Calendar => privacy.calendar == CalendarLevel::None,
        Dataset::Drive | Dataset::Packages | Dataset::Activity => false,
    }
}

/// Returns what is asked of a vendor about a connection, with `people` to test it with.
pub fn check_request(spec: &ServiceAccountConnectionSpec, people: Vec<Email>) -> CheckRequest {
    CheckRequest {
        datasets: datasets(spec),
        privacy: privacy(spec),
        licenses: requires_license(spec),
        people,
        look_for_excess: true,
    }
}

/// Returns whether a person without a licence is left out.
pub fn requires_license(spec: &ServiceAccountConnectionSpec) -> bool {
    let licensing = spec.licensing.as_ref();
    licensing.is_some_and(|licensing| licensing.require_license == Some(true))
}

/// Returns the licences that count; any where there are none.
pub fn skus(spec: &ServiceAccountConnectionSpec) -> Vec<String> {
    let licensing = spec.licensing.as_ref();
    licensing
        .and_then(|licensing| licensing.skus.clone())
        .unwrap_or_default()
}

/// What is in force for one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The streams to run, in order: never one that the connection does not have.
    pub datasets: Vec<Dataset>,
    /// Never looser than the connection's.
    pub privacy: Privacy,
    /// How often.
    pub interval: SignedDuration,
}

/// Narrows a connection to one person. Nothing a person's spec says can widen it.
pub fn plan(connection: &ServiceAccountConnectionSpec, user: &SyncedUserSpec) -> Plan {
    let own = user.privacy.clone().unwrap_or_default();
    let privacy = own.tighten(&privacy(connection));
    let mut datasets = datasets(connection);
    datasets.retain(|dataset| {
        user.streams
            .as_ref()
            .is_none_or(|own| own.contains(dataset))
    });
    datasets.retain(|dataset| !is_excluded(*dataset, &privacy));
    let shared = connection.sync.as_ref().and_then(|sync| sync.interval);
    let interval = user.interval.or(shared).unwrap_or(INTERVAL);
    Plan {
        datasets,
        privacy,
        interval: interval.get(),
    }
}

/// Returns a connection's values as its status shows them.
pub fn of_connection(spec: &ServiceAccountConnectionSpec) -> Effective {
    let validation = spec.validation.as_ref().and_then(|v| v.interval);
    let verified = Effective {
        validation_interval: validation.or(Some(VALIDATION_INTERVAL)),
        ..Effective::default()
    };
    if spec.provider.datasets().is_empty() {
        return verified;
    }
    let privacy = privacy(spec);
    let interval = spec.sync.as_ref().and_then(|sync| sync.interval);
    Effective {
        streams: datasets(spec),
        interval: interval.or(Some(INTERVAL)),
        mail_level: Some(privacy.mail),
        calendar_level: Some(privacy.calendar),
        ..verified
    }
}

impl Plan {
    /// Returns a person's values as their status shows them.
    pub fn effective(&self) -> Effective {
        Effective {
            streams: self.datasets.clone(),
            interval: Some(Span::from_secs(self.interval.as_secs())),
            mail_level: Some(self.privacy.mail),
            calendar_level: Some(self.privacy.calendar),
            validation_interval: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connection(sync: serde_json::Value) -> ServiceAccountConnectionSpec {
        serde_json::from_value(json!({
            "provider": {"google": {}},
            "credentialsSecretRef": {"name": "key"},
            "sync": sync,
            "privacy": {"mail": {"level": "Metadata"}, "calendar": {"level": "FreeBusy"}},
        }))
        .unwrap()
    }

    fn user(more: serde_json::Value) -> SyncedUserSpec {
        let mut spec = json!({
            "connectionRef": {"name": "acme"}, "email": "peter@acme.example", "enabled": true,
        });
        for (name, value) in more.as_object().unwrap() {
            spec[name] = value.clone();
        }
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_person_can_narrow_and_never_widen() {
        let connection = connection(json!({"streams": ["mail", "calendar"]}));
        let wide = user(json!({
            "streams": ["mail", "drive"],
            "privacy": {"mail": {"level": "Full"}, "calendar": {"level": "Full"}},
        }));
        let plan = plan(&connection, &wide);
        assert_eq!(plan.datasets, [Dataset::Mail]);
        assert_eq!(plan.privacy.mail, MailLevel::Metadata);
        assert_eq!(plan.privacy.calendar, CalendarLevel::FreeBusy);
    }

    #[test]
    fn what_privacy_leaves_nothing_of_is_not_read() {
        let none = user(json!({"privacy": {"mail": {"level": "None"}}}));
        assert_eq!(
            plan(&connection(json!({})), &none).datasets,
            [Dataset::Calendar, Dataset::Drive]
        );
    }

    #[test]
    fn the_persons_interval_counts_before_the_connections() {
        let seconds = |sync, more| plan(&connection(sync), &user(more)).interval.as_secs();
        assert_eq!(seconds(json!({}), json!({})), 300);
        assert_eq!(seconds(json!({"interval": "10m"}), json!({})), 600);
        assert_eq!(
            seconds(json!({"interval": "10m"}), json!({"interval": "2m"})),
            120
        );
    }
}
