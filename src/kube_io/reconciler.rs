//! What a kind has to bring along to be run: one pass over one object.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::core::object::HasStatus;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A status that carries conditions.
pub trait ObjectStatus:
    Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static
{
    /// Returns the conditions, one per type.
    fn conditions(&self) -> &[Condition];
}

/// A namespaced kind with a status subresource. Every `CustomResource` whose status is an [`ObjectStatus`] is one.
pub trait Object:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasStatus<Status: ObjectStatus>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl<K> Object for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + HasStatus<Status: ObjectStatus>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// The status of a kind.
pub type StatusOf<K> = <K as HasStatus>::Status;

/// Brings one object nearer to what its spec says.
///
/// **Guarantees of the runner**: never two passes over one object at once; the object is at least as new as the status
/// that was written last; no pass starts without leadership, and losing it drops those under way; a panic ends the process.
///
/// **Assumptions**: a pass may be dropped at any await, and may be repeated.
#[async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// The kind that is reconciled.
    type Kind: Object;

    /// Tells whether something outside of the cluster would be left behind if the object vanished now.
    ///
    /// Asked before each pass over a living object, so that the finalizer is there before the pass creates what it protects.
    fn needs_finalizer(&self, object: &Self::Kind) -> bool;

    /// Makes one pass. It never fails: what failed is in the status.
    async fn reconcile(&self, object: Arc<Self::Kind>) -> Pass<StatusOf<Self::Kind>>;

    /// Cleans up after an object that is being deleted and carries our finalizer.
    ///
    /// It must not wait for ever: after a bound of its own it gives up, says so, and returns [`Cleanup::Done`].
    async fn cleanup(&self, object: Arc<Self::Kind>) -> Cleanup<StatusOf<Self::Kind>>;
}

/// What a pass came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass<S> {
    /// The whole status: what is not in it goes. Written only if it differs from what is stored.
    pub status: S,
    /// When to come back.
    pub next: Next,
}

/// When an object is looked at again if nothing changes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At an instant, UTC; at once if it is past.
    At(Timestamp),
    /// After a while.
    After(Duration),
    /// Only when something changes.
    OnChange,
    /// After a while that grows with every failure in a row: see [`Settings`](super::runner::Settings).
    Backoff,
}

/// What a clean-up came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Cleanup<S> {
    /// Nothing is left: the finalizer goes.
    Done,
    /// Something is left.
    Wait {
        /// The whole status, as in [`Pass`].
        status: S,
        /// When to try again.
        next: Next,
    },
}
