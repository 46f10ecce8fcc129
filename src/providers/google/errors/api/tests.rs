use serde_json::json;

use super::*;
use crate::providers::error::Class;

fn reply(status: u16, body: &str) -> Reply {
    Reply::for_test(status, &[], body)
}

fn old(status: u16, reason: &str, message: &str) -> String {
    json!({"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}).to_string()
}

fn judge(method: Method, status: u16, body: &str) -> (Error, Breadth) {
    classify(
        method,
        &"peter@acme.example".parse().unwrap(),
        &reply(status, body),
    )
}

#[test]
fn each_row_of_the_table() {
    use Method::{
        About, CalendarListList, CalendarsGet, ChangesList, EventsGet, EventsList, FilesGet,
        HistoryList, MessagesGet, MessagesList, Profile, UsersGet,
    };
    for (method, status, reason, message, class, meant) in [
        (
            Profile,
            403,
            "accessNotConfigured",
            "Gmail API has not been used in project 1 before or it is disabled.",
            Class::Park,
            Reason::ApiDisabled,
        ),
        (
            Profile,
            403,
            "insufficientPermissions",
            "Request had insufficient authentication scopes.",
            Class::Park,
            Reason::ScopeNotAuthorized,
        ),
        (
            Profile,
            403,
            "forbidden",
            "Delegation denied for peter@acme.example",
            Class::Park,
            Reason::UserNotAccessible,
        ),
        (
            Profile,
            400,
            "failedPrecondition",
            "Mail service not enabled",
            Class::Park,
            Reason::MailboxNotEnabled,
        ),
        (
            Profile,
            400,
            "",
            "Precondition check failed.",
            Class::Park,
            Reason::MailboxNotEnabled,
        ),
        (
            CalendarsGet,
            403,
            "notACalendarUser",
            "The user must be signed up for Google Calendar.",
            Class::Park,
            Reason::CalendarNotEnabled,
        ),
        (
            About,
            401,
            "authError",
            "Active session is invalid. Error code: 4",
            Class::Park,
            Reason::DriveNotEnabled,
        ),
        (
            About,
            403,
            "forbidden",
            "The authenticated user cannot access this service",
            Class::Park,
            Reason::DriveNotEnabled,
        ),
        (
            About,
            403,
            "domainPolicy",
            "The domain administrators have disabled Drive apps.",
            Class::Park,
            Reason::DriveNotEnabled,
        ),
        (
            UsersGet,
            404,
            "notFound",
            "Resource Not Found: userKey",
            Class::Park,
            Reason::UserNotFound,
        ),
        (
            UsersGet,
            403,
            "forbidden",
            "Domain cannot use apis.",
            Class::Park,
            Reason::BlockedByPolicy,
        ),
        (
            UsersGet,
            403,
            "forbidden",
            "Not Authorized to access this resource/api",
            Class::Park,
            Reason::AdminNotPrivileged,
        ),
        (
            MessagesGet,
            403,
            "userRateLimitExceeded",
            "User Rate Limit Exceeded",
            Class::Throttled,
            Reason::RateLimited,
        ),
        (
            MessagesGet,
            403,
            "rateLimitExceeded",
            "Rate Limit Exceeded",
            Class::Throttled,
            Reason::RateLimited,
        ),
        (
            MessagesGet,
            429,
            "rateLimitExceeded",
            "Too many concurrent requests for user",
            Class::Throttled,
            Reason::RateLimited,
        ),
        (
            MessagesGet,
            403,
            "quotaExceeded",
            "Quota",
            Class::Throttled,
            Reason::RateLimited,
        ),
        (
            MessagesGet,
            403,
            "",
            "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'gmail.googleapis.com'",
            Class::Throttled,
            Reason::RateLimited,
        ),
        (
            MessagesGet,
            503,
            "",
            "quota exceeded for the current request",
            Class::Throttled,
            Reason::RateLimited,
        ),
        (
            MessagesGet,
            403,
            "dailyLimitExceeded",
            "Daily Limit Exceeded",
            Class::Throttled,
            Reason::QuotaExhausted,
        ),
        (
            MessagesGet,
            503,
            "backendError",
            "Backend Error",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            MessagesGet,
            500,
            "internalError",
            "",
            Class::Retry,
            Reason::ProviderUnavailable,
        ),
        (
            HistoryList,
            404,
            "notFound",
            "Requested entity was not found.",
            Class::Expired,
            Reason::CursorExpired,
        ),
        (
            MessagesGet,
            404,
            "notFound",
            "Requested entity was not found.",
            Class::Gone,
            Reason::ItemGone,
        ),
        (
            EventsList,
            410,
            "fullSyncRequired",
            "Sync token is no longer valid, a full sync is required.",
            Class::Expired,
            Reason::CursorExpired,
        ),
        (
            CalendarListList,
            410,
            "fullSyncRequired",
            "Sync token is no longer valid, a full sync is required.",
            Class::Expired,
            Reason::CursorExpired,
        ),
        (
            EventsList,
            410,
            "updatedMinTooLongAgo",
            "The requested minimum modification time lies too far in the past.",
            Class::Expired,
            Reason::CursorExpired,
        ),
        (
            EventsGet,
            410,
            "deleted",
            "Resource has been deleted",
            Class::Gone,
            Reason::ItemGone,
        ),
        (
            EventsList,
            404,
            "notFound",
            "Not Found",
            Class::Gone,
            Reason::ItemGone,
        ),
        (
            FilesGet,
            404,
            "notFound",
            "File not found: 1.",
            Class::Gone,
            Reason::ItemGone,
        ),
        (
            MessagesList,
            401,
            "authError",
            "Invalid Credentials",
            Class::Park,
            Reason::UserNotAccessible,
        ),
        (
            MessagesList,
            404,
            "notFound",
            "",
            Class::Park,
            Reason::RequestRefused,
        ),
        (
            MessagesList,
            400,
            "invalidArgument",
            "Invalid pageToken",
            Class::Park,
            Reason::RequestRefused,
        ),
        (
            ChangesList,
            403,
            "neverSeen",
            "no",
            Class::Park,
            Reason::PermissionDenied,
        ),
        (
            MessagesList,
            418,
            "neverSeen",
            "",
            Class::Park,
            Reason::RequestRefused,
        ),
        (
            MessagesList,
            302,
            "",
            "",
            Class::Retry,
            Reason::MalformedReply,
        ),
    ] {
        let (error, _) = judge(method, status, &old(status, reason, message));
        assert_eq!(
            (error.class, error.reason),
            (class, meant),
            "{reason} {message}"
        );
        assert_eq!(error.status, Some(status));
        assert_eq!(error.code.as_deref().unwrap_or_default(), reason);
        assert!(!error.meaning.is_empty() && !error.remedy.is_empty());
        assert!(error.to_string().len() <= 1024);
    }
}

fn disabled(url: &str) -> String {
    json!({"error": {"code": 403, "message": "Gmail API has not been used", "status": "PERMISSION_DENIED",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"url": "x"}]},
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
             "domain": "googleapis.com", "metadata": {"service": "gmail.googleapis.com", "activationUrl": url}}]}})
    .to_string()
}

#[test]
fn the_new_style_is_read_too_and_only_the_consoles_link_is_shown() {
    let url =
        "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=7";
    let (error, _) = judge(Method::Profile, 403, &disabled(url));
    assert_eq!(error.reason, Reason::ApiDisabled);
    assert!(error.remedy.contains(url), "{error}");
    let (error, _) = judge(Method::Profile, 403, &disabled("https://evil.example/"));
    assert!(!error.remedy.contains("evil"), "{error}");
}

#[test]
fn a_missing_scope_is_known_by_any_of_its_signs() {
    let detail = json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
        "message": "Request had insufficient authentication scopes.",
        "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "metadata": {"method": "m"}}]}});
    assert_eq!(
        judge(Method::Profile, 403, &detail.to_string()).0.reason,
        Reason::ScopeNotAuthorized
    );
    let challenge = (
        "www-authenticate",
        "Bearer realm=\"x\", error=\"insufficient_scope\"",
    );
    let reply = Reply::for_test(403, &[challenge], "");
    let subject = "peter@acme.example".parse().unwrap();
    let (error, _) = classify(Method::About, &subject, &reply);
    assert_eq!(error.reason, Reason::ScopeNotAuthorized);
    assert!(error.remedy.contains("drive.metadata.readonly"), "{error}");
}

#[test]
fn a_complaint_is_about_one_or_about_all() {
    let about =
        |reason: &str, message: &str| judge(Method::MessagesGet, 429, &old(429, reason, message)).1;
    assert_eq!(about("userRateLimitExceeded", ""), Breadth::User);
    assert_eq!(
        about("rateLimitExceeded", "Too many concurrent requests for user"),
        Breadth::User
    );
    assert_eq!(
        about("rateLimitExceeded", "limit 'Queries per minute per user'"),
        Breadth::User
    );
    assert_eq!(
        about("rateLimitExceeded", "limit 'Queries per minute'"),
        Breadth::All
    );
}

#[test]
fn a_body_of_any_shape_is_survived() {
    for body in [
        "",
        "<html>",
        "[]",
        "null",
        "{\"error\": 7}",
        "{\"error\": {\"errors\": {}}}",
        "{\"error\": \"x\"}",
    ] {
        let (error, _) = judge(Method::MessagesGet, 503, body);
        assert_eq!(error.reason, Reason::ProviderUnavailable, "{body}");
        let (error, _) = judge(Method::MessagesGet, 404, body);
        assert_eq!(error.class, Class::Gone, "{body}");
    }
}

#[test]
fn retry_after_is_kept_and_a_days_quota_waits_an_hour() {
    let subject = "peter@acme.example".parse().unwrap();
    let body = old(429, "rateLimitExceeded", "");
    let (error, _) = classify(
        Method::Profile,
        &subject,
        &Reply::for_test(429, &[("retry-after", "9")], &body),
    );
    assert_eq!(error.retry_after, Some(Duration::from_secs(9)));
    let (error, _) = judge(Method::Profile, 403, &old(403, "dailyLimitExceeded", ""));
    assert_eq!(error.retry_after, Some(DAY_QUOTA_WAIT));
}
