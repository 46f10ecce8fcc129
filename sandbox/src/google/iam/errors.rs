//! IAM's own refusals.

use serde_json::json;

use crate::google::accounts::Account;
use crate::google::errors::ApiError;

/// Neither the account nor the permission is there: IAM does not tell which.
///
/// Source: docs.cloud.google.com/iam/docs/permission-error-messages and bodies that clients report (read 2026-11-27).
pub(crate) fn denied(permission: &str) -> ApiError {
    let message = format!("Permission '{permission}' denied on resource (or it may not exist).");
    ApiError::new(403, "forbidden", message)
        .status("PERMISSION_DENIED")
        .detail(json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "IAM_PERMISSION_DENIED",
            "domain": "iam.googleapis.com",
            "metadata": { "permission": permission },
        }))
}

/// Source: googleapis/google-cloud-cpp#7330 (read 2026-11-27).
pub(crate) fn no_key(id: &str) -> ApiError {
    let message = format!("Service account key {id} does not exist.");
    ApiError::new(404, "notFound", message).status("NOT_FOUND")
}

/// A constraint of the organisation; `what` is what it does not allow, such as `Key creation`.
///
/// Source: docs.cloud.google.com/iam/docs/troubleshoot-org-policies (read 2026-11-27) for keys that Google makes. That
/// uploads are refused in the same words is assumed.
pub(crate) fn constrained(constraint: &str, what: &str, account: &Account) -> ApiError {
    let message = format!("{what} is not allowed on this service account.");
    let (email, project) = (&account.email, account.project_id());
    let subject = format!(
        "projects/{project}/serviceAccounts/{email}?configvalue={}",
        email.replace('@', "%40")
    );
    ApiError::new(400, "failedPrecondition", message.clone())
        .status("FAILED_PRECONDITION")
        .detail(json!({
            "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
            "violations": [{
                "type": format!("constraints/{constraint}"), "subject": subject, "description": message,
            }],
        }))
}

/// Too many keys, or a key that is not the customer's: IAM says no more than this.
///
/// Until 2022 the limit was answered with 429 `RESOURCE_EXHAUSTED`.
/// Source: googleapis/google-api-dotnet-client#2027, firebase/firebase-tools#6192 (read 2026-11-27).
pub(crate) fn precondition() -> ApiError {
    let message = "Precondition check failed.";
    ApiError::new(400, "failedPrecondition", message).status("FAILED_PRECONDITION")
}

/// A field of the request, in the words of the JSON transcoder.
pub(crate) fn invalid(field: &str, description: impl Into<String>) -> ApiError {
    let description = description.into();
    ApiError::invalid_argument(description.clone()).detail(json!({
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{ "field": field, "description": description }],
    }))
}
