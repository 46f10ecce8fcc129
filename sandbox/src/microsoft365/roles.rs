//! Graph's app roles, and what they allow.
//!
//! Source: learn.microsoft.com/graph/permissions-reference and exchange/permissions-exo/application-rbac (read 2026-11-22).

/// Names and ids of the app roles that the sandbox knows.
const ROLES: &[(&str, &str)] = &[
    (
        "Application.Read.All",
        "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    ),
    (
        "Application.ReadWrite.All",
        "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    ),
    (
        "Application.ReadWrite.OwnedBy",
        "18a4783c-866b-4cc7-a460-3d5e5662c884",
    ),
    ("Calendars.Read", "798ee544-9d2d-430c-a058-570e29e34338"),
    (
        "Calendars.ReadBasic.All",
        "8ba4a692-bc31-4128-9094-475872af8a53",
    ),
    (
        "Calendars.ReadWrite",
        "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
    ),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    (
        "Directory.ReadWrite.All",
        "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    ),
    ("Files.Read.All", "01d4889c-1287-42c6-ac1f-5d1e02578ef6"),
    (
        "Files.ReadWrite.All",
        "75359482-378d-4052-8f01-80520e7db3cd",
    ),
    (
        "LicenseAssignment.Read.All",
        "e2f98668-2877-4f38-a2f4-8202e0717aa1",
    ),
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.ReadBasic", "6be147d2-ea4f-4b5a-a3fa-3eab6f3c140a"),
    ("Mail.ReadBasic.All", "693c5e45-0940-467d-9b8a-1022fb9d42ef"),
    ("Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    (
        "MailboxSettings.Read",
        "40f97065-369a-49f4-947c-6a255697ae91",
    ),
    (
        "MailboxSettings.ReadWrite",
        "6931bccd-447a-43d1-b442-00a195474933",
    ),
    (
        "Organization.Read.All",
        "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    ),
    ("Sites.Read.All", "332a536c-c7ef-4017-ab91-336970924f0d"),
    (
        "Sites.ReadWrite.All",
        "9492366f-7969-46a4-8d15-ed1a20078fff",
    ),
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadBasic.All", "97235f07-e226-4f63-ace3-39588e11d3a1"),
    ("User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca"),
];

/// The id of an app role, if there is one of this name.
pub(crate) fn id_of(role: &str) -> Option<&'static str> {
    ROLES
        .iter()
        .find(|(name, _)| *name == role)
        .map(|(_, id)| *id)
}

/// What an endpoint asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Users,
    Applications,
    /// Changing what belongs to applications.
    Credentials,
    Skus,
    Mail,
    Send,
    MailboxSettings,
    Calendar,
    Files,
}

impl Need {
    /// Roles that allow everything about it.
    pub(crate) fn full(self) -> &'static [&'static str] {
        match self {
            Self::Users => &[
                "User.Read.All",
                "User.ReadWrite.All",
                "Directory.Read.All",
                "Directory.ReadWrite.All",
            ],
            Self::Applications => &[
                "Application.Read.All",
                "Application.ReadWrite.All",
                "Directory.Read.All",
                "Directory.ReadWrite.All",
            ],
            Self::Credentials => &["Application.ReadWrite.All", "Directory.ReadWrite.All"],
            Self::Skus => &[
                "LicenseAssignment.Read.All",
                "Organization.Read.All",
                "Directory.Read.All",
            ],
            Self::Mail => &["Mail.Read", "Mail.ReadWrite"],
            Self::Send => &["Mail.Send"],
            Self::MailboxSettings => &["MailboxSettings.Read", "MailboxSettings.ReadWrite"],
            Self::Calendar => &["Calendars.Read", "Calendars.ReadWrite"],
            Self::Files => &[
                "Files.Read.All",
                "Files.ReadWrite.All",
                "Sites.Read.All",
                "Sites.ReadWrite.All",
            ],
        }
    }

    /// Roles that hide a part of it.
    pub(crate) fn basic(self) -> &'static [&'static str] {
        match self {
            Self::Users => &["User.ReadBasic.All"],
            // Only the applications that the caller owns.
            Self::Applications | Self::Credentials => &["Application.ReadWrite.OwnedBy"],
            Self::Mail => &["Mail.ReadBasic", "Mail.ReadBasic.All"],
            Self::Calendar => &["Calendars.ReadBasic.All"],
            _ => &[],
        }
    }

    /// Whether it is Exchange's, which has grants and policies of its own.
    pub(crate) fn is_exchange(self) -> bool {
        matches!(
            self,
            Self::Mail | Self::Send | Self::MailboxSettings | Self::Calendar
        )
    }
}

/// How much of a resource may be seen; more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    Basic,
    Full,
}

/// What app roles of a token grant.
pub(crate) fn granted(need: Need, roles: &[String]) -> Option<Grant> {
    let any = |accepted: &[&str]| roles.iter().any(|role| accepted.contains(&role.as_str()));
    if any(need.full()) {
        Some(Grant::Full)
    } else {
        any(need.basic()).then_some(Grant::Basic)
    }
}

/// What Exchange's own roles (`Application Mail.Read`) grant.
pub(crate) fn granted_by_exchange(need: Need, roles: &[String]) -> Option<Grant> {
    let named = roles
        .iter()
        .filter_map(|role| role.strip_prefix("Application "));
    let roles: Vec<String> = named.map(str::to_owned).collect();
    let whole = |name: &str| roles.iter().any(|role| role == name);
    let mail = matches!(need, Need::Mail | Need::Send) && whole("Mail Full Access");
    if mail || whole("Exchange Full Access") {
        return Some(Grant::Full);
    }
    granted(need, &roles)
}

/// Whether Exchange has such a role for applications.
pub(crate) fn is_exchange_role(name: &str) -> bool {
    let Some(role) = name.strip_prefix("Application ") else {
        return false;
    };
    let family = role.split('.').next().unwrap_or_default();
    matches!(
        role,
        "Mail Full Access" | "Exchange Full Access" | "Mail.ReadBasic"
    ) || matches!(family, "Mail" | "Calendars" | "MailboxSettings") && id_of(role).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_widest_role_counts() {
        let both = roles(&["Mail.ReadBasic.All", "Mail.Read"]);
        assert_eq!(granted(Need::Mail, &both), Some(Grant::Full));
        assert_eq!(
            granted(Need::Mail, &roles(&["Mail.ReadBasic.All"])),
            Some(Grant::Basic)
        );
        assert_eq!(granted(Need::Calendar, &both), None);
    }

    #[test]
    fn exchange_has_roles_of_its_own() {
        let grants = |need, role| granted_by_exchange(need, &roles(&[role]));
        assert_eq!(
            grants(Need::Mail, "Application Mail.Read"),
            Some(Grant::Full)
        );
        assert_eq!(grants(Need::Mail, "Mail.Read"), None);
        assert_eq!(
            grants(Need::Calendar, "Application Exchange Full Access"),
            Some(Grant::Full)
        );
        assert_eq!(grants(Need::Calendar, "Application Mail Full Access"), None);
        assert!(is_exchange_role("Application Calendars.Read"));
        assert!(!is_exchange_role("Application Files.Read.All"));
        assert!(!is_exchange_role("Mail.Read"));
    }
}
