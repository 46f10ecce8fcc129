//! From the vendor's item to the record.

use serde_json::json;

use super::wire::{Hashes, WireItem};
use crate::model::email::Email;
use crate::model::record::File;

/// Makes the record. Everything in somebody's own drive is theirs.
pub(super) fn read(wire: WireItem, owner: &Email) -> File {
    let kind = match (&wire.folder, &wire.package) {
        (Some(_), _) => "folder",
        (None, Some(_)) => "package",
        (None, None) => "file",
    };
    let parent = wire.parent_reference.unwrap_or_default();
    let file = wire.file.unwrap_or_default();
    let by = wire.last_modified_by.unwrap_or_default();
    File {
        name: wire.name,
        mime_type: file.mime_type,
        // A folder's is that of all that is in it, which changes without the folder being told.
        size: wire.size.filter(|_| kind == "file"),
        parents: parent.id.into_iter().collect(),
        owners: vec![owner.as_str().to_owned()],
        trashed: Some(false),
        shared: Some(wire.shared.is_some()),
        created_at: wire.created_date_time,
        modified_at: wire.last_modified_date_time,
        modified_by: by.user.and_then(|user| user.email),
        checksum: checksum(file.hashes),
        version: wire.e_tag.as_deref().and_then(version),
        vendor: Some(json!({"kind": kind, "driveId": parent.drive_id})),
    }
}

fn checksum(hashes: Hashes) -> Option<String> {
    let named = [
        ("sha256", hashes.sha256),
        ("sha1", hashes.sha1),
        ("quickXor", hashes.quick_xor),
    ];
    let mut known = named
        .into_iter()
        .filter_map(|(name, hash)| Some(format!("{name}:{}", hash?)));
    known.next()
}

fn version(tag: &str) -> Option<i64> {
    let (_, number) = tag.trim_matches('"').rsplit_once(',')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read_json(item: Value) -> File {
        let owner = "peter@acme.example".parse().unwrap();
        read(serde_json::from_value(item).unwrap(), &owner)
    }

    #[test]
    fn a_file() {
        let file = read_json(json!({
            "id": "01A", "name": "Plan.pdf", "size": 5_000_000_000_i64, "eTag": "\"{GUID},17\"", "cTag": "\"c:{GUID},9\"",
            "file": {"mimeType": "application/pdf", "hashes": {"quickXorHash": "abc="}}, "shared": {"scope": "users"},
            "parentReference": {"driveId": "b!1", "id": "01ROOT", "path": "/drive/root:"},
            "createdDateTime": "2026-01-01T10:00:00Z", "lastModifiedDateTime": "2026-02-01T10:00:00.12Z",
            "lastModifiedBy": {"user": {"email": "mj@acme.example", "displayName": "MJ"}},
        }));
        let expected = File {
            name: Some("Plan.pdf".into()),
            mime_type: Some("application/pdf".into()),
            size: Some(5_000_000_000),
            parents: vec!["01ROOT".into()],
            owners: vec!["peter@acme.example".into()],
            trashed: Some(false),
            shared: Some(true),
            created_at: Some("2026-01-01T10:00:00Z".parse().unwrap()),
            modified_at: Some("2026-02-01T10:00:00.12Z".parse().unwrap()),
            modified_by: Some("mj@acme.example".into()),
            checksum: Some("quickXor:abc=".into()),
            version: Some(17),
            vendor: Some(json!({"kind": "file", "driveId": "b!1"})),
        };
        assert_eq!(file, expected);
    }

    #[test]
    fn a_folder_has_no_size_of_its_own() {
        let folder = read_json(json!({
            "id": "01B", "name": "Reports", "size": 12, "folder": {"childCount": 3},
            "lastModifiedBy": {"application": {"displayName": "Sync"}},
        }));
        assert_eq!(
            (folder.size, folder.mime_type, folder.shared),
            (None, None, Some(false))
        );
        assert_eq!(folder.vendor.unwrap()["kind"], "folder");
        let package = read_json(json!({"id": "01C", "package": {"type": "oneNote"}, "size": 9}));
        assert_eq!(package.vendor.unwrap()["kind"], "package");
        assert_eq!(package.size, None);
    }
}
