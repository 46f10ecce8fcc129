//! Messages by their ids, several at a time, in bounded memory.

use std::vec::IntoIter;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde_json::value::RawValue;

use super::bundle::{Bundle, Bundles};
use super::record::Read;
use super::wire::MESSAGES;
use crate::model::privacy::MailLevel;
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
}

enum Outcome {
    Got(String, Box<RawValue>),
    Gone(String),
    Failed(String, Error),
}

/// Fetches messages until `ids` is used up or a page is full. Ids that are left in it were not asked for.
///
/// What has come is read on another thread while the rest is on its way.
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
    let mut bundles = Bundles::new(&source.request.privacy);
    let mut bytes = 0;
    loop {
        while running.len() < source.api.per_user() && bytes < PAGE_BYTES {
            let Some(id) = ids.next() else { break };
            running.push(fetch_one(source, id, &query));
        }
        match running.next().await {
            Some(Ok(Outcome::Got(id, text))) => {
                bytes += MESSAGE_BYTES + text.get().len();
                bundles.add(id, text);
            }
            Some(Ok(Outcome::Gone(id))) => fetched.gone.push(id),
            Some(Ok(Outcome::Failed(id, error))) => fetched.fail(id, error, most_failed)?,
            Some(Err(error)) => return Err(error),
            None => break,
        }
    }
    fetched.add(bundles.finish().await, source, most_failed)?;
    Ok(fetched)
}

impl Fetched {
    fn add<A>(
        &mut self,
        bundle: Bundle,
        source: Source<'_, A>,
        most_failed: usize,
    ) -> Result<(), Error> {
        self.read = bundle.read;
        for (id, why) in bundle.misread {
            let operation = method(source.request.privacy.mail).name();
            self.fail(id, fault::malformed(operation, &why), most_failed)?;
        }
        Ok(())
    }

    fn fail(&mut self, id: String, error: Error, most_failed: usize) -> Result<(), Error> {
        if self.failed.len() >= most_failed {
            return Err(error);
        }
        let item = fault::failed(RecordKey::plain(id), &error);
        self.failed.push(item);
        Ok(())
    }
}

async fn fetch_one<A: Ask>(
    source: Source<'_, A>,
    id: String,
    query: &[(&str, &str)],
) -> Result<Outcome, Error> {
    let path = format!("{MESSAGES}/{}", segment(&id));
    let method = method(source.request.privacy.mail);
    match source.get::<Box<RawValue>>(method, &path, query).await {
        Ok(text) => Ok(Outcome::Got(id, text)),
        Err(error) if error.class == Class::Gone => Ok(Outcome::Gone(id)),
        Err(error) if fault::concerns_item(&error) => Ok(Outcome::Failed(id, error)),
        Err(error) => Err(error),
    }
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
