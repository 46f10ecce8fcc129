//! Application permissions ("app roles") and which of them serves for what.
//!
//! Source: learn.microsoft.com/graph/permissions-reference and learn.microsoft.com/exchange/permissions-exo/application-rbac,
//! read 2026-11-22.

/// Everything of a message but body, preview and attachments.
pub(super) const MAIL_READ_BASIC_ALL: &str = "Mail.ReadBasic.All";
/// All of a mailbox, read-only.
pub(super) const MAIL_READ: &str = "Mail.Read";
/// When somebody is busy and with whom; no body, no attachments.
pub(super) const CALENDARS_READ_BASIC_ALL: &str = "Calendars.ReadBasic.All";
/// All of calendars, read-only.
pub(super) const CALENDARS_READ: &str = "Calendars.Read";
/// All of files, read-only. There is no narrower one for application access to everybody's.
pub(super) const FILES_READ_ALL: &str = "Files.Read.All";
/// People of the tenant, read-only, with their licences and addresses.
pub(super) const USER_READ_ALL: &str = "User.Read.All";
/// What a mailbox is for, read-only.
pub(super) const MAILBOX_SETTINGS_READ: &str = "MailboxSettings.Read";
/// What the tenant has bought, and what it is called.
pub(super) const LICENSE_ASSIGNMENT_READ_ALL: &str = "LicenseAssignment.Read.All";
/// Registrations and when their secrets end, read-only.
pub(super) const APPLICATION_READ_ALL: &str = "Application.Read.All";

/// Any of these reads what a message says of itself. Narrowest first, as in all of these.
pub(super) const MAIL_METADATA: &[&str] = &[
    MAIL_READ_BASIC_ALL,
    "Mail.ReadBasic",
    MAIL_READ,
    "Mail.ReadWrite",
];
/// Any of these reads bodies.
pub(super) const MAIL_CONTENT: &[&str] = &[MAIL_READ, "Mail.ReadWrite"];
/// Any of these reads when events are and who takes part.
pub(super) const EVENTS_METADATA: &[&str] = &[
    CALENDARS_READ_BASIC_ALL,
    CALENDARS_READ,
    "Calendars.ReadWrite",
];
/// Any of these reads the metadata of files.
pub(super) const FILES: &[&str] = &[
    FILES_READ_ALL,
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
];
/// Any of these reads people.
pub(super) const PEOPLE: &[&str] = &[
    USER_READ_ALL,
    "Directory.Read.All",
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
];
/// Any of these reads what a mailbox is for.
pub(super) const SETTINGS: &[&str] = &[MAILBOX_SETTINGS_READ, "MailboxSettings.ReadWrite"];
/// Any of these reads when a secret ends.
pub(super) const APPLICATIONS: &[&str] = &[
    APPLICATION_READ_ALL,
    "Directory.Read.All",
    "Application.ReadWrite.All",
];

/// Any of these reads what the tenant has bought.
///
/// Source: learn.microsoft.com/graph/api/subscribedsku-list, read 2026-11-27. The licences of one person by name
/// (`licenseDetails`) are no use: that has no application permission at all.
pub(super) const SKUS: &[&str] = &[
    LICENSE_ASSIGNMENT_READ_ALL,
    "Organization.Read.All",
    "Directory.Read.All",
    "Organization.ReadWrite.All",
    "Directory.ReadWrite.All",
];

/// What serves for the same, narrowest first: whoever has a later one has the earlier ones with it.
const LADDERS: &[&[&str]] = &[
    MAIL_METADATA,
    EVENTS_METADATA,
    FILES,
    PEOPLE,
    SETTINGS,
    APPLICATIONS,
    SKUS,
];

/// Returns whether `role` is Exchange's, which can also grant it person by person, unseen by Entra.
pub(super) fn is_exchanges(role: &str) -> bool {
    ["Mail.", "Calendars.", "MailboxSettings."]
        .iter()
        .any(|family| role.starts_with(family))
}

/// Returns all roles that give what `role` gives, itself first.
pub(super) fn serving(role: &str) -> Vec<&str> {
    let ladder = LADDERS.iter().find_map(|ladder| {
        let at = ladder.iter().position(|one| *one == role)?;
        ladder.get(at..)
    });
    ladder.map_or_else(|| vec![role], <[&str]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_role_serves_for_a_narrower_one_and_not_the_other_way() {
        assert!(serving(MAIL_READ_BASIC_ALL).contains(&MAIL_READ));
        assert!(!serving(MAIL_READ).contains(&MAIL_READ_BASIC_ALL));
        assert!(serving(MAIL_READ).contains(&"Mail.ReadWrite"));
        assert_eq!(serving("Mail.Send"), ["Mail.Send"]);
    }

    #[test]
    fn only_mailboxes_have_grants_of_their_own() {
        for (role, is) in [
            ("Mail.Read", true),
            ("Calendars.Read", true),
            ("MailboxSettings.Read", true),
            ("Files.Read.All", false),
            ("User.Read.All", false),
        ] {
            assert_eq!(is_exchanges(role), is, "{role}");
        }
    }
}
