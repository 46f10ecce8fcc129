//! Which attributes of a user are kept, and what `/Schemas` says of them. Source: RFC 7643, 4.1 and 7, read 2026-11-22.
//!
//! Kept is what says who somebody is. What identity providers send beyond that (titles, telephones, departments) is of no use
//! here and is dropped, as the protocol lets a server do: not keeping what nobody needs is the better privacy.

use serde_json::{Value, json};

/// The schema of users.
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// What an attribute holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// True or false.
    Flag,
    /// Several texts and flags, once.
    One(&'static [Attribute]),
    /// Several texts and flags, any number of times.
    Many(&'static [Attribute]),
}

/// An attribute that is kept.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    about: &'static str,
    is_required: bool,
    is_unique: bool,
    /// Whether upper and lower case are two.
    pub(super) is_exact: bool,
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    Attribute {
        name,
        kind: Kind::Text,
        about,
        is_required: false,
        is_unique: false,
        is_exact: false,
    }
}

const NAME: &[Attribute] = &[
    text("formatted", "The whole name"),
    text("familyName", "The family name"),
    text("givenName", "The given name"),
    text("middleName", "Further names"),
];

const EMAILS: &[Attribute] = &[
    Attribute {
        is_required: true,
        ..text("value", "The address")
    },
    text("display", "What the address is shown as"),
    text("type", "What it is for, such as work"),
    Attribute {
        kind: Kind::Flag,
        ..text(
            "primary",
            "Whether it is the one that the person is synced by",
        )
    },
];

/// The id that the client gives. Every resource has it, so `/Schemas` does not list it.
static EXTERNAL_ID: Attribute = Attribute {
    is_exact: true,
    ..text("externalId", "The client's own id")
};

/// What is kept of a user.
static ATTRIBUTES: [Attribute; 5] = [
    Attribute {
        is_required: true,
        is_unique: true,
        ..text(
            "userName",
            "The name that the identity provider knows the person by",
        )
    },
    Attribute {
        kind: Kind::One(NAME),
        ..text("name", "The person's name")
    },
    text("displayName", "What the person is shown as"),
    Attribute {
        kind: Kind::Flag,
        is_required: true,
        ..text("active", "Whether the person is synced. Absent means true")
    },
    Attribute {
        kind: Kind::Many(EMAILS),
        is_required: true,
        ..text(
            "emails",
            "The primary one, else the one for work, else the first is the address that is synced. Absent: userName is",
        )
    },
];

/// What is the server's own.
const READ_ONLY: [&str; 4] = ["id", "meta", "schemas", "groups"];

/// What the standard has and nobody here needs.
const NOT_KEPT: [&str; 17] = [
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
    "manager",
    "department",
];

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// An attribute that is kept.
    Kept(&'static Attribute),
    /// One that only the server writes, in its own spelling.
    ReadOnly(&'static str),
    /// One that the standard or an extension has, and that is dropped.
    NotKept,
    /// None.
    Unknown,
}

/// Finds an attribute by its name in any case, with or without the schema before it.
pub(super) fn find(name: &str) -> Found {
    let name = match without_schema(name) {
        Ok(name) => name,
        Err(Foreign) => return Found::NotKept,
    };
    let is = |other: &str| other.eq_ignore_ascii_case(name);
    let mut kept = ATTRIBUTES.iter().chain([&EXTERNAL_ID]);
    if let Some(found) = kept.find(|attribute| is(attribute.name)) {
        return Found::Kept(found);
    }
    if let Some(found) = READ_ONLY.into_iter().find(|other| is(other)) {
        return Found::ReadOnly(found);
    }
    if NOT_KEPT.into_iter().any(is) {
        return Found::NotKept;
    }
    Found::Unknown
}

/// The name belongs to another schema than that of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign;

/// Takes the schema of users off a name or path.
pub(super) fn without_schema(path: &str) -> Result<&str, Foreign> {
    let Some(start) = path
        .get(..4)
        .filter(|start| start.eq_ignore_ascii_case("urn:"))
    else {
        return Ok(path);
    };
    let own = path.get(..=USER.len()).unwrap_or(start);
    let own = own.strip_suffix(':').unwrap_or_default();
    let rest = path.get(USER.len() + 1..);
    rest.filter(|_| own.eq_ignore_ascii_case(USER))
        .ok_or(Foreign)
}

/// Finds a part of an attribute by its name in any case.
pub(super) fn part(attribute: &Attribute, name: &str) -> Option<&'static Attribute> {
    match attribute.kind {
        Kind::One(parts) | Kind::Many(parts) => parts
            .iter()
            .find(|part| part.name.eq_ignore_ascii_case(name)),
        Kind::Text | Kind::Flag => None,
    }
}

/// Returns what `/Schemas` says of users.
pub(super) fn user(base: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": USER,
        "name": "User",
        "description": "A person who may be synced",
        "attributes": ATTRIBUTES.iter().map(describe).collect::<Vec<_>>(),
        "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{USER}")},
    })
}

fn describe(attribute: &Attribute) -> Value {
    let (type_, parts, is_many) = match attribute.kind {
        Kind::Text => ("string", &[][..], false),
        Kind::Flag => ("boolean", &[][..], false),
        Kind::One(parts) => ("complex", parts, false),
        Kind::Many(parts) => ("complex", parts, true),
    };
    let mut described = json!({
        "name": attribute.name,
        "type": type_,
        "multiValued": is_many,
        "description": attribute.about,
        "required": attribute.is_required,
        "caseExact": attribute.is_exact,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": if attribute.is_unique { "server" } else { "none" },
    });
    if let Some(members) = described.as_object_mut().filter(|_| !parts.is_empty()) {
        let parts = parts.iter().map(describe).collect();
        members.insert("subAttributes".to_owned(), parts);
    }
    described
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_in_any_spelling() {
        for (name, known) in [
            ("userName", "userName"),
            ("USERNAME", "userName"),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:userName",
                "userName",
            ),
            (
                "URN:ietf:params:scim:schemas:core:2.0:user:Emails",
                "emails",
            ),
            ("externalid", "externalId"),
        ] {
            assert!(
                matches!(find(name), Found::Kept(found) if found.name == known),
                "{name}"
            );
        }
        assert!(matches!(find("Meta"), Found::ReadOnly("meta")));
        assert!(matches!(find("title"), Found::NotKept));
        assert!(matches!(
            find("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
            Found::NotKept
        ));
        for name in ["shoeSize", "", "é", "urnö:"] {
            assert!(matches!(find(name), Found::Unknown), "{name}");
        }
    }
}
