//! The items of a page, read one by one, so that a malformed one does not hide the others.

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::cursor::{self, Place};
use super::fault;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::{Class, Error, Page, Position};

/// An item as it came.
pub(in crate::providers) type Item = Box<RawValue>;

/// Why an item could not be read; nothing of the item itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::providers) struct Misread(pub(in crate::providers) &'static str);

/// Reads an item.
pub(in crate::providers) fn read<T: DeserializeOwned>(item: &RawValue) -> Result<T, Misread> {
    let text = item.get();
    // The parser's own message may quote the item, so it is not kept.
    serde_json::from_str(text).map_err(|_| Misread("a field is not of the documented type"))
}

/// Reads the id of an item that could not be read otherwise.
///
/// # Errors
/// The whole page is malformed: an item that cannot even be named cannot be kept for later.
pub(in crate::providers) fn id(item: &RawValue) -> Result<String, Misread> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    read::<Named>(item)
        .map(|named| named.id)
        .map_err(|_| Misread("an item has no id"))
}

/// What the items of a page came to.
#[derive(Debug, Default)]
pub(in crate::providers) struct Gathered {
    /// In the vendor's order.
    pub(in crate::providers) changes: Vec<Change>,
    /// Items that could not be read.
    pub(in crate::providers) failed: Vec<FailedItem>,
}

impl Gathered {
    /// Makes the page that ends at `place`.
    ///
    /// # Errors
    /// As [`cursor::write`].
    pub(in crate::providers) fn page<P: Place>(
        self,
        place: &P,
        position: Position,
    ) -> Result<Page, Error> {
        Ok(Page {
            changes: self.changes,
            failed: self.failed,
            cursor: cursor::write(place)?,
            position,
        })
    }

    /// Notes an item that could not be read.
    ///
    /// # Errors
    /// Too many could not: then it is not the items.
    pub(in crate::providers) fn fail(
        &mut self,
        operation: &'static str,
        key: RecordKey,
        misread: Misread,
    ) -> Result<(), Misread> {
        if self.failed.len() >= fault::FAILED_PER_PAGE {
            return Err(misread);
        }
        let Misread(why) = misread;
        let why = format!("{operation}: {why}");
        self.failed.push(fault::failed_because(key, &why));
        Ok(())
    }
}

/// Asks for single items again, several at a time: a change for each that could be read or is gone, else a failed item.
///
/// # Errors
/// The first error that is not about one item, as `concerns_item` says.
pub(in crate::providers) async fn refetch<F>(
    at_once: usize,
    keys: &[RecordKey],
    concerns_item: fn(&Error) -> bool,
    fetch: impl Fn(RecordKey) -> F,
) -> Result<(Vec<Change>, Vec<FailedItem>), Error>
where
    F: Future<Output = Result<Change, Error>>,
{
    let mut gathered = Gathered::default();
    let outcomes = keys.iter().cloned().map(|key| {
        let fetched = fetch(key.clone());
        async move {
            match fetched.await {
                Ok(change) => Ok(Ok(change)),
                Err(error) if error.class == Class::Gone => Ok(Ok(Change::Delete(key))),
                Err(error) if concerns_item(&error) => Ok(Err(fault::failed(key, &error))),
                Err(error) => Err(error),
            }
        }
    });
    let mut outcomes = futures::stream::iter(outcomes).buffered(at_once);
    while let Some(outcome) = outcomes.try_next().await? {
        match outcome {
            Ok(change) => gathered.changes.push(change),
            Err(item) => gathered.failed.push(item),
        }
    }
    Ok((gathered.changes, gathered.failed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_an_item_failed_quotes_nothing_of_it() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code, reason = "only whether it can be read is looked at")]
        struct Sized {
            size: u64,
        }
        let raw: Item = serde_json::from_str(r#"{"id": "1", "size": "a secret"}"#).unwrap();
        let Misread(why) = read::<Sized>(&raw).unwrap_err();
        assert!(!why.contains("secret"), "{why}");
        assert_eq!(id(&raw).unwrap(), "1");
        let nameless: Item = serde_json::from_str(r#"{"id": null}"#).unwrap();
        assert!(id(&nameless).is_err());
    }

    #[test]
    fn a_page_of_nothing_but_failures_is_not_the_items_fault() {
        let mut gathered = Gathered::default();
        let mut fail = || gathered.fail("files.list", RecordKey::plain("1"), Misread("x"));
        for _ in 0..fault::FAILED_PER_PAGE {
            fail().unwrap();
        }
        assert!(fail().is_err());
    }
}
