//! Outlook mail.
//!
//! Source: learn.microsoft.com/graph/api/resources/message, mailfolder and delta-query-messages (read 2026-11-22).

pub(crate) mod delta;
pub(crate) mod folders;
mod journal;
mod list;
pub(crate) mod mailbox;
pub(crate) mod message;
mod send;

use http::{HeaderValue, StatusCode, header};
use parking_lot::MutexGuard;

use self::mailbox::Mailbox;
use self::message::View;
use super::errors::GraphError;
use super::graph::access::Context;
use super::graph::route::Endpoint;
use super::people::User;
use super::roles::{Grant, Need};
use crate::call::Reply;

type Run = fn(&Context<'_>) -> Result<Reply, GraphError>;

const fn get(path: &'static [&'static str], run: Run) -> Endpoint {
    Endpoint {
        verb: "GET",
        api: "mail",
        path,
        need: Need::Mail,
        run,
    }
}

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    get(&["users", "*", "mailFolders"], list::top_folders),
    get(&["users", "*", "mailFolders", "delta"], delta::folders),
    get(&["users", "*", "mailFolders", "*"], list::folder),
    get(
        &["users", "*", "mailFolders", "*", "childFolders"],
        list::child_folders,
    ),
    get(
        &["users", "*", "mailFolders", "*", "messages"],
        list::messages,
    ),
    get(
        &["users", "*", "mailFolders", "*", "messages", "delta"],
        delta::messages,
    ),
    get(
        &["users", "*", "mailFolders", "*", "messages", "*"],
        list::message,
    ),
    get(&["users", "*", "messages"], list::messages),
    get(&["users", "*", "messages", "*"], list::message),
    get(&["users", "*", "messages", "*", "$value"], list::raw),
    get(
        &["users", "*", "messages", "*", "attachments"],
        list::attachments,
    ),
    Endpoint {
        verb: "POST",
        api: "mail",
        path: &["users", "*", "sendMail"],
        need: Need::Send,
        run: send::send,
    },
];

/// The owner's mailbox.
fn mailbox_of(user: &User) -> MutexGuard<'_, Mailbox> {
    user.mailbox.lock()
}

/// How this request wants things shown.
fn view<'a>(context: &Context<'_>, owner: u64, select: Option<&'a [String]>) -> View<'a> {
    let wanted = context.preference("outlook.body-content-type");
    View {
        owner,
        immutable_ids: context.immutable_ids(),
        select,
        full: context.grant == Grant::Full,
        prefer_text: wanted.is_some_and(|kind| kind.eq_ignore_ascii_case("text")),
    }
}

/// The folder at a place of the path.
fn folder_at(context: &Context<'_>, mailbox: &Mailbox, at: usize) -> Result<u32, GraphError> {
    let owner = context.user()?.seed;
    let found = message::find_folder(mailbox, owner, context.part(at));
    found.ok_or_else(GraphError::no_item)
}

/// A message as it came over the wire.
fn wire(bytes: bytes::Bytes) -> Reply {
    let mut reply = Reply::empty(StatusCode::OK);
    let kind = HeaderValue::from_static("text/plain");
    reply.headers.push((header::CONTENT_TYPE, kind));
    reply.body = bytes;
    reply
}
