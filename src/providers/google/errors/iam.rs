//! What is peculiar to the errors of IAM, where an account manages its own keys.
//!
//! Source: docs.cloud.google.com/iam/docs/permission-error-messages, …/troubleshoot-org-policies, …/quotas and
//! …/keys-upload, read 2026-11-27; bodies that clients report (googleapis/google-api-dotnet-client#2027).

use super::api::Read;
use super::{Row, row};
use crate::model::email::Email;
use crate::providers::error::Class::Park;
use crate::providers::error::Reason;
use crate::providers::google::method::{ApiName, Method};

/// The role that the account needs on itself.
const ROLE: &str = "roles/iam.serviceAccountKeyAdmin";

/// Returns what a failed reply of IAM means, where that differs from what it means elsewhere.
pub(super) fn judge(method: Method, account: &Email, read: &Read) -> Option<Row> {
    if method.api() != ApiName::Iam {
        return None;
    }
    let said = read.message.to_ascii_lowercase();
    let has = |part: &str| said.contains(part);
    let is_upload = method == Method::KeysUpload;
    match read.status {
        403 if read.detail == "IAM_PERMISSION_DENIED" || has("permission 'iam.") => {
            Some(without_role(account))
        }
        400 if has("is not allowed on this service account") => Some(forbidden(account)),
        // Until 2022 it was the second one of these; both are seen.
        400 if is_upload && read.rpc == "FAILED_PRECONDITION" => Some(full(account)),
        429 if is_upload && has("maximum number of keys") => Some(full(account)),
        401 => Some(unknown(account)),
        404 if !method.names_an_item() => Some(unknown(account)),
        _ => None,
    }
}

fn without_role(account: &Email) -> Row {
    row(
        Park,
        Reason::PermissionDenied,
        format!("The service account {account} may not manage its own keys."),
        format!(
            "Grant it the role on itself: gcloud iam service-accounts add-iam-policy-binding {account} \
             --member=serviceAccount:{account} --role={ROLE} (it may take some minutes to spread)."
        ),
    )
}

fn forbidden(account: &Email) -> Row {
    row(
        Park,
        Reason::BlockedByPolicy,
        "An organization policy forbids uploading keys of service accounts.",
        format!(
            "Except the project of {account} from the constraint iam.disableServiceAccountKeyUpload (gcloud resource-manager \
             org-policies disable-enforce iam.disableServiceAccountKeyUpload --project=…), or rotate the key by hand."
        ),
    )
}

fn full(account: &Email) -> Row {
    row(
        Park,
        Reason::TooManyKeys,
        format!("The service account {account} has ten keys already, and may have no more."),
        format!(
            "Delete one that nobody uses: gcloud iam service-accounts keys list --iam-account={account} --managed-by=user, then \
             gcloud iam service-accounts keys delete ID --iam-account={account}."
        ),
    )
}

fn unknown(account: &Email) -> Row {
    row(
        Park,
        Reason::AccountDisabled,
        format!("IAM does not know the service account {account}, or it is disabled."),
        "Look at the account in the Google Cloud console (IAM, Service accounts); a deleted one can be restored for 30 days.",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::api::classify;
    use super::Method::{KeysDelete, KeysGet, KeysList, KeysUpload};
    use super::*;
    use crate::http::Reply;
    use crate::providers::error::{Class, Error};

    fn judged(method: Method, status: u16, rpc: &str, detail: &str, message: &str) -> Error {
        let body = json!({"error": {"code": status, "message": message, "status": rpc, "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": detail, "domain": "iam.googleapis.com"},
        ]}});
        let reply = Reply::for_test(status, &[], &body.to_string());
        let account = "deputy@acme.iam.gserviceaccount.com".parse().unwrap();
        classify(method, &account, &reply).0
    }

    /// What a reply must be taken for, and words of the remedy.
    fn expect(error: &Error, class: Class, reason: Reason, remedy: &str) {
        assert_eq!((error.class, error.reason), (class, reason), "{error}");
        let text = error.to_string();
        assert!(text.contains(remedy) && text.len() <= 1024, "{text}");
    }

    #[test]
    fn an_account_that_may_not_manage_its_keys_is_told_how_it_may() {
        let said =
            "Permission 'iam.serviceAccountKeys.create' denied on resource (or it may not exist).";
        for (method, detail) in [(KeysUpload, "IAM_PERMISSION_DENIED"), (KeysList, "")] {
            let denied = judged(method, 403, "PERMISSION_DENIED", detail, said);
            expect(&denied, Class::Park, Reason::PermissionDenied, ROLE);
            expect(
                &denied,
                Class::Park,
                Reason::PermissionDenied,
                "add-iam-policy-binding",
            );
        }
        let off = judged(
            KeysUpload,
            403,
            "PERMISSION_DENIED",
            "SERVICE_DISABLED",
            "IAM API has not been used",
        );
        expect(&off, Class::Park, Reason::ApiDisabled, "Enable it");
    }

    #[test]
    fn a_key_that_is_not_taken_is_told_by_what_hinders_it() {
        let upload = |status, rpc, said| judged(KeysUpload, status, rpc, "", said);
        let policy = "Key upload is not allowed on this service account.";
        let forbidden = upload(400, "FAILED_PRECONDITION", policy);
        let constraint = "iam.disableServiceAccountKeyUpload";
        expect(&forbidden, Class::Park, Reason::BlockedByPolicy, constraint);
        let full = upload(400, "FAILED_PRECONDITION", "Precondition check failed.");
        expect(&full, Class::Park, Reason::TooManyKeys, "keys delete");
        let full = upload(
            429,
            "RESOURCE_EXHAUSTED",
            "Maximum number of keys on account reached.",
        );
        expect(&full, Class::Park, Reason::TooManyKeys, "keys list");
        let spoilt = upload(400, "INVALID_ARGUMENT", "no certificate");
        expect(&spoilt, Class::Park, Reason::RequestRefused, "");
        let quota = judged(
            KeysUpload,
            429,
            "RESOURCE_EXHAUSTED",
            "RATE_LIMIT_EXCEEDED",
            "Quota exceeded",
        );
        expect(&quota, Class::Throttled, Reason::RateLimited, "by itself");
    }

    #[test]
    fn an_account_that_is_unknown_is_not_a_key_that_is_gone() {
        let unknown = judged(KeysList, 404, "NOT_FOUND", "", "Unknown service account");
        expect(&unknown, Class::Park, Reason::AccountDisabled, "restored");
        let disabled = judged(KeysList, 401, "UNAUTHENTICATED", "", "");
        expect(&disabled, Class::Park, Reason::AccountDisabled, "console");
        for method in [KeysGet, KeysDelete] {
            let gone = judged(
                method,
                404,
                "NOT_FOUND",
                "",
                "Service account key x does not exist.",
            );
            expect(&gone, Class::Gone, Reason::ItemGone, "");
        }
        let down = judged(KeysDelete, 503, "UNAVAILABLE", "", "");
        expect(&down, Class::Retry, Reason::ProviderUnavailable, "");
    }

    #[test]
    fn other_apis_are_judged_as_ever() {
        let error = judged(
            Method::Profile,
            403,
            "PERMISSION_DENIED",
            "IAM_PERMISSION_DENIED",
            "no",
        );
        assert!(!error.to_string().contains(ROLE));
    }
}
