//! From something that makes one page at a time to a stream of pages.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream, try_unfold};

use super::fault;
use crate::model::dataset::Dataset;
use crate::providers::{Class, Error, Page};

/// Makes pages, one at a time.
pub(in crate::providers) trait Pager: Send {
    /// Returns the next page, or `None` after the last one. Not called again after an error.
    fn next(&mut self) -> impl Future<Output = Result<Option<Page>, Error>> + Send;
}

/// Returns the pages as a stream that ends after its first error. That something of a whole page is not there is for
/// somebody to look at: only an item can be gone.
pub(in crate::providers) fn pages<'a>(
    pager: impl Pager + 'a,
) -> BoxStream<'a, Result<Page, Error>> {
    try_unfold(pager, |mut pager| async move {
        match pager.next().await {
            Ok(page) => Ok(page.map(|page| (page, pager))),
            Err(error) if error.class == Class::Gone => Err(Error {
                class: Class::Park,
                ..error
            }),
            Err(error) => Err(error),
        }
    })
    .boxed()
}

/// Returns, in place of pages, that the system has no data of this kind.
pub(in crate::providers) fn none<'a>(
    provider: &'static str,
    dataset: Dataset,
) -> BoxStream<'a, Result<Page, Error>> {
    stream::iter([Err(fault::no_such_data(provider, dataset))]).boxed()
}
