//! `root/delta`.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use jiff::Timestamp;
use serde_json::Value;

use super::item::{PROPERTIES, ancestors, resource, tombstone};
use super::store::Drive;
use crate::call::Reply;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::graph::access::Context;
use crate::microsoft365::graph::{many, select};
use crate::random::hash;

const PAGE: usize = 200;
const LARGEST_PAGE: usize = 1000;

/// Where a round stands. Numbers are those of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    /// The first round, which goes through all items, has none.
    since: Option<u64>,
    /// The round has ended when there is none.
    until: Option<u64>,
    /// The item, or the number of the change, that the next page comes after.
    after: String,
}

impl Token {
    fn encode(&self, drive: &Drive) -> String {
        let number =
            |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        let text = format!(
            "drive:{:x}:{}:{}:{}",
            hash(&drive.id),
            number(self.since),
            number(self.until),
            self.after
        );
        URL_SAFE_NO_PAD.encode(text)
    }

    fn decode(text: &str, drive: &Drive) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.strip_prefix("drive:")?.splitn(4, ':');
        let whose = u64::from_str_radix(parts.next()?, 16).ok()?;
        let mut number = || match parts.next() {
            Some("") => Some(None),
            Some(text) => text.parse().ok().map(Some),
            None => None,
        };
        let (since, until) = (number()?, number()?);
        let after = parts.next()?.to_owned();
        (whose == hash(&drive.id)).then_some(Self {
            since,
            until,
            after,
        })
    }

    fn is_too_old(&self, drive: &Drive) -> bool {
        let number = self.since.or(self.until);
        number.is_some_and(|number| number < drive.oldest)
    }
}

/// The items of a page and where the next one begins.
struct Page {
    items: Vec<Value>,
    next: Token,
}

pub(crate) fn delta(context: &Context<'_>) -> Result<Reply, GraphError> {
    context.refuse(&["$filter", "$orderby", "$search", "$expand", "$skip"])?;
    let select = select::wanted(context, "driveItem", PROPERTIES)?;
    let size = context.top(PAGE, LARGEST_PAGE)?;
    let store = context.user()?.drive.lock();
    let given = context.path.get(1).map(String::as_str);
    let token = match given.or_else(|| context.param("token")) {
        Some("latest") => Some(waiting(store.seq)),
        Some(text) => Some(parsed(context, text, &store)?),
        None => None,
    };
    let latest = given.or_else(|| context.param("token")) == Some("latest");
    let page = match token {
        Some(next) if latest => Page {
            items: Vec::new(),
            next,
        },
        Some(Token {
            since: Some(since),
            until,
            after,
        }) => changed(context, &store, (since, until), &after, size),
        Some(Token { until, after, .. }) => {
            everything(&store, until.unwrap_or(store.seq), &after, size)
        }
        None => everything(&store, store.seq, "", size),
    };
    let items = page
        .items
        .into_iter()
        .map(|item| select::narrowed(item, select.as_deref()));
    let name = match page.next.until {
        Some(_) => "@odata.nextLink",
        None => "@odata.deltaLink",
    };
    let link = address(context, Some(&page.next.encode(&store)));
    Ok(many(
        context,
        "Collection(driveItem)",
        items.collect(),
        Some((name, link)),
    ))
}

fn waiting(since: u64) -> Token {
    Token {
        since: Some(since),
        until: None,
        after: String::new(),
    }
}

/// A token of ours, or a point in time.
fn parsed(context: &Context<'_>, text: &str, store: &Drive) -> Result<Token, GraphError> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(waiting(store.before(at.as_millisecond())));
    }
    let token = Token::decode(text, store).ok_or_else(|| {
        GraphError::new(400, "invalidRequest", "The provided token is not valid.")
    })?;
    if token.is_too_old(store) {
        return Err(resync(context, store));
    }
    Ok(token)
}

/// Both kinds occur; they differ in what a client shall do with changes of its own.
fn resync(context: &Context<'_>, store: &Drive) -> GraphError {
    let (code, message) = if store.expiries % 2 == 1 {
        (
            "resyncChangesApplyDifferences",
            "Resync required. Replace any local items with the server's version (including deletes) if you're sure \
             that the service was up to date with your local changes when you last sync'd. Upload any local changes \
             that the server doesn't know about.",
        )
    } else {
        (
            "resyncChangesUploadDifferences",
            "Resync required. Upload any local items that the service did not return, and upload any files that \
             differ from the server's version (keeping both copies if you're not sure which one is more up-to-date).",
        )
    };
    GraphError::new(410, code, message).header(header::LOCATION, &address(context, None))
}

/// This request's address with another token.
fn address(context: &Context<'_>, token: Option<&str>) -> String {
    let here = context.here();
    let path = here.rfind("/delta").and_then(|at| here.get(..at));
    let kept = context
        .call
        .query
        .iter()
        .filter(|(name, _)| name != "token");
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept);
    if let Some(token) = token {
        query.append_pair("token", token);
    }
    let query = query.finish().replace("%24", "$");
    format!("{}/delta?{query}", path.unwrap_or(&here))
}

/// A page of the first round, in the order of ids; the root comes first.
fn everything(store: &Drive, until: u64, after: &str, size: usize) -> Page {
    let rest = |after: &str| {
        let from = std::ops::Bound::Excluded(after.to_owned());
        let all = store.items.range((from, std::ops::Bound::Unbounded));
        all.filter(|(id, _)| **id != store.root).peekable()
    };
    let first = after.is_empty();
    let root = store.items.get(&store.root).filter(|_| first);
    let mut rest = rest(after);
    let mut items: Vec<Value> = root.map(|root| resource(store, root)).into_iter().collect();
    let mut last = after.to_owned();
    while items.len() < size.max(2) {
        let Some((id, item)) = rest.next() else { break };
        id.clone_into(&mut last);
        items.push(resource(store, item));
    }
    let next = match rest.peek() {
        Some(_) => Token {
            since: None,
            until: Some(until),
            after: last,
        },
        None => waiting(until),
    };
    Page { items, next }
}

/// A page of a later round.
fn changed(
    context: &Context<'_>,
    store: &Drive,
    (since, until): (u64, Option<u64>),
    after: &str,
    size: usize,
) -> Page {
    let until = until.unwrap_or(store.seq);
    let from = after.parse().unwrap_or(0);
    let mut rest = store
        .between(since, until)
        .filter(|change| change.seq > from)
        .peekable();
    let parents = !context.call.headers.contains_key("deltaexcludeparent");
    let mut shown: HashSet<String> = HashSet::new();
    let (mut items, mut last, mut count) = (Vec::new(), from, 0);
    while count < size {
        let Some(change) = rest.next() else { break };
        (last, count) = (change.seq, count + 1);
        if !store.items.contains_key(&change.item) {
            items.push(tombstone(
                store,
                &change.item,
                store.deleted.get(&change.item),
            ));
            continue;
        }
        let line: Vec<_> = ancestors(store, &change.item).collect();
        let depth = if parents { line.len() } else { 1 };
        for (id, item) in line.into_iter().take(depth).rev() {
            if shown.insert(id.to_owned()) {
                items.push(resource(store, item));
            }
        }
    }
    let next = match rest.peek() {
        Some(_) => Token {
            since: Some(since),
            until: Some(until),
            after: last.to_string(),
        },
        None => waiting(until),
    };
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_way_and_fit_one_drive_only() {
        let drive = Drive::new("b!x".to_owned(), "01ROOT".to_owned());
        for token in [
            waiting(7),
            Token {
                since: None,
                until: Some(9),
                after: "01A".to_owned(),
            },
            Token {
                since: Some(1),
                until: Some(9),
                after: "4".to_owned(),
            },
        ] {
            assert_eq!(
                Token::decode(&token.encode(&drive), &drive),
                Some(token.clone())
            );
            let other = Drive::new("b!y".to_owned(), "01ROOT".to_owned());
            assert_eq!(Token::decode(&token.encode(&drive), &other), None);
        }
        assert_eq!(Token::decode("latest", &drive), None);
    }
}
