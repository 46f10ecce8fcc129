//! The scopes that exist. The token endpoint refuses others as typing errors.
//!
//! Source: developers.google.com/identity/protocols/oauth2/scopes (read 2026-11-22).

/// The prefix that most scopes share.
const PREFIX: &str = "https://www.googleapis.com/auth/";

/// Scopes that lack the prefix.
const BARE: &[&str] = &["openid", "email", "profile", "https://mail.google.com/"];

/// Scopes after the prefix.
const NAMES: &[&str] = &[
    "userinfo.email",
    "userinfo.profile",
    "gmail.readonly",
    "gmail.metadata",
    "gmail.modify",
    "gmail.compose",
    "gmail.insert",
    "gmail.labels",
    "gmail.send",
    "gmail.settings.basic",
    "gmail.settings.sharing",
    "calendar",
    "calendar.readonly",
    "calendar.acls",
    "calendar.acls.readonly",
    "calendar.app.created",
    "calendar.calendarlist",
    "calendar.calendarlist.readonly",
    "calendar.calendars",
    "calendar.calendars.readonly",
    "calendar.events",
    "calendar.events.freebusy",
    "calendar.events.owned",
    "calendar.events.owned.readonly",
    "calendar.events.public.readonly",
    "calendar.events.readonly",
    "calendar.freebusy",
    "calendar.settings.readonly",
    "drive",
    "drive.activity.readonly",
    "drive.appdata",
    "drive.apps.readonly",
    "drive.file",
    "drive.labels.readonly",
    "drive.meet.readonly",
    "drive.metadata",
    "drive.metadata.readonly",
    "drive.photos.readonly",
    "drive.readonly",
    "drive.scripts",
    "admin.directory.user",
    "admin.directory.user.readonly",
    "admin.directory.user.alias",
    "admin.directory.user.alias.readonly",
    "admin.directory.user.security",
    "admin.directory.group",
    "admin.directory.group.readonly",
    "admin.directory.group.member",
    "admin.directory.group.member.readonly",
    "admin.directory.orgunit",
    "admin.directory.orgunit.readonly",
    "admin.directory.domain.readonly",
    "admin.directory.customer.readonly",
    "admin.directory.rolemanagement.readonly",
    "admin.reports.audit.readonly",
    "admin.reports.usage.readonly",
    "apps.licensing",
    "cloud-platform",
    "cloud-platform.read-only",
    "cloud-identity",
    "cloud-identity.groups.readonly",
    "iam",
    "contacts.readonly",
    "contacts.other.readonly",
    "directory.readonly",
    "tasks.readonly",
    "documents.readonly",
    "spreadsheets.readonly",
];

/// Whether there is such a scope.
pub(crate) fn exists(scope: &str) -> bool {
    let named = scope
        .strip_prefix(PREFIX)
        .is_some_and(|name| NAMES.contains(&name));
    named || BARE.contains(&scope)
}

/// `https://www.googleapis.com/auth/…` at compile time.
macro_rules! scope {
    ($name:literal) => {
        concat!("https://www.googleapis.com/auth/", $name)
    };
}
pub(crate) use scope;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_no_scopes() {
        assert!(exists(scope!("gmail.readonly")) && exists("https://mail.google.com/"));
        for wrong in [
            "",
            "gmail.readonly",
            "https://www.googleapis.com/auth/gmail.readonly,",
            "https://www.googleapis.com/auth/",
        ] {
            assert!(!exists(wrong), "{wrong}");
        }
    }
}
