//! Google Workspace, through a service account with domain-wide delegation.

mod api;
mod export;
mod method;
mod scopes;
pub mod spec;
