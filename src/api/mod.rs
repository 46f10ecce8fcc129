//! The three kinds, as users write and read them.
//!
//! The doc comments of fields are what `kubectl explain` prints. Nothing has a default in the schema, because tools
//! that compare would show it as a difference: what is absent means what its comment says.

// What kube's derive macros make of the attributes on a kind is theirs.
#[allow(unreachable_pub, clippy::duplicated_attributes)]
pub mod api_key;
pub mod common;
#[allow(unreachable_pub, clippy::duplicated_attributes)]
pub mod connection;
pub mod crds;
pub mod examples;
#[allow(unreachable_pub, clippy::duplicated_attributes)]
pub mod synced_user;

pub use crate::model::duration::Span;
pub use api_key::{ApiKey, ApiKeySpec, ApiKeyStatus};
pub use connection::{
    ServiceAccountConnection, ServiceAccountConnectionSpec, ServiceAccountConnectionStatus,
};
pub use synced_user::{SyncedUser, SyncedUserSpec, SyncedUserStatus};

/// The API group of all kinds.
pub const GROUP: &str = "deputy.dev";
/// Asks for one reconcile now; its value is answered in `status.lastHandledReconcileAt`.
pub const RECONCILE_REQUESTED_AT: &str = "deputy.dev/reconcile-requested-at";
/// The same, as Flux writes it.
pub const FLUX_REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Asks for a full re-sync in a new generation, on a `SyncedUser`.
pub const RESYNC_REQUESTED_AT: &str = "deputy.dev/resync-requested-at";
/// Asks for another key now, on an `ApiKey`; its value is answered in `status.lastHandledRotateAt`.
pub const ROTATE_REQUESTED_AT: &str = "deputy.dev/rotate-requested-at";

/// Returns the value of the annotation that asks for a reconcile, of either spelling.
pub fn requested_at(meta: &kube::core::ObjectMeta) -> Option<String> {
    let annotations = meta.annotations.as_ref()?;
    let requests = [RECONCILE_REQUESTED_AT, FLUX_REQUESTED_AT];
    requests
        .iter()
        .filter_map(|name| annotations.get(*name))
        .max()
        .cloned()
}
