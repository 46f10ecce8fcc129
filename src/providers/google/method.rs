//! The vendor's methods that are in use: what each is called, costs and needs.
//!
//! Source: developers.google.com/workspace/gmail/api/reference/quota, …/calendar/api/guides/quota,
//! …/drive/api/guides/limits, …/admin-sdk/directory/v1/limits, read 2026-11-22; cloud.google.com/iam/quotas, read
//! 2026-11-27.

use super::scopes;
use super::spec::QuotaProfile;

/// One of the vendor's APIs: each has quotas and a switch of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub(in crate::providers::google) enum ApiName {
    /// Mail.
    Gmail,
    /// Calendars.
    Calendar,
    /// Files.
    Drive,
    /// People.
    Directory,
    /// Licences.
    Licensing,
    /// Keys of service accounts.
    Iam,
}

impl ApiName {
    /// Returns the host.
    pub(in crate::providers::google) const fn host(self) -> &'static str {
        match self {
            Self::Gmail => "gmail.googleapis.com",
            Self::Calendar | Self::Drive => "www.googleapis.com",
            Self::Directory => "admin.googleapis.com",
            Self::Licensing => "licensing.googleapis.com",
            Self::Iam => "iam.googleapis.com",
        }
    }

    /// Returns the name as the console shows it.
    pub(in crate::providers::google) const fn title(self) -> &'static str {
        match self {
            Self::Gmail => "Gmail API",
            Self::Calendar => "Google Calendar API",
            Self::Drive => "Google Drive API",
            Self::Directory => "Admin SDK API",
            Self::Licensing => "Enterprise License Manager API",
            Self::Iam => "Identity and Access Management (IAM) API",
        }
    }
}

/// One of the vendor's methods. What differs in cost or in needed scope is a method of its own here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub(in crate::providers::google) enum Method {
    /// `gmail/v1/users/me/profile`.
    Profile,
    /// `gmail/v1/users/me/messages` without `q`.
    MessagesList,
    /// `gmail/v1/users/me/messages` with `q`, which `gmail.metadata` may not use.
    MessagesSearch,
    /// `gmail/v1/users/me/messages/{id}` in the formats `minimal` and `metadata`.
    MessagesGet,
    /// `gmail/v1/users/me/messages/{id}` in the formats `full` and `raw`.
    MessagesGetFull,
    /// `gmail/v1/users/me/history`. A 404 says that the cursor is too old.
    HistoryList,
    /// `gmail/v1/users/me/labels`.
    LabelsList,
    /// `calendar/v3/users/me/calendarList`. A 410 says that the sync token is too old.
    CalendarListList,
    /// `calendar/v3/calendars/{id}`.
    CalendarsGet,
    /// `calendar/v3/calendars/{id}/events`. A 410 says that the sync token is too old.
    EventsList,
    /// `calendar/v3/calendars/{id}/events/{id}`.
    EventsGet,
    /// `drive/v3/about`.
    About,
    /// `drive/v3/files`.
    FilesList,
    /// `drive/v3/files/{id}`.
    FilesGet,
    /// `drive/v3/changes/startPageToken`.
    StartPageToken,
    /// `drive/v3/changes`.
    ChangesList,
    /// `admin/directory/v1/users/{key}`.
    UsersGet,
    /// `admin/directory/v1/users`.
    UsersList,
    /// `apps/licensing/v1/product/{p}/sku/{s}/user/{email}`.
    LicensesGet,
    /// `apps/licensing/v1/product/{p}/users`.
    LicensesList,
    /// `v1/projects/-/serviceAccounts/{email}/keys`.
    KeysList,
    /// `v1/projects/-/serviceAccounts/{email}/keys/{id}`.
    KeysGet,
    /// `v1/projects/-/serviceAccounts/{email}/keys:upload`.
    KeysUpload,
    /// `v1/projects/-/serviceAccounts/{email}/keys/{id}`, to end it.
    KeysDelete,
}

/// What is known of a method.
struct Facts {
    /// The vendor's name for it.
    name: &'static str,
    /// Where it belongs.
    api: ApiName,
    /// Units in the old quota table.
    legacy: u32,
    /// Units in the table for projects made on or after 2026-05-01.
    y2026: u32,
    /// Scopes, any one of which suffices; the narrowest first.
    scopes: &'static [&'static str],
}

const fn facts(
    name: &'static str,
    api: ApiName,
    (legacy, y2026): (u32, u32),
    scopes: &'static [&'static str],
) -> Facts {
    Facts {
        name,
        api,
        legacy,
        y2026,
        scopes,
    }
}

/// The vendor prices Drive's methods since 2026-05-01, at values that it shows only to the project's owner. At this
/// price a person's allowance comes to 3,250 requests a minute and the project's to 10,000, a little less than before.
const DRIVE_COST: (u32, u32) = (1, 100);

impl Method {
    /// Returns the vendor's name of the method.
    pub(in crate::providers::google) const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Returns the API that the method belongs to.
    pub(in crate::providers::google) const fn api(self) -> ApiName {
        self.facts().api
    }

    /// Returns what one call costs of the API's quota, in the vendor's units.
    pub(in crate::providers::google) const fn cost(self, profile: QuotaProfile) -> u32 {
        match profile {
            QuotaProfile::Legacy => self.facts().legacy,
            QuotaProfile::Y2026 | QuotaProfile::Unlimited => self.facts().y2026,
        }
    }

    /// Returns the scopes any one of which suffices, the narrowest first.
    pub(in crate::providers::google) const fn scopes(self) -> &'static [&'static str] {
        self.facts().scopes
    }

    /// Returns whether the path names one thing that may be gone.
    pub(in crate::providers::google) const fn names_an_item(self) -> bool {
        match self {
            Self::MessagesGet
            | Self::MessagesGetFull
            | Self::CalendarsGet
            | Self::EventsList
            | Self::EventsGet
            | Self::FilesGet
            | Self::StartPageToken
            | Self::ChangesList
            | Self::UsersGet
            | Self::LicensesGet
            | Self::KeysGet
            | Self::KeysDelete => true,
            Self::Profile
            | Self::MessagesList
            | Self::MessagesSearch
            | Self::HistoryList
            | Self::LabelsList
            | Self::CalendarListList
            | Self::About
            | Self::FilesList
            | Self::UsersList
            | Self::LicensesList
            | Self::KeysList
            | Self::KeysUpload => false,
        }
    }

    const fn facts(self) -> Facts {
        use ApiName::{Calendar, Directory, Drive, Gmail, Iam, Licensing};
        match self {
            Self::Profile => facts("users.getProfile", Gmail, (1, 1), scopes::MAIL_METADATA),
            Self::MessagesList => facts("messages.list", Gmail, (5, 5), scopes::MAIL_METADATA),
            Self::MessagesSearch => facts("messages.list", Gmail, (5, 5), scopes::MAIL_CONTENT),
            Self::MessagesGet => facts("messages.get", Gmail, (5, 20), scopes::MAIL_METADATA),
            Self::MessagesGetFull => facts("messages.get", Gmail, (5, 20), scopes::MAIL_CONTENT),
            Self::HistoryList => facts("history.list", Gmail, (2, 2), scopes::MAIL_METADATA),
            Self::LabelsList => facts("labels.list", Gmail, (1, 1), scopes::MAIL_METADATA),
            Self::CalendarListList => facts(
                "calendarList.list",
                Calendar,
                (1, 1),
                scopes::CALENDARS_LISTED,
            ),
            Self::CalendarsGet => facts(
                "calendars.get",
                Calendar,
                (1, 1),
                scopes::CALENDAR_PROPERTIES,
            ),
            Self::EventsList => facts("events.list", Calendar, (1, 1), scopes::EVENTS),
            Self::EventsGet => facts("events.get", Calendar, (1, 1), scopes::EVENTS),
            Self::About => facts("about.get", Drive, DRIVE_COST, scopes::FILES),
            Self::FilesList => facts("files.list", Drive, DRIVE_COST, scopes::FILES),
            Self::FilesGet => facts("files.get", Drive, DRIVE_COST, scopes::FILES),
            Self::StartPageToken => facts(
                "changes.getStartPageToken",
                Drive,
                DRIVE_COST,
                scopes::FILES,
            ),
            Self::ChangesList => facts("changes.list", Drive, DRIVE_COST, scopes::FILES),
            Self::UsersGet => facts("users.get", Directory, (1, 1), scopes::PEOPLE),
            Self::UsersList => facts("users.list", Directory, (1, 1), scopes::PEOPLE),
            Self::LicensesGet => facts(
                "licenseAssignments.get",
                Licensing,
                (1, 1),
                scopes::LICENSES,
            ),
            Self::LicensesList => facts(
                "licenseAssignments.listForProduct",
                Licensing,
                (1, 1),
                scopes::LICENSES,
            ),
            Self::KeysList => facts("serviceAccounts.keys.list", Iam, (1, 1), scopes::KEYS),
            Self::KeysGet => facts("serviceAccounts.keys.get", Iam, (1, 1), scopes::KEYS),
            Self::KeysUpload => facts("serviceAccounts.keys.upload", Iam, (1, 1), scopes::KEYS),
            Self::KeysDelete => facts("serviceAccounts.keys.delete", Iam, (1, 1), scopes::KEYS),
        }
    }
}
