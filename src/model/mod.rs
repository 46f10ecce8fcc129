//! The plain nouns that every layer speaks of. No I/O, no vendor, no Kubernetes.

pub mod account;
pub mod apart;
pub mod clock;
pub mod cursor;
pub mod dataset;
pub mod duration;
pub mod email;
pub mod key;
pub mod privacy;
pub mod record;
pub mod row;
pub mod secret;
pub mod size;
pub mod table;
pub mod upload;
