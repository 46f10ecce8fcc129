//! What more than one kind has.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::dataset::Dataset;
use crate::model::duration::Span;
use crate::model::privacy::{CalendarLevel, MailLevel, Privacy};

/// A connection, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionRef {
    /// The connection's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The connection's namespace, where it is another one. The connection must admit this namespace by its
    /// `allowedNamespaces`. Default: the same namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
}

/// How much is synced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrivacySpec {
    /// How much of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailPrivacy>,
    /// How much of an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarPrivacy>,
    /// A message or event with a participant in one of these domains, or a subdomain, is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 253)))]
    pub exclude_domains: Option<Vec<String>>,
    /// A message with one of these labels is not stored. By the label's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 225)))]
    pub exclude_labels: Option<Vec<String>>,
}

/// How much of a message is synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailPrivacy {
    /// `None`: the mailbox is not read. `Metadata` (the default): who, when, labels, size. `Subject`: the subject too. `Full`: the
    /// bodies too. Attachments never.
    pub level: MailLevel,
}

/// How much of an event is synced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarPrivacy {
    /// `None`: the calendars are not read. `FreeBusy`: when, and whether it blocks the time. `Metadata` (the default): organizer and
    /// attendees too. `Full`: title, text and place too. A private event is `FreeBusy` below `Full`.
    pub level: CalendarLevel,
}

impl PrivacySpec {
    /// Returns what is in force where nothing else is said.
    pub fn effective(&self) -> Privacy {
        Privacy {
            mail: self
                .mail
                .as_ref()
                .map_or_else(MailLevel::default, |mail| mail.level),
            calendar: self
                .calendar
                .as_ref()
                .map_or_else(CalendarLevel::default, |c| c.level),
            exclude_domains: self.domains(),
            exclude_labels: self.exclude_labels.clone().unwrap_or_default(),
        }
    }

    /// Returns what is in force for a person: the connection's, tightened. What the person's spec does not say stays as it is.
    pub fn tighten(&self, connection: &Privacy) -> Privacy {
        connection.tightened_by(&Privacy {
            mail: self
                .mail
                .as_ref()
                .map_or(MailLevel::Full, |mail| mail.level),
            calendar: self
                .calendar
                .as_ref()
                .map_or(CalendarLevel::Full, |c| c.level),
            exclude_domains: self.domains(),
            exclude_labels: self.exclude_labels.clone().unwrap_or_default(),
        })
    }

    fn domains(&self) -> Vec<String> {
        let domains = self.exclude_domains.iter().flatten();
        domains
            .map(|domain| domain.trim_start_matches('@').to_lowercase())
            .collect()
    }
}

/// The values that are in force, defaults and narrowing included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Effective {
    /// What is synced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Dataset>,
    /// How often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
    /// How much of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_level: Option<MailLevel>,
    /// How much of an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar_level: Option<CalendarLevel>,
    /// How often the connection is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_interval: Option<Span>,
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When it ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub time: Timestamp,
    /// `Succeeded`, or the reason why not.
    pub outcome: String,
    /// Records written or deleted by it.
    pub records: u64,
}

/// A status' list of conditions. Keyed by type, so that several writers can each own theirs.
pub type Conditions = Vec<Condition>;

pub(crate) fn not_observed() -> i64 {
    -1
}
