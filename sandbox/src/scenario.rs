//! The scenario file: who and what there is when the sandbox starts.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::microsoft365::scenario::Microsoft365Scenario;
use crate::sendsafely::scenario::SendSafelyScenario;

/// The whole file. A vendor that is left out knows nobody.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Scenario {
    #[serde(default)]
    pub(crate) seed: u64,
    /// The instant that generated content leads up to, RFC 3339.
    #[serde(default = "default_epoch")]
    pub(crate) epoch: jiff::Timestamp,
    #[serde(default)]
    pub(crate) google: GoogleScenario,
    #[serde(default)]
    pub(crate) microsoft365: Microsoft365Scenario,
    #[serde(default)]
    pub(crate) sendsafely: SendSafelyScenario,
}

fn default_epoch() -> jiff::Timestamp {
    jiff::Timestamp::constant(1_793_491_200, 0)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GoogleScenario {
    pub(crate) customer: Customer,
    /// Companies of their own: a service account that the first customer delegates to has no power there.
    #[serde(default)]
    pub(crate) other_customers: Vec<Customer>,
    #[serde(default)]
    pub(crate) quota: QuotaProfile,
    /// How long every vendor call takes at least; it makes concurrent calls overlap.
    #[serde(default)]
    pub(crate) latency_ms: u64,
    /// How the token endpoint refuses a suspended or archived person. Vendors do not document it.
    #[serde(default)]
    pub(crate) restricted_subject: RestrictedSubject,
    /// How long the token endpoint knows nothing of a key that the IAM API has made.
    #[serde(default)]
    pub(crate) key_propagation_ms: i64,
    /// Constraints that the organisation enforces.
    #[serde(default)]
    pub(crate) org_policies: Vec<String>,
    #[serde(default)]
    pub(crate) projects: Vec<Project>,
    #[serde(default)]
    pub(crate) service_accounts: Vec<ServiceAccount>,
    #[serde(default)]
    pub(crate) users: Vec<UserScenario>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) domains: Vec<String>,
}

/// Which of the vendor's quota tables is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum QuotaProfile {
    Legacy,
    #[default]
    Year2026,
    Off,
}

impl<'de> Deserialize<'de> for QuotaProfile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // YAML reads `2026` as a number and `off` as a boolean.
        match Value::deserialize(deserializer)? {
            Value::String(name) if name == "legacy" => Ok(Self::Legacy),
            Value::String(name) if name == "2026" => Ok(Self::Year2026),
            Value::String(name) if name == "off" => Ok(Self::Off),
            Value::Number(year) if year.as_u64() == Some(2026) => Ok(Self::Year2026),
            Value::Bool(false) => Ok(Self::Off),
            other => Err(serde::de::Error::custom(format!(
                "quota is legacy, 2026 or off, not {other}"
            ))),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RestrictedSubject {
    #[default]
    InvalidGrant,
    AccountRestricted,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Project {
    pub(crate) number: String,
    #[serde(default)]
    pub(crate) apis: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ServiceAccount {
    pub(crate) email: String,
    pub(crate) client_id: String,
    pub(crate) project: String,
    #[serde(default)]
    pub(crate) delegated_scopes: Vec<String>,
    /// Whether it may manage its own keys.
    #[serde(default)]
    pub(crate) key_admin: bool,
}

/// A person, in the file and in `POST /_sandbox/google/users`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserScenario {
    pub(crate) email: String,
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default)]
    pub(crate) admin: bool,
    #[serde(default)]
    pub(crate) suspended: bool,
    #[serde(default)]
    pub(crate) archived: bool,
    #[serde(default = "yes")]
    pub(crate) mailbox: bool,
    #[serde(default = "yes")]
    pub(crate) calendar: bool,
    #[serde(default = "yes")]
    pub(crate) drive: bool,
    #[serde(default)]
    pub(crate) licenses: Vec<String>,
    #[serde(default)]
    pub(crate) mail: MailScenario,
    #[serde(default)]
    pub(crate) calendars: Vec<CalendarScenario>,
    #[serde(default)]
    pub(crate) files: FilesScenario,
}

pub(crate) fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct MailScenario {
    pub(crate) mbox: Vec<Source>,
    pub(crate) eml: Vec<Source>,
    pub(crate) generate: MailCount,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct MailCount {
    pub(crate) messages: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CalendarScenario {
    pub(crate) id: String,
    pub(crate) summary: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) access_role: Option<String>,
    #[serde(default)]
    pub(crate) ics: Vec<Source>,
    #[serde(default)]
    pub(crate) generate: EventCount,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct EventCount {
    pub(crate) events: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct FilesScenario {
    pub(crate) generate: FileCount,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct FileCount {
    pub(crate) files: u32,
}

/// A file or a folder; `{path, optional: true}` may be missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Source {
    Path(PathBuf),
    Full(OptionalSource),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OptionalSource {
    pub(crate) path: PathBuf,
    #[serde(default)]
    pub(crate) optional: bool,
}

impl Source {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Path(path) | Self::Full(OptionalSource { path, .. }) => path,
        }
    }

    pub(crate) fn optional(&self) -> bool {
        matches!(self, Self::Full(OptionalSource { optional: true, .. }))
    }
}

/// A free-form resource as an API has it.
pub(crate) type Resource = Map<String, Value>;

/// Reads the file. Unknown keys are refused.
pub(crate) fn read(path: &Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("scenario {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(yaml: &str) -> anyhow::Result<Scenario> {
        Ok(serde_saphyr::from_str(yaml)?)
    }

    #[test]
    fn quota_is_read_as_word_number_or_boolean() {
        for (text, profile) in [
            ("legacy", QuotaProfile::Legacy),
            ("2026", QuotaProfile::Year2026),
            ("\"2026\"", QuotaProfile::Year2026),
            ("off", QuotaProfile::Off),
        ] {
            let yaml =
                format!("google: {{customer: {{id: C1, domains: [a.example]}}, quota: {text}}}");
            assert_eq!(parse(&yaml).unwrap().google.quota, profile, "{text}");
        }
        assert!(parse("google: {customer: {id: C1, domains: [a]}, quota: 2025}").is_err());
    }

    #[test]
    fn sources_are_paths_or_optional_ones() {
        let yaml = "google: {customer: {id: C1, domains: [a]}, users: [{email: x@a, \
                    mail: {mbox: [in.mbox, {path: more, optional: true}]}}]}";
        let scenario = parse(yaml).unwrap();
        let sources = &scenario.google.users[0].mail.mbox;
        assert!(!sources[0].optional() && sources[1].optional());
        assert_eq!(sources[1].path(), Path::new("more"));
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(parse("google: {customer: {id: C1, domains: [a]}, userz: []}").is_err());
    }
}
