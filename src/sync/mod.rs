//! One stream, exactly once: fetch, leave out what privacy excludes, commit rows and cursor together.
//!
//! ```text
//!            ┌──────────── plan (pure): begin, go on, purge first, or refuse
//!            ▼
//!  Listing ──► Sweeping ──► Following ──► Following …        each arrow is a commit
//!     ▲                         │
//!     └── new generation ◄──────┘  only when the vendor says that the cursor is no longer good
//! ```
//!
//! What is stale is swept once the changes since the listing were read: what moved meanwhile is among them.
//!
//! This module knows the traits of providers and destinations and none of their kinds. It holds at most one batch
//! in memory, so a mailbox's size does not matter.

mod batch;
pub mod error;
pub mod exclusion;
mod pages;
pub mod plan;
pub mod progress;
pub mod report;
pub mod run;
mod sweep;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use report::Report;
pub use run::{Fence, Stream};
