//! People's mail, calendar and file metadata as pages of changes.
//!
//! ```text
//! cursor ─► pager of the dataset ─► requests (fields selected by the privacy level) ─► records ─► Page + next cursor
//! ```
//!
//! All that is kept between runs is in the cursor, so that a crash anywhere costs at most the page that was under way,
//! but for one thing: where a run that found nothing has left the vendor's chain (see [`newest`]).

mod ask;
mod calendar;
mod drive;
mod fault;
mod full;
mod mail;
mod newest;
mod quiet;
#[cfg(test)]
mod scripted;

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;

use self::ask::{Ask, Source};
use self::calendar::CalendarPager;
use self::drive::DrivePager;
use self::mail::MailPager;
use self::newest::Newest;
use super::api::Api;
use crate::model::clock::Clock;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::microsoft365::NAME;
use crate::providers::reading::fault::no_such_data;
use crate::providers::reading::pager;
use crate::providers::{Advice, Error, ExportRequest, Exporter, Page, Position};

/// Reads people's data through one connection.
pub(in crate::providers::microsoft365) struct GraphExporter<A = Api> {
    api: Arc<A>,
    clock: Arc<dyn Clock>,
    newest: Newest,
}

impl<A: Ask> GraphExporter<A> {
    /// Makes an exporter that asks through `api`.
    pub(in crate::providers::microsoft365) fn new(api: Arc<A>, clock: Arc<dyn Clock>) -> Self {
        Self {
            api,
            clock,
            newest: Newest::default(),
        }
    }

    fn source<'a>(&'a self, request: &'a ExportRequest) -> Source<'a, A> {
        Source {
            api: &self.api,
            request,
            clock: self.clock.as_ref(),
        }
    }

    fn read<'a>(
        &'a self,
        request: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>> {
        let source = self.source(request);
        match request.dataset {
            Dataset::Mail => pager::pages(MailPager::new(source, from)),
            Dataset::Calendar => pager::pages(CalendarPager::new(source, from)),
            Dataset::Drive => pager::pages(DrivePager::new(source, from)),
            other => pager::none(NAME, other),
        }
    }
}

#[async_trait]
impl<A: Ask> Exporter for GraphExporter<A> {
    fn datasets(&self) -> &'static [Dataset] {
        &[Dataset::Mail, Dataset::Calendar, Dataset::Drive]
    }

    fn pages<'a>(
        &'a self,
        request: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>> {
        let Some(stored) = from else {
            return self.read(request, None);
        };
        let from = self.newest.of(request, &stored);
        let mut found_anything = false;
        let pages = self.read(request, Some(from)).inspect(move |page| {
            let Ok(page) = page else { return };
            found_anything |= !page.changes.is_empty() || !page.failed.is_empty();
            if page.position == Position::Current && !found_anything {
                self.newest.note(request, &stored, &page.cursor);
            }
        });
        pages.boxed()
    }

    fn advice(&self, dataset: Dataset, cursor: &Cursor) -> Option<Advice> {
        match dataset {
            Dataset::Mail => mail::advice(cursor),
            Dataset::Calendar => calendar::advice(cursor),
            Dataset::Drive | Dataset::Packages | Dataset::Activity => None,
        }
    }

    async fn refetch(
        &self,
        request: &ExportRequest,
        keys: &[RecordKey],
    ) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
        let source = self.source(request);
        match request.dataset {
            Dataset::Mail => mail::refetch(source, keys).await,
            Dataset::Calendar => calendar::refetch(source, keys).await,
            Dataset::Drive => drive::refetch(source, keys).await,
            other => Err(no_such_data(NAME, other)),
        }
    }
}
