//! Names of objects that something has happened to which no watch tells of.

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast;

use crate::kube_io::key::ObjectKey;

/// How many may be unread. Who falls further behind misses some, so nobody may rely on a poke alone.
const UNREAD: usize = 4096;

/// A place to poke. Clones share it.
#[derive(Clone)]
pub struct Pokes(broadcast::Sender<ObjectKey>);

impl Default for Pokes {
    fn default() -> Self {
        Self(broadcast::Sender::new(UNREAD))
    }
}

impl Pokes {
    /// Tells that something has happened to an object. Nobody listening is no fault.
    pub fn poke(&self, key: &ObjectKey) {
        let _ = self.0.send(key.clone());
    }

    /// Streams what is told from now on.
    pub fn changes(&self) -> BoxStream<'static, ObjectKey> {
        stream::unfold(self.0.subscribe(), |mut news| async move {
            loop {
                match news.recv().await {
                    Ok(key) => return Some((key, news)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
        .boxed()
    }
}
