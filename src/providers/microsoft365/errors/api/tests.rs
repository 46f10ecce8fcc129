//! Graph's error table, row by row.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::providers::error::Class;

fn classified(method: Method, status: u16, code: &str, message: &str, has_role: bool) -> Error {
    let body = json!({"error": {"code": code, "message": message}}).to_string();
    let context = Context {
        who: "peter@acme.example",
        consent: "https://login.example/adminconsent",
        has_role,
    };
    let (error, _) = classify(method, context, &Reply::for_test(status, &[], &body));
    assert!(error.to_string().len() <= 1024, "{error}");
    error
}

#[rstest]
// People.
#[case(
    Method::UsersGet,
    404,
    "Request_ResourceNotFound",
    "",
    Park,
    Reason::UserNotFound
)]
#[case(
    Method::InboxGet,
    404,
    "ResourceNotFound",
    "Resource could not be discovered: the user",
    Park,
    Reason::UserNotFound
)]
// Mailboxes.
#[case(
    Method::InboxGet,
    404,
    "MailboxNotEnabledForRESTAPI",
    "The mailbox is either inactive",
    Park,
    Reason::MailboxNotEnabled
)]
#[case(
    Method::MessagesDelta,
    404,
    "MailboxNotEnabledForRESTAPI",
    "REST API is not yet supported for this mailbox.",
    Park,
    Reason::MailboxNotEnabled
)]
#[case(
    Method::EventsDelta,
    404,
    "ErrorInvalidUser",
    "The requested user 'x' is invalid.",
    Park,
    Reason::MailboxNotEnabled
)]
#[case(
    Method::FoldersDelta,
    403,
    "ErrorAccessDenied",
    "Access to OData is disabled.",
    Park,
    Reason::BlockedByPolicy
)]
#[case(
    Method::InboxGet,
    401,
    "AuthenticationError",
    "",
    Park,
    Reason::UserNotAccessible
)]
#[case(
    Method::InboxGet,
    401,
    "InvalidAuthenticationToken",
    "",
    Park,
    Reason::TokenRequestRefused
)]
#[case(
    Method::MessagesDelta,
    403,
    "ErrorQuotaExceeded",
    "Mailbox has exceeded maximum mailbox size.",
    Park,
    Reason::MailboxFull
)]
#[case(
    Method::CalendarGet,
    404,
    "MailboxNotSupportedForRESTAPI",
    "",
    Park,
    Reason::MailboxNotEnabled
)]
#[case(
    Method::InboxGet,
    404,
    "ErrorNonExistentMailbox",
    "",
    Park,
    Reason::MailboxNotEnabled
)]
// Files.
#[case(
    Method::DriveGet,
    404,
    "ResourceNotFound",
    "User's mysite not found.",
    Park,
    Reason::DriveNotEnabled
)]
#[case(
    Method::DriveGet,
    404,
    "itemNotFound",
    "unable to retrieve user's mysite url",
    Park,
    Reason::DriveNotEnabled
)]
#[case(
    Method::ItemsDeltaStart,
    400,
    "BadRequest",
    "Tenant does not have a SPO license.",
    Park,
    Reason::DriveNotEnabled
)]
#[case(
    Method::ItemsDelta,
    423,
    "notAllowed",
    "",
    Park,
    Reason::DriveNotEnabled
)]
#[case(
    Method::ItemsDelta,
    403,
    "resourceLocked",
    "",
    Park,
    Reason::DriveNotEnabled
)]
// Cursors: by code, not by status.
#[case(
    Method::MessagesDelta,
    410,
    "SyncStateNotFound",
    "The sync state generation is not found; generation=605;[highest=841][841][839][840].",
    Expired,
    Reason::CursorExpired
)]
#[case(
    Method::MessagesDelta,
    404,
    "SyncStateNotFound",
    "",
    Expired,
    Reason::CursorExpired
)]
#[case(
    Method::FoldersDelta,
    400,
    "SyncStateInvalid",
    "",
    Expired,
    Reason::CursorExpired
)]
#[case(
    Method::EventsDelta,
    410,
    "ResyncRequired",
    "",
    Expired,
    Reason::CursorExpired
)]
#[case(Method::EventsDelta, 410, "", "", Expired, Reason::CursorExpired)]
#[case(
    Method::ItemsDelta,
    410,
    "resyncChangesApplyDifferences",
    "",
    Expired,
    Reason::CursorExpired
)]
#[case(
    Method::ItemsDelta,
    410,
    "resyncChangesUploadDifferences",
    "",
    Expired,
    Reason::CursorExpired
)]
// A known client (corso) tells this one apart, too.
#[case(
    Method::MessagesDelta,
    400,
    "",
    "Parameter 'DeltaToken' not supported for this request.",
    Expired,
    Reason::CursorExpired
)]
#[case(Method::MessagesGet, 410, "", "", Gone, Reason::ItemGone)]
#[case(
    Method::MessagesGet,
    404,
    "ErrorItemNotFound",
    "",
    Gone,
    Reason::ItemGone
)]
#[case(
    Method::EventsGet,
    404,
    "ErrorItemNotFound",
    "",
    Gone,
    Reason::ItemGone
)]
#[case(Method::ItemsGet, 404, "itemNotFound", "", Gone, Reason::ItemGone)]
#[case(
    Method::MessagesDelta,
    404,
    "ErrorItemNotFound",
    "",
    Gone,
    Reason::ItemGone
)]
// Traffic.
#[case(
    Method::MessagesGet,
    429,
    "ApplicationThrottled",
    "Application is over its MailboxConcurrency limit.",
    Throttled,
    Reason::RateLimited
)]
#[case(
    Method::UsersList,
    429,
    "TooManyRequests",
    "",
    Throttled,
    Reason::RateLimited
)]
#[case(
    Method::ItemsDelta,
    503,
    "activityLimitReached",
    "",
    Throttled,
    Reason::RateLimited
)]
#[case(Method::ItemsDelta, 509, "", "", Throttled, Reason::RateLimited)]
#[case(
    Method::MessagesDelta,
    503,
    "ServiceUnavailable",
    "",
    Retry,
    Reason::ProviderUnavailable
)]
#[case(
    Method::UsersList,
    400,
    "Directory_ExpiredPageToken",
    "",
    Retry,
    Reason::ProviderUnavailable
)]
#[case(Method::MessagesDelta, 500, "", "", Retry, Reason::ProviderUnavailable)]
#[case(Method::MessagesDelta, 408, "", "", Retry, Reason::ProviderUnavailable)]
#[case(
    Method::MessagesDelta,
    400,
    "ErrorMailboxMoveInProgress",
    "",
    Retry,
    Reason::ProviderUnavailable
)]
#[case(Method::MessagesDelta, 302, "", "", Retry, Reason::MalformedReply)]
#[case(
    Method::MessagesDelta,
    400,
    "BadRequest",
    "no",
    Park,
    Reason::RequestRefused
)]
fn every_row_of_the_table(
    #[case] method: Method,
    #[case] status: u16,
    #[case] code: &str,
    #[case] message: &str,
    #[case] class: Class,
    #[case] reason: Reason,
) {
    let error = classified(method, status, code, message, true);
    assert_eq!((error.class, error.reason), (class, reason), "{error}");
    assert_eq!(error.status, Some(status));
}

#[rstest]
#[case(
    Method::UsersGet,
    "Authorization_RequestDenied",
    false,
    Reason::ScopeNotAuthorized,
    "User.Read.All"
)]
#[case(
    Method::UsersGet,
    "Authorization_RequestDenied",
    true,
    Reason::PermissionDenied,
    ""
)]
#[case(
    Method::ItemsDelta,
    "accessDenied",
    false,
    Reason::ScopeNotAuthorized,
    "adminconsent"
)]
#[case(
    Method::InboxGet,
    "ErrorAccessDenied",
    false,
    Reason::PermissionDenied,
    "Application Mail.ReadBasic.All"
)]
#[case(
    Method::InboxGet,
    "ErrorAccessDenied",
    true,
    Reason::BlockedByPolicy,
    "management scope"
)]
fn a_refusal_says_whether_consent_is_what_is_missing(
    #[case] method: Method,
    #[case] code: &str,
    #[case] has_role: bool,
    #[case] reason: Reason,
    #[case] remedy: &str,
) {
    let error = classified(method, 403, code, "Insufficient privileges.", has_role);
    assert_eq!((error.class, error.reason), (Park, reason), "{error}");
    assert!(error.remedy.contains(remedy), "{error}");
}

#[test]
fn a_mailbox_is_paused_alone_and_retry_after_is_kept() {
    let reply = Reply::for_test(429, &[("retry-after", "17")], "");
    let context = Context {
        who: "x",
        consent: "",
        has_role: true,
    };
    let (error, breadth) = classify(Method::MessagesDelta, context, &reply);
    assert_eq!(error.retry_after, Some(Duration::from_secs(17)));
    assert_eq!(breadth, Breadth::User);
    let (_, breadth) = classify(Method::ItemsDelta, context, &reply);
    assert_eq!(breadth, Breadth::All);
    let reply = Reply::for_test(503, &[("retry-after", "3")], "");
    let (error, _) = classify(Method::ItemsDelta, context, &reply);
    assert_eq!(error.class, Throttled);
}
