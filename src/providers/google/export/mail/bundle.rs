//! Replies that are read together, on another thread, while the next ones are on their way.
//!
//! One at a time, the change of threads would cost more than the reading.

use std::mem;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::value::RawValue;

use super::record::{self, Read};
use super::wire::WireMessage;
use crate::model::apart::apart;
use crate::model::privacy::Privacy;

/// A bundle is read when it has so many replies, ...
const REPLIES: usize = 64;
/// ... or so many bytes.
const BYTES: usize = 1 << 20;

/// What replies came to.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    /// The messages.
    pub(super) read: Vec<Read>,
    /// Ids of messages that could not be read, and why, without anything of the message.
    pub(super) misread: Vec<(String, String)>,
}

type Replies = Vec<(String, Box<RawValue>)>;

/// The replies of a page: those that wait to be read, and those that are being read.
pub(super) struct Bundles {
    privacy: Arc<Privacy>,
    waiting: Replies,
    bytes: usize,
    under_way: Vec<BoxFuture<'static, Bundle>>,
}

impl Bundles {
    /// Begins a page of which no more than `privacy` allows is kept.
    pub(super) fn new(privacy: &Privacy) -> Self {
        Self {
            privacy: Arc::new(privacy.clone()),
            waiting: Vec::new(),
            bytes: 0,
            under_way: Vec::new(),
        }
    }

    /// Adds the reply for a message.
    pub(super) fn add(&mut self, id: String, reply: Box<RawValue>) {
        self.bytes += reply.get().len();
        self.waiting.push((id, reply));
        if self.waiting.len() >= REPLIES || self.bytes >= BYTES {
            self.begin();
        }
    }

    /// Returns what all of them came to, in the order in which they were added.
    pub(super) async fn finish(mut self) -> Bundle {
        self.begin();
        let mut all = Bundle::default();
        for bundle in self.under_way {
            let Bundle { read, misread } = bundle.await;
            all.read.extend(read);
            all.misread.extend(misread);
        }
        all
    }

    fn begin(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let (replies, privacy) = (mem::take(&mut self.waiting), Arc::clone(&self.privacy));
        self.bytes = 0;
        self.under_way
            .push(apart(move || read(replies, &privacy)).boxed());
    }
}

fn read(replies: Replies, privacy: &Privacy) -> Bundle {
    let mut bundle = Bundle::default();
    for (id, reply) in replies {
        match read_one(&reply, privacy) {
            Ok(read) => bundle.read.push(read),
            Err(why) => bundle.misread.push((id, why)),
        }
    }
    bundle
}

fn read_one(reply: &RawValue, privacy: &Privacy) -> Result<Read, String> {
    let wire: WireMessage = serde_json::from_str(reply.get())
        .map_err(|error| format!("JSON, but of another shape, at column {}", error.column()))?;
    record::read(wire, privacy).map_err(|misread| misread.why().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn raw(value: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(value).unwrap()
    }

    #[tokio::test]
    async fn every_reply_is_read_once_and_in_order_however_many_there_are() {
        for count in [0, 1, REPLIES - 1, REPLIES, REPLIES + 1, 3 * REPLIES + 5] {
            let mut bundles = Bundles::new(&Privacy::default());
            let ids: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            for id in &ids {
                bundles.add(id.clone(), raw(&json!({"id": id})));
            }
            let read = bundles.finish().await.read;
            let found: Vec<_> = read.into_iter().map(|read| read.id).collect();
            assert_eq!(found, ids);
        }
    }

    #[tokio::test]
    async fn large_replies_are_read_before_there_are_many() {
        let mut bundles = Bundles::new(&Privacy::default());
        let large = json!({"id": "1", "snippet": "x".repeat(BYTES)});
        bundles.add("1".to_owned(), raw(&large));
        assert!(bundles.waiting.is_empty());
        assert_eq!(bundles.finish().await.read.len(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named_and_not_quoted() {
        let mut bundles = Bundles::new(&Privacy::default());
        bundles.add("1".to_owned(), raw(&json!({"id": 7, "snippet": "canary"})));
        bundles.add(
            "2".to_owned(),
            raw(&json!({"id": "2", "internalDate": "canary"})),
        );
        bundles.add("3".to_owned(), raw(&json!({"id": "3"})));
        let bundle = bundles.finish().await;
        assert_eq!(bundle.read.len(), 1);
        let [(first, shape), (second, date)] = &bundle.misread[..] else {
            panic!("{:?}", bundle.misread);
        };
        assert_eq!((first.as_str(), second.as_str()), ("1", "2"));
        assert!(shape.contains("another shape"), "{shape}");
        assert!(date.contains("internalDate"), "{date}");
        assert!(!format!("{shape}{date}").contains("canary"));
    }
}
