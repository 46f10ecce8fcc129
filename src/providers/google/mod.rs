//! Google Workspace, through a service account with domain-wide delegation.

mod api;
mod errors;
mod export;
mod key;
mod method;
mod scopes;
pub mod spec;

/// The name in YAML, metrics and folders.
pub(super) const NAME: &str = "google";
