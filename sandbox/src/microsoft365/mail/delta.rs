//! `messages/delta` and `mailFolders/delta`.

use serde_json::{Value, json};

use super::journal::Touched;
use super::mailbox::Mailbox;
use super::message::{FOLDER_PROPERTIES, PROPERTIES, View, folder_resource, resource};
use super::{folder_at, mailbox_of, view};
use crate::call::Reply;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::graph::access::Context;
use crate::microsoft365::graph::chain::{Chains, Change, Options, Resumed, Scope, State, Walk};
use crate::microsoft365::graph::{many, select};
use crate::random::mix;

/// The page size when none is preferred, and the largest one.
const PAGE: usize = 10;
const LARGEST_PAGE: usize = 1000;
/// With a filter, the first round ends after so many messages.
const MOST_FILTERED: usize = 5000;

/// One entry of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    There(u64),
    /// It is there, and hardly anything is told of it.
    Partial(u64),
    Gone(u64),
}

/// What is told of a message that is told in part.
const PARTIAL: &[&str] = &["id", "isRead", "parentFolderId"];

impl Item {
    fn number(self) -> u64 {
        match self {
            Self::There(number) | Self::Partial(number) | Self::Gone(number) => number,
        }
    }
}

/// A page and where the chain stands after it.
struct Page {
    items: Vec<Item>,
    next: State,
}

pub(crate) fn messages(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.needs_room()?;
    if context
        .param("$expand")
        .is_some_and(|expand| expand.contains("$filter"))
    {
        return Err(GraphError::no_filter_in_expand());
    }
    context.refuse(&["$search", "$expand", "$count", "$skip"])?;
    let user = context.user()?;
    let mut chains = user.chains.lock();
    let mailbox = mailbox_of(user);
    let folder = folder_at(context, &mailbox, 1)?;
    let resumed = if let Some(token) = link(context) {
        let fits = |scope| scope == Scope::Messages(folder);
        chains.resume(token, fits, context.immutable_ids())?
    } else {
        let options = options(context, "message", PROPERTIES)?;
        let walk = Walk::begin(None, mailbox.journal.seq(), mailbox.end());
        chains.open(Scope::Messages(folder), options, walk)
    };
    let page = page(context, &mailbox, folder, &resumed);
    let select = resumed.options.select.as_deref();
    let view = view(context, user.seed, select);
    let items = page
        .items
        .iter()
        .map(|item| shown(&mailbox, *item, folder, &view));
    let items: Vec<Value> = items.collect();
    let link = onward(context, &mut chains, resumed.chain, page.next);
    Ok(many(context, "Collection(message)", items, Some(link)))
}

/// The token of a link; both kinds are alike.
pub(crate) fn link<'a>(context: &'a Context<'_>) -> Option<&'a str> {
    ["$skiptoken", "$deltatoken", "$deltaToken", "$skipToken"]
        .into_iter()
        .find_map(|name| context.param(name))
}

/// The link at the end of a page.
pub(crate) fn onward(
    context: &Context<'_>,
    chains: &mut Chains,
    chain: u64,
    state: State,
) -> (&'static str, String) {
    let (name, parameter) = match state {
        State::Waiting { .. } => ("@odata.deltaLink", "$deltatoken"),
        State::Walking(_) => ("@odata.nextLink", "$skiptoken"),
    };
    let token = chains.advance(chain, state);
    (name, format!("{}?{parameter}={token}", context.here()))
}

fn options(context: &Context<'_>, kind: &str, known: &[&str]) -> Result<Options, GraphError> {
    let order = context.param("$orderby");
    if order.is_some_and(|order| order != "receivedDateTime desc") {
        return Err(invalid("$orderby"));
    }
    let only = match context.param("changeType") {
        None => None,
        Some("created") => Some(Change::Created),
        Some("updated") => Some(Change::Updated),
        Some("deleted") => Some(Change::Deleted),
        Some(_) => return Err(invalid("changeType")),
    };
    let received_from = context.param("$filter").map(received_from).transpose()?;
    let most = context.number("$top")?;
    Ok(Options {
        select: select::wanted(context, kind, known)?,
        page_size: context.preferred_page(),
        immutable_ids: context.immutable_ids(),
        only,
        received_from,
        most: received_from.map_or(most, |_| {
            Some(most.unwrap_or(MOST_FILTERED).min(MOST_FILTERED))
        }),
    })
}

fn invalid(option: &str) -> GraphError {
    let message = format!(
        "The following parameters are not supported with change tracking over the 'Messages' resource: '{option}'."
    );
    GraphError::new(400, "ErrorInvalidUrlQuery", message)
}

/// `receivedDateTime ge 2026-01-01T00:00:00Z`, the only filter that change tracking has.
fn received_from(filter: &str) -> Result<i64, GraphError> {
    let mut words = filter.split_whitespace();
    let parts = (words.next(), words.next(), words.next(), words.next());
    let (Some("receivedDateTime"), Some(operator), Some(at), None) = parts else {
        return Err(invalid("$filter"));
    };
    let at = at
        .parse::<jiff::Timestamp>()
        .map_err(|_| invalid("$filter"))?;
    match operator {
        "ge" => Ok(at.as_millisecond()),
        "gt" => Ok(at.as_millisecond() + 1),
        _ => Err(invalid("$filter")),
    }
}

/// The page size of this request, else that of the chain's first one.
pub(crate) fn size(context: &Context<'_>, options: &Options) -> usize {
    let wanted = context.preferred_page().or(options.page_size);
    wanted.unwrap_or(PAGE).min(LARGEST_PAGE)
}

fn page(context: &Context<'_>, mailbox: &Mailbox, folder: u32, resumed: &Resumed) -> Page {
    let walk = match &resumed.state {
        State::Waiting { since } => Walk::begin(Some(*since), mailbox.journal.seq(), 0),
        State::Walking(walk) => walk.clone(),
    };
    let size = size(context, &resumed.options);
    let (found, next_at) = match walk.since {
        None => first_round(mailbox, folder, &resumed.options, &walk, size),
        Some(since) => later_round(mailbox, folder, &resumed.options, (since, &walk), size),
    };
    let mut found = found;
    if context.world.quirks.read().partial_messages {
        hide(mailbox, &walk, &mut found);
    }
    if !found.is_empty() && walk.pauses(resumed.salt) {
        let paused = Walk {
            paused: true,
            ..walk
        };
        return Page {
            items: Vec::new(),
            next: State::Walking(paused),
        };
    }
    let repeated = walk
        .last
        .filter(|_| walk.repeats(resumed.salt))
        .map(|number| as_it_is(mailbox, folder, number));
    let next = match next_at {
        None => State::Waiting { since: walk.until },
        Some(at) => State::Walking(Walk {
            at,
            paused: false,
            last: found.last().map(|item| item.number()),
            given: walk.given + found.len(),
            ..walk
        }),
    };
    Page {
        items: repeated.into_iter().chain(found).collect(),
        next,
    }
}

/// Leaves of some messages that were changed hardly anything: which ones depends on the message.
fn hide(mailbox: &Mailbox, walk: &Walk, found: &mut [Item]) {
    let Some(since) = walk.since else {
        return;
    };
    for item in found {
        if let Item::There(number) = *item
            && number.is_multiple_of(2)
            && !mailbox.journal.has_arrived(number, since)
        {
            *item = Item::Partial(number);
        }
    }
}

/// A message in a folder, or its absence from it.
fn as_it_is(mailbox: &Mailbox, folder: u32, number: u64) -> Item {
    let message = mailbox
        .get(number)
        .filter(|message| message.folder == folder);
    message.map_or(Item::Gone(number), |message| Item::There(message.id))
}

/// What is in the folder, the newest first; and where the next page begins, if there is one.
fn first_round(
    mailbox: &Mailbox,
    folder: u32,
    options: &Options,
    walk: &Walk,
    size: usize,
) -> (Vec<Item>, Option<usize>) {
    let left = options
        .most
        .map_or(size, |most| most.saturating_sub(walk.given));
    let size = size.min(left);
    if matches!(options.only, Some(Change::Updated | Change::Deleted)) {
        return (Vec::new(), None);
    }
    let wanted = |received: i64| options.received_from.is_none_or(|from| received >= from);
    let mut rest = mailbox
        .newest(walk.at)
        .filter(|(_, message)| message.folder == folder && wanted(message.received));
    let taken: Vec<(usize, u64)> = rest
        .by_ref()
        .take(size)
        .map(|(at, message)| (at, message.id))
        .collect();
    let used_up = options
        .most
        .is_some_and(|most| walk.given + taken.len() >= most);
    let more = !used_up && rest.next().is_some();
    let next = taken.last().map(|(at, _)| *at).filter(|_| more);
    let items = taken.into_iter().map(|(_, id)| Item::There(id));
    (items.collect(), next)
}

/// What happened in the folder, and where the next page begins, if there is one.
fn later_round(
    mailbox: &Mailbox,
    folder: u32,
    options: &Options,
    (since, walk): (u64, &Walk),
    size: usize,
) -> (Vec<Item>, Option<usize>) {
    let touched = mailbox.journal.touched(folder, since, walk.until);
    let slice = touched.get(walk.at..).unwrap_or_default();
    let items = slice.iter().take(size).filter_map(|touched| {
        let item = as_it_is(mailbox, folder, touched.message);
        wants(options, item, touched).then_some(item)
    });
    let next = walk.at + size;
    (items.collect(), (next < touched.len()).then_some(next))
}

fn wants(options: &Options, item: Item, touched: &Touched) -> bool {
    let change = match item {
        Item::Gone(_) => Change::Deleted,
        Item::There(_) if touched.arrived => Change::Created,
        Item::There(_) | Item::Partial(_) => Change::Updated,
    };
    options.only.is_none_or(|only| only == change)
}

fn shown(mailbox: &Mailbox, item: Item, folder: u32, view: &View<'_>) -> Value {
    let there = match item {
        Item::There(number) | Item::Partial(number) => mailbox.get(number),
        Item::Gone(_) => None,
    };
    match (there, item) {
        (Some(message), Item::Partial(_)) => {
            let names = PARTIAL.iter().map(|name| (*name).to_owned());
            let names: Vec<String> = names.collect();
            let view = View {
                select: Some(&names),
                ..*view
            };
            resource(mailbox, message, &view)
        }
        (Some(message), _) => resource(mailbox, message, view),
        (None, _) => removed(mailbox, item.number(), folder, view),
    }
}

/// Source: for a move, both reasons are reported; they say nothing about whether the message still exists.
fn removed(mailbox: &Mailbox, number: u64, folder: u32, view: &View<'_>) -> Value {
    let moved = mailbox.get(number).is_some();
    let reason = if moved && mix(view.owner, number).is_multiple_of(2) {
        "changed"
    } else {
        "deleted"
    };
    let id = view.former_id(mailbox, number, folder);
    json!({ "@removed": { "reason": reason }, "id": id })
}

pub(crate) fn folders(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.needs_room()?;
    context.refuse(&[
        "$search", "$expand", "$count", "$skip", "$filter", "$orderby",
    ])?;
    let user = context.user()?;
    let mut chains = user.chains.lock();
    let mailbox = mailbox_of(user);
    let resumed = if let Some(token) = link(context) {
        let fits = |scope| scope == Scope::Folders;
        chains.resume(token, fits, context.immutable_ids())?
    } else {
        let options = options(context, "mailFolder", FOLDER_PROPERTIES)?;
        let walk = Walk::begin(None, mailbox.journal.seq(), 0);
        chains.open(Scope::Folders, options, walk)
    };
    let walk = match resumed.state {
        State::Waiting { since } => Walk::begin(Some(since), mailbox.journal.seq(), 0),
        State::Walking(walk) => walk,
    };
    let all = mailbox.folders.all().iter().enumerate().skip(walk.at);
    let mut changed = all.filter(|(_, folder)| match walk.since {
        None => !folder.deleted,
        Some(since) => folder.changed > since,
    });
    let size = size(context, &resumed.options);
    let page: Vec<_> = changed.by_ref().take(size).collect();
    let next = match (changed.next(), page.last()) {
        (Some(_), Some((last, _))) => State::Walking(Walk {
            at: last + 1,
            ..walk
        }),
        _ => State::Waiting { since: walk.until },
    };
    let select = resumed.options.select.as_deref();
    let view = view(context, user.seed, select);
    let items = page.into_iter().map(|(_, folder)| {
        if folder.deleted {
            json!({ "@removed": { "reason": "deleted" }, "id": view.folder_id(folder.number) })
        } else {
            folder_resource(&mailbox, folder, &view)
        }
    });
    let items: Vec<Value> = items.collect();
    let link = onward(context, &mut chains, resumed.chain, next);
    Ok(many(context, "Collection(mailFolder)", items, Some(link)))
}
