//! Content from the seed.

pub(crate) mod calendar;
pub(crate) mod drive;
pub(crate) mod mail;
pub(crate) mod wire;
pub(crate) mod words;
