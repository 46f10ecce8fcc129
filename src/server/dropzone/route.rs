//! Which box, and what of it, an address names.

use percent_encoding::percent_decode_str;

use crate::controllers::dropzone::BASE;
use crate::model::email::Email;

/// What an address names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// A box.
    Box(Email),
    /// What was sent to a box; none where the name cannot be one.
    Inbox(Option<Email>),
    /// A file that was sent to a box: the upload and its number.
    File(Option<Email>, String, String),
    /// Nothing that there could be.
    Unknown,
}

/// Returns whether a path is below that of the boxes.
pub(super) fn is_ours(path: &str) -> bool {
    let rest = path.strip_prefix(BASE);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Route {
    /// Reads a path. A name is decoded once; dots and slashes in it lead nowhere, since a name only ever names an account.
    pub(super) fn of(path: &str) -> Self {
        let rest = path.strip_prefix(BASE).unwrap_or_default();
        let segments: Vec<&str> = rest.split('/').skip(1).collect();
        match segments.as_slice() {
            [name] | [name, ""] => username(name).map_or(Self::Unknown, Self::Box),
            [name, "inbox"] => Self::Inbox(username(name)),
            [name, "inbox", upload, number] => {
                Self::File(username(name), (*upload).to_owned(), (*number).to_owned())
            }
            _ => Self::Unknown,
        }
    }
}

fn username(segment: &str) -> Option<Email> {
    percent_decode_str(segment).decode_utf8().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_spelling() {
        let own = Route::Box("in.box@acme.example".parse().unwrap());
        for path in [
            "/dropzone/in.box@acme.example",
            "/dropzone/In.Box@ACME.example",
            "/dropzone/in.box%40acme.example",
            "/dropzone/in%2Ebox@acme.example/",
        ] {
            assert_eq!(Route::of(path), own, "{path}");
        }
    }

    #[test]
    fn nothing_leads_anywhere_else() {
        for path in [
            "/dropzone",
            "/dropzone/",
            "/dropzone//",
            "/dropzone/..",
            "/dropzone/../scim/v2",
            "/dropzone/%2e%2e/%2e%2e/etc/passwd",
            "/dropzone/in@acme.example/..",
            "/dropzone/in@acme.example/inbox/..",
            "/dropzone/in@acme.example/inbox/a/b/c",
            "/dropzone/%ff@acme.example",
            "/dropzone/in@acme.example%00",
        ] {
            assert_eq!(Route::of(path), Route::Unknown, "{path}");
        }
        assert!(is_ours("/dropzone") && is_ours("/dropzone/x"));
        assert!(!is_ours("/dropzones/x") && !is_ours("/scim/v2"));
    }
}
