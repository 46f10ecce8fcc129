//! What one kind of list is to the vendor: how it is asked for and what a row of it says. The rest is the same for all.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::wire::List;
use crate::model::dataset::Dataset;
use crate::model::record::Record;
use crate::providers::reading::items::{Item, Misread};
use crate::providers::sendsafely::api::Method;

/// The part of a list that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Window {
    /// Nothing that was last changed before this.
    pub(super) from: Option<Timestamp>,
    /// Nothing that was last changed after this; where the vendor cuts lists off, older parts are asked for by themselves.
    pub(super) until: Option<Timestamp>,
}

/// Rows on a page.
pub(super) const PAGE_ROWS: usize = 100;

/// A question.
pub(super) struct Asking {
    /// Where the page begins.
    pub(super) row: u64,
    /// What the body says.
    pub(super) body: Value,
}

impl Asking {
    /// Makes a question. Fields that are null are left out.
    pub(super) fn new(row: u64, body: Value) -> Self {
        let mut body = body;
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        Self { row, body }
    }
}

/// What a row is apart from its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// Its id.
    pub(super) id: String,
    /// When it was last changed, as far as it says so.
    pub(super) at: Option<Timestamp>,
}

/// What a row is to one person.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// Theirs.
    Theirs(Box<Record>),
    /// It was theirs, and is deleted.
    Gone,
    /// Another person's, which the vendor's filter may let pass, or nothing yet. Nothing is kept of it.
    NotTheirs,
}

/// One kind of list.
pub(super) trait Kind: Send + Sync + 'static {
    /// The kind of data.
    const DATASET: Dataset;
    /// The vendor's operation.
    const METHOD: Method;
    /// The newest part of the list that is read again each time: how late a row may turn up.
    const LOOK_BACK: SignedDuration;
    /// By how much the vendor's window may begin too late.
    const SLACK: SignedDuration;
    /// After how long the whole list is compared with what was read; none where rows never change.
    const COMPARED_AFTER: Option<SignedDuration>;
    /// How long the vendor keeps rows; none where it keeps them all.
    const KEPT: Option<SignedDuration>;

    /// Makes the question for a part of one person's list.
    fn asking(subject: &str, window: Window, row: u64) -> Asking;

    /// Returns the query of a question.
    fn query(asking: &Asking) -> Vec<(&'static str, String)>;

    /// Takes the rows out of a reply; none where the reply is not what the vendor documents.
    fn rows(list: &List) -> Option<Vec<Item>>;

    /// Reads what a row is apart from its content.
    fn head(item: &Item) -> Result<Head, Misread>;

    /// Reads a row.
    fn read(item: &Item, subject: &str) -> Result<Row, Misread>;

    /// Makes a row that says that something was lost before it could be read; none where nothing is lost.
    fn gap(subject: &str, from: Timestamp, until: Timestamp) -> Option<(String, Record)>;
}
