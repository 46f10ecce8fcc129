//! Names that no other test has.

use std::hash::{BuildHasher, RandomState};

/// A name like `mail-3f9a1c0b52d7`, fit for a namespace, a database and a file.
pub(crate) fn name(prefix: &str) -> String {
    // Each RandomState is seeded by the operating system, and differs from the one before.
    let bits = RandomState::new().hash_one(std::process::id());
    format!("{prefix}-{:012x}", bits & 0xffff_ffff_ffff)
}
