//! Messages by their ids, several at a time, in bounded memory.

use std::mem;
use std::sync::Arc;
use std::vec::IntoIter;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
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

/// How many messages of the next page may wait for the end of this one.
const MOST_EARLY: usize = 32;

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

/// Requests for messages, as many at a time as the vendor bears.
///
/// The first messages of a page are asked for while the last ones of the page before are on their way, so that the
/// vendor has something to do between two pages.
pub(super) struct Fetcher<'a, A> {
    source: Source<'a, A>,
    query: Arc<[(&'static str, &'static str)]>,
    most_failed: usize,
    running: FuturesUnordered<BoxFuture<'a, Reply>>,
    /// The number of the page that is being gathered.
    page: usize,
    /// How many of those that are under way belong to it.
    under_way: usize,
    /// What came before its page was begun.
    arrived: Vec<Result<Outcome, Error>>,
    /// What has come for the page after it.
    early: Vec<Result<Outcome, Error>>,
    bytes: usize,
    bundles: Bundles,
    fetched: Fetched,
}

/// What came for a message, and the number of its page.
type Reply = (usize, Result<Outcome, Error>);

impl<'a, A: Ask> Fetcher<'a, A> {
    /// Makes a fetcher that gives up at the first error that is not about one message, or at one that befell more than
    /// `most_failed` messages of a page.
    pub(super) fn new(source: Source<'a, A>, most_failed: usize) -> Self {
        Self {
            query: query(source.request.privacy.mail).into(),
            bundles: Bundles::new(&source.request.privacy),
            source,
            most_failed,
            running: FuturesUnordered::new(),
            page: 0,
            under_way: 0,
            arrived: Vec::new(),
            early: Vec::new(),
            bytes: 0,
            fetched: Fetched::default(),
        }
    }

    /// Fetches messages until `ids` is used up or a page is full. Ids that are left in it were not asked for.
    ///
    /// # Errors
    /// As [`Fetcher::new`] says.
    pub(super) async fn fetch(&mut self, ids: &mut IntoIter<String>) -> Result<Fetched, Error> {
        loop {
            self.ask(ids);
            if !self.step().await? {
                return self.finish().await;
            }
        }
    }

    /// Asks for messages of the page while there is room.
    pub(super) fn ask(&mut self, ids: &mut IntoIter<String>) {
        while self.has_room() {
            let Some(id) = ids.next() else { break };
            self.under_way += 1;
            self.ask_one(id, self.page);
        }
    }

    /// Asks for messages of the page after it, when all of this one are under way.
    pub(super) fn ask_early(&mut self, ids: &mut IntoIter<String>) {
        while self.has_room() && self.early.len() < MOST_EARLY {
            let Some(id) = ids.next() else { break };
            self.ask_one(id, self.page + 1);
        }
    }

    /// Waits for one more reply. Returns whether there was one: else the page is complete.
    ///
    /// # Errors
    /// As [`Fetcher::new`] says.
    ///
    /// # Cancel
    /// Safe: nothing that has come is lost.
    pub(super) async fn step(&mut self) -> Result<bool, Error> {
        if let Some(outcome) = self.arrived.pop() {
            self.take(outcome)?;
            return Ok(true);
        }
        if self.under_way == 0 {
            return Ok(false);
        }
        match self.running.next().await {
            Some((page, outcome)) if page == self.page => {
                self.under_way -= 1;
                self.take(outcome)?;
            }
            Some((_, outcome)) => self.early.push(outcome),
            None => {}
        }
        Ok(true)
    }

    /// Ends the page and begins the next one. What has come is read on another thread while the rest is on its way.
    ///
    /// # Errors
    /// More replies than may be could not be read.
    pub(super) async fn finish(&mut self) -> Result<Fetched, Error> {
        let next = Bundles::new(&self.source.request.privacy);
        let bundles = mem::replace(&mut self.bundles, next);
        let mut fetched = mem::take(&mut self.fetched);
        self.page += 1;
        self.under_way = self.running.len();
        self.arrived = mem::take(&mut self.early);
        self.bytes = 0;
        fetched.add(bundles.finish().await, self.source, self.most_failed)?;
        Ok(fetched)
    }

    fn has_room(&self) -> bool {
        self.running.len() < self.source.api.per_user() && self.bytes < PAGE_BYTES
    }

    fn ask_one(&self, id: String, page: usize) {
        let (source, query) = (self.source, Arc::clone(&self.query));
        let fetched = async move { (page, fetch_one(source, id, &query).await) };
        self.running.push(fetched.boxed());
    }

    fn take(&mut self, outcome: Result<Outcome, Error>) -> Result<(), Error> {
        match outcome? {
            Outcome::Got(id, text) => {
                self.bytes += MESSAGE_BYTES + text.get().len();
                self.bundles.add(id, text);
            }
            Outcome::Gone(id) => self.fetched.gone.push(id),
            Outcome::Failed(id, error) => self.fetched.fail(id, error, self.most_failed)?,
        }
        Ok(())
    }
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
