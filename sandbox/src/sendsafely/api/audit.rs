//! `POST enterprise/audit-logs`: for administrators of companies that have opted in.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, ApiError, Context, Page};
use crate::sendsafely::audit::Entry;

/// What is wanted; empty texts count as absent.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Request {
    event_type: String,
    ip_address: String,
    authenticated_user: String,
    impersonated_user: String,
    package_owner: String,
    min_timestamp: String,
    max_timestamp: String,
    page_size: Option<usize>,
    row_index: Option<usize>,
}

pub(crate) fn entries(context: &Context<'_>) -> Answer {
    context.admins_only()?;
    if !context.portal.features.read().audit_logs {
        return Err(ApiError::denied(
            "Audit logs are not enabled for this organization",
        ));
    }
    let request: Request = context.body()?;
    let known = ["", "PACKAGE_EVENT", "ADMIN_EVENT", "USER_EVENT"];
    if !known.contains(&request.event_type.as_str()) {
        let message = format!("{} is no event type", request.event_type);
        return Err(ApiError::invalid_input(message));
    }
    let from = instant(&request.min_timestamp)?;
    let until = instant(&request.max_timestamp)?;
    let page = Page::new(request.row_index, request.page_size)?;
    let audit = context.portal.audit.read();
    let found = audit.newest(context.now, |entry| {
        let since = from.is_none_or(|from| entry.at >= from);
        since && until.is_none_or(|until| entry.at <= until) && request.fits(entry)
    });
    let (rows, pagination, _) = page.cut(&found, |entry| entry.resource());
    Ok(json!({ "auditLogs": rows, "pagination": pagination }))
}

impl Request {
    fn fits(&self, entry: &Entry) -> bool {
        let same = |wanted: &str, found: Option<&str>| {
            wanted.is_empty() || found.is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        same(&self.event_type, Some(entry.kind.name()))
            && same(&self.ip_address, Some(&entry.address))
            && same(&self.authenticated_user, Some(&entry.authenticated))
            && same(&self.impersonated_user, entry.impersonated.as_deref())
            && same(&self.package_owner, entry.package_owner())
    }
}

/// Milliseconds since 1970 of a time in ISO 8601, if one is given.
fn instant(text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let at = text.parse::<Timestamp>();
    let at = at.map_err(|_| ApiError::invalid_input(format!("{text} is no time")))?;
    Ok(Some(at.as_millisecond()))
}
