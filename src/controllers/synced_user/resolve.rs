//! What is known of a person's surroundings, from the caches. Asks nobody.

use std::sync::Arc;

use jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::SyncedUserReconciler;
use super::decide::Situation;
use super::job::Job;
use crate::api::{RESYNC_REQUESTED_AT, ServiceAccountConnection, SyncedUser, requested_at};
use crate::controllers::allowance::{Allowance, listed};
use crate::controllers::cluster::connection_key;
use crate::controllers::effective::{self, Plan};
use crate::controllers::links::Link;
use crate::kube_io::key::ObjectKey;

/// What a person's object refers to.
pub(super) struct Resolved {
    connection_key: ObjectKey,
    connection: Option<Arc<ServiceAccountConnection>>,
    is_undecodable: bool,
    is_admitted: bool,
    link: Option<Arc<Link>>,
    siblings: Vec<Arc<SyncedUser>>,
}

impl SyncedUserReconciler {
    pub(super) fn resolve(&self, object: &SyncedUser) -> Resolved {
        let connection_key = connection_key(object);
        let connection = self.cluster.connections.get(&connection_key);
        let namespace = object.namespace().unwrap_or_default();
        let is_admitted = connection
            .as_ref()
            .is_some_and(|found| self.cluster.admits(found, &namespace));
        Resolved {
            is_undecodable: self.cluster.connections.is_undecodable(&connection_key),
            is_admitted,
            link: self.links.get(&connection_key).filter(|_| is_admitted),
            siblings: connection
                .as_ref()
                .map_or_else(Vec::new, |found| self.cluster.admitted_users_of(found)),
            connection_key,
            connection,
        }
    }
}

impl Resolved {
    /// Returns whether the connection's lists admit this person.
    pub(super) fn admits(&self, object: &SyncedUser) -> bool {
        let connection = self.connection.as_ref().filter(|_| self.is_admitted);
        connection.is_some_and(|found| {
            Allowance::of(&found.spec)
                .admits(&object.spec.email)
                .holds()
        })
    }

    pub(super) fn situation<'a>(
        &'a self,
        object: &'a SyncedUser,
        (is_running, last_run): (bool, Timestamp),
        now: Timestamp,
    ) -> Situation<'a> {
        Situation {
            object,
            connection_key: &self.connection_key,
            connection: self.connection.as_deref(),
            is_undecodable: self.is_undecodable,
            is_admitted: self.is_admitted,
            is_open: self.link.is_some(),
            siblings: &self.siblings,
            is_running,
            last_run,
            now,
        }
    }

    /// Returns the job of a person whose connection is there and open.
    pub(super) fn job(&self, object: &SyncedUser, plan: &Plan) -> Option<Job> {
        let (connection, link) = (self.connection.as_ref()?, self.link.as_ref()?);
        let spec = &connection.spec;
        let allowance = Allowance::of(spec);
        Some(Job {
            key: ObjectKey::of(object),
            uid: object.uid()?,
            link: Arc::clone(link),
            email: object.spec.email.clone(),
            connected_email: object.spec.connected_email.clone(),
            listed: listed(spec, &self.siblings).collect(),
            allowance,
            plan: plan.clone(),
            since: spec.sync.as_ref().and_then(|sync| sync.since),
            require_license: effective::requires_license(spec),
            skus: effective::skus(spec),
            resync: object.annotations().get(RESYNC_REQUESTED_AT).cloned(),
            requested_at: requested_at(object.meta()),
        })
    }
}
