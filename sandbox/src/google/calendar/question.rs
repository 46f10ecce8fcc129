//! What `events.list` is asked.

use jiff::Timestamp;

use super::sync::{PageToken, SyncToken, gone};
use crate::google::access::Context;
use crate::google::errors::ApiError;

/// Deletions are remembered so long, in milliseconds.
const UPDATED_MIN_REACH: i64 = 28 * 86_400_000;

/// Parameters that a sync token refuses.
const FORBIDDEN: &[&str] = &[
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
];
/// Parameters that the sandbox does not simulate.
const UNSUPPORTED: &[&str] = &["q", "privateExtendedProperty", "sharedExtendedProperty"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Unspecified, but stable.
    Id,
    Start,
    Updated,
}

/// A checked question.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) sync: Option<SyncToken>,
    pub(crate) page: Option<PageToken>,
    pub(crate) size: usize,
    pub(crate) single_events: bool,
    pub(crate) show_deleted: bool,
    /// Milliseconds since 1970.
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) updated_min: Option<i64>,
    pub(crate) ical_uid: Option<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) order: Order,
}

impl Question {
    /// `list` and `oldest` are those of the calendar's sync tokens.
    pub(crate) fn of(context: &Context<'_>, list: u64, oldest: u64) -> Result<Self, ApiError> {
        refuse(context)?;
        let sync = context
            .param("syncToken")
            .map(|text| SyncToken::decode(text, list))
            .transpose()?;
        if sync.as_ref().is_some_and(|token| token.seq < oldest) {
            return Err(gone());
        }
        let question = Self {
            size: context.clamped("maxResults", 250, 2500)?,
            page: context
                .param("pageToken")
                .map(PageToken::decode)
                .transpose()?,
            single_events: context.flag("singleEvents", false)?,
            show_deleted: context.flag("showDeleted", sync.is_some())?,
            from: instant(context, "timeMin")?.unwrap_or(i64::MIN),
            until: instant(context, "timeMax")?.unwrap_or(i64::MAX),
            updated_min: instant(context, "updatedMin")?,
            ical_uid: context.param("iCalUID").map(str::to_owned),
            kinds: context
                .call
                .params("eventTypes")
                .map(str::to_owned)
                .collect(),
            order: order(context)?,
            sync,
        };
        question.check(context.now)?;
        Ok(question)
    }

    fn check(&self, now: i64) -> Result<(), ApiError> {
        if self.from >= self.until {
            let message = "The specified time range is empty.";
            return Err(ApiError::new(400, "timeRangeEmpty", message)
                .domain("calendar")
                .parameter("timeMax"));
        }
        if self
            .updated_min
            .is_some_and(|since| since < now - UPDATED_MIN_REACH)
        {
            let message = "The requested minimum modification time lies too far in the past.";
            let error = ApiError::new(410, "updatedMinTooLongAgo", message);
            return Err(error.domain("calendar").parameter("updatedMin"));
        }
        if self.order == Order::Start && !self.single_events {
            let message = "The requested ordering is not available for the particular query.";
            return Err(ApiError::invalid_parameter("orderBy", message));
        }
        match &self.sync {
            Some(_) if !self.show_deleted => {
                let message = "showDeleted=false cannot be combined with syncToken";
                Err(ApiError::invalid_parameter("showDeleted", message))
            }
            Some(token) if token.single_events != self.single_events => {
                let message = "singleEvents must be as it was when the sync token was made";
                Err(ApiError::invalid_parameter("singleEvents", message))
            }
            _ => Ok(()),
        }
    }

    /// Whether the last page gives a sync token.
    pub(crate) fn can_be_continued(&self) -> bool {
        self.order == Order::Id && self.updated_min.is_none() && self.ical_uid.is_none()
    }
}

fn refuse(context: &Context<'_>) -> Result<(), ApiError> {
    let synced = context.param("syncToken").is_some();
    if let Some(name) = FORBIDDEN
        .iter()
        .find(|name| synced && context.param(name).is_some())
    {
        let message = format!("The parameter {name} cannot be combined with syncToken");
        return Err(ApiError::invalid_parameter("syncToken", message));
    }
    match UNSUPPORTED
        .iter()
        .find(|name| context.param(name).is_some())
    {
        Some(name) => {
            let message = format!("The sandbox does not support {name}");
            Err(ApiError::invalid_parameter("q", message))
        }
        None => Ok(()),
    }
}

fn order(context: &Context<'_>) -> Result<Order, ApiError> {
    match context.param("orderBy") {
        None => Ok(Order::Id),
        Some("startTime") => Ok(Order::Start),
        Some("updated") => Ok(Order::Updated),
        Some(other) => {
            let message = format!("Invalid value for: {other} is not a valid value");
            Err(ApiError::invalid_parameter("orderBy", message))
        }
    }
}

/// A point in time, in milliseconds since 1970.
pub(crate) fn instant(context: &Context<'_>, name: &'static str) -> Result<Option<i64>, ApiError> {
    let Some(text) = context.param(name) else {
        return Ok(None);
    };
    match text.parse::<Timestamp>() {
        Ok(at) => Ok(Some(at.as_millisecond())),
        Err(_) => Err(ApiError::new(400, "badRequest", "Bad Request").parameter(name)),
    }
}
