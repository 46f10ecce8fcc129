//! The errors of the APIs behind a token.
//!
//! Source: developers.google.com/workspace/{gmail,calendar,drive}/api/guides/handle-errors and
//! cloud.google.com/apis/design/errors, read 2026-11-22; the reasons that a known client tells apart (GAM,
//! gapi/errors.py and __init__.py, read 2026-11-22).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::{Answer, Row, error, iam, row};
use crate::http::limits::Breadth;
use crate::http::{Reply, shortened};
use crate::model::email::Email;
use crate::providers::error::Class::{Expired, Gone, Park, Retry, Throttled};
use crate::providers::error::{Error, Reason};
use crate::providers::google::method::{ApiName, Method};

/// How long the day's quota is waited for when the vendor does not say.
const DAY_QUOTA_WAIT: Duration = Duration::from_hours(1);

/// An error body; the vendor leaves parts of it out at will.
#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: Fault,
}

#[derive(Deserialize, Default)]
struct Fault {
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    errors: Vec<Item>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize, Default)]
struct Item {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, Default)]
struct Detail {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// A failed reply, read.
pub(super) struct Read {
    pub(super) status: u16,
    /// The old style's reason, such as `rateLimitExceeded`.
    reason: String,
    /// The new style's reason, such as `SERVICE_DISABLED`.
    pub(super) detail: String,
    /// The new style's status, such as `RESOURCE_EXHAUSTED`.
    pub(super) rpc: String,
    pub(super) message: String,
    activation_url: Option<String>,
    lacks_scope: bool,
}

/// Returns what a failed reply means, and whom a complaint about too many requests is about.
pub(in crate::providers::google) fn classify(
    method: Method,
    subject: &Email,
    reply: &Reply,
) -> (Error, Breadth) {
    let read = read(reply);
    let row = iam::judge(method, subject, &read);
    let row = row.unwrap_or_else(|| judge(method, subject, &read));
    let retry_after = reply
        .retry_after()
        .or((row.reason == Reason::QuotaExhausted).then_some(DAY_QUOTA_WAIT));
    let breadth = breadth(&read);
    let answer = Answer {
        operation: method.name(),
        status: read.status,
        code: [read.reason, read.detail, read.rpc]
            .into_iter()
            .find(|code| !code.is_empty())
            .unwrap_or_default(),
        retry_after,
    };
    (error(row, answer), breadth)
}

fn read(reply: &Reply) -> Read {
    let fault = reply.json::<Body>().unwrap_or_default().error;
    let detail = fault
        .details
        .into_iter()
        .find(|detail| !detail.reason.is_empty());
    let detail = detail.unwrap_or_default();
    let challenge = reply.headers.get(::http::header::WWW_AUTHENTICATE);
    Read {
        status: reply.status.as_u16(),
        reason: fault.errors.into_iter().next().unwrap_or_default().reason,
        activation_url: detail
            .metadata
            .get("activationUrl")
            .and_then(|url| console_url(url)),
        detail: detail.reason,
        rpc: fault.status,
        message: fault.message,
        lacks_scope: challenge
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| text.contains("insufficient_scope")),
    }
}

/// A link is shown only where it leads to the vendor's console.
fn console_url(url: &str) -> Option<String> {
    let is_console = url.starts_with("https://console.developers.google.com/")
        || url.starts_with("https://console.cloud.google.com/");
    is_console.then(|| shortened(url, 300))
}

fn breadth(read: &Read) -> Breadth {
    let message = read.message.to_ascii_lowercase();
    let is_users = read.reason == "userRateLimitExceeded"
        || ["per user", "for user", "user-rate"]
            .iter()
            .any(|part| message.contains(part));
    if is_users {
        Breadth::User
    } else {
        Breadth::All
    }
}

/// Returns whether the reply means "too many requests", in any of the forms in which the vendor says so: 403 as well
/// as 429 and 503, by reason, by status or by text alone.
fn is_rate(read: &Read) -> bool {
    const REASONS: &[&str] = &[
        "quotaExceeded",
        "rateLimitExceeded",
        "sharingRateLimitExceeded",
        "userRateLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
        "variableTermLimitExceeded",
    ];
    let message = read.message.to_ascii_lowercase();
    let says_so = message.contains("quota exceeded") || message.contains("rate limit exceeded");
    read.status == 429
        || (matches!(read.status, 403 | 503)
            && (REASONS.contains(&read.reason.as_str())
                || REASONS.contains(&read.detail.as_str())
                || read.rpc == "RESOURCE_EXHAUSTED"
                || says_so))
}

/// The table.
#[allow(clippy::too_many_lines, reason = "the vendor's table, one arm a row")]
fn judge(method: Method, subject: &Email, read: &Read) -> Row {
    let api = method.api();
    let said = read.message.to_ascii_lowercase();
    let has = |part: &str| said.contains(part);
    let is = |reason: &str| read.reason == reason || read.detail == reason;
    let wait = "It is tried again.";
    match read.status {
        403 if is("SERVICE_DISABLED") || is("accessNotConfigured") => {
            let meaning = format!(
                "{} is switched off for the service account's Google Cloud project.",
                api.title()
            );
            let page = read
                .activation_url
                .as_deref()
                .unwrap_or("https://console.cloud.google.com/apis/library");
            row(
                Park,
                Reason::ApiDisabled,
                meaning,
                format!("Enable it: {page}"),
            )
        }
        401 | 403
            if is("ACCESS_TOKEN_SCOPE_INSUFFICIENT")
                || is("insufficientPermissions")
                || read.lacks_scope =>
        {
            row(
                Park,
                Reason::ScopeNotAuthorized,
                format!("The token lacks a scope for {}.", method.name()),
                format!("Delegate one of: {}.", method.scopes().join(", ")),
            )
        }
        403 | 429 if is("dailyLimitExceeded") || is("dailyLimitExceededUnreg") => row(
            Throttled,
            Reason::QuotaExhausted,
            "The day's quota of the Google Cloud project is used up.",
            "It goes on when Google's day ends (midnight, Pacific time). Ask for more quota in the Google Cloud console.",
        ),
        _ if is_rate(read) => row(
            Throttled,
            Reason::RateLimited,
            "Google asks for fewer requests.",
            "It goes on by itself. If it lasts, lower spec.sync.concurrency or see who else uses the project's quota.",
        ),
        403 if has("delegation denied for") => row(
            Park,
            Reason::UserNotAccessible,
            format!("Google denies acting for {subject}."),
            "See that the address is the person's own.",
        ),
        400 if api == ApiName::Gmail
            && (has("mail service not enabled")
                || is("failedPrecondition")
                || has("precondition check failed")) =>
        {
            row(
                Park,
                Reason::MailboxNotEnabled,
                format!("Gmail is off for {subject}, or no licence with Gmail is assigned."),
                "Turn Gmail on for the person's organizational unit, or assign a licence.",
            )
        }
        403 if is("notACalendarUser") || has("must be signed up for google calendar") => row(
            Park,
            Reason::CalendarNotEnabled,
            format!("Calendar is off for {subject}."),
            "Turn Calendar on for the person's organizational unit.",
        ),
        401 if api == ApiName::Drive && has("active session is invalid") => drive_off(subject),
        403 if api == ApiName::Drive
            && (is("domainPolicy") || has("cannot access this service")) =>
        {
            drive_off(subject)
        }
        403 if is("domainPolicy") || has("domain cannot use apis") => row(
            Park,
            Reason::BlockedByPolicy,
            format!(
                "The Workspace administrator does not allow {}.",
                api.title()
            ),
            "Allow API access in the Admin console (Security, API controls).",
        ),
        401 => row(
            Park,
            Reason::UserNotAccessible,
            format!("{} refuses even a fresh token for {subject}.", api.title()),
            "Look at the account in the Admin console: is it suspended, or the service off?",
        ),
        403 if api == ApiName::Directory => row(
            Park,
            Reason::AdminNotPrivileged,
            format!("{subject} may not read the directory, or the person is outside the tenant."),
            "Set adminEmail to an administrator whose role has Users, Read.",
        ),
        404 if method == Method::HistoryList => row(
            Expired,
            Reason::CursorExpired,
            "The history id is too old: Gmail keeps history for about a week.",
            "Everything is read once more.",
        ),
        410 if is("deleted") => gone(method),
        410 if matches!(method, Method::EventsList | Method::CalendarListList) => {
            expired_sync_token()
        }
        400 if is("updatedMinTooLongAgo") => expired_sync_token(),
        404 if method == Method::UsersGet => row(
            Park,
            Reason::UserNotFound,
            "The directory has nobody of this address.",
            "Correct the address, or create or restore the account.",
        ),
        404 | 410 if method.names_an_item() => gone(method),
        408 | 500.. => row(
            Retry,
            Reason::ProviderUnavailable,
            format!("{} failed.", api.title()),
            wait,
        ),
        200..400 => row(
            Retry,
            Reason::MalformedReply,
            format!(
                "{} answered in a way that it does not document.",
                api.title()
            ),
            wait,
        ),
        403 => row(
            Park,
            Reason::PermissionDenied,
            format!(
                "{} denies this to {subject}: {}.",
                api.title(),
                shortened(&read.message, 120)
            ),
            "Look at the account and at the service's settings in the Admin console.",
        ),
        _ => row(
            Park,
            Reason::RequestRefused,
            format!(
                "{} refused the request: {}.",
                api.title(),
                shortened(&read.message, 120)
            ),
            "This should not happen: please report it with the code.",
        ),
    }
}

fn drive_off(subject: &Email) -> Row {
    row(
        Park,
        Reason::DriveNotEnabled,
        format!("Drive, or its API, is off for {subject}."),
        "Turn Drive and Drive API access on for the person's organizational unit.",
    )
}

fn expired_sync_token() -> Row {
    row(
        Expired,
        Reason::CursorExpired,
        "The sync token is too old.",
        "Everything is read once more.",
    )
}

fn gone(method: Method) -> Row {
    let meaning = format!("What {} asked for is not there.", method.name());
    row(
        Gone,
        Reason::ItemGone,
        meaning,
        "Nothing: it is stored as gone.",
    )
}

#[cfg(test)]
mod tests;
