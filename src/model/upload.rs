//! What somebody has sent to an account's box: which upload, and what is written down of it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::secret::Digest;

/// How the time is written in an id: names sort by age, and hold nothing that a file system or a URL minds.
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// How many hexadecimal digits tell uploads of one second apart.
const DIGITS: usize = 16;

/// The name of an upload: when it began, UTC, and a number that no other has, as `20261128T093012Z-4f0c9a17be21d386`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadId(String);

/// A text that names no upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an upload is named like 20261128T093012Z-4f0c9a17be21d386")]
pub struct NoUploadId;

impl UploadId {
    /// Names an upload that begins now.
    pub fn new(now: Timestamp) -> Self {
        let time = now.strftime(TIME);
        Self(format!("{time}-{:016x}", random()))
    }

    /// Returns the name as text: letters, digits and a hyphen.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns when it began, in whole seconds.
    pub fn began(&self) -> Timestamp {
        began(&self.0).unwrap_or(Timestamp::MIN)
    }
}

fn began(text: &str) -> Option<Timestamp> {
    let (time, _) = text.split_once('-')?;
    let time = DateTime::strptime(TIME, time).ok()?;
    Offset::UTC.to_timestamp(time).ok()
}

/// Nothing here is secret; the standard library seeds its hashers at random.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

impl FromStr for UploadId {
    type Err = NoUploadId;

    fn from_str(text: &str) -> Result<Self, NoUploadId> {
        let (time, number) = text.split_once('-').ok_or(NoUploadId)?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_number = number.len() == DIGITS && number.bytes().all(is_digit);
        // A time is also read in ways in which it is never written.
        let is_time = began(text).is_some_and(|at| at.strftime(TIME).to_string() == time);
        let is_ours = is_time && is_number;
        is_ours.then(|| Self(text.to_owned())).ok_or(NoUploadId)
    }
}

impl TryFrom<String> for UploadId {
    type Error = NoUploadId;
    fn try_from(text: String) -> Result<Self, NoUploadId> {
        text.parse()
    }
}

impl From<UploadId> for String {
    fn from(id: UploadId) -> Self {
        id.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is written down of an upload once all of it is there. An upload without one does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Which one.
    pub upload: UploadId,
    /// The account that it was sent to.
    pub account: String,
    /// What the box is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When all of it was there.
    pub received_at: Timestamp,
    /// When it is deleted, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Who says to have sent it. Nobody has checked.
    pub sender: Sender,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What else was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The files, in the order in which they came.
    pub files: Vec<ReceivedFile>,
}

/// Who says to have sent something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedFile {
    /// What it is stored as, from 1.
    pub number: u32,
    /// What the sender calls it. No path is ever made of this.
    pub name: String,
    /// The media type that goes with the name, which the first bytes do not contradict.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

impl Manifest {
    /// Returns how many bytes all files have together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_began_and_sorts_by_that() {
        let at = |text: &str| UploadId::new(text.parse().unwrap());
        let (early, late) = (at("2026-11-28T09:30:12.9Z"), at("2027-01-01T00:00:00Z"));
        assert!(early.as_str().starts_with("20261128T093012Z-"), "{early}");
        assert_eq!(early.began(), "2026-11-28T09:30:12Z".parse().unwrap());
        assert!(early < late);
        assert_eq!(early.as_str().parse(), Ok(early));
        assert_ne!(at("2027-01-01T00:00:00Z"), late);
    }

    #[test]
    fn nothing_else_is_an_id() {
        for text in [
            "",
            "-",
            "..",
            "20261128T093012Z",
            "20261128T093012Z-",
            "20261128T093012Z-4f0c9a17be21d38",
            "20261128T093012Z-4F0C9A17BE21D386",
            "20261328T093012Z-4f0c9a17be21d386",
            "20261128T093012Z-4f0c9a17be21d386/..",
            "../../28T093012Z-4f0c9a17be21d386",
            " 0261128T093012Z-4f0c9a17be21d386",
        ] {
            assert_eq!(text.parse::<UploadId>(), Err(NoUploadId), "{text}");
        }
    }
}
