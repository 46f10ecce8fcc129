//! The section `sendsafely` of a scenario file.

use serde::Deserialize;

use crate::scenario::yes;

/// One company.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct SendSafelyScenario {
    /// Such as `acme.sendsafely.com`.
    pub(crate) host: String,
    pub(crate) system_name: String,
    /// How long every vendor call takes at least; it makes concurrent calls overlap.
    pub(crate) latency_ms: u64,
    pub(crate) timestamp_window_seconds: Option<i64>,
    pub(crate) audit_logs: Option<bool>,
    pub(crate) users: Vec<UserScenario>,
    pub(crate) groups: Vec<GroupScenario>,
}

/// Seconds by which a request's time may be off unless it is said: the vendor does not tell.
const USUAL_WINDOW: i64 = 900;

/// What can be switched while it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Features {
    pub(crate) timestamp_window_seconds: i64,
    /// Customers opt in to them.
    pub(crate) audit_logs: bool,
}

impl SendSafelyScenario {
    pub(crate) fn features(&self) -> Features {
        Features {
            timestamp_window_seconds: self.timestamp_window_seconds.unwrap_or(USUAL_WINDOW),
            audit_logs: self.audit_logs.unwrap_or(true),
        }
    }
}

/// An account, in the file and in `POST /_sandbox/sendsafely/users`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserScenario {
    pub(crate) email: String,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) admin: bool,
    /// Nobody can sign in to it: its keys are made in the console by an administrator.
    #[serde(default)]
    pub(crate) service_account: bool,
    #[serde(default = "yes")]
    pub(crate) active: bool,
    #[serde(default)]
    pub(crate) dropzone: Dropzone,
    #[serde(default)]
    pub(crate) generate: PackageCount,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Dropzone {
    pub(crate) recipients: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct PackageCount {
    pub(crate) packages: u32,
}

/// A contact group: the company's, or that of an owner.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GroupScenario {
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    #[serde(default)]
    pub(crate) members: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_usual() {
        let given: SendSafelyScenario = serde_saphyr::from_str("{auditLogs: false}").unwrap();
        let features = given.features();
        assert_eq!(features.timestamp_window_seconds, USUAL_WINDOW);
        assert!(!features.audit_logs);
        assert!(serde_saphyr::from_str::<SendSafelyScenario>("{auditLog: true}").is_err());
    }
}
