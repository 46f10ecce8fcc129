//! Messages by their ids, several at a time, in bounded memory.

use std::vec::IntoIter;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::record::{self, Read};
use super::wire::{MESSAGES, WireMessage};
use crate::model::privacy::MailLevel;
use crate::model::record::Message;
use crate::model::row::{FailedItem, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source, segment};
use crate::providers::google::export::fault;
use crate::providers::{Class, Error};

/// How many bytes a page gathers before it ends early. A mailbox of long messages is read in smaller pages.
const PAGE_BYTES: usize = 4 << 20;

/// What a message takes at least.
const MESSAGE_BYTES: usize = 1 << 10;

/// What a batch of ids came to.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// The messages, in no order.
    pub(super) read: Vec<Read>,
    /// Ids of messages that are no longer there.
    pub(super) gone: Vec<String>,
    /// Messages that could not be read.
    pub(super) failed: Vec<FailedItem>,
    bytes: usize,
}

enum Outcome {
    Read(Box<Read>),
    Gone(String),
    Failed(FailedItem, Error),
}

/// Fetches messages until `ids` is used up or a page is full. Ids that are left in it were not asked for.
///
/// # Errors
/// The first error that is not about one message, or one that befell more than `most_failed` of them.
pub(super) async fn fetch<A: Ask>(
    source: Source<'_, A>,
    ids: &mut IntoIter<String>,
    most_failed: usize,
) -> Result<Fetched, Error> {
    let query = query(source.request.privacy.mail);
    let mut running = FuturesUnordered::new();
    let mut fetched = Fetched::default();
    loop {
        while running.len() < source.api.per_user() && fetched.bytes < PAGE_BYTES {
            let Some(id) = ids.next() else { break };
            running.push(fetch_one(source, id, &query));
        }
        match running.next().await {
            Some(outcome) => fetched.add(outcome?, most_failed)?,
            None => return Ok(fetched),
        }
    }
}

impl Fetched {
    fn add(&mut self, outcome: Outcome, most_failed: usize) -> Result<(), Error> {
        match outcome {
            Outcome::Read(read) => {
                self.bytes += bytes(&read.message);
                self.read.push(*read);
            }
            Outcome::Gone(id) => self.gone.push(id),
            Outcome::Failed(_, error) if self.failed.len() >= most_failed => {
                return Err(error);
            }
            Outcome::Failed(item, _) => self.failed.push(item),
        }
        Ok(())
    }
}

/// Returns about how much memory a message takes.
fn bytes(message: &Message) -> usize {
    let texts = [&message.body_text, &message.body_html, &message.subject];
    let texts = texts.into_iter().flatten().map(String::len);
    let lists = [&message.recipients, &message.cc, &message.bcc];
    let lists = lists.into_iter().flatten().map(String::len);
    MESSAGE_BYTES + texts.chain(lists).sum::<usize>()
}

async fn fetch_one<A: Ask>(
    source: Source<'_, A>,
    id: String,
    query: &[(&str, &str)],
) -> Result<Outcome, Error> {
    let path = format!("{MESSAGES}/{}", segment(&id));
    let method = method(source.request.privacy.mail);
    let reply = source.get::<WireMessage>(method, &path, query).await;
    let error = match reply {
        Ok(wire) => match record::read(wire, &source.request.privacy) {
            Ok(read) => return Ok(Outcome::Read(Box::new(read))),
            Err(misread) => fault::malformed(method.name(), misread.why()),
        },
        Err(error) if error.class == Class::Gone => return Ok(Outcome::Gone(id)),
        Err(error) if fault::concerns_item(&error) => error,
        Err(error) => return Err(error),
    };
    let item = fault::failed(RecordKey::plain(id), &error);
    Ok(Outcome::Failed(item, error))
}

fn method(level: MailLevel) -> Method {
    match level {
        MailLevel::Full => Method::MessagesGetFull,
        MailLevel::None | MailLevel::Metadata | MailLevel::Subject => Method::MessagesGet,
    }
}

/// What is asked of a message: nothing beyond the level leaves the vendor. `snippet` is content at every level.
fn query(level: MailLevel) -> Vec<(&'static str, &'static str)> {
    const ENVELOPE: [&str; 7] = [
        "From",
        "To",
        "Cc",
        "Bcc",
        "Date",
        "Message-ID",
        "In-Reply-To",
    ];
    if level == MailLevel::Full {
        return vec![
            ("format", "full"),
            (
                "fields",
                "id,threadId,labelIds,sizeEstimate,internalDate,payload",
            ),
        ];
    }
    let mut query = vec![
        ("format", "metadata"),
        (
            "fields",
            "id,threadId,labelIds,sizeEstimate,internalDate,payload/headers",
        ),
    ];
    query.extend(ENVELOPE.map(|header| ("metadataHeaders", header)));
    if level >= MailLevel::Subject {
        query.push(("metadataHeaders", "Subject"));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(level: MailLevel) -> String {
        let pairs = query(level);
        let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("&")
    }

    #[test]
    fn the_subject_and_the_text_are_not_asked_for_below_their_levels() {
        let metadata = asked(MailLevel::Metadata);
        assert!(metadata.contains("format=metadata"), "{metadata}");
        assert!(!metadata.contains("Subject"), "{metadata}");
        assert!(metadata.ends_with("metadataHeaders=In-Reply-To"));
        let subject = asked(MailLevel::Subject);
        assert_eq!(subject, format!("{metadata}&metadataHeaders=Subject"));
        let full = asked(MailLevel::Full);
        assert!(full.contains("format=full"), "{full}");
        for level in [metadata, subject, full] {
            assert!(!level.contains("snippet"), "{level}");
        }
    }

    #[test]
    fn the_method_is_the_one_that_the_format_needs_a_scope_for() {
        assert_eq!(method(MailLevel::Full), Method::MessagesGetFull);
        assert_eq!(method(MailLevel::Subject), Method::MessagesGet);
    }
}
