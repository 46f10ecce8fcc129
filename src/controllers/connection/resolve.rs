//! Reads the Secrets of a connection and opens it, or takes the link that is open already. Asks no vendor.

use std::sync::Arc;

use jiff::SignedDuration;
use kube::{Resource, ResourceExt};
use tokio::sync::Semaphore;

use super::ConnectionReconciler;
use crate::api::ServiceAccountConnection;
use crate::api::connection::ServiceAccountConnectionSpec;
use crate::controllers::api_key::in_use;
use crate::controllers::cluster::Cluster;
use crate::controllers::effective;
use crate::controllers::fact::Fact;
use crate::controllers::home::home_of;
use crate::controllers::links::{Link, Origin};
use crate::controllers::roster::Roster;
use crate::destinations::{self, Destination};
use crate::kube_io::key::ObjectKey;
use crate::kube_io::secret;
use crate::model::secret::{Credentials, SecretRef};
use crate::providers::Clients;
use crate::providers::registry::ProviderSpec;

/// Why a connection could not be opened: which condition says so, and what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Closed {
    /// The condition.
    pub(super) condition: &'static str,
    /// What it says.
    pub(super) fact: Fact,
}

impl ConnectionReconciler {
    pub(super) async fn open(
        &self,
        object: &ServiceAccountConnection,
        key: &ObjectKey,
    ) -> Result<Arc<Link>, Closed> {
        let origin = self.origin(object, key);
        if let Some(link) = self.links.get(key).filter(|link| link.origin == origin) {
            return Ok(link);
        }
        let opened = self.open_anew(object, key, origin).await;
        let opened = opened.map(|link| self.kept(object, key, link));
        match &opened {
            Ok(link) => self.links.put(Arc::clone(link)),
            Err(_) => self.links.close(key),
        }
        opened
    }

    /// A Secret may change in what is no business of the connection, such as a key that waits for its turn. Tokens and
    /// limiters go on then.
    fn kept(
        &self,
        object: &ServiceAccountConnection,
        key: &ObjectKey,
        fresh: Arc<Link>,
    ) -> Arc<Link> {
        let credentials = usize::from(object.spec.credentials_secret_ref.is_some());
        let of_destination =
            |link: &Link| link.origin.secrets.get(credentials..).map(<[_]>::to_vec);
        let same = |old: &Arc<Link>| {
            old.origin.uid == fresh.origin.uid
                && old.origin.generation == fresh.origin.generation
                && old.fingerprint == fresh.fingerprint
                && of_destination(old) == of_destination(&fresh)
        };
        match self.links.get(key).filter(same) {
            Some(old) => Arc::new(old.with_origin(fresh.origin.clone())),
            None => fresh,
        }
    }

    fn origin(&self, object: &ServiceAccountConnection, key: &ObjectKey) -> Origin {
        let version = |name: &SecretRef| {
            self.cluster
                .secret_version(&ObjectKey::new(&key.namespace, &name.name))
        };
        Origin {
            uid: object.uid().unwrap_or_default(),
            generation: object.meta().generation.unwrap_or_default(),
            secrets: secrets_of(&object.spec).into_iter().map(version).collect(),
        }
    }

    async fn open_anew(
        &self,
        object: &ServiceAccountConnection,
        key: &ObjectKey,
        origin: Origin,
    ) -> Result<Arc<Link>, Closed> {
        let spec = &object.spec;
        let credentials = match &spec.credentials_secret_ref {
            Some(name) => in_use(&self.read(key, name).await.map_err(|fact| Closed {
                condition: "CredentialsAvailable",
                fact,
            })?),
            None => Credentials::default(),
        };
        let clients = Clients {
            home: Some(home_of(object, &self.cluster)),
            ..self.clients.clone()
        };
        let session = spec
            .provider
            .open(&credentials, effective::pace(spec), &clients)
            .await
            .map_err(|error| Closed {
                condition: "CredentialsAvailable",
                fact: Fact::from(&error),
            })?;
        let destination = open_destination(&self.cluster, spec, key)
            .await
            .map_err(|fact| Closed {
                condition: "DestinationReachable",
                fact,
            })?;
        let remember = effective::validation_interval(spec);
        Ok(Arc::new(Link {
            origin,
            key: key.clone(),
            provider: spec.provider.name(),
            fingerprint: spec
                .credentials_secret_ref
                .as_ref()
                .map(|_| credentials.fingerprint().to_string()),
            session,
            destination,
            seats: Arc::new(Semaphore::new(effective::concurrent_users(spec))),
            roster: Arc::new(Roster::new(
                Arc::clone(&self.clients.clock),
                SignedDuration::min(remember, SignedDuration::from_hours(1)),
            )),
        }))
    }

    async fn read(&self, key: &ObjectKey, name: &SecretRef) -> Result<Credentials, Fact> {
        read(&self.cluster, key, name).await
    }
}

/// Opens where a connection's rows and files go; none where it has no destination. Reads the Secret, and makes no other request.
///
/// # Errors
/// What is in the way, in the words of `DestinationReachable`.
pub(in crate::controllers) async fn open_destination(
    cluster: &Cluster,
    spec: &ServiceAccountConnectionSpec,
    key: &ObjectKey,
) -> Result<Option<Arc<dyn Destination>>, Fact> {
    let Some(destination) = &spec.destination else {
        return Ok(None);
    };
    let credentials = match destination.secret() {
        Some(name) => Some(read(cluster, key, name).await?),
        None => None,
    };
    let opened = destinations::open(destination, credentials.as_ref());
    opened.map(Some).map_err(|error| Fact::from(&error))
}

async fn read(cluster: &Cluster, key: &ObjectKey, name: &SecretRef) -> Result<Credentials, Fact> {
    secret::read(cluster.client.clone(), &key.namespace, &name.name)
        .await
        .map_err(|error| Fact::from(&error))
}

/// Returns the Secrets that a connection reads.
pub(in crate::controllers) fn secrets_of(spec: &ServiceAccountConnectionSpec) -> Vec<&SecretRef> {
    let destination = spec
        .destination
        .as_ref()
        .and_then(|destination| destination.secret());
    let credential = spec.credentials_secret_ref.iter();
    let webhook = match &spec.provider {
        ProviderSpec::Deputy(account) => account.webhook_secret(),
        _ => None,
    };
    credential.chain(destination).chain(webhook).collect()
}
