//! The sandbox over HTTP, one module per family of endpoints.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test that finds something else than it expects may panic, and reads best in one piece"
)]

mod batch;
mod calendar;
mod console;
mod directory;
mod drive;
mod gmail;
mod gmail_limits;
mod iam;
mod microsoft365;
mod microsoft365_sync;
mod sendsafely;
mod support;
mod token;
