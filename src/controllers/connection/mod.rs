//! Reconciles `ServiceAccountConnection`s.
//!
//! ```text
//! resolve (Secret, link) ─► decide (pure: is a check due?) ─► act (ask the vendor and the destination) ─► report (pure)
//! ```

mod act;
mod boxes;
mod decide;
mod leave;
mod propagation;
mod report;
mod resolve;
mod suspects;

use std::sync::Arc;

use async_trait::async_trait;
use kube::{Resource, ResourceExt};

use super::cluster::Cluster;
use super::dropzone::{Notices, Service};
use super::links::Links;
use crate::api::{ServiceAccountConnection, ServiceAccountConnectionStatus as Status};
use crate::kube_io::events::Events;
use crate::kube_io::key::ObjectKey;
use crate::kube_io::reconciler::{Cleanup, Next, Pass, Reconciler};
use crate::providers::Clients;

pub(in crate::controllers) use resolve::{open_destination, secrets_of};
pub use suspects::Suspects;

/// Reconciles connections.
pub struct ConnectionReconciler {
    /// The caches.
    pub cluster: Cluster,
    /// The opened connections.
    pub links: Links,
    /// The HTTP stack and the clock.
    pub clients: Clients,
    /// Connections that a sync has found failing.
    pub suspects: Suspects,
    /// Where the end of a bounded wait is told.
    pub events: Events,
    /// How boxes are served; none where they are not.
    pub dropzone: Option<Service>,
    /// How the boxes' last notifications went.
    pub notices: Notices,
}

#[async_trait]
impl Reconciler for ConnectionReconciler {
    type Kind = ServiceAccountConnection;

    fn needs_finalizer(&self, object: &ServiceAccountConnection) -> bool {
        !self.cluster.admitted_users_of(object).is_empty()
            || !self.cluster.admitted_keys_of(object).is_empty()
    }

    async fn reconcile(&self, object: Arc<ServiceAccountConnection>) -> Pass<Status> {
        let key = ObjectKey::of(&*object);
        let now = self.clients.clock.now();
        if object.spec.suspend == Some(true) {
            self.links.close(&key);
            return Pass {
                status: report::suspended(&object, now),
                next: Next::OnChange,
            };
        }
        let opened = self.open(&object, &key).await;
        let users = self.cluster.admitted_users_of(&object);
        let fingerprint = opened
            .as_ref()
            .ok()
            .and_then(|link| link.fingerprint.as_deref());
        let decision = decide::decide(&decide::Situation {
            object: &object,
            fingerprint,
            is_suspected: self.suspects.take(&key),
            now,
        });
        let findings = act::act(&object, &opened, &users, decision, now).await;
        let status = report::report(&report::Facts {
            object: &object,
            fingerprint,
            findings: &findings,
            users: &users,
            drop_box: self.sight(&object, &key, &opened).as_ref(),
            now: self.clients.clock.now(),
        });
        let next = status
            .next_verification_time
            .map_or(Next::OnChange, Next::At);
        Pass { status, next }
    }

    async fn cleanup(&self, object: Arc<ServiceAccountConnection>) -> Cleanup<Status> {
        let key = ObjectKey::of(&*object);
        let needed_by = leave::NeededBy {
            users: self.cluster.admitted_users_of(&object).len(),
            keys: self.cluster.admitted_keys_of(&object).len(),
        };
        let now = self.clients.clock.now();
        let cleanup = leave::leave(&object, needed_by, now);
        if let Cleanup::Wait { .. } = cleanup {
            // Its keys are revoked through it, also by a process that has only just started.
            let _ = self.open(&object, &key).await;
        } else {
            if needed_by.anybody() {
                let reference = object.object_ref(&());
                leave::tell_orphans(&self.events, &reference, needed_by).await;
            }
            tracing::info!(connection.name = object.name_any(), "a connection is gone");
            self.links.close(&key);
        }
        cleanup
    }
}
