//! The label sets. Each label is an enum, a constant of the code, or from a vocabulary that is bounded.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};

/// How a pass over an object ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Outcome {
    /// As it should.
    Done,
    /// It asked to be tried again after a growing while.
    Failed,
    /// The object is being deleted, and something is left to clean up.
    Cleaning,
    /// The object is deleted, and its finalizer is gone.
    Cleaned,
    /// The object is not what its kind promises.
    Undecodable,
    /// What came out could not be written to the API server.
    Unwritten,
    /// This replica does not lead, or no longer.
    NotLeading,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KindLabels {
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReconcileLabels {
    pub(super) kind: &'static str,
    pub(super) outcome: Outcome,
}

/// One condition of one object, as it is counted over all objects of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConditionLabels {
    /// The object's kind.
    pub kind: &'static str,
    /// The condition's type.
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The condition's reason.
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) host: String,
    pub(super) status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RecordLabels {
    pub(super) provider: &'static str,
    pub(super) dataset: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RunLabels {
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ScimLabels {
    pub(super) operation: &'static str,
    pub(super) status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RefusalLabels {
    pub(super) reason: &'static str,
}
