//! What was written to the API server, and by whom, from its own audit log.

use serde::Deserialize;

use super::apiserver::ApiServer;

/// One change that the API server was asked for.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Write {
    pub(crate) verb: String,
    pub(crate) user: User,
    #[serde(rename = "impersonatedUser")]
    pub(crate) impersonated: Option<User>,
    #[serde(rename = "objectRef", default)]
    pub(crate) object: ObjectRef,
    #[serde(rename = "userAgent", default)]
    pub(crate) agent: String,
    #[serde(rename = "responseStatus", default)]
    pub(crate) response: Response,
}

/// Who asked.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) username: String,
}

/// For what; a part is empty where the request has none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ObjectRef {
    #[serde(rename = "apiGroup")]
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// What the API server answered.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Response {
    pub(crate) code: u16,
}

impl Write {
    /// The one on whose behalf the change was asked for.
    pub(crate) fn author(&self) -> &str {
        &self.impersonated.as_ref().unwrap_or(&self.user).username
    }
}

/// All changes to objects in this namespace so far, oldest first. The log is written before a reply is sent.
///
/// # Panics
///
/// Where the cluster was given, since its audit log cannot be read.
pub(crate) fn writes(server: &ApiServer, namespace: &str) -> Vec<Write> {
    let file = server
        .audit_log()
        .expect("an audit log needs an API server of the tests' own");
    let text = std::fs::read_to_string(file).expect("reads the audit log");
    text.lines()
        .filter_map(|line| serde_json::from_str::<Write>(line).ok()) // the last line may be half written
        .filter(|write| write.object.namespace == namespace)
        .collect()
}
