//! Folders and messages as lists and one by one.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::folders::{Folder, ROOT};
use super::mailbox::{Mailbox, Message};
use super::message::{FOLDER_PROPERTIES, PROPERTIES, find, folder_resource, resource};
use super::{folder_at, mailbox_of, view, wire};
use crate::call::Reply;
use crate::corpus::envelope;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::graph::access::Context;
use crate::microsoft365::graph::ids::{ItemId, Kind};
use crate::microsoft365::graph::{by_change, counted, many, one, paged, select};
use crate::microsoft365::roles::Grant;

/// The page size when none is asked for, and the largest one.
const PAGE: usize = 10;
const LARGEST_PAGE: usize = 1000;

pub(crate) fn top_folders(context: &Context<'_>) -> Result<Reply, GraphError> {
    folders_in(context, None)
}

pub(crate) fn child_folders(context: &Context<'_>) -> Result<Reply, GraphError> {
    folders_in(context, Some(1))
}

/// The folders in the one at a place of the path, or in none.
fn folders_in(context: &Context<'_>, at: Option<usize>) -> Result<Reply, GraphError> {
    context.refuse(&["$filter", "$search", "$expand", "$orderby"])?;
    let user = context.user()?;
    let mailbox = mailbox_of(user);
    let parent = at.map_or(Ok(ROOT), |at| folder_at(context, &mailbox, at))?;
    let select = select::wanted(context, "mailFolder", FOLDER_PROPERTIES)?;
    let view = view(context, user.seed, select.as_deref());
    let (skip, top) = (context.skip()?, context.top(PAGE, LARGEST_PAGE)?);
    let children: Vec<&Folder> = mailbox.folders.children(parent).collect();
    let page = children.iter().skip(skip).take(top);
    let items = page
        .map(|folder| folder_resource(&mailbox, folder, &view))
        .collect();
    let next = (skip + top < children.len()).then_some(skip + top);
    let described = format!("users('{}')/mailFolders", context.part(0));
    Ok(paged(context, &described, items, next))
}

pub(crate) fn folder(context: &Context<'_>) -> Result<Reply, GraphError> {
    let user = context.user()?;
    let mailbox = mailbox_of(user);
    let number = folder_at(context, &mailbox, 1)?;
    let select = select::wanted(context, "mailFolder", FOLDER_PROPERTIES)?;
    let view = view(context, user.seed, select.as_deref());
    let folder = mailbox
        .folders
        .get(number)
        .ok_or_else(GraphError::no_item)?;
    let described = format!("users('{}')/mailFolders", context.part(0));
    Ok(one(
        context,
        &described,
        folder_resource(&mailbox, folder, &view),
    ))
}

/// The messages of a folder, or of all; the newest first.
pub(crate) fn messages(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$search", "$expand"])?;
    if context
        .param("$orderby")
        .is_some_and(|order| order != "receivedDateTime desc" && !by_change(context))
    {
        context.refuse(&["$orderby"])?;
    }
    let user = context.user()?;
    let mailbox = mailbox_of(user);
    let folder = match context.path.get(1) {
        Some(_) => Some(folder_at(context, &mailbox, 1)?),
        None => None,
    };
    let select = select::wanted(context, "message", PROPERTIES)?;
    let view = view(context, user.seed, select.as_deref());
    let filter = context.param("$filter").map(Filter::parse).transpose()?;
    let (skip, top) = (context.skip()?, context.top(PAGE, LARGEST_PAGE)?);
    let wanted = |message: &&Message| {
        folder.is_none_or(|folder| message.folder == folder)
            && filter
                .as_ref()
                .is_none_or(|filter| filter.admits(message.received))
    };
    let count = mailbox.all().filter(wanted).count();
    let mut changed: Vec<&Message> = Vec::new();
    if by_change(context) {
        changed.extend(mailbox.all().filter(wanted));
        changed.sort_by_key(|message| Reverse(message.modified));
    }
    let unsorted = mailbox.all().filter(|_| !by_change(context));
    let mut rest = changed
        .into_iter()
        .chain(unsorted.filter(wanted))
        .skip(skip);
    let items: Vec<Value> = rest
        .by_ref()
        .take(top)
        .map(|message| resource(&mailbox, message, &view))
        .collect();
    let next = rest.next().map(|_| skip + top);
    let described = format!("users('{}')/messages", context.part(0));
    Ok(counted(
        context,
        paged(context, &described, items, next),
        count,
    ))
}

/// `receivedDateTime` between instants, in milliseconds since 1970.
struct Filter {
    from: i64,
    until: i64,
}

impl Filter {
    fn parse(text: &str) -> Result<Self, GraphError> {
        let refused = || {
            let message = "The sandbox filters messages by receivedDateTime only.";
            GraphError::new(400, "ErrorInvalidUrlQueryFilter", message)
        };
        let mut filter = Self {
            from: i64::MIN,
            until: i64::MAX,
        };
        for term in text.split(" and ") {
            let words: Vec<&str> = term.split_whitespace().collect();
            let ["receivedDateTime", operator, at] = words.as_slice() else {
                return Err(refused());
            };
            let at = at.parse::<jiff::Timestamp>().map_err(|_| refused())?;
            let at = at.as_millisecond();
            match *operator {
                "ge" => filter.from = at,
                "gt" => filter.from = at + 1,
                "lt" => filter.until = at,
                "le" => filter.until = at + 1,
                _ => return Err(refused()),
            }
        }
        Ok(filter)
    }

    fn admits(&self, received: i64) -> bool {
        (self.from..self.until).contains(&received)
    }
}

/// The message at the end of the path.
fn message_at<'a>(
    context: &Context<'_>,
    mailbox: &'a Mailbox,
    at: usize,
) -> Result<&'a Message, GraphError> {
    let owner = context.user()?.seed;
    let id = context.part(at);
    if ItemId::decode(id, owner).is_none() {
        return Err(GraphError::malformed_id());
    }
    find(mailbox, &view(context, owner, None), id).ok_or_else(GraphError::no_item)
}

pub(crate) fn message(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$expand"])?;
    let user = context.user()?;
    let mailbox = mailbox_of(user);
    let found = message_at(context, &mailbox, context.path.len().saturating_sub(1))?;
    if context.path.len() == 3 && folder_at(context, &mailbox, 1)? != found.folder {
        return Err(GraphError::no_item());
    }
    let select = select::wanted(context, "message", PROPERTIES)?;
    let view = view(context, user.seed, select.as_deref());
    let described = format!("users('{}')/messages", context.part(0));
    Ok(one(context, &described, resource(&mailbox, found, &view)))
}

pub(crate) fn raw(context: &Context<'_>) -> Result<Reply, GraphError> {
    only_full(context)?;
    let mailbox = mailbox_of(context.user()?);
    let found = message_at(context, &mailbox, 1)?;
    Ok(wire(super::message::raw(&mailbox, found)))
}

/// What shows bodies needs more than `Mail.ReadBasic`.
fn only_full(context: &Context<'_>) -> Result<(), GraphError> {
    match context.grant {
        Grant::Full => Ok(()),
        Grant::Basic => Err(GraphError::exchange_denied()),
    }
}

pub(crate) fn attachments(context: &Context<'_>) -> Result<Reply, GraphError> {
    only_full(context)?;
    let user = context.user()?;
    let mailbox = mailbox_of(user);
    let found = message_at(context, &mailbox, 1)?;
    let files = envelope::attachments(&super::message::raw(&mailbox, found));
    let modified = crate::instruments::clock::rfc3339_seconds(found.received);
    let items = (0_u64..).zip(files).map(|(nth, file)| {
        let id = ItemId::new(Kind::Attachment, found.id, nth, context.immutable_ids());
        json!({
            "@odata.type": "#microsoft.graph.fileAttachment",
            "id": id.encode(user.seed),
            "lastModifiedDateTime": modified,
            "name": file.name,
            "contentType": file.mime_type,
            "size": file.content.len(),
            "isInline": false,
            "contentBytes": STANDARD.encode(&file.content),
        })
    });
    let described = format!("users('{}')/messages/attachments", context.part(0));
    Ok(many(context, &described, items.collect(), None))
}
