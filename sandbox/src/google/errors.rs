//! Google's error bodies.
//!
//! Source: developers.google.com/workspace/{gmail,calendar,drive}/api error pages and the bodies that clients report
//! (read 2026-11-22).

use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::call::Reply;

/// `{"error": {"code", "message", "errors": […], "status"?, "details"?}}`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    code: u16,
    message: String,
    reason: &'static str,
    domain: &'static str,
    status: Option<&'static str>,
    location: Option<(&'static str, &'static str)>,
    details: Vec<Value>,
    authenticate: Option<String>,
    /// Whether the body has the list that the older APIs have.
    listed: bool,
}

impl ApiError {
    pub(crate) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Parts {
            code,
            message,
            reason,
            domain: "global",
            status: None,
            location: None,
            details: Vec::new(),
            authenticate: None,
            listed: true,
        }))
    }

    pub(crate) fn domain(mut self, domain: &'static str) -> Self {
        self.0.domain = domain;
        self
    }

    /// The canonical status, which the older APIs (Calendar, Drive, Directory) leave out.
    pub(crate) fn status(mut self, status: &'static str) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn parameter(mut self, name: &'static str) -> Self {
        self.0.location = Some(("parameter", name));
        self
    }

    pub(crate) fn detail(mut self, detail: Value) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Without the list `errors`, as the cloud's own APIs answer.
    pub(crate) fn unlisted(mut self) -> Self {
        self.0.listed = false;
        self
    }

    /// An argument that Gmail does not like.
    pub(crate) fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(400, "invalidArgument", message).status("INVALID_ARGUMENT")
    }

    /// A parameter that the older APIs do not like.
    pub(crate) fn invalid_parameter(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, "invalid", message).parameter(name)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "notFound", "Requested entity was not found.").status("NOT_FOUND")
    }

    /// No such method of the API.
    pub(crate) fn no_method() -> Self {
        Self::new(404, "notFound", "Not Found")
    }

    /// The token is unknown, ended or its person may not act any more.
    pub(crate) fn invalid_credentials() -> Self {
        let mut error = Self::new(
            401,
            "authError",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
             other valid authentication credential. See \
             https://developers.google.com/identity/sign-in/web/devconsole-project.",
        );
        error.0.location = Some(("header", "Authorization"));
        error.0.authenticate = Some(
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"".to_owned(),
        );
        error.status("UNAUTHENTICATED")
    }

    pub(crate) fn missing_credentials() -> Self {
        let mut error = Self::invalid_credentials();
        error.0.reason = "required";
        error.0.message = String::from(
            "Request is missing required authentication credential. Expected OAuth 2 access token, \
                         login cookie or other valid authentication credential. See \
                         https://developers.google.com/identity/sign-in/web/devconsole-project.",
        );
        error.0.authenticate = Some("Bearer realm=\"https://accounts.google.com/\"".to_owned());
        error
    }

    /// The token lacks every scope that the method accepts.
    pub(crate) fn insufficient_scope(service: &str, method: &str, accepted: &[&str]) -> Self {
        let mut error = Self::new(
            403,
            "insufficientPermissions",
            "Request had insufficient authentication scopes.",
        );
        error.0.details = vec![json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": { "service": service, "method": method },
        })];
        error.0.authenticate = Some(format!(
            "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\", scope=\"{}\"",
            accepted.join(" ")
        ));
        error.status("PERMISSION_DENIED")
    }

    /// The API is not enabled in the project.
    pub(crate) fn api_disabled(title: &str, service: &str, project: &str) -> Self {
        let url = format!(
            "https://console.developers.google.com/apis/api/{service}/overview?project={project}"
        );
        let message = format!(
            "{title} has not been used in project {project} before or it is disabled. Enable it by visiting {url} \
             then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our \
             systems and retry."
        );
        let mut error = Self::new(403, "accessNotConfigured", message).domain("usageLimits");
        error.0.details = vec![json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "SERVICE_DISABLED",
            "domain": "googleapis.com",
            "metadata": {
                "service": service, "serviceTitle": title,
                "consumer": format!("projects/{project}"), "activationUrl": url,
            },
        })];
        error.status("PERMISSION_DENIED")
    }

    fn entry(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("message".to_owned(), json!(self.0.message));
        entry.insert("domain".to_owned(), json!(self.0.domain));
        entry.insert("reason".to_owned(), json!(self.0.reason));
        if let Some((kind, location)) = self.0.location {
            entry.insert("location".to_owned(), json!(location));
            entry.insert("locationType".to_owned(), json!(kind));
        }
        Value::Object(entry)
    }

    pub(crate) fn reply(&self) -> Reply {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.0.code));
        error.insert("message".to_owned(), json!(self.0.message));
        if self.0.listed {
            error.insert("errors".to_owned(), json!([self.entry()]));
        }
        if let Some(status) = self.0.status {
            error.insert("status".to_owned(), json!(status));
        }
        if !self.0.details.is_empty() {
            error.insert("details".to_owned(), json!(self.0.details));
        }
        let code = StatusCode::from_u16(self.0.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Reply::json(code, &json!({ "error": error })).because(self.0.reason);
        let challenge = self.0.authenticate.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(value)) = challenge {
            reply.headers.push((header::WWW_AUTHENTICATE, value));
        }
        reply
    }
}
