//! Everything that is said to, and heard from, the Kubernetes API: watches, the reconcile runner, conditions,
//! status, events, finalizers, Secrets and the leader's lease. It knows no kind of ours and no vendor.
//!
//! ```text
//! watch ──► keys of changed objects ─┐
//! other triggers ────────────────────┴─► runner ──► Reconciler ──► Pass ──► status, events, metrics
//! lease ──► Leadership: who may write at all
//! ```
//!
//! It never writes a `spec`, and writes nothing when nothing changed.

pub mod apply;
pub mod conditions;
pub mod events;
pub mod guarded;
pub mod key;
pub mod key_ledger;
pub mod lease;
pub mod progress;
pub mod reconciler;
pub mod runner;
pub mod secret;
pub mod vault;
pub mod watch;

mod finalizer;
mod status;

/// The field manager of everything that is written.
pub const FIELD_MANAGER: &str = "deputy";

/// The only finalizer that is set or removed.
pub const FINALIZER: &str = "deputy.dev/finalizer";

/// Annotations with this start may ask for a reconcile.
pub const ANNOTATION_PREFIX: &str = "deputy.dev/";
