//! Where boxes' files go, opened once and kept until the spec or the Secret changes. Every replica has its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kube::{Resource, ResourceExt};

use crate::api::ServiceAccountConnection;
use crate::controllers::cluster::Cluster;
use crate::controllers::connection::open_destination;
use crate::controllers::fact::Fact;
use crate::destinations::quarantine::Quarantine;
use crate::kube_io::key::ObjectKey;

/// The opened places. Clones share them.
#[derive(Clone)]
pub struct Depots {
    cluster: Cluster,
    open: Arc<Mutex<HashMap<ObjectKey, Depot>>>,
}

struct Depot {
    origin: Origin,
    quarantine: Arc<dyn Quarantine>,
}

/// What a place was opened with. Another one needs another place.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    uid: Option<String>,
    generation: Option<i64>,
    secret: Option<String>,
}

/// Says that a connection has no destination.
pub(super) fn no_destination() -> Fact {
    Fact::bad(
        "NoDestination",
        "The connection has no spec.destination that files could go to. Name a folder or a bucket: destination.objectStore.",
    )
}

/// Says that a destination keeps no files.
pub(super) fn keeps_no_files() -> Fact {
    Fact::bad(
        "UnsupportedByDestination",
        "The destination keeps rows and no files. Name a folder or a bucket for this account: spec.destination.objectStore.",
    )
}

impl Depots {
    /// Starts with none.
    pub fn new(cluster: Cluster) -> Self {
        Self {
            cluster,
            open: Arc::default(),
        }
    }

    /// Returns where the files of an account go.
    ///
    /// # Errors
    /// What is in the way, in the words of a condition.
    pub async fn open(
        &self,
        account: &ServiceAccountConnection,
    ) -> Result<Arc<dyn Quarantine>, Fact> {
        let key = ObjectKey::of(account);
        let origin = self.origin(account, &key);
        if let Some(depot) = self.lock().get(&key).filter(|depot| depot.origin == origin) {
            return Ok(Arc::clone(&depot.quarantine));
        }
        let opened = open_destination(&self.cluster, &account.spec, &key).await?;
        let destination = opened.ok_or_else(no_destination)?;
        let quarantine = destination.quarantine(&key.namespace, &key.name);
        let quarantine = quarantine.ok_or_else(keeps_no_files)?;
        let depot = Depot {
            origin,
            quarantine: Arc::clone(&quarantine),
        };
        let mut open = self.lock();
        open.retain(|known, _| self.cluster.connections.get(known).is_some());
        open.insert(key, depot);
        Ok(quarantine)
    }

    fn origin(&self, account: &ServiceAccountConnection, key: &ObjectKey) -> Origin {
        let destination = account.spec.destination.as_ref();
        let secret = destination.and_then(|destination| destination.secret());
        Origin {
            uid: account.uid(),
            generation: account.meta().generation,
            secret: secret.and_then(|secret| {
                let key = ObjectKey::new(&key.namespace, &secret.name);
                self.cluster.secret_version(&key)
            }),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectKey, Depot>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
