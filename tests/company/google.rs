//! How Google speaks, and what its credentials have in them.

use deputy::model::dataset::Dataset;
use deputy::providers::{Purpose, Reason};
use serde_json::{Value, json};
use url::Url;

use super::dialect::{Dialect, Next};

/// Google's dialect.
pub(crate) const DIALECT: Dialect = Dialect {
    datasets: &[Dataset::Mail, Dataset::Calendar, Dataset::Drive],
    listed: Dataset::Drive,
    token: Some("/google/token"),
    listing: "/google/drive/v3/files",
    more_than_a_page: 1_200,
    page,
    refusal,
    overloaded: Vec::new,
    unauthenticated: Reason::UserNotAccessible,
    denied: Reason::ScopeNotAuthorized,
    purposes: &[Purpose::Api],
    // A page is named by a token, and Deputy makes every address itself: there is no link to follow.
    elsewhere: Reason::RequestRefused,
};

fn page(_: &Url, item: Option<&str>, next: Next<'_>) -> Value {
    let files: Vec<Value> = item
        .map(|id| json!({"id": id, "name": id}))
        .into_iter()
        .collect();
    let mut page = json!({"files": files});
    match next {
        Next::End => {}
        Next::Mark(mark) => page["nextPageToken"] = json!(mark),
        Next::At(url) => page["nextPageToken"] = json!(url),
    }
    page
}

/// Source: developers.google.com/workspace/drive/api/guides/handle-errors, read 2026-11-22.
fn refusal(status: u16, words: &str) -> Value {
    let reason = match status {
        401 => "authError",
        403 => "insufficientPermissions",
        404 => "notFound",
        429 => "rateLimitExceeded",
        500.. => "backendError",
        _ => "badRequest",
    };
    let error = json!({"domain": "global", "reason": reason, "message": words});
    json!({"error": {"code": status, "message": words, "errors": [error]}})
}

/// What nobody may see of a key file: the private key, line by line.
pub(crate) fn secrets(key: &Value) -> Vec<String> {
    let pem = key["private_key"].as_str().expect("a key file has a key");
    let lines = pem.lines().filter(|line| line.len() >= 40);
    lines.map(str::to_owned).collect()
}

/// Lets the service account make and end its own keys.
pub(crate) fn permit_keys(company: &mut Value) {
    let google = &mut company["google"];
    let apis = google["projects"][0]["apis"].as_array_mut();
    apis.expect("a project has APIs").push(json!("iam"));
    google["serviceAccounts"][0]["keyAdmin"] = json!(true);
}
