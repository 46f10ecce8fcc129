//! Drive: metadata of files and their changes.
//!
//! Source: developers.google.com/workspace/drive/api/reference/rest/v3 (read 2026-11-22).

mod changes;
mod files;
mod query;
pub(crate) mod store;

use serde_json::Value;

use super::access::{Answer, Api, Context, Endpoint};
use super::errors::ApiError;
use super::fields::Mask;
use super::quota::{Cost, DRIVE_UNITS};
use super::scopes::scope;

const METADATA: &[&str] = &[
    scope!("drive"),
    scope!("drive.readonly"),
    scope!("drive.metadata"),
    scope!("drive.metadata.readonly"),
];
/// Enumerating shared drives is not possible with metadata access.
const DRIVES: &[&str] = &[scope!("drive"), scope!("drive.readonly")];
const COST: Cost = Cost {
    legacy: 1,
    year2026: DRIVE_UNITS,
};

pub(crate) const API: Api = Api {
    label: "drive",
    enabled_as: "drive",
    service: "drive.googleapis.com",
    title: "Google Drive API",
    prefix: &["drive", "v3"],
    endpoints: ENDPOINTS,
    fields: &[
        "kind",
        "id",
        "name",
        "mimeType",
        "description",
        "starred",
        "trashed",
        "explicitlyTrashed",
        "trashedTime",
        "parents",
        "properties",
        "appProperties",
        "spaces",
        "version",
        "webContentLink",
        "webViewLink",
        "iconLink",
        "hasThumbnail",
        "thumbnailLink",
        "viewedByMe",
        "viewedByMeTime",
        "createdTime",
        "modifiedTime",
        "modifiedByMe",
        "modifiedByMeTime",
        "sharedWithMeTime",
        "sharingUser",
        "owners",
        "driveId",
        "teamDriveId",
        "lastModifyingUser",
        "shared",
        "ownedByMe",
        "capabilities",
        "permissions",
        "permissionIds",
        "type",
        "role",
        "emailAddress",
        "displayName",
        "photoLink",
        "me",
        "permissionId",
        "originalFilename",
        "fullFileExtension",
        "fileExtension",
        "md5Checksum",
        "sha1Checksum",
        "sha256Checksum",
        "size",
        "quotaBytesUsed",
        "headRevisionId",
        "shortcutDetails",
        "targetId",
        "targetMimeType",
        "files",
        "nextPageToken",
        "newStartPageToken",
        "startPageToken",
        "incompleteSearch",
        "changes",
        "changeType",
        "removed",
        "fileId",
        "file",
        "time",
        "drive",
        "drives",
        "user",
        "storageQuota",
        "limit",
        "usage",
        "usageInDrive",
        "usageInDriveTrash",
        "maxUploadSize",
        "domain",
        "resourceKey",
        "copyRequiresWriterPermission",
        "writersCanShare",
        "folderColorRgb",
        "exportLinks",
        "hidden",
    ],
    ready,
};

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        name: "google.apps.drive.v3.DriveFiles.List",
        verb: "GET",
        path: &["files"],
        scopes: METADATA,
        cost: COST,
        run: files::list,
    },
    Endpoint {
        name: "google.apps.drive.v3.DriveFiles.Get",
        verb: "GET",
        path: &["files", "*"],
        scopes: METADATA,
        cost: COST,
        run: files::get,
    },
    Endpoint {
        name: "google.apps.drive.v3.DriveChanges.GetStartPageToken",
        verb: "GET",
        path: &["changes", "startPageToken"],
        scopes: METADATA,
        cost: COST,
        run: changes::start,
    },
    Endpoint {
        name: "google.apps.drive.v3.DriveChanges.List",
        verb: "GET",
        path: &["changes"],
        scopes: METADATA,
        cost: COST,
        run: changes::list,
    },
    Endpoint {
        name: "google.apps.drive.v3.DriveAbout.Get",
        verb: "GET",
        path: &["about"],
        scopes: METADATA,
        cost: COST,
        run: files::about,
    },
    Endpoint {
        name: "google.apps.drive.v3.DriveDrives.List",
        verb: "GET",
        path: &["drives"],
        scopes: DRIVES,
        cost: COST,
        run: files::drives,
    },
];

fn ready(context: &Context<'_>) -> Result<(), ApiError> {
    if context.user.profile.read().drive {
        return Ok(());
    }
    let message = "The authenticated user cannot access this service.";
    Err(ApiError::new(403, "forbidden", message))
}

/// Drive shows little unless asked: the value under the caller's mask, or else under the default one.
fn masked(context: &Context<'_>, value: Value, default: &str) -> Answer {
    let mask = context
        .mask
        .is_none()
        .then(|| Mask::parse(default).ok())
        .flatten();
    Answer::Json(match mask {
        Some(mask) => mask.apply(value),
        None => value,
    })
}

fn invalid_value(name: &'static str) -> ApiError {
    ApiError::invalid_parameter(name, "Invalid Value")
}
