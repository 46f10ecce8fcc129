//! Content: read from files, or made from the seed.

pub(crate) mod envelope;
pub(crate) mod generate;
pub(crate) mod ics;
pub(crate) mod mbox;
pub(crate) mod mime;
pub(crate) mod recurrence;
pub(crate) mod rule;
pub(crate) mod threads;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::scenario::{MailScenario, Resource, Source};

/// Folders nested deeper than this are not looked into.
const DEEPEST: usize = 16;

/// The files that sources name, folders expanded, in order of their names.
pub(crate) fn files(
    sources: &[Source],
    base: &Path,
    extensions: &[&str],
) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for source in sources {
        let path = base.join(source.path());
        if path.is_dir() {
            collect(&path, extensions, 0, &mut files)?;
        } else if path.is_file() {
            files.push(path);
        } else if source.optional() {
            warn(&format!(
                "{}: missing, left out (it is optional)",
                path.display()
            ));
        } else {
            bail!(
                "{}: no such file or folder (mark it `optional: true` if it may be missing)",
                path.display()
            );
        }
    }
    Ok(files)
}

fn collect(
    folder: &Path,
    extensions: &[&str],
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() && depth < DEEPEST {
            collect(&path, extensions, depth + 1, files)?;
        } else if path.is_file() && fits(&path, extensions) {
            files.push(path);
        }
    }
    Ok(())
}

fn fits(path: &Path, extensions: &[&str]) -> bool {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| extensions.contains(&extension.as_str()))
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// The messages of a person's files, byte for byte.
pub(crate) fn letters(mail: &MailScenario, base: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut letters = Vec::new();
    for path in files(&mail.mbox, base, &["mbox", "mbx"])? {
        let found = mbox::messages(&read(&path)?);
        if found.is_empty() {
            warn(&format!("{}: no messages, left out", path.display()));
        }
        letters.extend(found);
    }
    for path in files(&mail.eml, base, &["eml", "txt", "msg"])? {
        letters.push(read(&path)?);
    }
    Ok(letters)
}

/// The events of a person's files, as Google's Calendar API has them; what is not readable is left out with a warning.
pub(crate) fn events(sources: &[Source], base: &Path) -> anyhow::Result<Vec<Resource>> {
    let (mut events, mut complaints) = (Vec::new(), Vec::new());
    for path in files(sources, base, &["ics"])? {
        let complaint = match ics::events(&read(&path)?) {
            Ok(found) => {
                events.extend(found.events);
                let first = found.unreadable.first();
                first.map(|why| format!("{} events left out: {why}", found.unreadable.len()))
            }
            Err(error) => Some(format!("left out: {error}")),
        };
        complaints.extend(complaint.map(|why| format!("{}: {why}", path.display())));
    }
    if !complaints.is_empty() {
        let count = complaints.len();
        warn(&format!(
            "{count} calendar files are not wholly readable: {}",
            complaints.join("; ")
        ));
    }
    Ok(events)
}

/// `Peter Parker` for `peter.parker@…`.
pub(crate) fn name_of(address: &str) -> String {
    let local = address.split('@').next().unwrap_or_default();
    let words = local.split(['.', '_', '-']).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A line on stderr.
pub(crate) fn warn(message: &str) {
    eprintln!("warning: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(json: &str) -> Source {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn folders_are_searched_and_missing_ones_are_errors_unless_optional() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["a.eml", "b/c.EML", "b/d.txt", "b/e.png"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = files(&[source("\".\"")], folder.path(), &["eml", "txt"]).unwrap();
        let names: Vec<_> = found
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .collect();
        assert_eq!(names, ["a.eml", "c.EML", "d.txt"]);
        assert!(files(&[source("\"nope\"")], folder.path(), &["eml"]).is_err());
        let optional = source(r#"{"path": "nope", "optional": true}"#);
        assert!(
            files(&[optional], folder.path(), &["eml"])
                .unwrap()
                .is_empty()
        );
    }
}
