//! Why a client's wish is not done, in words for whoever looks into the identity provider's log.

use axum::http::StatusCode;
use kube::ResourceExt;

use super::error::ScimError;
use crate::api::SyncedUser;
use crate::kube_io::apply::ApplyError;
use crate::model::email::Email;

/// When a client may try again what passes by itself.
const SOON: u64 = 5;
/// When what is being deleted may be gone.
const GONE_BY: u64 = 30;

/// The connection's lists do not admit somebody.
pub(super) fn not_allowed(message: String) -> ScimError {
    ScimError::new(StatusCode::FORBIDDEN, message)
}

pub(super) fn taken(email: &Email) -> ScimError {
    ScimError::uniqueness(format!(
        "The connection has a user with the address {email} already."
    ))
}

pub(super) fn name_taken(name: &str) -> ScimError {
    let name: String = name.chars().take(100).collect();
    ScimError::uniqueness(format!(
        "The connection has a user with the userName {name:?} already."
    ))
}

/// The object is not SCIM's to change.
pub(super) fn foreign(user: &SyncedUser) -> ScimError {
    let detail = format!(
        "The SyncedUser {}/{} was not made by SCIM, so SCIM does not change it. Change it where it comes from, or hand it over: \
         kubectl -n {} label syncedusers {} {}=true",
        user.namespace().unwrap_or_default(),
        user.name_any(),
        user.namespace().unwrap_or_default(),
        user.name_any(),
        super::user::MANAGED,
    );
    ScimError::new(StatusCode::CONFLICT, detail)
}

/// Somebody of the same address is on the way out.
pub(super) fn leaving() -> ScimError {
    ScimError::later(
        GONE_BY,
        "The user of this address is still being deleted: what was synced is erased first. Try again later.",
    )
}

pub(super) fn of_apply(error: &ApplyError) -> ScimError {
    match error {
        ApplyError::Managed(who) => ScimError::new(
            StatusCode::CONFLICT,
            format!(
                "Somebody else manages what would change, so it is left alone: {who}. Take the fields out there to let SCIM have them."
            ),
        ),
        ApplyError::Forbidden(message) => forbidden(message),
        ApplyError::Invalid(message) => ScimError::value(format!(
            "The API server does not take the SyncedUser: {message}"
        )),
        ApplyError::Late => ScimError::later(
            SOON,
            "The user is being changed by somebody else. Try again.",
        ),
        ApplyError::Unavailable(_) => unavailable(),
    }
}

pub(super) fn of_kube(verb: &str, error: &kube::Error) -> ScimError {
    match error {
        kube::Error::Api(status) if status.is_forbidden() => forbidden(&status.message),
        _ => {
            // The error may quote an object, so only its kind is told.
            tracing::warn!(
                scim.verb = verb,
                "the API server did not answer a SCIM request as it should"
            );
            unavailable()
        }
    }
}

fn forbidden(message: &str) -> ScimError {
    tracing::warn!(
        api.message = message,
        "the API server does not let SCIM change SyncedUsers"
    );
    ScimError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Deputy may not do this in its cluster. Its administrator has to grant it, for instance with scim.enabled=true in the chart.",
    )
}

fn unavailable() -> ScimError {
    ScimError::later(SOON, "Deputy's cluster does not answer. Try again.")
}
