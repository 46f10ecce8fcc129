//! `changes`. Tokens never end.

use serde_json::{Map, Value, json};

use super::store::{Change, Drive};
use super::{invalid_value, masked};
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::instruments::clock::rfc3339;

const DEFAULT: &str = "kind,nextPageToken,newStartPageToken,\
                       changes(kind,type,changeType,time,removed,fileId,file(kind,id,name,mimeType))";

#[expect(
    clippy::unnecessary_wraps,
    reason = "every endpoint has this signature"
)]
pub(crate) fn start(context: &Context<'_>) -> Result<Answer, ApiError> {
    let token = context.user.drive.lock().token();
    Ok(Answer::Json(
        json!({ "kind": "drive#startPageToken", "startPageToken": token.to_string() }),
    ))
}

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let size = context.bounded("pageSize", 100, 1000)?;
    let removed = context.flag("includeRemoved", true)?;
    let own = context.flag("restrictToMyDrive", false)?;
    let store = context.user.drive.lock();
    let token = token(context, &store)?;
    let wanted = |change: &&Change| match store.files.get(&change.file) {
        None => removed,
        Some(file) => !own || file.get("ownedByMe").and_then(Value::as_bool) == Some(true),
    };
    let mut rest = store.since(token).filter(wanted).peekable();
    let (mut changes, mut next) = (Vec::new(), token);
    while changes.len() < size {
        let Some(change) = rest.next() else { break };
        next = change.seq + 1;
        changes.push(resource(change, &store));
    }
    let mut body = Map::new();
    body.insert("kind".to_owned(), json!("drive#changeList"));
    if rest.peek().is_some() {
        body.insert("nextPageToken".to_owned(), json!(next.to_string()));
    } else {
        body.insert(
            "newStartPageToken".to_owned(),
            json!(store.token().to_string()),
        );
    }
    body.insert("changes".to_owned(), Value::Array(changes));
    Ok(masked(context, Value::Object(body), DEFAULT))
}

fn token(context: &Context<'_>, store: &Drive) -> Result<u64, ApiError> {
    let text = context.param("pageToken").ok_or_else(|| {
        ApiError::new(400, "required", "Required parameter: pageToken").parameter("pageToken")
    })?;
    let known = store.first_token()..=store.token();
    text.parse()
        .ok()
        .filter(|token| known.contains(token))
        .ok_or_else(|| invalid_value("pageToken"))
}

fn resource(change: &Change, store: &Drive) -> Value {
    let file = store.files.get(&change.file);
    let mut resource = json!({
        "kind": "drive#change",
        "type": "file",
        "changeType": "file",
        "time": rfc3339(change.time),
        "removed": file.is_none(),
        "fileId": change.file,
    });
    if let (Some(file), Some(fields)) = (file, resource.as_object_mut()) {
        fields.insert("file".to_owned(), Value::Object(file.clone()));
    }
    resource
}
