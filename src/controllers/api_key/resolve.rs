//! What a key's surroundings are: its connection and whether that can be used. Asks no vendor.

use std::sync::Arc;

use kube::{Resource, ResourceExt};

use super::ApiKeyReconciler;
use crate::api::{ApiKey, ServiceAccountConnection};
use crate::controllers::fact::Fact;
use crate::controllers::links::Link;
use crate::kube_io::conditions::find;
use crate::kube_io::key::ObjectKey;

/// Returns the connection that a key's object refers to.
pub(in crate::controllers) fn connection_of(object: &ApiKey) -> ObjectKey {
    let reference = &object.spec.connection_ref;
    let own = || object.namespace().unwrap_or_default();
    ObjectKey::new(
        reference.namespace.clone().unwrap_or_else(own),
        &reference.name,
    )
}

/// A connection that can be used.
pub(super) struct Surroundings {
    /// It, open.
    pub(super) link: Arc<Link>,
    /// The Secret of the key is the connection's own.
    pub(super) is_credential: bool,
}

/// Returns whether a key's Secret is the one that the connection reads.
pub(super) fn is_credential(object: &ApiKey, connection: &ServiceAccountConnection) -> bool {
    let reference = connection.spec.credentials_secret_ref.as_ref();
    connection.namespace() == object.namespace()
        && reference.is_some_and(|reference| reference.name == object.spec.secret_name)
}

impl ApiKeyReconciler {
    /// Finds the connection of a key.
    ///
    /// # Errors
    /// What `ConnectionReady` says where it cannot be used.
    pub(super) fn resolve(&self, object: &ApiKey) -> Result<Surroundings, Fact> {
        let key = connection_of(object);
        let Some(connection) = self.cluster.connections.get(&key) else {
            return Err(self.absent(&key));
        };
        let namespace = object.namespace().unwrap_or_default();
        if !self.cluster.admits(&connection, &namespace) {
            return Err(not_admitted(&key));
        }
        can_authenticate(&connection, &key)?;
        let link = self.links.get(&key).ok_or_else(|| opening(&key))?;
        Ok(Surroundings {
            is_credential: is_credential(object, &connection),
            link,
        })
    }

    fn absent(&self, key: &ObjectKey) -> Fact {
        if self.cluster.connections.is_undecodable(key) {
            return Fact::not_yet(
                "ConnectionUndecodable",
                format!(
                    "The ServiceAccountConnection {key} is not what this version of Deputy understands. Its own condition Ready \
                     says why; correct it there."
                ),
            );
        }
        Fact::not_yet(
            "ConnectionNotFound",
            format!(
                "There is no ServiceAccountConnection {key}. Create it, or correct spec.connectionRef."
            ),
        )
    }
}

fn not_admitted(key: &ObjectKey) -> Fact {
    Fact::bad(
        "NamespaceNotAllowed",
        format!(
            "The connection {key} does not admit this namespace. Whoever owns the connection can open it with allowedNamespaces and \
             a label of this namespace."
        ),
    )
}

fn opening(key: &ObjectKey) -> Fact {
    Fact::unknown(
        "ConnectionOpening",
        format!("The connection {key} is being opened."),
    )
}

/// A key needs an account that the vendor lets in; what is delegated to it, or where rows go, is nothing to a key.
fn can_authenticate(connection: &ServiceAccountConnection, key: &ObjectKey) -> Result<(), Fact> {
    if connection.spec.suspend == Some(true) {
        return Err(Fact::not_yet(
            "ConnectionSuspended",
            format!("The connection {key} is suspended."),
        ));
    }
    let status = connection.status.as_ref();
    let is_current = status
        .is_some_and(|status| Some(status.observed_generation) == connection.meta().generation);
    let conditions = status.map(|status| status.conditions.as_slice());
    let authenticated = find(conditions.unwrap_or_default(), "Authenticated");
    match authenticated.filter(|_| is_current) {
        Some(found) if found.status == "True" => Ok(()),
        Some(found) => Err(Fact {
            message: format!(
                "The connection {key} does not authenticate: {}",
                found.message
            ),
            ..Fact::of(found)
        }),
        None => Err(opening(key)),
    }
}
