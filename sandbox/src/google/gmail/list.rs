//! `messages.list`.

use serde_json::{Map, Value, json};

use super::labels::{self, LabelSet};
use super::mailbox::Message;
use super::query::Query;
use super::{hex, mailbox_of, metadata_only, refused_for_metadata};
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::random::hash;

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let size = context.clamped("maxResults", 100, 500)?;
    let mailbox = mailbox_of(context);
    let wanted = mailbox.labels.set(context.call.params("labelIds"));
    let wanted = wanted.map_err(|id| ApiError::invalid_argument(format!("Invalid label: {id}")))?;
    let query = query(context, &mailbox.labels)?;
    let shown = visible(context, wanted, &query)?;
    let digest = digest(context);
    let below = context
        .param("pageToken")
        .map(|token| position(token, digest))
        .transpose()?;
    let fits = |message: &Message| {
        message.labels.contains(wanted) && !message.labels.overlaps(shown) && query.fits(message)
    };
    let mut found = mailbox
        .newest(below)
        .filter(|(_, message)| fits(message))
        .peekable();
    let mut items: Vec<Value> = Vec::with_capacity(size);
    let mut last = 0;
    while items.len() < size {
        let Some((at, message)) = found.next() else {
            break;
        };
        items.push(json!({ "id": hex(message.id), "threadId": hex(message.thread) }));
        last = at;
    }
    let more = found.peek().is_some();
    Ok(Answer::Json(Value::Object(body(
        items,
        more.then(|| token(last, digest)),
    ))))
}

fn body(items: Vec<Value>, next: Option<String>) -> Map<String, Value> {
    let mut body = Map::new();
    let estimate = items.len() + usize::from(next.is_some());
    if !items.is_empty() {
        body.insert("messages".to_owned(), Value::Array(items));
    }
    if let Some(next) = next {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    body.insert("resultSizeEstimate".to_owned(), json!(estimate));
    body
}

fn query(context: &Context<'_>, labels: &labels::LabelTable) -> Result<Query, ApiError> {
    match context.param("q") {
        Some(_) if metadata_only(context) => Err(refused_for_metadata(
            "Metadata scope does not support 'q' parameter",
        )),
        Some(text) => Query::parse(text, labels, context.now),
        None => Ok(Query::default()),
    }
}

/// The labels whose messages are left out: spam and trash, unless asked for.
fn visible(context: &Context<'_>, wanted: LabelSet, query: &Query) -> Result<LabelSet, ApiError> {
    let hidden = LabelSet::default().with(labels::SPAM).with(labels::TRASH);
    let all = context.flag("includeSpamTrash", false)? || query.anywhere;
    let asked = wanted.overlaps(hidden) || query.labels.overlaps(hidden);
    Ok(if all || asked {
        LabelSet::default()
    } else {
        hidden
    })
}

/// A token only fits the question that it came from.
fn digest(context: &Context<'_>) -> u64 {
    let relevant = context
        .call
        .query
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "q" | "labelIds" | "includeSpamTrash"));
    relevant.fold(0x5eed, |digest, (name, value)| {
        digest ^ hash(&format!("{name}={value}"))
    }) & 0xffff
}

fn token(at: usize, digest: u64) -> String {
    format!("{:020}", (at as u64) << 16 | digest)
}

fn position(token: &str, digest: u64) -> Result<usize, ApiError> {
    let number = token
        .parse::<u64>()
        .ok()
        .filter(|number| number & 0xffff == digest);
    let at = number.and_then(|number| usize::try_from(number >> 16).ok());
    at.ok_or_else(|| ApiError::invalid_argument("Invalid pageToken"))
}
