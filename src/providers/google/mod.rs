//! Google Workspace, through a service account with domain-wide delegation.

mod api;
mod method;
mod scopes;
pub mod spec;
