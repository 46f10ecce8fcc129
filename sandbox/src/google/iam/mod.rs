//! IAM: the keys of service accounts, which an account with the role manages for itself.
//!
//! ```text
//! Call ─▶ route ─▶ token → API enabled → scope → permission on the account ─▶ keys ─▶ Reply
//! ```
//!
//! Source: docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys and the discovery document of
//! revision 2026 (read 2026-11-27). The role is one on the account itself, so that everything else is refused as the
//! vendor refuses what may not exist.

mod errors;
mod keys;
mod route;

use http::StatusCode;
use serde_json::Value;

use self::route::Request;
use super::Google;
use super::access;
use super::accounts::Account;
use super::errors::ApiError;
use super::scopes::scope;
use super::token::{Grant, Subject};
use crate::call::{Call, Reply};
use crate::instruments::clock::Clock;

const SERVICE: &str = "iam.googleapis.com";
const SCOPES: &[&str] = &[scope!("cloud-platform"), scope!("iam")];

/// What an action sees.
struct Context<'a> {
    google: &'a Google,
    call: &'a Call,
    /// Whose keys they are.
    account: Account,
    /// Milliseconds since 1970.
    now: i64,
}

/// Answers `/google/iam/…`; `path` is what follows.
pub(crate) fn answer(google: &Google, call: &Call, path: &[&str], clock: &Clock) -> Reply {
    match checked(google, call, path, clock) {
        Ok(value) => Reply::json(StatusCode::OK, &value),
        Err(error) => error.unlisted().reply(),
    }
}

fn checked(google: &Google, call: &Call, path: &[&str], clock: &Clock) -> Result<Value, ApiError> {
    let request = Request::of(call.method.as_str(), path).ok_or_else(ApiError::no_method)?;
    let grant = access::grant(google, call, clock)?;
    if !google.accounts.read().enabled(&grant.project, "iam") {
        let title = "Identity and Access Management (IAM) API";
        return Err(ApiError::api_disabled(title, SERVICE, &grant.project));
    }
    if !grant.allows(SCOPES) {
        let method = request.action.method();
        return Err(ApiError::insufficient_scope(SERVICE, method, SCOPES));
    }
    let account = administered(google, &grant, &request)?;
    let context = Context {
        google,
        call,
        account,
        now: clock.now_ms(),
    };
    keys::act(&context, request.action)
}

/// The account whose keys they are, if the caller is that account and has the role.
fn administered(
    google: &Google,
    grant: &Grant,
    request: &Request<'_>,
) -> Result<Account, ApiError> {
    let accounts = google.accounts.read();
    let account = accounts.named(request.account).filter(|account| {
        let own = matches!(grant.subject, Subject::Robot) && grant.account == account.email;
        own && account.key_admin && !account.deleted && request.is_in(account)
    });
    let denied = || errors::denied(request.action.permission());
    account.cloned().ok_or_else(denied)
}
