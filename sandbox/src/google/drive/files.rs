//! `files`, `about` and `drives`.

use serde_json::{Map, Value, json};

use super::query::Query;
use super::store::Drive;
use super::{invalid_value, masked};
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::random::hash;

const DEFAULT_FILE: &str = "kind,id,name,mimeType";
const DEFAULT_LIST: &str = "kind,nextPageToken,incompleteSearch,files(kind,id,name,mimeType)";

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let size = context.bounded("pageSize", 100, 1000)?;
    refuse(context)?;
    let query = match context.param("q") {
        Some(text) => Query::parse(text).ok_or_else(|| invalid_value("q"))?,
        None => Query::default(),
    };
    let store = context.user.drive.lock();
    let after = context
        .param("pageToken")
        .map(|token| after(token, context))
        .transpose()?;
    let after = after.unwrap_or_default();
    let mut rest = store
        .files
        .range::<str, _>((
            std::ops::Bound::Excluded(after.as_str()),
            std::ops::Bound::Unbounded,
        ))
        .filter(|(_, file)| query.fits(file, &store.root))
        .peekable();
    let (mut files, mut last) = (Vec::new(), String::new());
    while files.len() < size {
        let Some((id, file)) = rest.next() else { break };
        last.clone_from(id);
        files.push(Value::Object(file.clone()));
    }
    let mut body = Map::new();
    body.insert("kind".to_owned(), json!("drive#fileList"));
    if rest.peek().is_some() {
        body.insert("nextPageToken".to_owned(), json!(token(&last, context)));
    }
    body.insert("incompleteSearch".to_owned(), json!(false));
    body.insert("files".to_owned(), Value::Array(files));
    Ok(masked(context, Value::Object(body), DEFAULT_LIST))
}

/// A token only fits the question that it came from.
fn token(last: &str, context: &Context<'_>) -> String {
    format!("~!!~{:04x}{last}", digest(context))
}

fn after(token: &str, context: &Context<'_>) -> Result<String, ApiError> {
    let text = token
        .strip_prefix("~!!~")
        .and_then(|text| text.split_at_checked(4));
    let last = text.filter(|(given, _)| *given == format!("{:04x}", digest(context)));
    last.map(|(_, last)| last.to_owned())
        .ok_or_else(|| invalid_value("pageToken"))
}

fn digest(context: &Context<'_>) -> u64 {
    hash(context.param("q").unwrap_or_default()) & 0xffff
}

/// Sorting and other corpora are not simulated, and a wrong answer would be worse than none.
fn refuse(context: &Context<'_>) -> Result<(), ApiError> {
    for (name, allowed) in [
        ("orderBy", &[][..]),
        ("corpora", &["user", "allDrives"]),
        ("spaces", &["drive"]),
    ] {
        if context
            .param(name)
            .is_some_and(|value| !allowed.contains(&value))
        {
            return Err(invalid_value(name));
        }
    }
    let every = context.flag("includeItemsFromAllDrives", false)?;
    if every && !context.flag("supportsAllDrives", false)? {
        let message = "The supportsAllDrives parameter must be set to true if includeItemsFromAllDrives is set";
        return Err(ApiError::invalid_parameter("supportsAllDrives", message));
    }
    Ok(())
}

pub(crate) fn get(context: &Context<'_>) -> Result<Answer, ApiError> {
    if context.param("alt") == Some("media") {
        let message = "The user has not granted the app read access to the file's content";
        return Err(ApiError::new(403, "appNotAuthorizedToFile", message));
    }
    let store = context.user.drive.lock();
    let id = context.part(0);
    let file = match id {
        "root" => root(&store),
        id if id == store.root => root(&store),
        id => Value::Object(store.files.get(id).cloned().ok_or_else(|| {
            ApiError::new(404, "notFound", format!("File not found: {id}.")).parameter("fileId")
        })?),
    };
    Ok(masked(context, file, DEFAULT_FILE))
}

fn root(store: &Drive) -> Value {
    json!({ "kind": "drive#file", "id": store.root, "name": "My Drive",
        "mimeType": "application/vnd.google-apps.folder", "trashed": false, "ownedByMe": true })
}

pub(crate) fn about(context: &Context<'_>) -> Result<Answer, ApiError> {
    if context.mask.is_none() {
        let message = "The 'fields' parameter is required for this method.";
        return Err(ApiError::new(400, "required", message).parameter("fields"));
    }
    let profile = context.user.profile.read();
    Ok(Answer::Json(json!({
        "kind": "drive#about",
        "user": { "kind": "drive#user", "displayName": profile.name, "me": true,
            "permissionId": format!("{:020}", hash(&profile.primary)), "emailAddress": profile.primary },
        "storageQuota": { "limit": "16106127360", "usage": "104857600", "usageInDrive": "52428800",
            "usageInDriveTrash": "0" },
        "maxUploadSize": "5242880000000",
    })))
}

/// Nobody has a shared drive here.
pub(crate) fn drives(context: &Context<'_>) -> Result<Answer, ApiError> {
    context.bounded("pageSize", 10, 100)?;
    Ok(Answer::Json(
        json!({ "kind": "drive#driveList", "drives": [] }),
    ))
}
