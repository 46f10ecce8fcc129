//! How the last notification of each box went, for its condition.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::BoxStream;

use crate::controllers::fact::Fact;
use crate::controllers::pokes::Pokes;
use crate::kube_io::key::ObjectKey;

/// The last outcomes, of this process. Clones share them. An outcome whose poke is missed is found by the connection's next
/// pass.
#[derive(Clone, Default)]
pub struct Notices {
    last: Arc<Mutex<HashMap<ObjectKey, Fact>>>,
    pokes: Pokes,
}

impl Notices {
    /// Notes an outcome.
    pub fn note(&self, key: &ObjectKey, outcome: &Fact) {
        let before = self.lock().insert(key.clone(), outcome.clone());
        if before.as_ref() != Some(outcome) {
            self.pokes.poke(key);
        }
    }

    /// Returns the last outcome of a box.
    pub fn last(&self, key: &ObjectKey) -> Option<Fact> {
        self.lock().get(key).cloned()
    }

    /// Forgets the boxes that are not among `known`.
    pub fn keep(&self, known: &[ObjectKey]) {
        self.lock().retain(|key, _| known.contains(key));
    }

    /// Streams boxes whose outcome is another than before.
    pub fn changes(&self) -> BoxStream<'static, ObjectKey> {
        self.pokes.changes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Fact>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
