//! Google Workspace, through a service account with domain-wide delegation.

pub mod spec;
