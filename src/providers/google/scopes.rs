//! What an administrator can delegate, and which of it serves for what.
//!
//! Source: developers.google.com/identity/protocols/oauth2/scopes and each API's reference pages, read 2026-11-22.

/// Headers and labels of messages; no bodies, no search.
pub(super) const GMAIL_METADATA: &str = "https://www.googleapis.com/auth/gmail.metadata";
/// All of a mailbox, read-only.
pub(super) const GMAIL_READONLY: &str = "https://www.googleapis.com/auth/gmail.readonly";
/// All of a mailbox but immediate deletion.
pub(super) const GMAIL_MODIFY: &str = "https://www.googleapis.com/auth/gmail.modify";
/// All of a mailbox.
pub(super) const GMAIL_FULL: &str = "https://mail.google.com/";
/// Sending, nothing else.
pub(super) const GMAIL_SEND: &str = "https://www.googleapis.com/auth/gmail.send";
/// All of calendars.
pub(super) const CALENDAR: &str = "https://www.googleapis.com/auth/calendar";
/// All of calendars, read-only.
pub(super) const CALENDAR_READONLY: &str = "https://www.googleapis.com/auth/calendar.readonly";
/// Events.
pub(super) const CALENDAR_EVENTS: &str = "https://www.googleapis.com/auth/calendar.events";
/// Events, read-only.
pub(super) const CALENDAR_EVENTS_READONLY: &str =
    "https://www.googleapis.com/auth/calendar.events.readonly";
/// When somebody is busy.
pub(super) const CALENDAR_EVENTS_FREEBUSY: &str =
    "https://www.googleapis.com/auth/calendar.events.freebusy";
/// Which calendars somebody looks at.
pub(super) const CALENDAR_LIST: &str = "https://www.googleapis.com/auth/calendar.calendarlist";
/// Which calendars somebody looks at, read-only.
pub(super) const CALENDAR_LIST_READONLY: &str =
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly";
/// Properties of calendars, read-only.
pub(super) const CALENDAR_CALENDARS_READONLY: &str =
    "https://www.googleapis.com/auth/calendar.calendars.readonly";
/// Metadata of files, read-only.
pub(super) const DRIVE_METADATA_READONLY: &str =
    "https://www.googleapis.com/auth/drive.metadata.readonly";
/// Metadata of files.
pub(super) const DRIVE_METADATA: &str = "https://www.googleapis.com/auth/drive.metadata";
/// All of files, read-only.
pub(super) const DRIVE_READONLY: &str = "https://www.googleapis.com/auth/drive.readonly";
/// All of files.
pub(super) const DRIVE: &str = "https://www.googleapis.com/auth/drive";
/// People of the tenant, read-only.
pub(super) const DIRECTORY_USER_READONLY: &str =
    "https://www.googleapis.com/auth/admin.directory.user.readonly";
/// People of the tenant.
pub(super) const DIRECTORY_USER: &str = "https://www.googleapis.com/auth/admin.directory.user";
/// Licences. There is no read-only one.
pub(super) const LICENSING: &str = "https://www.googleapis.com/auth/apps.licensing";
/// Google Cloud, as far as roles there admit the account: asked for as the account itself, never delegated.
pub(super) const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Reads and changes keys of service accounts.
pub(super) const KEYS: &[&str] = &[CLOUD_PLATFORM];
/// Any of these reads what a message says of itself: headers, labels, changes. Narrowest first.
pub(super) const MAIL_METADATA: &[&str] =
    &[GMAIL_METADATA, GMAIL_READONLY, GMAIL_MODIFY, GMAIL_FULL];
/// Any of these reads bodies and searches.
pub(super) const MAIL_CONTENT: &[&str] = &[GMAIL_READONLY, GMAIL_MODIFY, GMAIL_FULL];
/// Any of these reads events; the last one only when somebody is busy.
pub(super) const EVENTS: &[&str] = &[
    CALENDAR_EVENTS_READONLY,
    CALENDAR_READONLY,
    CALENDAR_EVENTS,
    CALENDAR,
    CALENDAR_EVENTS_FREEBUSY,
];
/// Any of these reads the list of calendars.
pub(super) const CALENDARS_LISTED: &[&str] = &[
    CALENDAR_LIST_READONLY,
    CALENDAR_READONLY,
    CALENDAR_LIST,
    CALENDAR,
];
/// Any of these reads one calendar's properties.
pub(super) const CALENDAR_PROPERTIES: &[&str] =
    &[CALENDAR_CALENDARS_READONLY, CALENDAR_READONLY, CALENDAR];
/// Any of these reads the metadata of files.
pub(super) const FILES: &[&str] = &[
    DRIVE_METADATA_READONLY,
    DRIVE_READONLY,
    DRIVE_METADATA,
    DRIVE,
];
/// Any of these reads people.
pub(super) const PEOPLE: &[&str] = &[DIRECTORY_USER_READONLY, DIRECTORY_USER];
/// This reads licences.
pub(super) const LICENSES: &[&str] = &[LICENSING];

/// Grants that are looked for beyond what is asked for: the widest, and those whose loss would hurt most.
pub(super) const BROAD: &[&str] = &[
    GMAIL_FULL,
    GMAIL_MODIFY,
    GMAIL_READONLY,
    GMAIL_SEND,
    CALENDAR,
    DRIVE,
    DRIVE_READONLY,
    DIRECTORY_USER,
    "https://www.googleapis.com/auth/admin.directory.group",
    "https://www.googleapis.com/auth/cloud-platform",
];

/// The scope that the key alone is tried with: it opens nothing and every project has it.
pub(super) const HARMLESS: &str = "https://www.googleapis.com/auth/userinfo.email";
