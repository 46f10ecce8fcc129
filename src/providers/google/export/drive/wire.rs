//! Drive's JSON, as far as it is read, and what is asked for.
//!
//! Source: developers.google.com/workspace/drive/api/reference/rest/v3/files, …/changes, read 2026-11-22.

use serde::Deserialize;

use crate::providers::google::export::items::Item;

/// The files that the person can see.
pub(super) const FILES: &str = "drive/v3/files";
/// Their changes.
pub(super) const CHANGES: &str = "drive/v3/changes";
/// Where changes begin.
pub(super) const START: &str = "drive/v3/changes/startPageToken";

/// What is asked of a file: metadata only. Permissions are not, since they name people who have nothing to do with it.
pub(super) const FILE_FIELDS: &str = "id,name,mimeType,size,parents,owners/emailAddress,trashed,shared,\
     createdTime,modifiedTime,lastModifyingUser/emailAddress,md5Checksum,version,driveId";

/// What listing and changes must agree in: the person's own files, those shared with them and those of shared drives
/// that they have opened. The bin is part of it, for a file in the bin is changed, not removed.
pub(super) const SCOPE: [(&str, &str); 3] = [
    ("spaces", "drive"),
    ("supportsAllDrives", "true"),
    ("includeItemsFromAllDrives", "true"),
];

/// The answer of `changes.getStartPageToken`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start {
    pub(super) start_page_token: String,
}

/// The answer of `files.list`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Files {
    /// Always there: a reply without it is not one of no files.
    pub(super) files: Vec<Item>,
    /// Absent on the last page.
    pub(super) next_page_token: Option<String>,
}

/// The answer of `changes.list`. Its tokens do not expire.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ChangesPage {
    pub(super) changes: Vec<WireChange>,
    /// Absent on the last page.
    pub(super) next_page_token: Option<String>,
    /// Only on the last page.
    pub(super) new_start_page_token: Option<String>,
}

/// A change of a file, or of a shared drive itself, which has no file id.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireChange {
    pub(super) file_id: Option<String>,
    /// The file was deleted, or the person can no longer see it.
    #[serde(default)]
    pub(super) removed: bool,
    /// Absent where it was removed.
    pub(super) file: Option<Item>,
}

/// A file or folder.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireFile {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) mime_type: Option<String>,
    /// A number as text.
    pub(super) size: Option<String>,
    #[serde(default)]
    pub(super) parents: Vec<String>,
    /// None in a shared drive, whose files have no owners.
    #[serde(default)]
    pub(super) owners: Vec<Person>,
    pub(super) trashed: Option<bool>,
    pub(super) shared: Option<bool>,
    pub(super) created_time: Option<String>,
    pub(super) modified_time: Option<String>,
    pub(super) last_modifying_user: Option<Person>,
    pub(super) md5_checksum: Option<String>,
    /// A number as text.
    pub(super) version: Option<String>,
    pub(super) drive_id: Option<String>,
}

/// A person. Somebody outside of the tenant may have no address.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) email_address: Option<String>,
}
