//! Graph's error bodies.
//!
//! Source: learn.microsoft.com/graph/errors and the bodies that clients report (read 2026-11-22).

use http::{HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

use crate::call::{Call, Reply};
use crate::random::uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// `{"error": {"code", "message", "innerError": {"date", "request-id", "client-request-id"}}}`.
#[derive(Debug)]
pub(crate) struct GraphError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: u16,
    code: &'static str,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            message: message.into(),
            headers: Vec::new(),
        }))
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn no_segment(segment: &str) -> Self {
        Self::bad_request(format!("Resource not found for the segment '{segment}'."))
    }

    pub(crate) fn no_token(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message).header(
            header::WWW_AUTHENTICATE,
            "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
             client_id=\"00000003-0000-0000-c000-000000000000\"",
        )
    }

    /// The directory lacks consent for it.
    pub(crate) fn directory_denied() -> Self {
        let message = "Insufficient privileges to complete the operation.";
        Self::new(403, "Authorization_RequestDenied", message)
    }

    pub(crate) fn no_directory_object(key: &str) -> Self {
        let message = format!(
            "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// Exchange knows nobody by this address.
    pub(crate) fn invalid_user(address: &str) -> Self {
        let message = format!("The requested user '{address}' is invalid.");
        Self::new(404, "ErrorInvalidUser", message)
    }

    pub(crate) fn no_mailbox() -> Self {
        let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
        Self::new(404, "MailboxNotEnabledForRESTAPI", message)
    }

    /// Neither Entra nor Exchange grants it.
    pub(crate) fn exchange_denied() -> Self {
        let message = "Access is denied. Check credentials and try again.";
        Self::new(403, "ErrorAccessDenied", message)
    }

    /// An Application Access Policy is in the way.
    pub(crate) fn policy_denied() -> Self {
        Self::new(403, "ErrorAccessDenied", "Access to OData is disabled.")
    }

    pub(crate) fn no_item() -> Self {
        let message = "The specified object was not found in the store.";
        Self::new(404, "ErrorItemNotFound", message)
    }

    pub(crate) fn malformed_id() -> Self {
        Self::new(400, "ErrorInvalidIdMalformed", "Id is malformed.")
    }

    /// The link is one of another chain, or of none.
    pub(crate) fn invalid_sync_state() -> Self {
        let message = "The sync state is invalid.";
        Self::new(400, "SyncStateInvalid", message)
    }

    /// The state of a chain would be stored in the mailbox, which has no room for it.
    ///
    /// Source: microsoft-graph-docs-contrib issue 6596 (read 2026-11-27): only `/delta` answers so.
    pub(crate) fn no_room() -> Self {
        let message = "Mailbox has exceeded maximum mailbox size.";
        Self::new(403, "ErrorQuotaExceeded", message)
    }

    /// A filter within `$expand` is not read with change tracking.
    ///
    /// Source: msgraph-sdk-dotnet issue 2678 (read 2026-11-27).
    pub(crate) fn no_filter_in_expand() -> Self {
        let message = "Parsing OData Select and Expand failed: Value cannot be null. (Parameter 'initialState')";
        Self::bad_request(message)
    }

    pub(crate) fn no_mysite() -> Self {
        Self::new(404, "ResourceNotFound", "User's mysite not found.")
    }

    pub(crate) fn files_denied() -> Self {
        Self::new(403, "accessDenied", "Access denied")
    }

    pub(crate) fn no_file() -> Self {
        Self::new(404, "itemNotFound", "The resource could not be found.")
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).ok();
        self.0.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// `now` in milliseconds since 1970.
    pub(crate) fn reply(self, call: &Call, now: i64) -> Reply {
        let request = uuid(fastrand::u64(..));
        let client = client_request_id(call).unwrap_or_else(|| request.clone());
        let at = Timestamp::from_millisecond(now).unwrap_or_default();
        let body = json!({ "error": {
            "code": self.0.code,
            "message": self.0.message,
            "innerError": {
                "date": at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request,
                "client-request-id": client,
            },
        } });
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Reply::json(status, &body).because(self.0.code);
        reply.headers.extend(self.0.headers);
        identified(&mut reply, &request, &client);
        reply
    }
}

fn client_request_id(call: &Call) -> Option<String> {
    let given = call.headers.get(CLIENT_REQUEST_ID)?.to_str().ok()?;
    Some(given.to_owned())
}

fn identified(reply: &mut Reply, request: &str, client: &str) {
    for (name, id) in [(REQUEST_ID, request), (CLIENT_REQUEST_ID, client)] {
        let id = HeaderValue::from_str(id).ok();
        reply.headers.extend(id.map(|id| (name, id)));
    }
}

/// Gives a reply the headers that every reply of Graph has.
pub(crate) fn with_ids(mut reply: Reply, call: &Call) -> Reply {
    if !reply.headers.iter().any(|(name, _)| *name == REQUEST_ID) {
        let request = uuid(fastrand::u64(..));
        let client = client_request_id(call).unwrap_or_else(|| request.clone());
        identified(&mut reply, &request, &client);
    }
    reply
}
