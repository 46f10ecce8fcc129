//! The items of a page, read one by one, so that a malformed one does not hide the others.

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::ask::Ask;
use super::fault;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::{Class, Error};

/// An item as it came.
pub(super) type Item = Box<RawValue>;

/// Why an item could not be read; nothing of the item itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misread(pub(super) &'static str);

/// Reads an item.
pub(super) fn read<T: DeserializeOwned>(item: &RawValue) -> Result<T, Misread> {
    let text = item.get();
    // The parser's own message may quote the item, so it is not kept.
    serde_json::from_str(text).map_err(|_| Misread("a field is not of the documented type"))
}

/// Reads the id of an item that could not be read otherwise.
///
/// # Errors
/// The whole page is malformed: an item that cannot even be named cannot be kept for later.
pub(super) fn id(method: Method, item: &RawValue) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    read::<Named>(item)
        .map(|named| named.id)
        .map_err(|_| fault::malformed(method.name(), "an item has no id"))
}

/// What the items of a page came to.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// In the vendor's order.
    pub(super) changes: Vec<Change>,
    /// Items that could not be read.
    pub(super) failed: Vec<FailedItem>,
}

impl Gathered {
    /// Notes an item that could not be read.
    ///
    /// # Errors
    /// Too many could not: then it is not the items.
    pub(super) fn fail(
        &mut self,
        method: Method,
        key: RecordKey,
        Misread(why): Misread,
    ) -> Result<(), Error> {
        if self.failed.len() >= fault::FAILED_PER_PAGE {
            return Err(fault::malformed(method.name(), why));
        }
        let why = format!("{}: {why}", method.name());
        self.failed.push(fault::failed_because(key, &why));
        Ok(())
    }
}

/// Asks for single items again, several at a time: a change for each that could be read or is gone, else a failed item.
///
/// # Errors
/// The first error that is not about one item, as `concerns_item` says.
pub(super) async fn refetch<A, F>(
    api: &A,
    keys: &[RecordKey],
    concerns_item: fn(&Error) -> bool,
    fetch: impl Fn(RecordKey) -> F,
) -> Result<(Vec<Change>, Vec<FailedItem>), Error>
where
    A: Ask,
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
    let mut outcomes = futures::stream::iter(outcomes).buffered(api.per_user());
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
        assert_eq!(id(Method::FilesList, &raw).unwrap(), "1");
        let nameless: Item = serde_json::from_str(r#"{"id": null}"#).unwrap();
        assert_eq!(
            id(Method::FilesList, &nameless).unwrap_err().operation,
            "files.list"
        );
    }

    #[test]
    fn a_page_of_nothing_but_failures_is_not_the_items_fault() {
        let mut gathered = Gathered::default();
        let mut fail = || gathered.fail(Method::FilesList, RecordKey::plain("1"), Misread("x"));
        for _ in 0..fault::FAILED_PER_PAGE {
            fail().unwrap();
        }
        assert!(fail().is_err());
    }
}
