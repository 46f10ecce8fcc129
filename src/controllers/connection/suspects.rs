//! Connections that a sync has found failing, so that they are verified before their next turn.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::BoxStream;

use crate::controllers::pokes::Pokes;
use crate::kube_io::key::ObjectKey;

/// The suspicions. Clones share them. One whose poke is missed is found by the connection's next pass.
#[derive(Clone, Default)]
pub struct Suspects {
    keys: Arc<Mutex<HashSet<ObjectKey>>>,
    pokes: Pokes,
}

impl Suspects {
    /// Suspects a connection.
    pub fn add(&self, key: &ObjectKey) {
        self.lock().insert(key.clone());
        self.pokes.poke(key);
    }

    /// Returns whether a connection is suspected, and forgets it.
    pub fn take(&self, key: &ObjectKey) -> bool {
        self.lock().remove(key)
    }

    /// Streams connections as they become suspected.
    pub fn changes(&self) -> BoxStream<'static, ObjectKey> {
        self.pokes.changes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<ObjectKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
