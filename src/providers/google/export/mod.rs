//! People's mail, calendars and file metadata as pages of changes.
//!
//! ```text
//! cursor ─► pager of the dataset ─► requests (fields masked by the privacy level) ─► records ─► Page + next cursor
//! ```
//!
//! Nothing is kept here between runs but when a person's list of calendars was last looked at: all else is in the
//! cursor, so that a crash anywhere costs at most the page that was under way.

mod ask;
mod calendar;
mod drive;
mod fault;
mod items;
mod mail;
#[cfg(test)]
mod scripted;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use self::ask::{Ask, Source};
use self::calendar::{CalendarPager, Looks};
use self::drive::DrivePager;
use self::mail::MailPager;
use super::api::Api;
use crate::model::clock::Clock;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::google::NAME;
use crate::providers::reading::fault::no_such_data;
use crate::providers::reading::{cursor, pager, window};
use crate::providers::{Error, ExportRequest, Exporter, Page};

/// Reads people's data through one connection.
pub(in crate::providers::google) struct GoogleExporter<A = Api> {
    api: Arc<A>,
    looks: Looks,
}

impl<A: Ask> GoogleExporter<A> {
    /// Makes an exporter that asks through `api`.
    pub(in crate::providers::google) fn new(api: Arc<A>, clock: Arc<dyn Clock>) -> Self {
        Self {
            api,
            looks: Looks::new(clock),
        }
    }

    fn source<'a>(&'a self, request: &'a ExportRequest) -> Source<'a, A> {
        Source {
            api: &self.api,
            request,
        }
    }
}

#[async_trait]
impl<A: Ask> Exporter for GoogleExporter<A> {
    fn datasets(&self) -> &'static [Dataset] {
        &[Dataset::Mail, Dataset::Calendar, Dataset::Drive]
    }

    fn pages<'a>(
        &'a self,
        request: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>> {
        let source = self.source(request);
        match request.dataset {
            Dataset::Mail => pager::pages(MailPager::new(source, from)),
            Dataset::Calendar => pager::pages(CalendarPager::new(source, &self.looks, from)),
            Dataset::Drive => pager::pages(DrivePager::new(source, from)),
            other => pager::none(NAME, other),
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
