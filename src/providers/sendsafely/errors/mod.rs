//! The vendor's errors, each with what it means, what follows and what to do.
//!
//! A request that failed is answered with status 200 all the same; the outcome is in the body, as `response` and `message`.
//!
//! Source: SendSafely/Java-Client-API, `APIResponse.java` (3.1.14), and rsvihladremio/ssdownloader, `api_test.go`, read
//! 2026-11-22. The words of messages are not documented; they only help to tell two causes of one code apart.

#[cfg(test)]
mod tests;

use ::http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::NAME;
use super::method::Method;
use crate::http::{Reply, shortened};
use crate::providers::error::Class::{Gone, Invalid, Park, Retry, Throttled};
use crate::providers::error::{Error, Reason};
use crate::providers::rows::{Answer, Row, Vendor, row};

/// How messages speak of the vendor.
pub(super) const VENDOR: Vendor = Vendor {
    name: NAME,
    title: "SendSafely",
    hosts: "the company's host at sendsafely.com",
};

/// The clocks may differ by this much before they are the suspects. The vendor does not publish its own bound.
const SKEW: SignedDuration = SignedDuration::from_mins(2);

/// What a reply is judged with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The portal's host.
    pub(super) host: &'a str,
    /// Now, by the clock that requests are signed with.
    pub(super) now: Timestamp,
}

/// The part of a body that tells how it went.
#[derive(Deserialize)]
struct Outcome {
    response: String,
    #[serde(default)]
    message: Option<String>,
}

/// A failed reply, read.
struct Said {
    code: String,
    message: String,
    /// By how much the vendor's clock is ahead, where that is suspicious.
    skew: Option<SignedDuration>,
}

/// Returns what is wrong with a reply; none where it is good.
pub(super) fn judge(method: Method, context: Context<'_>, reply: &Reply) -> Option<Error> {
    let outcome = reply.json::<Outcome>().ok();
    if let Some(outcome) = &outcome
        && outcome.response == "SUCCESS"
        && reply.status.is_success()
    {
        return None;
    }
    let said = outcome.map(|outcome| Said {
        code: outcome.response,
        message: outcome.message.unwrap_or_default(),
        skew: skew(reply, context.now),
    });
    let row = by_status(reply.status)
        .or_else(|| Some(by_code(method, context, said.as_ref()?)))
        .unwrap_or_else(|| no_json(method, context.host, reply.status));
    let answer = Answer {
        operation: method.name(),
        status: reply.status.as_u16(),
        code: said.map(|said| said.code).unwrap_or_default(),
        retry_after: reply.retry_after(),
    };
    Some(VENDOR.error(row, answer))
}

/// What the status alone decides.
fn by_status(status: StatusCode) -> Option<Row> {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Some(slow_down());
    }
    status.is_server_error().then(|| {
        row(
            Retry,
            Reason::ProviderUnavailable,
            "SendSafely failed.",
            "It is tried again.",
        )
    })
}

#[allow(clippy::too_many_lines, reason = "the vendor's table, one arm a row")]
fn by_code(method: Method, context: Context<'_>, said: &Said) -> Row {
    match said.code.as_str() {
        "AUTHENTICATION_FAILED" => refused_key(context.host, said),
        "DENIED" if method.is_for_admins() => not_an_admin(context.host),
        "DENIED" => row(
            Park,
            Reason::PermissionDenied,
            "The key's account may not do this.",
            format!(
                "Let an administrator look at the account's privileges and security groups in the Enterprise Console of {}.",
                context.host
            ),
        ),
        "GUESTS_PROHIBITED" => row(
            Park,
            Reason::PermissionDenied,
            "The key's account is a guest, and guests may not do this.",
            format!(
                "Make the account a registered user in the Enterprise Console of {} (Add Users), or use a key of one.",
                context.host
            ),
        ),
        "LIMIT_EXCEEDED" if method == Method::RecipientsAdd => row(
            Park,
            Reason::QuotaExhausted,
            "The Dropzone has as many recipients as SendSafely admits (75).",
            "Shorten spec.provider.sendsafely.dropzone.recipients, name a group's address, or ask SendSafely's support for more.",
        ),
        "LIMIT_EXCEEDED" => slow_down(),
        "OUTDATED_VERSION" => row(
            Park,
            Reason::RequestRefused,
            "SendSafely no longer takes requests of this version of its API.",
            "Update Deputy.",
        ),
        "TWO_FA_REQUIRED" | "PASSWORD_REQUIRED" => row(
            Park,
            Reason::BlockedByPolicy,
            "SendSafely asks for a person's password or second factor, which a service account does not have.",
            format!(
                "Use a key of a service account (no login) of {}; see its Login Type in the Enterprise Console.",
                context.host
            ),
        ),
        "UNKNOWN_PACKAGE" => row(Gone, Reason::ItemGone, "There is no such package.", ""),
        "INVALID_EMAIL" | "INVALID_RECIPIENT" | "DUPLICATE_EMAIL" => row(
            Park,
            Reason::RequestRefused,
            format!(
                "SendSafely does not take the address{}.",
                quoted(&said.message)
            ),
            "Correct the address in the spec.",
        ),
        "APPROVER_REQUIRED" | "PACKAGE_NEEDS_APPROVAL" => row(
            Park,
            Reason::BlockedByPolicy,
            "The company's rules ask for an approver.",
            format!("Let an administrator of {} approve it.", context.host),
        ),
        "INVALID_INPUT" => row(
            Park,
            Reason::RequestRefused,
            format!(
                "SendSafely does not take the request{}.",
                quoted(&said.message)
            ),
            "Correct what the message names in the spec. Where it names nothing of the spec, this is a fault of Deputy: report it.",
        ),
        "FAIL" => row(
            Retry,
            Reason::ProviderUnavailable,
            format!("SendSafely failed{}.", quoted(&said.message)),
            "It is tried again. If it lasts, ask SendSafely's support.",
        ),
        _ => row(
            Park,
            Reason::RequestRefused,
            format!("SendSafely refused the request{}.", quoted(&said.message)),
            "Look up the code in SendSafely's documentation.",
        ),
    }
}

/// One code has three causes: a dead key, a wrong secret half, and clocks that differ.
fn refused_key(host: &str, said: &Said) -> Row {
    let message = said.message.to_ascii_lowercase();
    if said.skew.is_some() || message.contains("timestamp") {
        return clock_skew(said);
    }
    if message.contains("signature") {
        return row(
            Park,
            Reason::SecretInvalid,
            "SendSafely knows the key and does not take its signature: the secret half belongs to another key.",
            "Store the api-secret that was shown with this api-key; where it is lost, make a new key.",
        );
    }
    row(
        Park,
        Reason::KeyRevoked,
        format!(
            "SendSafely does not know the key: it is revoked, mistyped, or of another company than {host}."
        ),
        format!(
            "In the Enterprise Console of {host} find the account, View, Profile, API Access Keys: generate a new key and store \
             both halves in the Secret."
        ),
    )
}

fn clock_skew(said: &Said) -> Row {
    let apart = said.skew.map_or_else(String::new, |skew| {
        let seconds = skew.as_secs();
        let side = if seconds > 0 { "ahead of" } else { "behind" };
        format!(" SendSafely's is {} seconds {side} ours.", seconds.abs())
    });
    row(
        Park,
        Reason::ClockSkew,
        format!("SendSafely does not take the time of the request: the clocks differ.{apart}"),
        "Let the node's clock be set by NTP.",
    )
}

/// Returns by how much the vendor's clock is ahead of ours, where it is more than is usual.
fn skew(reply: &Reply, now: Timestamp) -> Option<SignedDuration> {
    let date = reply.headers.get(header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let ahead = date.duration_since(now);
    (ahead.abs() > SKEW).then_some(ahead)
}

fn not_an_admin(host: &str) -> Row {
    row(
        Park,
        Reason::AdminNotPrivileged,
        "The key's account is no enterprise administrator, and only those may ask for the company's packages and log.",
        format!(
            "In the Enterprise Console of {host} make the account an administrator, or store the key of a service account that is \
             one."
        ),
    )
}

fn slow_down() -> Row {
    row(
        Throttled,
        Reason::RateLimited,
        "SendSafely asks to slow down.",
        "It goes on by itself.",
    )
}

/// The first call to a host shows whether it is a company's. Of a later one, what is neither JSON nor a refusal is a reply gone
/// wrong on its way, which may pass.
fn no_json(method: Method, host: &str, status: StatusCode) -> Row {
    if method == Method::VerifyCredentials || !status.is_success() {
        return no_company(host);
    }
    row(
        Retry,
        Reason::MalformedReply,
        "SendSafely's reply is not JSON, or ends early.",
        "It is tried again. If it lasts, something between here and SendSafely answers in its place.",
    )
}

/// Companies' hosts answer with JSON; what does not is another place.
fn no_company(host: &str) -> Row {
    row(
        Invalid,
        Reason::TenantInvalid,
        format!("{host} does not answer as a company's SendSafely portal: the reply is not JSON."),
        "Correct spec.provider.sendsafely.host: it is what stands in the browser's address bar. Where it is right, something \
         between here and SendSafely answers in its place.",
    )
}

/// Returns the error where the log is denied to an administrator: the company has not switched it on.
pub(super) fn log_is_off(error: Error, host: &str) -> Error {
    Error {
        reason: Reason::ApiDisabled,
        meaning: format!("The audit log of {host} is not switched on; SendSafely keeps it only for companies that ask for it."),
        remedy: "Ask SendSafely's support to switch the Audit Log API on, or take activity out of the streams.".to_owned(),
        ..error
    }
}

fn quoted(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    if message.is_empty() {
        return String::new();
    }
    format!(" ({})", shortened(message, 120))
}
