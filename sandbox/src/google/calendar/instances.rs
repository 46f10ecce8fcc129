//! `events.instances`: one series, instance by instance.

use serde_json::{Value, json};

use super::events::{detail, head, shown, unsupported};
use super::question::instant;
use super::store::Calendar;
use super::{calendar_id, not_found};
use crate::corpus::recurrence;
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::scenario::Resource;

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let size = context.clamped("maxResults", 250, 2500)?;
    let start = start(context)?;
    let calendars = context.user.calendars.lock();
    let calendar = calendars
        .find(&calendar_id(context))
        .ok_or_else(not_found)?;
    let items = of_series(context, calendar)?;
    let detail = detail(context, calendar);
    let mut body = head(calendar, detail, context.now);
    let page = items
        .iter()
        .skip(start)
        .take(size)
        .map(|item| Value::Object(shown(item, detail)));
    body.insert("items".to_owned(), Value::Array(page.collect()));
    if start + size < items.len() {
        body.insert(
            "nextPageToken".to_owned(),
            json!((start + size).to_string()),
        );
    }
    Ok(Answer::Json(Value::Object(body)))
}

fn start(context: &Context<'_>) -> Result<usize, ApiError> {
    let given = context.param("pageToken").map_or(Ok(0), str::parse);
    given.map_err(|_| ApiError::invalid_parameter("pageToken", "Invalid page token value."))
}

/// The instances, each as its exception if it is one; cancelled ones on demand.
fn of_series(context: &Context<'_>, calendar: &Calendar) -> Result<Vec<Resource>, ApiError> {
    let from = instant(context, "timeMin")?.unwrap_or(i64::MIN);
    let until = instant(context, "timeMax")?.unwrap_or(i64::MAX);
    let deleted = context.flag("showDeleted", false)?;
    let master = calendar
        .events
        .get(context.part(1))
        .filter(|stored| !stored.cancelled());
    let master = &master.ok_or_else(not_found)?.resource;
    if !recurrence::is_recurring(master) {
        return Err(ApiError::new(400, "invalid", "The event is not recurring."));
    }
    let instances = recurrence::expand(master, from, until).map_err(unsupported)?;
    let items = instances
        .iter()
        .filter_map(|instance| match calendar.events.get(&instance.id) {
            Some(exception) if exception.cancelled() && !deleted => None,
            Some(exception) => Some(exception.resource.clone()),
            None => Some(instance.resource(master)),
        });
    Ok(items.collect())
}
