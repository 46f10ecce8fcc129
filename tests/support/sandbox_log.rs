//! Every call that the vendors got, as they saw it.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::sandbox::Sandbox;

/// One call to a vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    /// Its number, counted from the start of the sandbox.
    pub(crate) seq: u64,
    pub(crate) vendor: String,
    /// Which API of the vendor: `token`, `gmail`, `calendar`, …
    pub(crate) api: String,
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) query: serde_json::Value,
    pub(crate) client_id: Option<String>,
    /// The person that the token acts for.
    pub(crate) subject: Option<String>,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Every person that the request names, in any place.
    #[serde(default)]
    pub(crate) names: Vec<String>,
    pub(crate) status: u16,
    pub(crate) reason: Option<String>,
    /// The number of the batch that it came in.
    pub(crate) batch: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Log {
    calls: Vec<Call>,
}

impl Sandbox {
    /// All calls since the start, or since the log was last emptied; oldest first.
    pub(crate) async fn calls(&self) -> Vec<Call> {
        let reply = self.ask(Method::GET, &["log"], None).await;
        serde_json::from_value::<Log>(reply)
            .expect("is a log")
            .calls
    }

    /// Forgets the calls so far.
    pub(crate) async fn forget_calls(&self) {
        self.ask(Method::DELETE, &["log"], None).await;
    }

    /// Turns the log off for measurements, or on again.
    pub(crate) async fn log_calls(&self, enabled: bool) {
        self.ask(Method::PUT, &["log"], Some(json!({"enabled": enabled})))
            .await;
    }
}
