//! Generated files.

use serde_json::json;

use super::words::{DOMAINS, FILES, PEOPLE};
use crate::instruments::clock::rfc3339;
use crate::random::{mix, pick, word};
use crate::scenario::Resource;

const FOLDER: &str = "application/vnd.google-apps.folder";
/// Types and, for files with content of their own, extensions.
const TYPES: &[(&str, &str)] = &[
    ("application/vnd.google-apps.document", ""),
    ("application/vnd.google-apps.spreadsheet", ""),
    ("application/pdf", "pdf"),
    ("image/png", "png"),
    ("text/csv", "csv"),
    ("application/zip", "zip"),
];

/// A file id from a number.
pub(crate) fn file_id(number: u64) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    let tail = (0..32_u64).map(|place| {
        let digit = usize::try_from(mix(number, place) % 64).unwrap_or(0);
        ALPHABET.get(digit).map_or('a', |byte| char::from(*byte))
    });
    std::iter::once('1').chain(tail).collect()
}

/// Folders in folders, files of others shared with the person, trashed ones.
pub(crate) fn files(seed: u64, count: u32, epoch: i64, root: &str) -> Vec<Resource> {
    let ids: Vec<String> = (0..u64::from(count))
        .map(|nth| file_id(mix(seed, nth)))
        .collect();
    let made = (0_u64..).zip(&ids).map(|(nth, id)| {
        let number = mix(seed ^ 1, nth);
        // Every tenth is a folder, and holds what comes after it.
        let folder = (nth / 10) * 10;
        let parent = if nth % 10 == 0 {
            folder.checked_sub(10)
        } else {
            Some(folder)
        };
        let parent = parent
            .and_then(|at| ids.get(usize::try_from(at).ok()?))
            .map_or(root, String::as_str);
        file(id, nth, number, parent, epoch)
    });
    made.collect()
}

fn file(id: &str, nth: u64, number: u64, parent: &str, epoch: i64) -> Resource {
    let mut file = Resource::new();
    let (mime, extension) = pick(TYPES, number >> 4).unwrap_or_default();
    let title = word(FILES, number);
    let folder = nth.is_multiple_of(10);
    let age = i64::try_from((number >> 20) % 200_000_000).unwrap_or(0) * 60;
    let modified = epoch - age;
    let name = match (folder, extension) {
        (true, _) => format!("{title} (folder {nth})"),
        (false, "") => format!("{title} {nth}"),
        (false, extension) => format!("{title} {nth}.{extension}"),
    };
    file.insert("id".to_owned(), json!(id));
    file.insert("name".to_owned(), json!(name));
    file.insert(
        "mimeType".to_owned(),
        json!(if folder { FOLDER } else { mime }),
    );
    file.insert("parents".to_owned(), json!([parent]));
    file.insert(
        "createdTime".to_owned(),
        json!(rfc3339(modified - 86_400_000)),
    );
    file.insert("modifiedTime".to_owned(), json!(rfc3339(modified)));
    if !folder && !extension.is_empty() {
        file.insert(
            "size".to_owned(),
            json!((1 + number % 5_000_000).to_string()),
        );
        file.insert(
            "md5Checksum".to_owned(),
            json!(format!("{number:016x}{:016x}", number.rotate_left(9))),
        );
        file.insert("fileExtension".to_owned(), json!(extension));
        file.insert("originalFilename".to_owned(), json!(name));
    }
    if number.is_multiple_of(13) {
        file.insert("trashed".to_owned(), json!(true));
        file.insert("explicitlyTrashed".to_owned(), json!(true));
    }
    if number % 5 == 1 {
        share(number, &mut file);
    }
    file
}

/// Someone else's file.
fn share(number: u64, file: &mut Resource) {
    let (name, local) = pick(PEOPLE, number >> 8).unwrap_or_default();
    let address = format!(
        "{local}@{}",
        word(DOMAINS.get(..4).unwrap_or_default(), number >> 12)
    );
    let owner = json!({ "kind": "drive#user", "displayName": name, "me": false,
        "permissionId": format!("{:020}", number >> 3), "emailAddress": address });
    file.insert("owners".to_owned(), json!([owner]));
    file.insert("lastModifyingUser".to_owned(), owner.clone());
    file.insert("sharingUser".to_owned(), owner);
    file.insert("shared".to_owned(), json!(true));
    file.insert("ownedByMe".to_owned(), json!(false));
    // Who else may see it, only its owner is told.
    file.insert("permissions".to_owned(), json!(null));
    file.insert("parents".to_owned(), json!(null));
}
