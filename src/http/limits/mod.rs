//! How often a vendor may be asked: one tree of allowances, shared by all workers.
//!
//! ```text
//! Registry ── provider × account × API ─► Quota ─┬─► all users together
//!                                                └─► one user: allowance, requests under way
//! Pace ── one connection, whatever the vendor would allow
//! ```
//!
//! `governor` counts one level at a time, so a request that has been admitted by its user's level would hold that
//! place while it waits at the account's, and it has neither pauses nor a sliding window. Here all levels are judged
//! together under one short lock: a request takes from all of them or from none.

mod meter;
mod pace;
mod quota;
mod registry;
mod window;

pub use pace::Pace;
pub use quota::{Allowance, Breadth, Paused, Permit, Quota, Table};
pub use registry::{QuotaKey, Registry};
