//! The people of a connection, found and changed in the name of an identity provider.
//!
//! Lists come from the cache, as fast as identity providers want them; whoever is read or changed by id is read live. Every
//! write is made from the version that was read, so it does not matter which replica makes it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, Resource, ResourceExt};
use serde_json::Map;
use serde_json::Value;

use super::attributes::Attributes;
use super::error::ScimError;
use super::refusals;
use super::user;
use crate::api::common::ConnectionRef;
use crate::api::{ServiceAccountConnection, SyncedUser};
use crate::controllers::allowance::Allowance;
use crate::controllers::cluster::{Cluster, connection_key};
use crate::kube_io::apply::{ApplyError, Place, apply};
use crate::kube_io::key::ObjectKey;
use crate::model::email::Email;

/// The field manager of what SCIM writes.
const MANAGER: &str = "deputy-scim";
/// How often a change is made anew because somebody else was faster.
const ATTEMPTS: usize = 4;
/// How long a write waits until this replica's own cache knows of it, so that the next list does.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);
/// How often a wait looks at the cache.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long one replica may be behind another one.
const BEHIND: Duration = Duration::from_millis(250);

/// The people of one connection.
pub(super) struct People<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) connection: &'a ServiceAccountConnection,
    /// The URL that the resources are below.
    pub(super) base: &'a str,
    pub(super) now: Timestamp,
}

type Resourced = Map<String, Value>;

impl People<'_> {
    /// Returns everybody, the oldest first.
    pub(super) fn all(&self) -> Vec<Arc<SyncedUser>> {
        let mut all = self.cluster.admitted_users_of(self.connection);
        all.retain(|user| user.meta().deletion_timestamp.is_none());
        all
    }

    /// Returns somebody as the protocol has it.
    pub(super) fn resource(&self, user: &SyncedUser) -> Resourced {
        user::resource(user, self.base)
    }

    /// Finds somebody by id, live.
    pub(super) async fn find(&self, id: &str) -> Result<SyncedUser, ScimError> {
        let key = match self.key_of(id) {
            Some(key) => key,
            // Another replica may just have made it.
            None => self
                .awaited(BEHIND, || self.key_of(id))
                .await
                .ok_or_else(unknown)?,
        };
        let found = self.api(&key.namespace).get_opt(&key.name).await;
        let found = found.map_err(|error| refusals::of_kube("get", &error))?;
        found
            .filter(|user| self.is_one_of_us(user, id))
            .ok_or_else(unknown)
    }

    fn key_of(&self, id: &str) -> Option<ObjectKey> {
        let all = self.all();
        let found = all.iter().find(|user| user.uid().as_deref() == Some(id));
        found.map(|user| ObjectKey::of(&**user))
    }

    fn is_one_of_us(&self, user: &SyncedUser, id: &str) -> bool {
        user.uid().as_deref() == Some(id)
            && user.meta().deletion_timestamp.is_none()
            && connection_key(user) == ObjectKey::of(self.connection)
    }

    /// Makes somebody.
    pub(super) async fn create(&self, attributes: &Attributes) -> Result<SyncedUser, ScimError> {
        let email = attributes.address()?;
        self.admits(&email)?;
        self.is_free(attributes, &email, None)?;
        let namespace = self.connection.namespace().unwrap_or_default();
        let connection = ConnectionRef {
            name: self.connection.name_any(),
            namespace: None,
        };
        let mut beside = None;
        for _ in 0..ATTEMPTS {
            let name = user::name_for(&connection.name, &email, beside.as_deref());
            let manifest = user::manifest(&name, &connection, attributes, &email, self.now);
            match self.apply((&namespace, &name), Place::Free, manifest).await {
                Ok(made) => return Ok(made),
                Err(ApplyError::Late) => beside = self.stranger(&namespace, &name, &email).await?,
                Err(error) => return Err(refusals::of_apply(&error)),
            }
        }
        Err(refusals::of_apply(&ApplyError::Late))
    }

    /// Returns the UID of the object in the place of one for this address, where it is another person's by now.
    async fn stranger(
        &self,
        namespace: &str,
        name: &str,
        email: &Email,
    ) -> Result<Option<String>, ScimError> {
        let found = self.api(namespace).get_opt(name).await;
        match found.map_err(|error| refusals::of_kube("get", &error))? {
            Some(user) if &user.spec.email != email => Ok(user.uid()),
            Some(user) if user.meta().deletion_timestamp.is_some() => Err(refusals::leaving()),
            Some(_) => Err(refusals::taken(email)),
            None => Ok(None),
        }
    }

    fn admits(&self, email: &Email) -> Result<(), ScimError> {
        let fact = Allowance::of(&self.connection.spec).admits(email);
        if fact.holds() {
            return Ok(());
        }
        Err(refusals::not_allowed(fact.message))
    }

    /// Nobody else has the address or the name.
    fn is_free(
        &self,
        attributes: &Attributes,
        email: &Email,
        own: Option<&SyncedUser>,
    ) -> Result<(), ScimError> {
        let own = own.and_then(ResourceExt::uid);
        let name = attributes.user_name().to_lowercase();
        let is_other = |user: &&Arc<SyncedUser>| own.is_none() || user.uid() != own;
        for other in self.all().iter().filter(is_other) {
            if &other.spec.email == email {
                return Err(refusals::taken(email));
            }
            if user::attributes(other).user_name().to_lowercase() == name {
                return Err(refusals::name_taken(attributes.user_name()));
            }
        }
        Ok(())
    }

    /// Changes somebody, from whatever they are by then.
    pub(super) async fn change(
        &self,
        id: &str,
        change: impl Fn(&SyncedUser) -> Result<Attributes, ScimError>,
    ) -> Result<SyncedUser, ScimError> {
        for _ in 0..ATTEMPTS {
            let before = self.find(id).await?;
            let after = change(&before)?;
            if after == user::attributes(&before) {
                return Ok(before);
            }
            match self.write(&before, &after).await? {
                Ok(written) => return Ok(written),
                Err(ApplyError::Late) => {}
                Err(error) => return Err(refusals::of_apply(&error)),
            }
        }
        Err(refusals::of_apply(&ApplyError::Late))
    }

    async fn write(
        &self,
        before: &SyncedUser,
        after: &Attributes,
    ) -> Result<Result<SyncedUser, ApplyError>, ScimError> {
        if !user::is_managed(before) {
            return Err(refusals::foreign(before));
        }
        let email = after.address()?;
        let is_enabled_now = after.is_active() && !before.spec.enabled;
        let is_moved = email != before.spec.email;
        let is_renamed = after.user_name() != user::attributes(before).user_name();
        if is_enabled_now || is_moved {
            self.admits(&email)?;
        }
        // Whoever has something in common with somebody that came later from elsewhere can still be let go.
        if is_enabled_now || is_moved || is_renamed {
            self.is_free(after, &email, Some(before))?;
        }
        let (namespace, name) = (before.namespace().unwrap_or_default(), before.name_any());
        let connection = &before.spec.connection_ref;
        let manifest = user::manifest(&name, connection, after, &email, self.now);
        let place = Place::Taken(before.meta());
        Ok(self.apply((&namespace, &name), place, manifest).await)
    }

    async fn apply(
        &self,
        key: (&str, &str),
        place: Place<'_>,
        manifest: Value,
    ) -> Result<SyncedUser, ApplyError> {
        let written = apply(&self.cluster.client, key, MANAGER, place, manifest).await?;
        self.known(&written).await;
        Ok(written)
    }

    /// Deletes somebody. What becomes of their history is the object's own `deletionPolicy`.
    pub(super) async fn delete(&self, user: &SyncedUser) -> Result<(), ScimError> {
        if !user::is_managed(user) {
            return Err(refusals::foreign(user));
        }
        let id = user.uid();
        let how = DeleteParams {
            preconditions: Some(Preconditions {
                uid: id.clone(),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        let api = self.api(&user.namespace().unwrap_or_default());
        match api.delete(&user.name_any(), &how).await {
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {}
            Err(error) => return Err(refusals::of_kube("delete", &error)),
            Ok(_) => {
                let id = id.unwrap_or_default();
                let gone = || self.key_of(&id).is_none().then_some(());
                self.awaited(KNOWN_WITHIN, gone).await;
            }
        }
        Ok(())
    }

    /// Waits until the cache knows of what was written.
    async fn known(&self, written: &SyncedUser) {
        let key = ObjectKey::of(written);
        let version = |user: &SyncedUser| {
            let version = user.meta().resource_version.as_deref();
            version.and_then(|version| version.parse::<u64>().ok())
        };
        // Versions of one object grow: kubernetes.io, "Resource versions", read 2026-11-22.
        let is_known = || {
            let cached = self.cluster.users.get(&key)?;
            (version(&cached) >= version(written)).then_some(())
        };
        self.awaited(KNOWN_WITHIN, is_known).await;
    }

    /// Looks at the cache again and again, for a while.
    async fn awaited<T>(&self, within: Duration, look: impl Fn() -> Option<T>) -> Option<T> {
        let found = async {
            loop {
                if let Some(found) = look() {
                    return found;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(within, found).await.ok()
    }

    fn api(&self, namespace: &str) -> Api<SyncedUser> {
        Api::namespaced(self.cluster.client.clone(), namespace)
    }
}

fn unknown() -> ScimError {
    ScimError::not_found("such user")
}
