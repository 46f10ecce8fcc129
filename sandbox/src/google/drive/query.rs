//! The part of Drive's search language that the sandbox understands. Anything else is refused rather than guessed.

use serde_json::Value;

use crate::scenario::Resource;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Trashed(bool),
    Mime(String, bool),
    Parent(String),
    OwnedByMe,
    ModifiedAfter(String),
}

/// A search: all terms must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<Term>);

impl Query {
    /// `None` for what is not understood.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let terms = text.split(" and ").map(|term| term_of(term.trim()));
        terms.collect::<Option<_>>().map(Self)
    }

    pub(crate) fn fits(&self, file: &Resource, root: &str) -> bool {
        self.0.iter().all(|term| term.fits(file, root))
    }
}

fn term_of(text: &str) -> Option<Term> {
    if let Some(owner) = text.strip_suffix(" in owners") {
        return (quoted(owner)? == "me").then_some(Term::OwnedByMe);
    }
    if let Some(parent) = text.strip_suffix(" in parents") {
        return Some(Term::Parent(quoted(parent)?));
    }
    if let Some((name, value)) = text.split_once("!=") {
        return (name.trim() == "mimeType")
            .then(|| quoted(value).map(|mime| Term::Mime(mime, false)))?;
    }
    if let Some((name, value)) = text.split_once('>') {
        let value = value.trim_start_matches('=');
        return (name.trim() == "modifiedTime").then(|| quoted(value).map(Term::ModifiedAfter))?;
    }
    let (name, value) = text.split_once('=')?;
    match (name.trim(), value.trim()) {
        ("trashed", "true") => Some(Term::Trashed(true)),
        ("trashed", "false") => Some(Term::Trashed(false)),
        ("mimeType", value) => quoted(value).map(|mime| Term::Mime(mime, true)),
        _ => None,
    }
}

fn quoted(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!inner.contains('\'')).then(|| inner.to_owned())
}

impl Term {
    fn fits(&self, file: &Resource, root: &str) -> bool {
        let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
        let flag = |name: &str| file.get(name).and_then(Value::as_bool).unwrap_or(false);
        match self {
            Self::Trashed(wanted) => flag("trashed") == *wanted,
            Self::Mime(mime, equal) => (text("mimeType") == mime) == *equal,
            Self::Parent(parent) => {
                let parent = if parent == "root" { root } else { parent };
                let parents = file.get("parents").and_then(Value::as_array);
                parents.is_some_and(|parents| parents.iter().any(|known| known == parent))
            }
            Self::OwnedByMe => flag("ownedByMe"),
            Self::ModifiedAfter(time) => text("modifiedTime") > time.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn terms_are_understood_or_refused() {
        let file = json!({ "trashed": false, "mimeType": "image/png", "parents": ["r"], "ownedByMe": true,
            "modifiedTime": "2026-10-01T00:00:00.000Z" });
        let file = file.as_object().unwrap();
        for (text, fits) in [
            ("trashed = false", true),
            ("trashed=true", false),
            ("trashed=false and mimeType='image/png'", true),
            ("mimeType != 'image/png'", false),
            ("'root' in parents and 'me' in owners", true),
            ("'x' in parents", false),
            ("modifiedTime > '2026-09-01T00:00:00'", true),
        ] {
            assert_eq!(Query::parse(text).unwrap().fits(file, "r"), fits, "{text}");
        }
        for text in [
            "",
            "name contains 'x'",
            "trashed=maybe",
            "fullText='x'",
            "mimeType=png",
            "'you' in owners",
            "trashed=false or trashed=true",
        ] {
            assert_eq!(Query::parse(text), None, "{text}");
        }
    }
}
