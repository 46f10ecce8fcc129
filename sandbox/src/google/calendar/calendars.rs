//! The list of calendars, calendars and settings.

use serde_json::{Map, Value, json};

use super::store::{Calendar, Calendars};
use super::sync::{SyncToken, gone};
use super::{calendar_id, not_found};
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::random::hash;

/// The list that the sync tokens of `calendarList.list` are for.
const LIST: &str = "calendarList";
const ROLES: &[&str] = &[
    "freeBusyReader",
    "reader",
    "writerWithoutPrivateAccess",
    "writer",
    "owner",
];

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let size = context.clamped("maxResults", 100, 250)?;
    let calendars = context.user.calendars.lock();
    let since = since(context, &calendars)?;
    let least = least_role(context)?;
    let start: usize = context
        .param("pageToken")
        .map_or(Ok(0), str::parse)
        .map_err(|_| ApiError::invalid_parameter("pageToken", "Invalid page token value."))?;
    let found: Vec<&Calendar> = calendars
        .all
        .iter()
        .filter(|calendar| calendar.seq > since && rank(&calendar.access_role) >= least)
        .collect();
    let page: Vec<Value> = found
        .iter()
        .skip(start)
        .take(size)
        .map(|calendar| resource(calendar))
        .collect();
    let mut body = Map::new();
    body.insert("kind".to_owned(), json!("calendar#calendarList"));
    body.insert(
        "etag".to_owned(),
        json!(format!("\"p{:x}\"", calendars.seq)),
    );
    body.insert("items".to_owned(), Value::Array(page));
    if start + size < found.len() {
        body.insert(
            "nextPageToken".to_owned(),
            json!((start + size).to_string()),
        );
    } else {
        let token = SyncToken {
            list: hash(LIST),
            seq: calendars.seq,
            single_events: false,
        };
        body.insert("nextSyncToken".to_owned(), json!(token.encode()));
    }
    Ok(Answer::Json(Value::Object(body)))
}

fn since(context: &Context<'_>, calendars: &Calendars) -> Result<u64, ApiError> {
    let Some(text) = context.param("syncToken") else {
        return Ok(0);
    };
    for name in ["minAccessRole", "showOwnOrganizationOnly"] {
        if context.param(name).is_some() {
            let message = format!("The parameter {name} cannot be combined with syncToken");
            return Err(ApiError::invalid_parameter("syncToken", message));
        }
    }
    let token = SyncToken::decode(text, hash(LIST))?;
    if token.seq < calendars.oldest {
        Err(gone())
    } else {
        Ok(token.seq)
    }
}

fn rank(role: &str) -> Option<usize> {
    ROLES.iter().position(|known| *known == role)
}

fn least_role(context: &Context<'_>) -> Result<Option<usize>, ApiError> {
    let Some(role) = context.param("minAccessRole") else {
        return Ok(None);
    };
    let rank = rank(role).map(Some);
    rank.ok_or_else(|| {
        ApiError::invalid_parameter("minAccessRole", format!("Invalid value: {role}"))
    })
}

pub(crate) fn entry(context: &Context<'_>) -> Result<Answer, ApiError> {
    let calendars = context.user.calendars.lock();
    let calendar = calendars
        .find(&calendar_id(context))
        .ok_or_else(not_found)?;
    Ok(Answer::Json(resource(calendar)))
}

fn resource(calendar: &Calendar) -> Value {
    let mut resource = json!({
        "kind": "calendar#calendarListEntry",
        "etag": format!("\"{}\"", calendar.seq),
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "colorId": "14",
        "backgroundColor": "#9fe1e7",
        "foregroundColor": "#000000",
        "selected": true,
        "accessRole": calendar.access_role,
        "defaultReminders": [],
        "conferenceProperties": { "allowedConferenceSolutionTypes": ["hangoutsMeet"] },
    });
    if let (true, Some(fields)) = (calendar.primary, resource.as_object_mut()) {
        fields.insert("primary".to_owned(), json!(true));
    }
    resource
}

pub(crate) fn get(context: &Context<'_>) -> Result<Answer, ApiError> {
    let calendars = context.user.calendars.lock();
    let calendar = calendars
        .find(&calendar_id(context))
        .ok_or_else(not_found)?;
    Ok(Answer::Json(json!({
        "kind": "calendar#calendar",
        "etag": format!("\"{}\"", calendar.seq),
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.time_zone,
        "conferenceProperties": { "allowedConferenceSolutionTypes": ["hangoutsMeet"] },
    })))
}

pub(crate) fn setting(context: &Context<'_>) -> Result<Answer, ApiError> {
    let calendars = context.user.calendars.lock();
    let primary = calendars.find("primary").ok_or_else(not_found)?;
    let value = match context.part(0) {
        "timezone" => primary.time_zone.as_str(),
        "locale" => "en",
        "weekStart" => "1",
        _ => return Err(not_found()),
    };
    Ok(Answer::Json(
        json!({ "kind": "calendar#setting", "etag": "\"0\"", "id": context.part(0), "value": value }),
    ))
}
