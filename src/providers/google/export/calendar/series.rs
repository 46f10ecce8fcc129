//! Which series still live: a cancelled instance is a record only as long as its series does.

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;

use super::Reading;
use super::query::event_path;
use super::record::Read;
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::Ask;
use crate::providers::{Class, Error};

/// What a page says of series.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mentioned {
    /// Series that are gone.
    dead: HashSet<String>,
    /// Series of cancelled instances of which the page says nothing else.
    unknown: BTreeSet<String>,
}

impl Mentioned {
    /// Looks through a page.
    pub(super) fn by(reads: &[Read]) -> Self {
        let gone = reads.iter().filter(|read| read.is_gone());
        let dead: HashSet<String> = gone.map(|read| read.id.clone()).collect();
        let left_out = reads.iter().filter(|read| read.is_cancelled());
        let series = left_out.filter_map(|read| read.event.series_id.as_ref());
        let unknown = series.filter(|id| !dead.contains(*id)).cloned().collect();
        Self { dead, unknown }
    }

    /// Returns the series that are gone from the calendar or never were in it: somebody who is invited to one instance
    /// has no series.
    pub(super) async fn dead<A: Ask>(
        self,
        reading: &Reading<'_, A>,
        calendar: &str,
    ) -> Result<HashSet<String>, Error> {
        let asked = self.unknown.into_iter();
        let asked = asked.map(|id| find_dead(reading, calendar, id));
        let found: Vec<Option<String>> = futures::stream::iter(asked)
            .buffered(reading.source.api.per_user())
            .try_collect()
            .await?;
        let mut dead = self.dead;
        dead.extend(found.into_iter().flatten());
        Ok(dead)
    }
}

/// Returns the id of a series that does not live.
async fn find_dead<A: Ask>(
    reading: &Reading<'_, A>,
    calendar: &str,
    id: String,
) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Series {
        status: Option<String>,
    }
    let path = event_path(calendar, &id);
    let query = [("fields", "status")];
    match reading.source.get(Method::EventsGet, &path, &query).await {
        Ok(Series { status }) => Ok((status.as_deref() == Some("cancelled")).then_some(id)),
        Err(error) if error.class == Class::Gone => Ok(Some(id)),
        Err(error) => Err(error),
    }
}
