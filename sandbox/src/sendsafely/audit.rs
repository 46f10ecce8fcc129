//! The audit log.
//!
//! Source: sendsafely.zendesk.com article 16680201903885 and Code-Examples, "Get Audit Log Using Powershell" (read
//! 2026-11-27). What the list is called in a reply, and which actions there are, is assumed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::packages::Package;
use crate::instruments::clock::rfc3339;
use crate::random::uuid;

/// Milliseconds that an entry is kept: 90 days.
const KEPT: i64 = 90 * 86_400_000;

/// What kind of event it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum EventType {
    #[serde(rename = "PACKAGE_EVENT")]
    Package,
    #[serde(rename = "ADMIN_EVENT")]
    Admin,
    #[serde(rename = "USER_EVENT")]
    User,
}

impl EventType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Package => "PACKAGE_EVENT",
            Self::Admin => "ADMIN_EVENT",
            Self::User => "USER_EVENT",
        }
    }
}

/// One event.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) kind: EventType,
    pub(crate) action: String,
    pub(crate) address: String,
    pub(crate) authenticated: String,
    /// Whom an administrator acted as.
    pub(crate) impersonated: Option<String>,
    pub(crate) details: Value,
}

impl Entry {
    pub(crate) fn new(kind: EventType, action: &str, who: &str, at: i64) -> Self {
        Self {
            id: uuid(fastrand::u64(..)),
            at,
            kind,
            action: action.to_owned(),
            address: "203.0.113.7".to_owned(),
            authenticated: who.to_owned(),
            impersonated: None,
            details: json!({}),
        }
    }

    /// Something that was done with a file of a package.
    pub(crate) fn of_package(
        action: &str,
        who: &str,
        package: &Package,
        file: &str,
        at: i64,
    ) -> Self {
        let details =
            json!({ "packageId": package.id, "packageOwner": package.owner, "fileName": file });
        Self {
            details,
            ..Self::new(EventType::Package, action, who, at)
        }
    }

    /// The owner of the package that it is about.
    pub(crate) fn package_owner(&self) -> Option<&str> {
        self.details.get("packageOwner").and_then(Value::as_str)
    }

    pub(crate) fn resource(&self) -> Value {
        json!({
            "eventId": self.id,
            "timestamp": rfc3339(self.at),
            "eventType": self.kind.name(),
            "action": self.action,
            "ipAddress": self.address,
            "authenticatedUser": self.authenticated,
            "impersonatedUser": self.impersonated,
            "logDetails": self.details,
        })
    }
}

/// All events.
#[derive(Debug, Default)]
pub(crate) struct AuditLog {
    entries: Vec<Entry>,
}

impl AuditLog {
    pub(crate) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Those that are still kept and fit, the newest first; `now` in milliseconds since 1970.
    pub(crate) fn newest(&self, now: i64, fits: impl Fn(&Entry) -> bool) -> Vec<&Entry> {
        let oldest = now.saturating_sub(KEPT);
        let kept = self.entries.iter().filter(|entry| entry.at >= oldest);
        let mut found: Vec<&Entry> = kept.filter(|entry| fits(entry)).collect();
        found.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_kept_for_ninety_days() {
        let mut log = AuditLog::default();
        for at in [0, KEPT, KEPT + 1] {
            log.add(Entry::new(EventType::User, "LOGIN", "a@b.example", at));
        }
        assert_eq!(log.newest(KEPT, |_| true).len(), 3);
        let later: Vec<i64> = log
            .newest(KEPT + 1, |_| true)
            .iter()
            .map(|one| one.at)
            .collect();
        assert_eq!(later, [KEPT + 1, KEPT]);
    }
}
