//! Values that must never be seen, and the one thing that may be shown of them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The name of a Secret in the same namespace.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// The Secret's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// The entries of a Kubernetes Secret: names in the open, values closed.
///
/// There is no way to print a value, and memory is wiped when it goes.
#[derive(Clone, Default)]
pub struct Credentials(BTreeMap<String, SecretSlice<u8>>);

impl Credentials {
    /// Takes the entries over.
    pub fn new(entries: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self(
            entries
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
        )
    }

    /// Takes entries over whose values are closed already.
    pub fn closed(entries: impl IntoIterator<Item = (String, SecretSlice<u8>)>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// Returns a value, closed.
    pub fn get(&self, name: &str) -> Option<&SecretSlice<u8>> {
        self.0.get(name)
    }

    /// Returns the names of the entries, in order: what a message may list when the wanted one is missing.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the entries, values closed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretSlice<u8>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the entries whose names pass a test.
    #[must_use]
    pub fn filtered(&self, test: impl Fn(&str) -> bool) -> Self {
        let entries = self.0.iter().filter(|(name, _)| test(name));
        Self(
            entries
                .map(|(n, value)| (n.clone(), value.clone()))
                .collect(),
        )
    }

    /// Returns the entries of these names, all of them or nothing.
    #[must_use]
    pub fn whole(&self, names: &[&str]) -> Option<Self> {
        let found = self.filtered(|name| names.contains(&name));
        (found.0.len() == names.len()).then_some(found)
    }

    /// Returns the entries whose names begin with `prefix`, without it.
    #[must_use]
    pub fn stripped(&self, prefix: &str) -> Self {
        let strip = |(name, value): (&String, &SecretSlice<u8>)| {
            Some((name.strip_prefix(prefix)?.to_owned(), value.clone()))
        };
        Self(self.0.iter().filter_map(strip).collect())
    }

    /// Returns the same values under names that begin with `prefix`.
    #[must_use]
    pub fn prefixed(&self, prefix: &str) -> Self {
        let entries = self.0.iter();
        let named = entries.map(|(name, value)| (format!("{prefix}{name}"), value.clone()));
        Self(named.collect())
    }

    /// Returns these entries and those of `other`, whose values win.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns an entry that is no secret although it lies beside one, such as a key's id.
    pub fn identifier(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(self.0.get(name)?.expose_secret()).ok()?;
        Some(text.trim()).filter(|text| !text.is_empty())
    }

    /// Returns the hash of an entry.
    pub fn digest(&self, name: &str) -> Option<Digest> {
        Some(Digest::of(self.0.get(name)?.expose_secret()))
    }

    /// Returns what may be shown of all entries together, to notice a change.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        for (name, value) in &self.0 {
            for part in [name.as_bytes(), value.expose_secret()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        Fingerprint::from_digest(&hash.finalize())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A whole SHA-256: what is kept of a secret that is to be known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes a value.
    pub fn of(value: &[u8]) -> Self {
        Self(Sha256::digest(value).into())
    }

    /// Ends a hash that was made piece by piece.
    pub fn from_hash(hash: Sha256) -> Self {
        Self(hash.finalize().into())
    }

    /// Returns whether both are the same, in a time that does not tell where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        let difference = pairs.fold(0, |difference, (own, its)| difference | (own ^ its));
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// A text that is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotADigest;

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(NotADigest);
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or(NotADigest)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(bytes))
    }
}

/// The start of a SHA-256, as `sha256:` and 16 hexadecimal digits: enough to tell two keys apart, too little to find one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    fn from_digest(digest: &[u8]) -> Self {
        use std::fmt::Write as _;
        let mut text = String::from("sha256:");
        for byte in digest.iter().take(8) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Returns the fingerprint as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_value_can_be_printed() {
        let credentials = Credentials::new([("key.json".to_owned(), b"canary".to_vec())]);
        assert_eq!(format!("{credentials:?}"), r#"{"key.json"}"#);
        assert!(!credentials.fingerprint().as_str().contains("canary"));
    }

    #[test]
    fn entries_change_their_names_and_not_their_values() {
        let named = |names: &[&str]| {
            Credentials::new(names.iter().map(|name| ((*name).to_owned(), b"v".to_vec())))
        };
        let names = |entries: &Credentials| entries.names().map(str::to_owned).collect::<Vec<_>>();
        let both = named(&["a", "b"]);
        assert_eq!(names(&both.prefixed("next-")), ["next-a", "next-b"]);
        let mixed = both.clone().with(named(&["c"]).prefixed("next-"));
        assert_eq!(names(&mixed.stripped("next-")), ["c"]);
        let back = both.prefixed("next-").stripped("next-");
        assert_eq!(back.fingerprint(), both.fingerprint());
        assert!(both.whole(&["a", "c"]).is_none());
        assert_eq!(names(&mixed.whole(&["a"]).unwrap()), ["a"]);
    }

    #[test]
    fn a_fingerprint_tells_where_one_value_ends() {
        let one = Credentials::new([("a".to_owned(), b"bc".to_vec())]);
        let other = Credentials::new([("ab".to_owned(), b"c".to_vec())]);
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest::of(b"canary");
        let read: Digest = digest.to_string().try_into().unwrap();
        assert!(read.matches(&digest));
        assert!(!read.matches(&Digest::of(b"canary ")));
        for text in ["", "00", &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(Digest::try_from(text.to_owned()), Err(NotADigest), "{text}");
        }
    }

    #[test]
    fn an_identifier_may_be_read() {
        let key = Credentials::new([("api-key".to_owned(), b"dep_1\n".to_vec())]);
        assert_eq!(key.identifier("api-key"), Some("dep_1"));
        assert_eq!(key.identifier("api-secret"), None);
        assert!(key.digest("api-secret").is_none());
    }
}
