//! What can stop a run.

use super::plan::Mismatch;
use crate::{destinations, providers};

/// What stopped a run. What was committed before stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The vendor.
    #[error(transparent)]
    Provider(#[from] providers::Error),
    /// The destination.
    #[error(transparent)]
    Destination(#[from] destinations::Error),
    /// What is stored is somebody else's.
    #[error(
        "The destination already holds this stream with another {}: it has {}, and {} is wanted. Choose another \
         destination or another name for the connection, or erase what is there.",
        .0.what, .0.stored, .0.wanted
    )]
    ForeignData(Mismatch),
    /// More items failed than a checkpoint may carry.
    #[error(
        "{0} items of this stream could not be read, which is more than can be kept for later; the last said: {1}. The \
         cursor stays where it is until fewer fail."
    )]
    TooManyFailedItems(usize, String),
    /// The run was told to stop, or may no longer write.
    #[error("The run was stopped.")]
    Stopped,
}

impl Error {
    /// Returns the reason of the condition that tells of it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Provider(error) => error.reason.as_str(),
            Self::Destination(error) => error.kind.as_str(),
            Self::ForeignData(_) => "ForeignData",
            Self::TooManyFailedItems(..) => "TooManyFailedItems",
            Self::Stopped => "Stopped",
        }
    }
}
