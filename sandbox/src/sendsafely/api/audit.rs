//! `POST enterprise/audit-logs`: for administrators of companies that have opted in.

use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, ApiError, Context, Page};
use crate::instruments::clock::seconds_of;
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

/// Milliseconds since 1970 of a time in one of the two forms that the vendor documents, in UTC, if one is given: a second
/// such as `2026-11-27 21:05:09`, or a day such as `2026-11-27`, which is its first second.
///
/// Source: sendsafely.zendesk.com article 16680201903885 and Code-Examples, "Get Audit Log Using Powershell", read 2026-11-27.
/// That other forms are refused is assumed, as is the zone.
fn instant(text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let second = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok();
    let day = || Date::strptime("%Y-%m-%d", text).ok();
    let at = second.or_else(|| day().map(|day| day.at(0, 0, 0, 0)));
    // A form has all of its digits, which reading alone does not insist on.
    let is_whole = |at: &DateTime| {
        let written = at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        written == text || written.strip_suffix(" 00:00:00") == Some(text)
    };
    let at = at.filter(is_whole);
    let at = at.ok_or_else(|| ApiError::invalid_input(format!("{text} is no time")))?;
    Ok(Some(seconds_of(at) * 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_second_or_a_day_to_the_letter() {
        assert_eq!(instant("").unwrap(), None);
        assert_eq!(instant("1970-01-02").unwrap(), Some(86_400_000));
        assert_eq!(instant("1970-01-02 00:00:01").unwrap(), Some(86_401_000));
        for wrong in [
            "1970-01-02T00:00:01Z",
            "1970-01-02 00:00",
            "1970-1-2",
            "1970-01-02 0:0:1",
            " 1970-01-02",
            "01/02/1970",
            "1970-02-30",
            "86401",
        ] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
