//! From Drive's file to the record.

use jiff::Timestamp;
use serde_json::json;

use super::wire::{Person, WireFile};
use crate::model::record::File;
use crate::providers::google::export::items::Misread;

/// Makes the record.
pub(super) fn read(wire: WireFile) -> Result<File, Misread> {
    let address = |person: Person| person.email_address;
    Ok(File {
        name: wire.name,
        mime_type: wire.mime_type,
        size: number(wire.size.as_deref(), "size is not a number")?,
        parents: wire.parents,
        owners: wire.owners.into_iter().filter_map(address).collect(),
        trashed: wire.trashed,
        shared: wire.shared,
        created_at: instant(wire.created_time.as_deref(), "createdTime is not a time")?,
        modified_at: instant(wire.modified_time.as_deref(), "modifiedTime is not a time")?,
        modified_by: wire.last_modifying_user.and_then(address),
        checksum: wire.md5_checksum.map(|sum| format!("md5:{sum}")),
        version: number(wire.version.as_deref(), "version is not a number")?,
        vendor: wire.drive_id.map(|id| json!({"driveId": id})),
    })
}

fn number(text: Option<&str>, why: &'static str) -> Result<Option<i64>, Misread> {
    text.map(|text| text.parse().map_err(|_| Misread(why)))
        .transpose()
}

fn instant(text: Option<&str>, why: &'static str) -> Result<Option<Timestamp>, Misread> {
    text.map(|text| text.parse().map_err(|_| Misread(why)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_file_of_a_shared_drive() {
        let wire = serde_json::from_value(json!({
            "kind": "drive#file", "id": "1abc", "name": "Plan.pdf", "mimeType": "application/pdf",
            "size": "5000000000", "parents": ["0AB"], "trashed": false, "shared": true,
            "createdTime": "2026-01-01T10:00:00.000Z", "modifiedTime": "2026-02-01T10:00:00.123Z",
            "lastModifyingUser": {"emailAddress": "peter@acme.example"},
            "md5Checksum": "d41d8cd98f00b204e9800998ecf8427e", "version": "17", "driveId": "0AD"
        }));
        let file = read(wire.unwrap()).unwrap();
        let expected = File {
            name: Some("Plan.pdf".into()),
            mime_type: Some("application/pdf".into()),
            size: Some(5_000_000_000),
            parents: vec!["0AB".into()],
            owners: vec![],
            trashed: Some(false),
            shared: Some(true),
            created_at: Some("2026-01-01T10:00:00Z".parse().unwrap()),
            modified_at: Some("2026-02-01T10:00:00.123Z".parse().unwrap()),
            modified_by: Some("peter@acme.example".into()),
            checksum: Some("md5:d41d8cd98f00b204e9800998ecf8427e".into()),
            version: Some(17),
            vendor: Some(json!({"driveId": "0AD"})),
        };
        assert_eq!(file, expected);
    }

    #[rstest]
    #[case("size", "large")]
    #[case("version", "1.5")]
    #[case("createdTime", "yesterday")]
    #[case("modifiedTime", "2026-13-01T00:00:00Z")]
    fn what_cannot_be_read_is_said_by_its_name(#[case] field: &str, #[case] value: &str) {
        let wire = serde_json::from_value(json!({"id": "1", field: value})).unwrap();
        let Misread(why) = read(wire).unwrap_err();
        assert!(why.starts_with(field), "{why}");
    }
}
