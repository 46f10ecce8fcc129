//! The items of a page, where what is wrong with one is this vendor's error.

use super::fault;
use crate::model::row::RecordKey;
use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::reading::items;
pub(super) use crate::providers::reading::items::{Gathered, Item, Misread, read, refetch};

/// Reads the id of an item that could not be read otherwise.
///
/// # Errors
/// The whole page is malformed: an item that cannot even be named cannot be kept for later.
pub(super) fn id(method: Method, item: &Item) -> Result<String, Error> {
    items::id(item).map_err(|Misread(why)| fault::malformed(method.name(), why))
}

/// Notes an item that could not be read.
///
/// # Errors
/// Too many could not: then it is not the items.
pub(super) fn fail(
    gathered: &mut Gathered,
    method: Method,
    key: RecordKey,
    misread: Misread,
) -> Result<(), Error> {
    let noted = gathered.fail(method.name(), key, misread);
    noted.map_err(|Misread(why)| fault::malformed(method.name(), why))
}
