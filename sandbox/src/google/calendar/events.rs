//! `events.list` and `events.get`.

use serde_json::{Map, Value, json};

use super::question::{Order, Question};
use super::store::{Calendar, Stored};
use super::sync::{PageToken, SyncToken};
use super::{DETAILS, calendar_id, event, not_found};
use crate::corpus::recurrence::{self, Moment};
use crate::corpus::rule::Unsupported;
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::instruments::clock::rfc3339;
use crate::random::{hash, mix};
use crate::scenario::Resource;

/// How much of an event is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Everything,
    /// Private events as busy time only.
    Reader,
    FreeBusy,
}

/// An item and where it stands in the order.
type Placed = (String, Resource);

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let calendars = context.user.calendars.lock();
    let calendar = calendars
        .find(&calendar_id(context))
        .ok_or_else(not_found)?;
    let list = hash(&calendar.id);
    let question = Question::of(context, list, calendars.oldest)?;
    let mut items = match &question.sync {
        Some(token) => changed(calendar, &question, token.seq)?,
        None => all(calendar, &question)?,
    };
    items.sort_by(|(left, _), (right, _)| left.cmp(right));
    let detail = detail(context, calendar);
    let page = page(items, &question, calendars.seq, context.user.seed);
    let mut body = head(calendar, detail, context.now);
    let shown = page
        .items
        .iter()
        .map(|item| Value::Object(shown(item, detail)));
    body.insert("items".to_owned(), Value::Array(shown.collect()));
    if let Some(next) = page.next {
        body.insert("nextPageToken".to_owned(), json!(next.encode()));
    } else if question.can_be_continued() {
        let token = SyncToken {
            list,
            seq: page.known,
            single_events: question.single_events,
        };
        body.insert("nextSyncToken".to_owned(), json!(token.encode()));
    }
    Ok(Answer::Json(Value::Object(body)))
}

pub(crate) fn get(context: &Context<'_>) -> Result<Answer, ApiError> {
    let calendars = context.user.calendars.lock();
    let calendar = calendars
        .find(&calendar_id(context))
        .ok_or_else(not_found)?;
    let id = context.part(1);
    let found = calendar
        .events
        .get(id)
        .map(|stored| stored.resource.clone());
    let found = found
        .or_else(|| calendar.instance(id))
        .ok_or_else(not_found)?;
    Ok(Answer::Json(Value::Object(shown(
        &found,
        detail(context, calendar),
    ))))
}

pub(crate) fn detail(context: &Context<'_>, calendar: &Calendar) -> Detail {
    match calendar.access_role.as_str() {
        _ if !context.grant.allows(DETAILS) => Detail::FreeBusy,
        "freeBusyReader" => Detail::FreeBusy,
        "reader" => Detail::Reader,
        _ => Detail::Everything,
    }
}

pub(crate) fn shown(item: &Resource, detail: Detail) -> Resource {
    let private = matches!(
        item.get("visibility").and_then(Value::as_str),
        Some("private" | "confidential")
    );
    match detail {
        Detail::FreeBusy => event::free_busy(item),
        Detail::Reader if private => event::free_busy(item),
        Detail::Reader | Detail::Everything => item.clone(),
    }
}

pub(crate) fn head(calendar: &Calendar, detail: Detail, now: i64) -> Map<String, Value> {
    let role = if detail == Detail::FreeBusy {
        "freeBusyReader"
    } else {
        &calendar.access_role
    };
    let mut head = Map::new();
    head.insert("kind".to_owned(), json!("calendar#events"));
    head.insert("etag".to_owned(), json!(format!("\"p{:x}\"", calendar.seq)));
    head.insert("summary".to_owned(), json!(calendar.summary));
    head.insert("updated".to_owned(), json!(rfc3339(now)));
    head.insert("timeZone".to_owned(), json!(calendar.time_zone));
    head.insert("accessRole".to_owned(), json!(role));
    head.insert("defaultReminders".to_owned(), json!([]));
    head
}

/// Everything that changed since a sync token, in the order of the changes.
///
/// A time window of the full sync is not applied again: what lies outside is reported as it is.
fn changed(calendar: &Calendar, question: &Question, since: u64) -> Result<Vec<Placed>, ApiError> {
    let changed = calendar.events.values().filter(|stored| stored.seq > since);
    let mut items = Vec::new();
    for stored in changed.filter(|stored| question.has_kind(stored)) {
        if question.single_events && recurrence::is_recurring(&stored.resource) {
            let message =
                "The sandbox does not list a changed series with singleEvents and syncToken";
            return Err(ApiError::invalid_parameter("singleEvents", message));
        }
        items.push((format!("{:020}", stored.seq), stored.resource.clone()));
    }
    Ok(items)
}

/// A full list.
fn all(calendar: &Calendar, question: &Question) -> Result<Vec<Placed>, ApiError> {
    let mut items = Vec::new();
    for stored in calendar.events.values() {
        if !question.wants(stored, calendar) {
            continue;
        }
        if question.single_events && recurrence::is_recurring(&stored.resource) {
            let instances = instances(calendar, &stored.resource, question)?;
            items.extend(
                instances
                    .into_iter()
                    .map(|item| (question.key(&item, stored), item)),
            );
        } else if question.overlaps(&stored.resource)? {
            items.push((
                question.key(&stored.resource, stored),
                stored.resource.clone(),
            ));
        }
    }
    Ok(items)
}

/// The instances of a series that are not stored as exceptions.
fn instances(
    calendar: &Calendar,
    master: &Resource,
    question: &Question,
) -> Result<Vec<Resource>, ApiError> {
    let instances =
        recurrence::expand(master, question.from, question.until).map_err(unsupported)?;
    let plain = instances
        .into_iter()
        .filter(|instance| !calendar.events.contains_key(&instance.id));
    Ok(plain.map(|instance| instance.resource(master)).collect())
}

pub(crate) fn unsupported(Unsupported(what): Unsupported) -> ApiError {
    let message = format!("The sandbox does not expand {what}");
    ApiError::invalid_parameter("singleEvents", message)
}

impl Question {
    fn has_kind(&self, stored: &Stored) -> bool {
        let kind = stored
            .resource
            .get("eventType")
            .and_then(Value::as_str)
            .unwrap_or("default");
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }

    fn wants(&self, stored: &Stored, calendar: &Calendar) -> bool {
        let of_live_series = || {
            let series = stored
                .series()
                .and_then(|series| calendar.events.get(series));
            series.is_some_and(|series| !series.cancelled())
        };
        let recent = self.updated_min.is_none_or(|since| stored.updated >= since);
        let uid = stored.resource.get("iCalUID").and_then(Value::as_str);
        let deleted = stored.cancelled()
            && !self.show_deleted
            && self.updated_min.is_none()
            && (self.single_events || !of_live_series());
        recent
            && !deleted
            && self.has_kind(stored)
            && self
                .ical_uid
                .as_deref()
                .is_none_or(|wanted| uid == Some(wanted))
    }

    fn overlaps(&self, item: &Resource) -> Result<bool, ApiError> {
        if (self.from, self.until) == (i64::MIN, i64::MAX) {
            return Ok(true);
        }
        if recurrence::is_recurring(item) {
            let instances = recurrence::expand(item, self.from, self.until).map_err(unsupported)?;
            return Ok(!instances.is_empty());
        }
        let original = || {
            item.get("originalStartTime")
                .and_then(Moment::parse)
                .map(|at| (at.ms(), at.ms() + 1))
        };
        let bounds = recurrence::bounds(item).or_else(original);
        Ok(bounds.is_none_or(|(start, end)| start < self.until && end > self.from))
    }

    fn key(&self, item: &Resource, stored: &Stored) -> String {
        let id = item.get("id").and_then(Value::as_str).unwrap_or_default();
        let start = || recurrence::bounds(item).map_or(0, |(start, _)| start);
        match self.order {
            Order::Id => id.to_owned(),
            Order::Start => format!("{:020} {id}", start().saturating_add(1 << 60)),
            Order::Updated => format!("{:020} {id}", stored.updated.saturating_add(1 << 60)),
        }
    }
}

struct Page {
    items: Vec<Resource>,
    next: Option<PageToken>,
    /// Changes up to this one have been given.
    known: u64,
}

/// Now and then a page is short, or empty though more follow.
fn page(items: Vec<Placed>, question: &Question, seq: u64, seed: u64) -> Page {
    let resumed = question.page.as_ref();
    let began = resumed.map_or(seq, |page| page.began);
    let after = resumed.map_or("", |page| page.after.as_str());
    // An incremental list is in the order of changes, so what changes meanwhile comes at its end.
    let known = if question.sync.is_some() { seq } else { began };
    let mood = mix(seed, hash(after) ^ items.len() as u64);
    let mut rest = items
        .into_iter()
        .filter(|(key, _)| key.as_str() > after)
        .peekable();
    let paused = resumed.is_some_and(|page| page.paused);
    if rest.peek().is_some() && !paused && mood.is_multiple_of(9) {
        let next = PageToken {
            began,
            paused: true,
            after: after.to_owned(),
        };
        return Page {
            items: Vec::new(),
            next: Some(next),
            known,
        };
    }
    let size = if mood % 5 == 1 {
        question.size.div_ceil(2)
    } else {
        question.size
    };
    let mut last = after.to_owned();
    let mut taken = Vec::new();
    while taken.len() < size {
        let Some((key, item)) = rest.next() else {
            break;
        };
        last = key;
        taken.push(item);
    }
    let next = rest.peek().map(|_| PageToken {
        began,
        paused: false,
        after: last,
    });
    Page {
        items: taken,
        next,
        known,
    }
}
