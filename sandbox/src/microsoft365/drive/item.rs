//! Drive items as Graph shows them.
//!
//! Source: learn.microsoft.com/graph/api/resources/driveitem (read 2026-11-22).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::store::{Drive, parent};
use crate::corpus::generate;
use crate::instruments::clock::rfc3339_seconds;
use crate::random::{hash, mix, uuid};
use crate::scenario::Resource;

/// Every property of an item.
pub(crate) const PROPERTIES: &[&str] = &[
    "id",
    "name",
    "size",
    "webUrl",
    "eTag",
    "cTag",
    "createdDateTime",
    "lastModifiedDateTime",
    "createdBy",
    "lastModifiedBy",
    "parentReference",
    "fileSystemInfo",
    "file",
    "folder",
    "root",
    "deleted",
    "shared",
    "description",
    "package",
    "specialFolder",
    "remoteItem",
    "malware",
];
/// Types that Google has for its own documents, and what they are here.
const DOCUMENTS: &[(&str, &str, &str)] = &[
    (
        "application/vnd.google-apps.document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    (
        "application/vnd.google-apps.spreadsheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
];
const FOLDER: &str = "application/vnd.google-apps.folder";

/// Whose drive it is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
}

/// An item id from a number.
pub(crate) fn item_id(number: u64) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let tail = (0..32_u64).map(|place| {
        let digit = usize::try_from(mix(number, place) % 32).unwrap_or(0);
        ALPHABET.get(digit).map_or('A', |byte| char::from(*byte))
    });
    std::iter::once("01".to_owned())
        .chain(tail.map(String::from))
        .collect()
}

/// The items of a generated drive, the root first.
pub(crate) fn generated(
    drive: &Drive,
    owner: &Owner,
    seed: u64,
    count: u32,
    epoch: i64,
) -> Vec<(String, Resource)> {
    let root = Resource::from_iter([
        ("name".to_owned(), json!("root")),
        ("root".to_owned(), json!({})),
        ("folder".to_owned(), json!({})),
    ]);
    let mut root = complete(root, &drive.root, drive, owner, epoch);
    root.shift_remove("parentReference");
    let mut items = vec![(drive.root.clone(), root)];
    for file in generate::drive::files(seed, count, epoch, &drive.root) {
        let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
        let id = item_id(hash(text("id")));
        let given = translated(&file, &drive.root);
        items.push((id.clone(), complete(given, &id, drive, owner, epoch)));
    }
    items
}

/// What Graph says of a file that is described the way Google does it.
pub(crate) fn translated(file: &Resource, root: &str) -> Resource {
    let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
    let above = file
        .get("parents")
        .and_then(|parents| parents.get(0)?.as_str());
    let above = match above {
        Some(known) if known != root => item_id(hash(known)),
        _ => root.to_owned(),
    };
    let mut item = Resource::new();
    let mut put = |name: &str, value: Value| item.insert(name.to_owned(), value);
    let kind = text("mimeType");
    if kind == FOLDER {
        put("name", json!(text("name")));
        put("folder", json!({}));
    } else {
        let document = DOCUMENTS.iter().find(|(google, ..)| *google == kind);
        let (kind, end) = document.map_or((kind, String::new()), |(_, kind, end)| {
            (*kind, format!(".{end}"))
        });
        let size: u64 = text("size").parse().unwrap_or(12_345);
        put("name", json!(format!("{}{end}", text("name"))));
        put("size", json!(size));
        put("file", json!({ "mimeType": kind }));
    }
    put("parentReference", json!({ "id": above }));
    put(
        "createdDateTime",
        json!(without_fraction(text("createdTime"))),
    );
    put(
        "lastModifiedDateTime",
        json!(without_fraction(text("modifiedTime"))),
    );
    item
}

fn without_fraction(at: &str) -> String {
    let head = at.split('.').next().unwrap_or(at);
    format!("{}Z", head.trim_end_matches('Z'))
}

/// Fills in everything that `OneDrive` would.
pub(crate) fn complete(
    given: Resource,
    id: &str,
    drive: &Drive,
    owner: &Owner,
    now: i64,
) -> Resource {
    let person =
        json!({ "user": { "email": owner.email, "id": owner.id, "displayName": owner.name } });
    let at = json!(rfc3339_seconds(now));
    let mut item = Resource::new();
    let mut put = |name: &str, value: Value| item.insert(name.to_owned(), value);
    put("id", json!(id));
    put("name", json!("Untitled"));
    put("size", json!(0));
    put("createdDateTime", at.clone());
    put("lastModifiedDateTime", at);
    put("createdBy", person.clone());
    put("lastModifiedBy", person);
    put("parentReference", json!({ "id": drive.root }));
    put("version", json!(1));
    if !given.contains_key("folder") {
        let hash = STANDARD.encode(
            [
                mix(hash(id), 1).to_be_bytes(),
                mix(hash(id), 2).to_be_bytes(),
            ]
            .concat(),
        );
        let mut file =
            json!({ "mimeType": "application/octet-stream", "hashes": { "quickXorHash": hash } });
        if let (Some(known), Some(Value::Object(given))) = (file.as_object_mut(), given.get("file"))
        {
            known.extend(given.clone());
        }
        put("file", file);
    }
    let kept = given
        .into_iter()
        .filter(|(name, _)| name != "id" && name != "file");
    item.extend(kept);
    item
}

/// An item as it is now.
pub(crate) fn resource(drive: &Drive, item: &Resource) -> Value {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = text("id");
    let version = item.get("version").and_then(Value::as_u64).unwrap_or(1);
    let tag = uuid(hash(id)).to_uppercase();
    let mut shown = item.clone();
    shown.shift_remove("version");
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("eTag", json!(format!("\"{{{tag}}},{version}\"")));
    put("cTag", json!(format!("\"c:{{{tag}}},{version}\"")));
    put(
        "webUrl",
        json!(format!(
            "https://acme-my.sharepoint.example/personal/_layouts/15/Doc.aspx?sourcedoc=%7B{tag}%7D"
        )),
    );
    put(
        "fileSystemInfo",
        json!({ "createdDateTime": text("createdDateTime"),
        "lastModifiedDateTime": text("lastModifiedDateTime") }),
    );
    if item.contains_key("folder") {
        put(
            "folder",
            json!({ "childCount": drive.children(id).count() }),
        );
    }
    let place = if id == drive.root {
        json!({ "driveType": "business", "driveId": drive.id })
    } else {
        let above = parent(item).unwrap_or(&drive.root);
        json!({ "driveType": "business", "driveId": drive.id, "id": above, "path": path(drive, above) })
    };
    put("parentReference", place);
    Value::Object(shown)
}

/// What is left of a deleted item.
pub(crate) fn tombstone(drive: &Drive, id: &str, item: Option<&Resource>) -> Value {
    let above = item.and_then(parent).unwrap_or(&drive.root);
    let facet = item.is_some_and(|item| item.contains_key("folder"));
    let mut left = json!({
        "id": id,
        "size": 0,
        "deleted": { "state": "deleted" },
        "parentReference": { "driveType": "business", "driveId": drive.id, "id": above },
    });
    if let Some(fields) = left.as_object_mut() {
        let name = if facet { "folder" } else { "file" };
        fields.insert(name.to_owned(), json!({}));
    }
    left
}

/// The way to a folder, such as `/drives/b!x/root:/Reports`.
fn path(drive: &Drive, folder: &str) -> String {
    let mut names: Vec<&str> = ancestors(drive, folder)
        .filter(|(id, _)| *id != drive.root)
        .filter_map(|(_, item)| item.get("name")?.as_str())
        .collect();
    names.reverse();
    let below: String = names.iter().flat_map(|name| ["/", name]).collect();
    format!("/drives/{}/root:{below}", drive.id)
}

/// An item and the folders that it is in, up to the root.
pub(crate) fn ancestors<'a>(
    drive: &'a Drive,
    id: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Resource)> {
    let first = drive.items.get(id).map(|item| (id, item));
    let above = move |(id, item): &(&'a str, &'a Resource)| {
        let above = parent(item).filter(|_| *id != drive.root)?;
        drive.items.get(above).map(|item| (above, item))
    };
    // A folder that was moved into itself would never end.
    std::iter::successors(first, above).take(100)
}
