//! People's packages and activity as pages of changes.
//!
//! SendSafely has no cursors. A list is read once from its top to its end; after that the newest part of it is read again and
//! again, and what is new or different there is a change.
//!
//! ```text
//! Kind (packages, activity) ─► Pass (a list, page by page, though rows move) ─► ListPager (what of it is new) ─► Page + cursor
//! ```

mod activity;
pub(super) mod entry;
mod kind;
mod list;
mod mark;
mod packages;
mod pass;
mod tail;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use self::activity::Activities;
use self::list::ListPager;
use self::packages::Packages;
use super::NAME;
use super::api::Api;
use crate::model::clock::Clock;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::reading::fault::{failed_because, no_such_data};
use crate::providers::reading::pager;
use crate::providers::{Error, ExportRequest, Exporter, Page};

/// Reads people's data through one connection.
pub(in crate::providers::sendsafely) struct SendSafelyExporter {
    api: Arc<Api>,
    clock: Arc<dyn Clock>,
}

/// One person's data at the vendor, for one run.
#[derive(Clone, Copy)]
struct Source<'a> {
    api: &'a Api,
    request: &'a ExportRequest,
    clock: &'a dyn Clock,
}

impl SendSafelyExporter {
    /// Makes an exporter that asks through `api`.
    pub(in crate::providers::sendsafely) fn new(api: Arc<Api>, clock: Arc<dyn Clock>) -> Self {
        Self { api, clock }
    }
}

#[async_trait]
impl Exporter for SendSafelyExporter {
    fn datasets(&self) -> &'static [Dataset] {
        &[Dataset::Packages, Dataset::Activity]
    }

    fn pages<'a>(
        &'a self,
        request: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>> {
        let source = Source {
            api: &self.api,
            request,
            clock: self.clock.as_ref(),
        };
        match request.dataset {
            Dataset::Packages => pager::pages(ListPager::<Packages>::new(source, from)),
            Dataset::Activity => pager::pages(ListPager::<Activities>::new(source, from)),
            other => pager::none(NAME, other),
        }
    }

    /// A row that cannot be read is a row of a list: it comes again when it changes, and by itself it cannot be asked for.
    async fn refetch(
        &self,
        request: &ExportRequest,
        keys: &[RecordKey],
    ) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
        match request.dataset {
            Dataset::Packages | Dataset::Activity => {
                let why = "It is read again when SendSafely changes it.";
                let failed = keys.iter().map(|key| failed_because(key.clone(), why));
                Ok((Vec::new(), failed.collect()))
            }
            other => Err(no_such_data(NAME, other)),
        }
    }
}
