//! Entra's refusals.
//!
//! Source: learn.microsoft.com/entra/identity-platform/reference-error-codes and the bodies that clients report
//! (read 2026-11-22).

use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use serde_json::json;

use crate::call::Reply;
use crate::microsoft365::scenario::Cloud;
use crate::random::uuid;

const ASSERTIONS: &str = "Review the documentation at \
    https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .";
const FEDERATION: &str = "Please check your federated identity credential Subject, Audience and Issuer against \
    the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation";

/// `{"error", "error_description": "AADSTSnnn: …", "error_codes": […], …}`.
#[derive(Debug)]
pub(crate) struct TokenError {
    status: u16,
    error: &'static str,
    code: u32,
    message: String,
}

impl TokenError {
    fn new(status: u16, error: &'static str, code: u32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            error,
            code,
            message,
        }
    }

    fn client(code: u32, message: impl Into<String>) -> Self {
        Self::new(401, "invalid_client", code, message)
    }

    pub(crate) fn not_posted(method: &str) -> Self {
        let message =
            format!("The endpoint only accepts POST requests. Received a {method} request.");
        Self::new(400, "invalid_request", 900_561, message)
    }

    pub(crate) fn no_tenant() -> Self {
        let message = "The grant type is not supported over the /common or /consumers endpoints. Please use the \
                       /organizations or tenant-specific endpoint.";
        Self::new(400, "invalid_request", 9_001_023, message)
    }

    pub(crate) fn malformed_tenant(given: &str) -> Self {
        let message = format!(
            "Specified tenant identifier '{given}' is neither a valid DNS name, nor a valid external domain."
        );
        Self::new(400, "invalid_request", 900_023, message)
    }

    pub(crate) fn unknown_tenant(given: &str) -> Self {
        let message = format!(
            "Tenant '{given}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud. Check with your subscription administrator, this may happen if there are no active \
             subscriptions for the tenant."
        );
        Self::new(400, "invalid_request", 90_002, message)
    }

    pub(crate) fn other_cloud(given: &str, cloud: Cloud) -> Self {
        let host = cloud.login().trim_start_matches("login.");
        let message =
            format!("Tenant '{given}' request is being redirected to the National Cloud '{host}'.");
        Self::new(400, "invalid_request", 90_038, message)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        let message =
            format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new(400, "invalid_request", 900_144, message)
    }

    pub(crate) fn unsupported_grant(given: &str) -> Self {
        let message = format!("The app requested an unsupported grant type '{given}'.");
        Self::new(400, "unsupported_grant_type", 70_003, message)
    }

    pub(crate) fn unknown_app(client: &str, tenant: &str) -> Self {
        let message = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if \
             the application has not been installed by the administrator of the tenant or consented to by any user \
             in the tenant. You may have sent your authentication request to the wrong tenant."
        );
        Self::new(400, "unauthorized_client", 700_016, message)
    }

    pub(crate) fn disabled_app(client: &str, name: &str) -> Self {
        let message = format!("Application '{client}'({name}) is disabled.");
        Self::new(400, "unauthorized_client", 7_000_112, message)
    }

    pub(crate) fn no_credential() -> Self {
        Self::client(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    }

    pub(crate) fn wrong_secret(client: &str) -> Self {
        let message = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
             not the client secret ID, for a secret added to app '{client}'."
        );
        Self::client(7_000_215, message)
    }

    pub(crate) fn expired_secret(client: &str) -> Self {
        let message = format!(
            "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new \
             keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added \
             security: https://aka.ms/certCreds."
        );
        Self::client(7_000_222, message)
    }

    pub(crate) fn wrong_assertion_type() -> Self {
        let message = "The request body contains an unsupported value for 'client_assertion_type'.";
        Self::new(400, "invalid_request", 900_142, message)
    }

    pub(crate) fn malformed_assertion() -> Self {
        Self::client(50_027, "JWT token is invalid or malformed.")
    }

    pub(crate) fn other_client() -> Self {
        let message = format!(
            "Client assertion application identifier doesn't match 'client_id' parameter. {ASSERTIONS}"
        );
        Self::client(700_021, message)
    }

    pub(crate) fn wrong_audience() -> Self {
        let message =
            format!("Client assertion audience claim does not match Realm issuer. {ASSERTIONS}");
        Self::client(700_023, message)
    }

    /// `from` and `until` in seconds since 1970, as the assertion has them.
    pub(crate) fn untimely(now: i64, from: i64, until: i64) -> Self {
        let at = |seconds: i64| {
            let at = Timestamp::from_second(seconds).unwrap_or_default();
            at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string()
        };
        let message = format!(
            "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry \
             time of assertion {}. {ASSERTIONS}",
            at(now),
            at(from),
            at(until)
        );
        Self::client(700_024, message)
    }

    /// `thumbprint` in hexadecimal digits, if the assertion names its certificate.
    pub(crate) fn wrong_certificate(client: &str, reason: &str, thumbprint: Option<&str>) -> Self {
        let used = thumbprint.map_or_else(String::new, |thumbprint| {
            format!(", Thumbprint of key used by client: '{thumbprint}'")
        });
        let message = format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. \
             [Reason - {reason}{used}, Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see \
             configured keys for app Id '{client}'.]"
        );
        Self::client(700_027, message)
    }

    pub(crate) fn unsigned_assertion() -> Self {
        let message = "Assertion failed signature validation. [Reason - The key was not found or did not verify \
                       the signature.]";
        Self::client(50_013, message)
    }

    pub(crate) fn silent_issuer() -> Self {
        let message = "Request to External OIDC endpoint failed.";
        Self::new(400, "invalid_request", 50_166, message)
    }

    pub(crate) fn no_federation(issuer: &str, subject: &str, audience: &str) -> Self {
        let message = format!(
            "No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. \
             Assertion Subject: '{subject}'. Assertion Audience: '{audience}'. {FEDERATION}"
        );
        Self::client(70_021, message)
    }

    /// `what` is issuer, audience or subject.
    pub(crate) fn federation_mismatch(what: &str, presented: &str) -> Self {
        let code = match what {
            "issuer" => 700_211,
            "audience" => 700_212,
            _ => 700_213,
        };
        let message = format!(
            "No matching federated identity record found for presented assertion {what} '{presented}'. {FEDERATION}"
        );
        Self::client(code, message)
    }

    pub(crate) fn wrong_scope(given: &str) -> Self {
        let message = format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter \
             'scope' is not valid. The scope {given} is not valid. Client credential flows must have a scope value \
             with /.default suffixed to the resource identifier (application ID URI)."
        );
        Self::new(400, "invalid_scope", 70_011, message)
    }

    pub(crate) fn many_resources(given: &str) -> Self {
        let message = format!(
            "Provided value for the input parameter scope '{given}' is not valid because it contains more than one \
             resource."
        );
        Self::new(400, "invalid_scope", 28_002, message)
    }

    pub(crate) fn unknown_resource(resource: &str, tenant: &str) -> Self {
        let message = format!(
            "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if \
             the application has not been installed by the administrator of the tenant or consented to by any user \
             in the tenant. You might have sent your authentication request to the wrong tenant."
        );
        Self::new(400, "invalid_resource", 500_011, message)
    }

    pub(crate) fn reply(&self, now: i64) -> Reply {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let (trace, correlation) = (uuid(fastrand::u64(..)), uuid(fastrand::u64(..)));
        let at = Timestamp::from_second(now).unwrap_or_default();
        let at = at.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
                self.code, self.message
            ),
            "error_codes": [self.code],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        let mut reply = Reply::json(status, &body).because(format!("AADSTS{}", self.code));
        let id = HeaderName::from_static("x-ms-request-id");
        reply
            .headers
            .extend(HeaderValue::from_str(&trace).ok().map(|trace| (id, trace)));
        reply
    }
}
