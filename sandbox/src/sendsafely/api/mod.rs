//! The REST API: everything is answered with 200, and whether it went well is in the body.

mod audit;
mod dropzone;
mod packages;
mod people;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::SendSafely;
use super::accounts::User;
use super::signature;
use crate::call::{Call, Reply};

/// What scripts in a browser may send: the Node client asks before every request.
const CORS: &[(HeaderName, &str)] = &[
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (
        header::ACCESS_CONTROL_ALLOW_METHODS,
        "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    ),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "content-type, ss-api-key, ss-request-timestamp, ss-request-signature, ss-request-api, ss-sdk-version",
    ),
];

/// `{"response", "message"}`.
#[derive(Debug)]
pub(crate) struct ApiError {
    response: &'static str,
    message: String,
}

impl ApiError {
    pub(crate) fn new(response: &'static str, message: impl Into<String>) -> Self {
        Self {
            response,
            message: message.into(),
        }
    }

    pub(crate) fn unauthenticated(message: &str) -> Self {
        Self::new("AUTHENTICATION_FAILED", message)
    }

    pub(crate) fn invalid_input(message: impl Into<String>) -> Self {
        Self::new("INVALID_INPUT", message)
    }

    fn denied(message: &str) -> Self {
        Self::new("DENIED", message)
    }
}

/// What an endpoint sees.
struct Context<'a> {
    portal: &'a SendSafely,
    call: &'a Call,
    /// Whose key signed.
    user: User,
    /// Milliseconds since 1970.
    now: i64,
}

impl Context<'_> {
    /// The body; an empty one counts as `{}`. Names that the endpoint does not have are refused, which is assumed.
    fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let body: &[u8] = if self.call.body.is_empty() {
            b"{}"
        } else {
            &self.call.body
        };
        serde_json::from_slice(body).map_err(|error| ApiError::invalid_input(error.to_string()))
    }

    fn admins_only(&self) -> Result<(), ApiError> {
        if self.user.admin {
            return Ok(());
        }
        Err(ApiError::denied(
            "You do not have permission to perform this action",
        ))
    }
}

type Answer = Result<Value, ApiError>;

/// Answers `/api/v2.0/…`; `path` is the one on the company's host, `rest` what follows the version.
pub(crate) fn answer(
    portal: &SendSafely,
    call: &Call,
    path: &str,
    rest: &[&str],
    now: i64,
) -> Reply {
    if call.method == Method::OPTIONS {
        return with_cors(Reply::empty(StatusCode::OK));
    }
    let answer = signature::signer(portal, call, path, now).and_then(|user| {
        let context = Context {
            portal,
            call,
            user,
            now,
        };
        endpoint(&context, rest)
    });
    with_cors(match answer {
        Ok(value) => Reply::json(StatusCode::OK, &success(value)),
        Err(error) => {
            let body = json!({ "response": error.response, "message": error.message });
            Reply::json(StatusCode::OK, &body).because(error.response)
        }
    })
}

fn endpoint(context: &Context<'_>, rest: &[&str]) -> Answer {
    match (context.call.method.as_str(), rest) {
        ("GET", ["config", "verify-credentials"]) => Ok(json!({ "message": context.user.email })),
        ("GET", ["user"]) => Ok(people::user(&context.user)),
        ("GET", ["enterprise"]) => Ok(people::enterprise(context.portal)),
        ("GET", ["user", "groups"]) => Ok(people::groups(context, Some(&context.user.email))),
        ("GET", ["enterprise", "groups"]) => Ok(people::groups(context, None)),
        ("GET", ["user", "dropzone-recipients"]) => Ok(dropzone::recipients(context)),
        ("PUT", ["user", "dropzone-recipients"]) => dropzone::add(context),
        ("DELETE", ["user", "dropzone-recipients"]) => dropzone::remove(context),
        ("POST", ["package", "organization"] | ["package", "organization", "search"]) => {
            packages::of_company(context)
        }
        ("GET", ["package"]) => packages::sent(context),
        ("GET", ["package", "received"]) => packages::received(context),
        ("GET", ["package", key]) => packages::information(context, key),
        ("POST", ["enterprise", "audit-logs"]) => audit::entries(context),
        _ => Err(ApiError::new(
            "UNKNOWN_ENDPOINT",
            "The sandbox does not simulate this request",
        )),
    }
}

/// The word for the API in the log and the counters.
pub(crate) fn label(rest: &[&str]) -> &'static str {
    match rest {
        ["config", ..] => "verify",
        ["user", "dropzone-recipients"] => "dropzone",
        ["user" | "enterprise", "groups"] => "groups",
        ["enterprise", "audit-logs"] => "audit",
        ["user"] => "user",
        ["enterprise"] => "enterprise",
        ["package", ..] => "packages",
        _ => "unknown",
    }
}

fn success(value: Value) -> Value {
    let mut body = match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    body.insert("response".to_owned(), json!("SUCCESS"));
    Value::Object(body)
}

fn with_cors(mut reply: Reply) -> Reply {
    let headers = CORS.iter().cloned();
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    reply.headers.extend(headers);
    reply
}

/// Which rows of a list are wanted.
struct Page {
    from: usize,
    size: usize,
}

/// Rows of a page, and unless it is said.
const MOST_ROWS: usize = 100;

impl Page {
    /// More than a hundred rows are refused, which is assumed.
    fn new(from: Option<usize>, size: Option<usize>) -> Result<Self, ApiError> {
        let size = size.unwrap_or(MOST_ROWS);
        if size == 0 || size > MOST_ROWS {
            let message = format!("pageSize must be between 1 and {MOST_ROWS}");
            return Err(ApiError::invalid_input(message));
        }
        Ok(Self {
            from: from.unwrap_or(0),
            size,
        })
    }

    /// What the query asks for.
    fn of(call: &Call) -> Result<Self, ApiError> {
        let number = |name: &str| {
            let given = call.param(name).map(str::parse).transpose();
            given.map_err(|_| ApiError::invalid_input(format!("{name} is no number")))
        };
        Self::new(number("rowIndex")?, number("pageSize")?)
    }

    /// The rows of the page, and the pagination of the reply, where numbers are texts and the last page has no next row.
    fn cut<T>(&self, rows: &[T], show: impl Fn(&T) -> Value) -> (Vec<Value>, Value, bool) {
        let shown: Vec<Value> = rows
            .iter()
            .skip(self.from)
            .take(self.size)
            .map(show)
            .collect();
        let next = self.from + shown.len();
        let more = next < rows.len();
        let mut pagination = json!({
            "rowIndex": self.from.to_string(),
            "pageSize": self.size.to_string(),
            "rowsReturned": shown.len().to_string(),
            "rowsCapped": more.to_string(),
        });
        if let Some(fields) = pagination.as_object_mut().filter(|_| more) {
            fields.insert("nextRowIndex".to_owned(), json!(next.to_string()));
        }
        (shown, pagination, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next_row() {
        let rows: Vec<u32> = (0..5).collect();
        let page = |from| Page::new(Some(from), Some(2)).unwrap();
        let (shown, pagination, more) = page(2).cut(&rows, |row| json!(row));
        assert_eq!((shown, more), (vec![json!(2), json!(3)], true));
        assert_eq!(pagination["nextRowIndex"], json!("4"));
        let (shown, pagination, more) = page(4).cut(&rows, |row| json!(row));
        assert_eq!((shown, more), (vec![json!(4)], false));
        assert!(pagination.get("nextRowIndex").is_none());
        assert!(Page::new(None, Some(101)).is_err() && Page::new(None, Some(0)).is_err());
    }
}
