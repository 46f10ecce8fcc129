//! Opened connections, shared by all who use them: tokens, limiters, the destination and the people found so far.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::BoxStream;
use tokio::sync::Semaphore;

use super::pokes::Pokes;
use super::roster::Roster;
use crate::destinations::Destination;
use crate::kube_io::key::ObjectKey;
use crate::providers::Session;

/// What a link was opened with. Another one needs another link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The object, for one of the same name may have taken its place.
    pub uid: String,
    /// Its spec.
    pub generation: i64,
    /// Its Secrets, by the versions that were read.
    pub secrets: Vec<Option<String>>,
}

/// An opened connection.
#[derive(Clone)]
pub struct Link {
    /// What it was opened with.
    pub origin: Origin,
    /// Which connection it is.
    pub key: ObjectKey,
    /// The system's name.
    pub provider: &'static str,
    /// The credential's fingerprint; none where the connection has no Secret.
    pub fingerprint: Option<String>,
    /// The vendor.
    pub session: Arc<dyn Session>,
    /// Where rows go; none where the connection is only verified.
    pub destination: Option<Arc<dyn Destination>>,
    /// How many people may be synced at once.
    pub seats: Arc<Semaphore>,
    /// The people found so far.
    pub roster: Arc<Roster>,
}

impl Link {
    /// Returns the same link as opened with another origin that comes to the same.
    #[must_use]
    pub fn with_origin(&self, origin: Origin) -> Self {
        Self {
            origin,
            ..self.clone()
        }
    }
}

/// All opened connections. Clones share them.
#[derive(Clone, Default)]
pub struct Links {
    open: Arc<Mutex<HashMap<ObjectKey, Arc<Link>>>>,
    opened: Pokes,
}

impl Links {
    /// Returns the link of a connection, if it is open.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<Link>> {
        self.lock().get(key).cloned()
    }

    /// Puts a link in the place of an older one, which ends with its last user.
    pub fn put(&self, link: Arc<Link>) {
        let key = link.key.clone();
        self.lock().insert(key.clone(), link);
        self.opened.poke(&key);
    }

    /// Closes a connection.
    pub fn close(&self, key: &ObjectKey) {
        self.lock().remove(key);
    }

    /// Streams connections as they are opened.
    pub fn opened(&self) -> BoxStream<'static, ObjectKey> {
        self.opened.changes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Arc<Link>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
