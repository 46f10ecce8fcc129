//! The vendor's operations that are in use: what each is called, costs and needs, and how it is asked.
//!
//! Source: learn.microsoft.com/graph/api/… of each operation, learn.microsoft.com/graph/throttling-limits and
//! learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online,
//! read 2026-11-22.

use super::roles;

/// A service behind Graph: each has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub(in crate::providers::microsoft365) enum Service {
    /// People and registrations.
    Directory,
    /// Mailboxes: mail and calendars share one limit.
    Exchange,
    /// Files.
    SharePoint,
}

impl Service {
    /// Returns the name as the vendor writes it.
    pub(in crate::providers::microsoft365) const fn title(self) -> &'static str {
        match self {
            Self::Directory => "Entra ID",
            Self::Exchange => "Exchange Online",
            Self::SharePoint => "OneDrive",
        }
    }
}

/// One of the vendor's operations. What differs in cost, in needed role or in page size is an operation of its own here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub(in crate::providers::microsoft365) enum Method {
    /// `users/{id}`.
    UsersGet,
    /// `users`.
    UsersList,
    /// `subscribedSkus`.
    SkusList,
    /// `applications(appId='{id}')`.
    ApplicationsGet,
    /// `users/{id}/mailboxSettings`.
    SettingsGet,
    /// `users/{id}/mailFolders/inbox`, to see whether the mailbox opens.
    InboxGet,
    /// `users/{id}/calendar`, to see whether the calendar opens.
    CalendarGet,
    /// `users/{id}/drive`, to see whether the file store opens.
    DriveGet,
    /// `users/{id}/mailFolders/delta`.
    FoldersDelta,
    /// `users/{id}/mailFolders/{id}`.
    FoldersGet,
    /// `users/{id}/mailFolders/{id}/messages/delta` without bodies.
    MessagesDelta,
    /// The same, with bodies: fewer on a page.
    MessagesDeltaFull,
    /// `users/{id}/mailFolders`, or the folders in one of them.
    FoldersList,
    /// `users/{id}/messages` without bodies.
    MessagesList,
    /// The same, with bodies.
    MessagesListFull,
    /// `users/{id}/messages/{id}`.
    MessagesGet,
    /// `users/{id}/calendarView/delta`.
    EventsDelta,
    /// `users/{id}/calendarView`.
    EventsList,
    /// `users/{id}/events/{id}`.
    EventsGet,
    /// `users/{id}/drive/root/delta` from the start.
    ItemsDeltaStart,
    /// The same, going on from a link.
    ItemsDelta,
    /// `users/{id}/drive/items/{id}`.
    ItemsGet,
}

/// What is known of an operation.
struct Facts {
    /// The vendor's name for it.
    name: &'static str,
    /// Where it belongs.
    service: Service,
    /// Units of the service's limit.
    cost: u32,
    /// Roles, any one of which suffices; the narrowest first.
    roles: &'static [&'static str],
}

const fn facts(
    name: &'static str,
    service: Service,
    cost: u32,
    roles: &'static [&'static str],
) -> Facts {
    Facts {
        name,
        service,
        cost,
        roles,
    }
}

/// Ids that outlive a move within the mailbox. The vendor may refuse a chain in which the two kinds are mixed, so that
/// every request to a mailbox says the same.
const IMMUTABLE: &[(&str, &str)] = &[("prefer", "IdType=\"ImmutableId\"")];
const FOLDERS_PAGE: &[(&str, &str)] =
    &[("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=200")];
const MESSAGES_PAGE: &[(&str, &str)] =
    &[("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=500")];
/// Bodies are large, and a page has to fit into the bound of a reply.
const FULL_PAGE: &[(&str, &str)] = &[("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=50")];
const EVENTS_PAGE: &[(&str, &str)] = &[(
    "prefer",
    "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", odata.maxpagesize=100",
)];
const EVENT: &[(&str, &str)] = &[("prefer", "IdType=\"ImmutableId\", outlook.timezone=\"UTC\"")];

impl Method {
    /// Returns the vendor's name of the operation.
    pub(in crate::providers::microsoft365) const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Returns the service that it asks.
    pub(in crate::providers::microsoft365) const fn service(self) -> Service {
        self.facts().service
    }

    /// Returns what one call costs of the service's limit.
    pub(in crate::providers::microsoft365) const fn cost(self) -> u32 {
        self.facts().cost
    }

    /// Returns the roles any one of which suffices, the narrowest first.
    pub(in crate::providers::microsoft365) const fn roles(self) -> &'static [&'static str] {
        self.facts().roles
    }

    /// Returns the headers that it is asked with.
    pub(in crate::providers::microsoft365) const fn headers(
        self,
    ) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::UsersGet
            | Self::UsersList
            | Self::SkusList
            | Self::ApplicationsGet
            | Self::DriveGet
            | Self::ItemsDeltaStart
            | Self::ItemsDelta
            | Self::ItemsGet => &[],
            Self::SettingsGet
            | Self::InboxGet
            | Self::CalendarGet
            | Self::FoldersGet
            | Self::FoldersList
            | Self::MessagesList
            | Self::MessagesListFull
            | Self::MessagesGet => IMMUTABLE,
            Self::FoldersDelta => FOLDERS_PAGE,
            Self::MessagesDelta => MESSAGES_PAGE,
            Self::MessagesDeltaFull => FULL_PAGE,
            Self::EventsDelta => EVENTS_PAGE,
            Self::EventsList | Self::EventsGet => EVENT,
        }
    }

    /// Returns whether it takes a cursor that the vendor may have forgotten.
    pub(in crate::providers::microsoft365) const fn takes_a_cursor(self) -> bool {
        matches!(
            self,
            Self::FoldersDelta
                | Self::MessagesDelta
                | Self::MessagesDeltaFull
                | Self::EventsDelta
                | Self::ItemsDelta
        )
    }

    /// Returns whether the path names one thing of a person that may be gone.
    pub(in crate::providers::microsoft365) const fn names_an_item(self) -> bool {
        matches!(
            self,
            Self::FoldersGet
                | Self::MessagesDelta
                | Self::MessagesDeltaFull
                | Self::MessagesGet
                | Self::EventsGet
                | Self::ItemsGet
                | Self::ApplicationsGet
        )
    }

    const fn facts(self) -> Facts {
        use Service::{Directory, Exchange, SharePoint};
        match self {
            Self::UsersGet => facts("users.get", Directory, 1, roles::PEOPLE),
            Self::UsersList => facts("users.list", Directory, 2, roles::PEOPLE),
            Self::SkusList => facts("subscribedSkus.list", Directory, 1, roles::SKUS),
            Self::ApplicationsGet => facts("applications.get", Directory, 1, roles::APPLICATIONS),
            Self::SettingsGet => facts("mailboxSettings.get", Exchange, 1, roles::SETTINGS),
            Self::InboxGet | Self::FoldersGet => {
                facts("mailFolders.get", Exchange, 1, roles::MAIL_METADATA)
            }
            Self::CalendarGet => facts("calendar.get", Exchange, 1, roles::EVENTS_METADATA),
            Self::DriveGet => facts("drive.get", SharePoint, 1, roles::FILES),
            Self::FoldersDelta => facts("mailFolders.delta", Exchange, 1, roles::MAIL_METADATA),
            Self::MessagesDelta => facts("messages.delta", Exchange, 1, roles::MAIL_METADATA),
            Self::MessagesDeltaFull => facts("messages.delta", Exchange, 1, roles::MAIL_CONTENT),
            Self::MessagesGet => facts("messages.get", Exchange, 1, roles::MAIL_METADATA),
            Self::EventsDelta => facts("calendarView.delta", Exchange, 1, roles::EVENTS_METADATA),
            Self::FoldersList => facts("mailFolders.list", Exchange, 1, roles::MAIL_METADATA),
            Self::MessagesList => facts("messages.list", Exchange, 1, roles::MAIL_METADATA),
            Self::MessagesListFull => facts("messages.list", Exchange, 1, roles::MAIL_CONTENT),
            Self::EventsList => facts("calendarView.list", Exchange, 1, roles::EVENTS_METADATA),
            Self::EventsGet => facts("events.get", Exchange, 1, roles::EVENTS_METADATA),
            Self::ItemsDeltaStart => facts("driveItem.delta", SharePoint, 2, roles::FILES),
            Self::ItemsDelta => facts("driveItem.delta", SharePoint, 1, roles::FILES),
            Self::ItemsGet => facts("driveItem.get", SharePoint, 1, roles::FILES),
        }
    }
}
