//! Where files lie and what their names say.
//!
//! ```text
//! <prefix>/<namespace>/<connection>/<dataset>/user=<id>/00000000000000000007.parquet                        one commit
//! <prefix>/<namespace>/<connection>/<dataset>/user=<id>/00000000000000000006_00000000000000000001.parquet   commits 1 to 6
//! ```
//!
//! A name begins with the newest commit in the file. So names sort by age, a listing can start at a commit, and a
//! folded file comes after the files that it replaces: a reader who lists in order while files are being folded
//! sees the one or the others, never neither.

use object_store::path::Path;
use sha2::{Digest, Sha256};

use crate::model::account::UserId;
use crate::model::cursor::{Owner, StreamId};

/// The file whose presence says that an erasure has begun. Readers of `*.parquet` do not see it.
pub(super) const ERASING: &str = "_erasing";

/// What holds files from strangers, beside the namespaces.
const QUARANTINE: &str = "_quarantine";

/// The longest part of a path that is kept as it is, in bytes. File systems stop at 255, and `user=` goes before.
const LONGEST_PART: usize = 200;

/// The commits in a file, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// The newest; first in order.
    pub(super) last: u64,
    /// The oldest.
    pub(super) first: u64,
}

impl Span {
    /// Makes the span of one commit.
    pub(super) fn single(sequence: u64) -> Self {
        Self {
            last: sequence,
            first: sequence,
        }
    }

    /// Returns whether `other` is in here.
    pub(super) fn covers(self, other: Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// Returns the file's name.
    pub(super) fn file_name(self) -> String {
        if self.first == self.last {
            format!("{:020}.parquet", self.last)
        } else {
            format!("{:020}_{:020}.parquet", self.last, self.first)
        }
    }
}

/// What a file's name makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Commits.
    Commits(Span),
    /// The mark of an erasure.
    Erasing,
    /// A Parquet file that is not ours: a reader would take its rows for ours.
    Foreign,
    /// Nothing that a reader would read.
    Other,
}

impl Named {
    /// Reads a file's name.
    pub(super) fn parse(name: &str) -> Self {
        if name == ERASING {
            return Self::Erasing;
        }
        match name.strip_suffix(".parquet") {
            Some(stem) if !name.starts_with(['.', '_']) => {
                parse_stem(stem).map_or(Self::Foreign, Self::Commits)
            }
            _ => Self::Other,
        }
    }
}

fn parse_stem(stem: &str) -> Option<Span> {
    let number = |text: &str| -> Option<u64> {
        let digits = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let span = match stem.split_once('_') {
        None => Span::single(number(stem)?),
        Some((last, first)) => {
            let span = Span {
                last: number(last)?,
                first: number(first)?,
            };
            (span.first < span.last).then_some(span)?
        }
    };
    (span.first > 0).then_some(span)
}

/// Returns the folder of a stream.
pub(super) fn stream_folder(prefix: &Path, stream: &StreamId) -> Path {
    let dataset = connection_folder(prefix, &stream.namespace, &stream.connection)
        .join(stream.dataset.name());
    user_folder(&dataset, &stream.user)
}

/// Returns the folder of everything that the owner's connection keeps: one folder a dataset.
pub(super) fn owner_folder(prefix: &Path, owner: &Owner) -> Path {
    connection_folder(prefix, &owner.namespace, &owner.connection)
}

/// Returns the folder of a person within a dataset's.
pub(super) fn user_folder(dataset: &Path, user: &UserId) -> Path {
    append(dataset, &format!("user={}", encode(user.as_str())))
}

/// Returns the folder of the files that a connection was sent. No namespace begins with an underscore.
pub(super) fn quarantine_folder(prefix: &Path, namespace: &str, connection: &str) -> Path {
    connection_folder(&append(prefix, QUARANTINE), namespace, connection)
}

fn connection_folder(prefix: &Path, namespace: &str, connection: &str) -> Path {
    append(&append(prefix, &encode(namespace)), &encode(connection))
}

/// Appends a part that is encoded already; [`Path::join`] would encode its percent signs once more.
fn append(path: &Path, part: &str) -> Path {
    let text = format!("{path}/{part}");
    Path::parse(&text).unwrap_or_else(|_| path.clone().join(part))
}

/// Percent-encodes all but `A-Z a-z 0-9 - @`, and dots and underscores within, so that no id can leave its folder, hide, or
/// look like a partition. What is too long for a file system is its beginning and its SHA-256, after a `~`, which no
/// encoded id contains.
fn encode(id: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(id.len());
    for (at, byte) in id.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'@')
            || (at > 0 && matches!(byte, b'.' | b'_'));
        if plain {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    if text.is_empty() {
        text.push('~');
    }
    if text.len() > LONGEST_PART {
        text.truncate(100);
        text.push('~');
        for byte in Sha256::digest(id.as_bytes()) {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dataset::Dataset;

    fn folder(user: &str) -> String {
        let stream = StreamId {
            namespace: "team".into(),
            connection: "corp".into(),
            dataset: Dataset::Mail,
            user: UserId::new(user),
        };
        stream_folder(&Path::from("data"), &stream).to_string()
    }

    #[test]
    fn a_stream_lies_where_readers_expect_it() {
        assert_eq!(folder("117"), "data/team/corp/mail/user=117");
    }

    #[test]
    fn what_strangers_send_lies_beside_the_rows() {
        let folder = quarantine_folder(&Path::from("data"), "team", "corp");
        assert_eq!(folder.as_ref(), "data/_quarantine/team/corp");
        let bare = quarantine_folder(&Path::default(), "team", "corp");
        assert_eq!(bare.as_ref(), "_quarantine/team/corp");
    }

    #[test]
    fn no_id_leaves_its_folder_or_meets_another() {
        let long = ["x".repeat(1_024), format!("{}y", "x".repeat(1_023))];
        let odd = [
            "..", ".", "", "a/b", "a%2Fb", "a b", "ä", "a\0b", "~", "a=b", "_", "%7E",
        ];
        let folders: std::collections::HashSet<String> = odd
            .iter()
            .copied()
            .chain(long.iter().map(String::as_str))
            .map(folder)
            .collect();
        assert_eq!(folders.len(), odd.len() + long.len());
        for folder in folders {
            assert_eq!(folder.split('/').count(), 5, "{folder}");
            let name = folder.rsplit('/').next().unwrap();
            assert!(name.len() <= 255 && !name.contains(".."), "{folder}");
        }
    }

    #[test]
    fn names_are_read_back_and_sort_by_age() {
        let spans = [
            Span::single(6),
            Span { last: 6, first: 1 },
            Span::single(7),
            Span { last: 17, first: 8 },
        ];
        let names: Vec<String> = spans.map(Span::file_name).to_vec();
        assert!(names.is_sorted(), "{names:?}");
        for (span, name) in spans.iter().zip(&names) {
            assert_eq!(Named::parse(name), Named::Commits(*span));
        }
    }

    #[test]
    fn what_is_not_ours_is_told_from_what_does_not_matter() {
        for name in ["data.parquet", "7.parquet", "00000000000000000000.parquet"] {
            assert_eq!(Named::parse(name), Named::Foreign, "{name}");
        }
        for name in ["_SUCCESS", "x.tmp", "_metadata.parquet", ".x.parquet"] {
            assert_eq!(Named::parse(name), Named::Other, "{name}");
        }
    }
}
