//! The errors of Graph.
//!
//! Source: learn.microsoft.com/graph/errors, …/graph/auth-limit-mailbox-access, …/graph/delta-query-overview and
//! …/onedrive/developer/rest-api/concepts/errors, read 2026-11-22; codes that a known client tells apart (corso,
//! errors.go, read 2026-11-22).

use std::time::Duration;

use serde::Deserialize;

use super::{Answer, Row, error, row};
use crate::http::limits::Breadth;
use crate::http::{Reply, shortened};
use crate::providers::error::Class::{Expired, Gone, Park, Retry, Throttled};
use crate::providers::error::{Error, Reason};
use crate::providers::microsoft365::method::{Method, Service};

/// An error body; the vendor leaves parts of it out at will.
#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: Fault,
}

#[derive(Deserialize, Default)]
struct Fault {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default, rename = "innerError", alias = "innererror")]
    inner: Option<Box<Fault>>,
}

/// A failed reply, read.
struct Said {
    status: u16,
    code: String,
    /// The code within, where there is one: the file store's say more than the outer ones.
    inner: String,
    message: String,
    /// How long the vendor asks to wait.
    retry_after: Option<Duration>,
}

/// Who was asked for, and how somebody consents.
#[derive(Clone, Copy)]
pub(in crate::providers::microsoft365) struct Context<'a> {
    /// The person, as they are called in a message.
    pub(in crate::providers::microsoft365) who: &'a str,
    /// The page on which an administrator consents.
    pub(in crate::providers::microsoft365) consent: &'a str,
    /// Whether the token has a role for the operation.
    pub(in crate::providers::microsoft365) has_role: bool,
}

/// Codes that say "the cursor is no longer good", whatever the status.
const EXPIRED: &[&str] = &[
    "syncstatenotfound",
    "syncstateinvalid",
    "resyncrequired",
    "resyncchangesapplydifferences",
    "resyncchangesuploaddifferences",
];
/// Codes that say "no mailbox here".
const NO_MAILBOX: &[&str] = &[
    "mailboxnotenabledforrestapi",
    "mailboxnotsupportedforrestapi",
    "errorinvaliduser",
    "errornonexistentmailbox",
];
/// Codes that say "slow down", whatever the status.
const SLOW_DOWN: &[&str] = &[
    "applicationthrottled",
    "toomanyrequests",
    "activitylimitreached",
    "errorserverbusy",
    "throttledrequest",
    "mailboxconcurrency",
];
/// Codes of failures that pass.
const PASSES: &[&str] = &[
    "errormailboxmoveinprogress",
    "errormailboxstoreunavailable",
    "errorinternalservertransienterror",
    "errortimeoutexpired",
    "serviceunavailable",
    "servicenotavailable",
];

/// Returns what a failed reply means, and whom a complaint about too many requests is about.
pub(in crate::providers::microsoft365) fn classify(
    method: Method,
    context: Context<'_>,
    reply: &Reply,
) -> (Error, Breadth) {
    let said = read(reply);
    let row = judge(method, context, &said);
    // A mailbox has a limit of its own; all other limits are the application's.
    let breadth = match method.service() {
        Service::Exchange => Breadth::User,
        Service::Directory | Service::SharePoint => Breadth::All,
    };
    let answer = Answer {
        operation: method.name(),
        status: said.status,
        code: said.code,
        retry_after: said.retry_after,
    };
    (error(row, answer), breadth)
}

fn read(reply: &Reply) -> Said {
    let fault = reply.json::<Body>().unwrap_or_default().error;
    Said {
        status: reply.status.as_u16(),
        inner: fault.inner.map(|inner| inner.code).unwrap_or_default(),
        code: fault.code,
        message: fault.message,
        retry_after: reply.retry_after(),
    }
}

impl Said {
    fn is_one_of(&self, codes: &[&str]) -> bool {
        let is = |code: &str| codes.iter().any(|one| code.eq_ignore_ascii_case(one));
        is(&self.code) || is(&self.inner)
    }

    fn says(&self, part: &str) -> bool {
        self.message.to_ascii_lowercase().contains(part)
    }

    fn is_rate(&self) -> bool {
        matches!(self.status, 429 | 509)
            || (self.status == 503 && self.retry_after.is_some())
            || self.is_one_of(SLOW_DOWN)
    }

    fn is_expired(&self) -> bool {
        self.status == 410
            || self.is_one_of(EXPIRED)
            || self.says("sync state generation")
            || self.says("parameter 'deltatoken' not supported")
    }

    /// The file store says in many ways that somebody has none.
    fn has_no_drive(&self) -> bool {
        self.says("mysite") || self.says("spo license")
    }
}

/// The table.
#[allow(clippy::too_many_lines, reason = "the vendor's table, one arm a row")]
fn judge(method: Method, context: Context<'_>, said: &Said) -> Row {
    let who = context.who;
    let title = method.service().title();
    match said.status {
        _ if said.is_rate() => row(
            Throttled,
            Reason::RateLimited,
            format!("{title} asks for fewer requests."),
            "It goes on by itself. If it lasts, lower spec.sync.concurrency or see what else uses the application.",
        ),
        _ if method.takes_a_cursor() && said.is_expired() => row(
            Expired,
            Reason::CursorExpired,
            format!("{title} no longer knows where the sync stood."),
            "Everything is read once more.",
        ),
        _ if said.is_one_of(NO_MAILBOX) => row(
            Park,
            Reason::MailboxNotEnabled,
            format!(
                "{who} has no mailbox in Exchange Online: it is inactive, deleted, or on-premises."
            ),
            "Assign a licence with Exchange Online, restore the mailbox, or take mail and calendar out of the streams.",
        ),
        _ if said.is_one_of(&["errorquotaexceeded"]) => row(
            Park,
            Reason::MailboxFull,
            format!(
                "The mailbox of {who} is full: following its changes needs a little room in it."
            ),
            "Free space in the mailbox, or raise its quota in the Exchange admin center.",
        ),
        _ if method.service() == Service::SharePoint && said.has_no_drive() => row(
            Park,
            Reason::DriveNotEnabled,
            format!("{who} has no OneDrive, or has never opened it."),
            "Assign a licence with OneDrive and open it once, or take drive out of the streams.",
        ),
        423 => locked(who),
        _ if said.is_one_of(&["notallowed", "resourcelocked"]) => locked(who),
        401 if said.is_one_of(&["invalidauthenticationtoken", "unauthenticated"]) => row(
            Park,
            Reason::TokenRequestRefused,
            format!("{title} refuses even a fresh token."),
            "See that spec.provider.microsoft365.cloud is the tenant's, and that the application is enabled.",
        ),
        // A catch-all, also for people without a licence.
        401 => row(
            Park,
            Reason::UserNotAccessible,
            format!("{title} does not let anyone act for {who}."),
            "Look at the account in the admin center: is it licensed, and is the service on?",
        ),
        403 if said.says("access to odata is disabled") => row(
            Park,
            Reason::BlockedByPolicy,
            format!(
                "An application access policy keeps the application out of the mailbox of {who}."
            ),
            "Add the person to the policy's group (New-ApplicationAccessPolicy); a change takes an hour or more.",
        ),
        403 if method.service() == Service::Exchange && context.has_role => row(
            Park,
            Reason::BlockedByPolicy,
            format!(
                "Exchange keeps the application out of the mailbox of {who}, although the permission is consented to."
            ),
            "Test it with Test-ServicePrincipalAuthorization, and admit the person in the management scope or access policy.",
        ),
        403 if method.service() == Service::Exchange => row(
            Park,
            Reason::PermissionDenied,
            format!(
                "The application may not open the mailbox of {who}: neither consent nor Exchange's own roles admit it."
            ),
            format!(
                "Add the person to the management scope of the role Application {}, or consent to {} for all: {}",
                method.roles().first().unwrap_or(&""),
                method.roles().first().unwrap_or(&""),
                context.consent
            ),
        ),
        403 if !context.has_role => row(
            Park,
            Reason::ScopeNotAuthorized,
            format!("The application lacks a permission for {}.", method.name()),
            format!(
                "Grant one of {} and consent: {}",
                method.roles().join(", "),
                context.consent
            ),
        ),
        403 => row(
            Park,
            Reason::PermissionDenied,
            format!("{title} denies this for {who}: {}.", brief(&said.message)),
            "Look at the account and at the service's settings in the admin center.",
        ),
        404 if matches!(method, Method::UsersGet)
            || said.is_one_of(&["request_resourcenotfound"]) =>
        {
            nobody()
        }
        404 if said.is_one_of(&["resourcenotfound"]) && said.says("user") => nobody(),
        404 if matches!(method, Method::DriveGet | Method::ItemsDeltaStart) => row(
            Park,
            Reason::DriveNotEnabled,
            format!("{who} has no OneDrive, or has never opened it."),
            "Assign a licence with OneDrive and open it once, or take drive out of the streams.",
        ),
        404 | 410 if method.names_an_item() => row(Gone, Reason::ItemGone, "It is gone.", ""),
        404 if method.service() == Service::Exchange => row(
            Park,
            Reason::MailboxNotEnabled,
            format!("Exchange Online finds nothing of {who}."),
            "Look at the mailbox in the Exchange admin center.",
        ),
        // A page of people was asked for too late: the list is begun again.
        _ if said.is_one_of(&["directory_expiredpagetoken"]) => unavailable(title),
        408 | 500.. => unavailable(title),
        _ if said.is_one_of(PASSES) => unavailable(title),
        200..=399 => row(
            Retry,
            Reason::MalformedReply,
            format!("{title} answered in a way that it does not document."),
            "It is tried again.",
        ),
        _ => row(
            Park,
            Reason::RequestRefused,
            format!(
                "{title} refused {}: {}.",
                method.name(),
                brief(&said.message)
            ),
            "Report it with the vendor's code.",
        ),
    }
}

fn nobody() -> Row {
    row(
        Park,
        Reason::UserNotFound,
        "The directory has nobody of this address.",
        "Correct the address, or create or restore the account.",
    )
}

fn locked(who: &str) -> Row {
    row(
        Park,
        Reason::DriveNotEnabled,
        format!("The OneDrive of {who} is locked."),
        "Unlock the site in the SharePoint admin center, or take drive out of the streams.",
    )
}

fn unavailable(title: &str) -> Row {
    row(
        Retry,
        Reason::ProviderUnavailable,
        format!("{title} failed."),
        "It is tried again.",
    )
}

fn brief(message: &str) -> String {
    shortened(message.trim_end_matches('.'), 120)
}

#[cfg(test)]
mod tests;
