//! What is wrong with a connection.

use serde_json::{Value, json};

use super::{
    ConnectionRow as Row, Reads, Reconciling, Stalled, answers, api_error, reads, reads_of,
};
use crate::support::stage::{CONNECTION, Stage, company};

const UNAUTHORIZED: &str = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.";
const IAT: &str = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";

/// The token endpoint's table.
#[rustfmt::skip] // a row a line
const TOKEN_ROWS: [Row<(u16, &str, &str)>; 29] = [
    ((401, "unauthorized_client", UNAUTHORIZED), "DelegationValid", "False", "Propagating", "enter that client ID", Reconciling),
    ((401, "unauthorized_client", "Unauthorized client or scope in request."), "DelegationValid", "False", "Propagating", "enter that client ID", Reconciling),
    ((403, "access_denied", "Requested client not authorized."), "DelegationValid", "False", "Propagating", "enter that client ID", Reconciling),
    ((403, "access_denied", "Account restricted"), "DelegationValid", "False", "UserNotAccessible", "Look at the account", Stalled),
    ((400, "admin_policy_enforced", "Blocked."), "DelegationValid", "False", "BlockedByPolicy", "App access control", Stalled),
    ((400, "invalid_grant", "Invalid grant: account not found"), "Authenticated", "False", "AccountDisabled", "Restore or re-enable", Stalled),
    ((400, "invalid_grant", "Invalid email or User ID"), "DelegationValid", "False", "UserNotFound", "Correct the address", Stalled),
    ((400, "invalid_grant", "Not a valid email."), "DelegationValid", "False", "UserNotFound", "Correct the address", Stalled),
    ((400, "invalid_grant", IAT), "Authenticated", "False", "ClockSkew", "Set the clock", Stalled),
    ((400, "invalid_grant", "Invalid JWT Signature."), "Authenticated", "False", "KeyRevoked", "Make a new key", Stalled),
    ((400, "invalid_grant", "Invalid JWT: Failed audience check."), "Authenticated", "False", "TokenRequestRefused", "Store the key file again", Stalled),
    ((400, "invalid_grant", "Invalid JWT: No valid verifier found for issuer"), "Authenticated", "False", "AccountDisabled", "Restore or re-enable", Stalled),
    ((400, "invalid_grant", "The account has been deleted"), "DelegationValid", "False", "UserNotFound", "Restore the account", Stalled),
    ((400, "invalid_grant", "Bad Request"), "DelegationValid", "False", "TokenRequestRefused", "JWT error codes", Stalled),
    ((400, "invalid_scope", "Invalid OAuth scope or ID token audience provided."), "DelegationValid", "False", "ScopeInvalid", "Correct spec.provider.google.scopes", Stalled),
    ((401, "invalid_client", "The OAuth client was not found."), "Authenticated", "False", "AccountDisabled", "30 days", Stalled),
    ((401, "deleted_client", "The OAuth client was deleted."), "Authenticated", "False", "AccountDisabled", "30 days", Stalled),
    ((401, "disabled_client", "The OAuth client was disabled."), "Authenticated", "False", "AccountDisabled", "re-enable", Stalled),
    ((403, "org_internal", "This client is restricted to users within its organization."), "DelegationValid", "False", "BlockedByPolicy", "App access control", Stalled),
    ((400, "invalid_request", "Invalid impersonation prn email address."), "DelegationValid", "False", "UserNotFound", "Correct the address", Stalled),
    ((400, "invalid_request", "Invalid impersonation \"sub\" field"), "DelegationValid", "False", "UserNotFound", "Correct the address", Stalled),
    ((401, "invalid_account", "Forbidden"), "DelegationValid", "False", "UserNotAccessible", "Look at the account", Stalled),
    ((500, "internal_failure", "Backend Error"), "Authenticated", "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ((400, "internal_failure", "None"), "Authenticated", "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ((500, "server_error", ""), "Authenticated", "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ((503, "temporarily_unavailable", ""), "Authenticated", "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ((502, "never_seen", ""), "Authenticated", "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ((429, "rate_limit_exceeded", ""), "Authenticated", "Unknown", "RateLimited", "tried again", Reconciling),
    ((400, "never_seen", "what is this"), "DelegationValid", "False", "TokenRequestRefused", "what is this", Stalled),
];

/// What the directory may answer to the administrator.
#[rustfmt::skip] // a row a line
fn directory_rows() -> Vec<Row<(u16, Value)>> {
    let off = api_error(
        403,
        "PERMISSION_DENIED",
        "accessNotConfigured",
        "Admin SDK API has not been used in project 1 before or it is disabled.",
    );
    let scope = api_error(
        403,
        "PERMISSION_DENIED",
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
    );
    let domain = api_error(
        403,
        "PERMISSION_DENIED",
        "forbidden",
        "Domain cannot use apis.",
    );
    let forbidden = api_error(
        403,
        "PERMISSION_DENIED",
        "forbidden",
        "Not Authorized to access this resource/api",
    );
    let nobody = api_error(404, "NOT_FOUND", "notFound", "Resource Not Found: userKey");
    let broken = api_error(503, "UNAVAILABLE", "backendError", "Backend Error");
    vec![
        ((403, off), "PermissionsGranted", "False", "ApiDisabled", "Enable it", Stalled),
        ((403, scope), "PermissionsGranted", "False", "ScopeNotAuthorized", "Delegate one of", Stalled),
        ((403, domain), "PermissionsGranted", "False", "BlockedByPolicy", "Allow API access", Stalled),
        ((403, forbidden), "PermissionsGranted", "False", "AdminNotPrivileged", "Set adminEmail", Stalled),
        ((404, nobody), "PermissionsGranted", "False", "UserNotFound", "Correct the address", Stalled),
        ((503, broken), "PermissionsGranted", "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ]
}

fn admin_of(row: usize) -> String {
    format!("admin-{row}@acme.example")
}

/// A connection for each row, with an administrator of its own, whom the fault strikes.
async fn strike<T>(rows: &[Row<T>], fault: impl Fn(&T, &str) -> Value) {
    let admins: Vec<_> = (0..rows.len())
        .map(|row| json!({"email": admin_of(row), "admin": true}))
        .collect();
    let stage = Stage::new(&company(&admins)).await;
    let faults = rows
        .iter()
        .enumerate()
        .map(|(row, (wrong, ..))| fault(wrong, &admin_of(row)));
    stage.sandbox.faults(&faults.collect::<Vec<_>>()).await;
    stage.store_new_key("key").await;
    for row in 0..rows.len() {
        let mut connection = stage.connection(&format!("row-{row}"));
        connection["spec"]["provider"]["google"]["adminEmail"] = json!(admin_of(row));
        stage.apply(connection).await;
    }
    let mut operator = stage.operator();
    for (row, expected) in rows.iter().enumerate() {
        reads(
            &stage,
            CONNECTION,
            &format!("row-{row}"),
            reads_of(expected),
        )
        .await;
    }
    assert!(operator.is_running());
}

#[tokio::test]
async fn each_row_of_the_token_endpoints_table() {
    strike(&TOKEN_ROWS, |(status, code, description), admin| {
        let body = json!({"error": code, "error_description": description});
        answers("/google/token", admin, *status, &body)
    })
    .await;
}

#[tokio::test]
async fn each_answer_of_the_directory() {
    strike(&directory_rows(), |(status, body), admin| {
        answers("/google/admin/directory", admin, *status, body)
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_is_none() {
    let rows: [Row<Value>; 3] = [
        (
            json!({"malformed": true}),
            "Authenticated",
            "Unknown",
            "MalformedReply",
            "tried again",
            Reconciling,
        ),
        (
            json!({"close": true}),
            "Authenticated",
            "Unknown",
            "ProviderUnreachable",
            "",
            Reconciling,
        ),
        (
            json!({"reply": {"status": 200, "body": "<html>"}}),
            "Authenticated",
            "Unknown",
            "MalformedReply",
            "tried again",
            Reconciling,
        ),
    ];
    strike(&rows, |action, admin| {
        json!({"match": {"pathPrefix": "/google/token", "subject": admin}, "do": action})
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_off_is_named() {
    let stage = Stage::new(&company(&[])).await;
    stage.sandbox.clock_offset(7_200).await;
    stage.store_new_key("key").await;
    stage.apply(stage.connection("acme")).await;
    let mut operator = stage.operator();
    let skewed = Reads {
        type_: "Authenticated",
        status: "False",
        reason: "ClockSkew",
        remedy: "seconds behind Google's",
        class: Stalled,
    };
    reads(&stage, CONNECTION, "acme", skewed).await;
    assert!(operator.is_running());
}
