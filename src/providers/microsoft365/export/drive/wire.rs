//! The file store's JSON, as far as it is read, and what is asked for.
//!
//! Source: learn.microsoft.com/graph/api/resources/driveitem and …/driveitem-delta, read 2026-11-22.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::providers::reading::items::Item;

/// What is asked of an item: metadata only. Permissions are not, nor links that open it.
pub(super) const FIELDS: &str = "id,name,size,file,folder,package,root,deleted,shared,parentReference,createdDateTime,\
     lastModifiedDateTime,lastModifiedBy,eTag";

/// A page of a delta query.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) value: Vec<Item>,
    /// More follows.
    #[serde(rename = "@odata.nextLink")]
    pub(super) next_link: Option<String>,
    /// Where the next round begins.
    #[serde(rename = "@odata.deltaLink")]
    pub(super) delta_link: Option<String>,
}

/// A file, a folder, or a package such as a notebook.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireItem {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) size: Option<i64>,
    pub(super) file: Option<FileFacet>,
    pub(super) folder: Option<IgnoredAny>,
    pub(super) package: Option<IgnoredAny>,
    /// It is the drive's own top.
    pub(super) root: Option<IgnoredAny>,
    /// It is gone, or in the bin.
    pub(super) deleted: Option<IgnoredAny>,
    /// Others can open it.
    pub(super) shared: Option<IgnoredAny>,
    pub(super) parent_reference: Option<Parent>,
    pub(super) created_date_time: Option<Timestamp>,
    pub(super) last_modified_date_time: Option<Timestamp>,
    pub(super) last_modified_by: Option<Identities>,
    /// `"{GUID},3"`: the number grows with every change.
    pub(super) e_tag: Option<String>,
}

/// What only a file has.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FileFacet {
    pub(super) mime_type: Option<String>,
    pub(super) hashes: Hashes,
}

/// Checksums; which of them there are depends on the kind of drive.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Hashes {
    #[serde(rename = "sha256Hash")]
    pub(super) sha256: Option<String>,
    #[serde(rename = "sha1Hash")]
    pub(super) sha1: Option<String>,
    #[serde(rename = "quickXorHash")]
    pub(super) quick_xor: Option<String>,
}

/// Where an item is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Parent {
    pub(super) id: Option<String>,
    pub(super) drive_id: Option<String>,
}

/// Who did something: a person, an application or both.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Identities {
    pub(super) user: Option<Identity>,
}

/// A person. An application's own changes have none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Identity {
    pub(super) email: Option<String>,
}
