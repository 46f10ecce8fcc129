//! The section `microsoft365` of a scenario file.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scenario::{EventCount, FilesScenario, MailScenario, Source, yes};

/// One tenant with its applications and people.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Microsoft365Scenario {
    #[serde(default)]
    pub(crate) tenant: Tenant,
    /// Tenants that know none of the applications.
    #[serde(default)]
    pub(crate) other_tenants: Vec<Tenant>,
    #[serde(default)]
    pub(crate) quota: QuotaProfile,
    /// How long every vendor call takes at least; it makes concurrent calls overlap.
    #[serde(default)]
    pub(crate) latency_ms: u64,
    #[serde(default)]
    pub(crate) quirks: Quirks,
    /// How long the token endpoint knows nothing of a secret that Graph has made.
    #[serde(default)]
    pub(crate) secret_propagation_ms: i64,
    #[serde(default)]
    pub(crate) apps: Vec<AppScenario>,
    /// Issuers of tokens that applications can be federated with.
    #[serde(default)]
    pub(crate) issuers: Vec<Issuer>,
    #[serde(default)]
    pub(crate) users: Vec<UserScenario>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) domains: Vec<String>,
    #[serde(default)]
    pub(crate) cloud: Cloud,
}

/// Which of the vendor's clouds a tenant is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Cloud {
    #[default]
    Global,
    UsGovernment,
    UsGovernmentDod,
    China,
}

impl Cloud {
    /// The host of its token endpoint.
    pub(crate) fn login(self) -> &'static str {
        match self {
            Self::Global => "login.microsoftonline.com",
            Self::UsGovernment | Self::UsGovernmentDod => "login.microsoftonline.us",
            Self::China => "login.chinacloudapi.cn",
        }
    }

    /// The host of its Graph.
    pub(crate) fn graph(self) -> &'static str {
        match self {
            Self::Global => "graph.microsoft.com",
            Self::UsGovernment => "graph.microsoft.us",
            Self::UsGovernmentDod => "dod-graph.microsoft.us",
            Self::China => "microsoftgraph.chinacloudapi.cn",
        }
    }
}

/// Whether the vendor's limits are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum QuotaProfile {
    #[default]
    Vendor,
    Off,
}

impl<'de> Deserialize<'de> for QuotaProfile {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // YAML reads `off` as a boolean.
        match Value::deserialize(deserializer)? {
            Value::String(name) if name == "vendor" => Ok(Self::Vendor),
            Value::String(name) if name == "off" => Ok(Self::Off),
            Value::Bool(false) => Ok(Self::Off),
            other => Err(serde::de::Error::custom(format!(
                "quota is vendor or off, not {other}"
            ))),
        }
    }
}

/// What the vendor does sometimes, and does here when asked to.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Quirks {
    /// A deleted occurrence of a series is not announced by `calendarView/delta`.
    pub(crate) silent_occurrence_deletions: bool,
    /// Of some messages that were changed, `messages/delta` tells id, folder and read flag and nothing else.
    pub(crate) partial_messages: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AppScenario {
    pub(crate) client_id: String,
    #[serde(default)]
    pub(crate) display_name: String,
    /// App roles of Graph that an administrator has consented to.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) federated: Vec<Federated>,
    pub(crate) exchange_rbac: Option<ExchangeRbac>,
    pub(crate) access_policy: Option<AccessPolicy>,
    #[serde(default)]
    pub(crate) sign_in_audience: Audience,
    /// Whether its service principal is an owner of it.
    #[serde(default = "yes")]
    pub(crate) owns_itself: bool,
}

/// Who may sign in to an application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Audience {
    #[default]
    #[serde(rename = "AzureADMyOrg")]
    Own,
    #[serde(rename = "AzureADMultipleOrgs")]
    Others,
    /// Such an application may have two secrets only.
    #[serde(rename = "AzureADandPersonalMicrosoftAccount")]
    Personal,
}

/// Whose tokens an application accepts instead of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Federated {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    #[serde(default = "usual_audience")]
    pub(crate) audience: String,
}

fn usual_audience() -> String {
    "api://AzureADTokenExchange".to_owned()
}

/// RBAC for Applications: permissions that Exchange grants by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ExchangeRbac {
    /// Such as `Application Mail.Read`.
    pub(crate) roles: Vec<String>,
    /// The mailboxes' addresses; absent means all.
    pub(crate) scope: Option<Vec<String>>,
}

/// An Application Access Policy: Entra's permissions count for these mailboxes only.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccessPolicy {
    pub(crate) restrict_to: Vec<String>,
}

/// An issuer of tokens and its public keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Issuer {
    pub(crate) issuer: String,
    /// A JSON Web Key Set.
    pub(crate) jwks: Value,
}

/// A person, in the file and in `POST /_sandbox/microsoft365/users`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserScenario {
    /// The user principal name and the primary address.
    pub(crate) email: String,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// Absent: as a shared mailbox needs it.
    pub(crate) enabled: Option<bool>,
    pub(crate) licensed: Option<bool>,
    /// Part numbers. Absent: `ENTERPRISEPACK`, if licensed.
    pub(crate) licenses: Option<Vec<String>>,
    #[serde(default = "yes")]
    pub(crate) mailbox: bool,
    #[serde(default)]
    pub(crate) mailbox_full: bool,
    #[serde(default)]
    pub(crate) shared: bool,
    pub(crate) drive: Option<bool>,
    #[serde(default)]
    pub(crate) mail: MailScenario,
    #[serde(default)]
    pub(crate) calendar: CalendarScenario,
    #[serde(default)]
    pub(crate) files: FilesScenario,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct CalendarScenario {
    pub(crate) time_zone: Option<String>,
    pub(crate) ics: Vec<Source>,
    pub(crate) generate: EventCount,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(yaml: &str) -> Result<Microsoft365Scenario, String> {
        serde_saphyr::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn quota_is_a_word_or_off() {
        for (text, profile) in [
            ("vendor", QuotaProfile::Vendor),
            ("off", QuotaProfile::Off),
            ("\"off\"", QuotaProfile::Off),
        ] {
            assert_eq!(parse(&format!("quota: {text}")).unwrap().quota, profile);
        }
        assert!(parse("quota: 2026").is_err());
    }

    #[test]
    fn clouds_have_their_own_hosts() {
        let tenant = |cloud: &str| parse(&format!("tenant: {{id: t, cloud: {cloud}}}"));
        let cloud = tenant("china").unwrap().tenant.cloud;
        assert_eq!(
            (cloud.login(), cloud.graph()),
            ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn")
        );
        assert!(tenant("moon").is_err());
    }
}
