//! What every exporter needs to make pages, whatever the vendor.
//!
//! ```text
//! Pager (one page at a time) ─► stream of pages     cursor: a place, written with its version and its vendor
//! items: read one by one, so that a malformed one does not hide the others     fault: what becomes of those
//! ```

pub(super) mod cursor;
pub(super) mod fault;
pub(super) mod items;
pub(super) mod pager;
pub(super) mod path;
#[cfg(test)]
pub(super) mod scripted;
pub(super) mod window;
