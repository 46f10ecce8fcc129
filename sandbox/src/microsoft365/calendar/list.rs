//! The calendar, its events and views of it.

use serde_json::{Value, json};

use super::event::{PROPERTIES, View, key_of, resource};
use super::store::{Calendar, WHOLE};
use super::{view as view_of, window};
use crate::call::Reply;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::graph::access::Context;
use crate::microsoft365::graph::chain::Key;
use crate::microsoft365::graph::{one, paged, select};
use crate::microsoft365::people::User;

/// The page size when none is asked for, and the largest one.
const PAGE: usize = 10;
const LARGEST_PAGE: usize = 1000;
const CALENDAR_PROPERTIES: &[&str] = &[
    "id",
    "name",
    "color",
    "hexColor",
    "isDefaultCalendar",
    "changeKey",
    "canShare",
    "canViewPrivateItems",
    "canEdit",
    "allowedOnlineMeetingProviders",
    "defaultOnlineMeetingProvider",
    "isTallyingResponses",
    "isRemovable",
    "owner",
];

fn calendar_resource(user: &User) -> Value {
    let profile = user.profile.read();
    json!({
        "id": format!("AAMkAG{:016x}AAA=", user.seed),
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": true,
        "changeKey": "AAAAAA==",
        "canShare": true,
        "canViewPrivateItems": true,
        "canEdit": true,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": true,
        "isRemovable": false,
        "owner": { "name": profile.name, "address": profile.email },
    })
}

pub(crate) fn calendar(context: &Context<'_>) -> Result<Reply, GraphError> {
    let select = select::wanted(context, "calendar", CALENDAR_PROPERTIES)?;
    let resource = select::narrowed(calendar_resource(context.user()?), select.as_deref());
    let described = format!("users('{}')/calendar", context.part(0));
    Ok(one(context, &described, resource))
}

pub(crate) fn calendars(context: &Context<'_>) -> Result<Reply, GraphError> {
    let select = select::wanted(context, "calendar", CALENDAR_PROPERTIES)?;
    let resource = select::narrowed(calendar_resource(context.user()?), select.as_deref());
    let described = format!("users('{}')/calendars", context.part(0));
    Ok(paged(context, &described, vec![resource], None))
}

/// The view of a window, with occurrences as whole events.
pub(crate) fn view(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$filter", "$search", "$expand"])?;
    let (from, until) = window(context)?;
    let calendar = context.user()?.calendar.lock();
    let mut keys = calendar.view(from, until);
    keys.sort_by_cached_key(|key| calendar.get(*key).map(|event| event.start.ms()));
    listed(context, &calendar, &keys, "calendarView")
}

/// Single events and series, the newest first.
pub(crate) fn events(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$filter", "$search", "$expand", "$orderby"])?;
    let calendar = context.user()?.calendar.lock();
    let live = calendar
        .events
        .iter()
        .rev()
        .filter(|((_, original), event)| *original == WHOLE && !event.deleted);
    let keys: Vec<Key> = live.map(|(key, _)| *key).collect();
    listed(context, &calendar, &keys, "events")
}

/// The occurrences of a series in a window.
pub(crate) fn instances(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$filter", "$search", "$expand", "$orderby"])?;
    let (from, until) = window(context)?;
    let user = context.user()?;
    let calendar = user.calendar.lock();
    let (number, _) = key_of(context.part(1), user.seed).ok_or_else(GraphError::malformed_id)?;
    if calendar
        .get((number, WHOLE))
        .is_none_or(|event| event.rule.is_none())
    {
        return Err(GraphError::no_item());
    }
    let all = calendar.view(from, until);
    let keys: Vec<Key> = all.into_iter().filter(|key| key.0 == number).collect();
    listed(context, &calendar, &keys, "instances")
}

fn listed(
    context: &Context<'_>,
    calendar: &Calendar,
    keys: &[Key],
    what: &str,
) -> Result<Reply, GraphError> {
    let select = select::wanted(context, "event", PROPERTIES)?;
    let view = view_of(context)?;
    let (skip, top) = (context.skip()?, context.top(PAGE, LARGEST_PAGE)?);
    let page = keys.iter().skip(skip).take(top);
    let items = page.filter_map(|key| shown(calendar, *key, &view, select.as_deref()));
    let next = (skip + top < keys.len()).then_some(skip + top);
    let described = format!("users('{}')/{what}", context.part(0));
    Ok(paged(context, &described, items.collect(), next))
}

fn shown(calendar: &Calendar, key: Key, view: &View, select: Option<&[String]>) -> Option<Value> {
    let event = calendar.get(key)?;
    let whole = resource(calendar, key, &event, view);
    Some(select::narrowed(whole, select))
}

pub(crate) fn event(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$expand"])?;
    let select = select::wanted(context, "event", PROPERTIES)?;
    let user = context.user()?;
    let calendar = user.calendar.lock();
    let key = key_of(context.part(1), user.seed).ok_or_else(GraphError::malformed_id)?;
    let found = shown(&calendar, key, &view_of(context)?, select.as_deref());
    let found = found.ok_or_else(GraphError::no_item)?;
    let described = format!("users('{}')/events", context.part(0));
    Ok(one(context, &described, found))
}
