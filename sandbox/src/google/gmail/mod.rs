//! Gmail.
//!
//! Source: developers.google.com/workspace/gmail/api/reference/rest (read 2026-11-22).

mod get;
pub(crate) mod history;
pub(crate) mod labels;
mod list;
pub(crate) mod mailbox;
mod query;
mod send;
mod settings;

use parking_lot::MutexGuard;

use self::mailbox::Mailbox;
use super::access::{Api, Context, Endpoint};
use super::errors::ApiError;
use super::quota::Cost;
use super::scopes::scope;

pub(crate) use get::without_bodies;

const METADATA: &str = scope!("gmail.metadata");
const READ: &[&str] = &[
    "https://mail.google.com/",
    scope!("gmail.modify"),
    scope!("gmail.readonly"),
    METADATA,
];
const READ_CONTENT: &[&str] = &[
    "https://mail.google.com/",
    scope!("gmail.modify"),
    scope!("gmail.readonly"),
];
const PROFILE: &[&str] = &[
    "https://mail.google.com/",
    scope!("gmail.modify"),
    scope!("gmail.readonly"),
    METADATA,
    scope!("gmail.compose"),
];
const LABELS: &[&str] = &[
    "https://mail.google.com/",
    scope!("gmail.modify"),
    scope!("gmail.readonly"),
    METADATA,
    scope!("gmail.labels"),
];
const SETTINGS: &[&str] = &[
    "https://mail.google.com/",
    scope!("gmail.modify"),
    scope!("gmail.readonly"),
    scope!("gmail.settings.basic"),
];
const SEND: &[&str] = &[
    "https://mail.google.com/",
    scope!("gmail.modify"),
    scope!("gmail.compose"),
    scope!("gmail.send"),
];

pub(crate) const API: Api = Api {
    label: "gmail",
    enabled_as: "gmail",
    service: "gmail.googleapis.com",
    title: "Gmail API",
    prefix: &["gmail", "v1"],
    endpoints: ENDPOINTS,
    fields: &[
        "messages",
        "id",
        "threadId",
        "nextPageToken",
        "resultSizeEstimate",
        "labelIds",
        "snippet",
        "historyId",
        "internalDate",
        "payload",
        "partId",
        "mimeType",
        "filename",
        "headers",
        "name",
        "value",
        "body",
        "size",
        "data",
        "attachmentId",
        "parts",
        "sizeEstimate",
        "raw",
        "history",
        "messagesAdded",
        "messagesDeleted",
        "labelsAdded",
        "labelsRemoved",
        "message",
        "labels",
        "type",
        "messageListVisibility",
        "labelListVisibility",
        "messagesTotal",
        "messagesUnread",
        "threadsTotal",
        "threadsUnread",
        "color",
        "textColor",
        "backgroundColor",
        "emailAddress",
        "sendAs",
        "sendAsEmail",
        "displayName",
        "replyToAddress",
        "signature",
        "isPrimary",
        "isDefault",
        "treatAsAlias",
        "verificationStatus",
    ],
    ready,
};

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        name: "caribou.api.proto.MailboxService.GetMessage",
        verb: "GET",
        path: &["users", "*", "messages", "*"],
        scopes: READ,
        cost: Cost {
            legacy: 5,
            year2026: 20,
        },
        run: get::get,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.ListMessages",
        verb: "GET",
        path: &["users", "*", "messages"],
        scopes: READ,
        cost: Cost::same(5),
        run: list::list,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.ListHistory",
        verb: "GET",
        path: &["users", "*", "history"],
        scopes: READ,
        cost: Cost::same(2),
        run: history::list,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.GetProfile",
        verb: "GET",
        path: &["users", "*", "profile"],
        scopes: PROFILE,
        cost: Cost::same(1),
        run: settings::profile,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.ListLabels",
        verb: "GET",
        path: &["users", "*", "labels"],
        scopes: LABELS,
        cost: Cost::same(1),
        run: settings::labels,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.GetLabel",
        verb: "GET",
        path: &["users", "*", "labels", "*"],
        scopes: LABELS,
        cost: Cost::same(1),
        run: settings::label,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.ListSendAs",
        verb: "GET",
        path: &["users", "*", "settings", "sendAs"],
        scopes: SETTINGS,
        cost: Cost::same(1),
        run: settings::send_as,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.GetAttachment",
        verb: "GET",
        path: &["users", "*", "messages", "*", "attachments", "*"],
        scopes: READ_CONTENT,
        cost: Cost {
            legacy: 5,
            year2026: 20,
        },
        run: get::attachment,
    },
    Endpoint {
        name: "caribou.api.proto.MailboxService.SendMessage",
        verb: "POST",
        path: &["users", "*", "messages", "send"],
        scopes: SEND,
        cost: Cost::same(100),
        run: send::send,
    },
];

/// Ids are hexadecimal.
pub(crate) fn hex(id: u64) -> String {
    format!("{id:016x}")
}

/// The number of an id; `None` for what is none.
pub(crate) fn id_of(hex: &str) -> Option<u64> {
    u64::from_str_radix(hex, 16)
        .ok()
        .filter(|id| self::hex(*id) == hex)
}

fn ready(context: &Context<'_>) -> Result<(), ApiError> {
    let profile = context.user.profile.read();
    let asked = context.part(0);
    if asked != "me" && !profile.has_address(asked) {
        let message = format!("Delegation denied for {}", profile.primary);
        return Err(ApiError::new(403, "forbidden", message).status("PERMISSION_DENIED"));
    }
    if !profile.mailbox {
        let message = "Mail service not enabled";
        return Err(ApiError::new(400, "failedPrecondition", message).status("FAILED_PRECONDITION"));
    }
    Ok(())
}

fn mailbox_of<'a>(context: &'a Context<'_>) -> MutexGuard<'a, Mailbox> {
    context.user.mailbox.lock()
}

/// The metadata scope restricts a token even when it has wider scopes besides.
fn metadata_only(context: &Context<'_>) -> bool {
    context.grant.allows(&[METADATA])
}

fn refused_for_metadata(message: &str) -> ApiError {
    ApiError::new(403, "forbidden", message).status("PERMISSION_DENIED")
}
