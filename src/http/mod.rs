//! The one HTTP stack: who may be asked, how much may come back, and when.

/// Sends requests. Cheap to clone; clones share connections and limits.
#[derive(Debug, Clone)]
pub struct Client;
