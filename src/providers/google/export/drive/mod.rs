//! File metadata: listed once, then followed through the changes. Content is never asked for.
//!
//! ```text
//! changes.getStartPageToken (pins the place) ─► files.list … ─► Listed ─► changes.list … ─► Current
//! ```

mod cursor;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod wire;

use self::cursor::DrivePlace;
use self::read::Reader;
use super::ask::{Ask, Source, segment};
use super::items::{self, Gathered, Misread};
use super::pager::Pager;
use super::{cursor as written, fault};
use crate::model::cursor::Cursor;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::{Error, Page, Position};

/// Makes the pages of one person's files.
pub(super) struct DrivePager<'a, A> {
    reader: Reader<'a, A>,
    stage: Stage,
}

enum Stage {
    Start(Option<Cursor>),
    At(DrivePlace),
    Done,
}

impl<'a, A: Ask> DrivePager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, from: Option<Cursor>) -> Self {
        Self {
            reader: Reader::new(source),
            stage: Stage::Start(from),
        }
    }

    async fn start(&mut self, from: Option<Cursor>) -> Result<Page, Error> {
        let Some(from) = from else {
            let place = self.reader.pin().await?;
            return self.read(place).await;
        };
        let place: DrivePlace = written::read(from)?;
        let again = place.first_page();
        match self.read(place).await {
            // A stored page token that the vendor forgot begins the listing again, at the place that was pinned.
            Err(error) if error.status == Some(400) => match again {
                Some(first) => self.read(first).await,
                None => Err(error),
            },
            page => page,
        }
    }

    async fn read(&mut self, place: DrivePlace) -> Result<Page, Error> {
        let (gathered, place, position) = match place {
            DrivePlace::Following { token } => self.reader.follow(&token).await?,
            DrivePlace::Listing {
                start_token,
                page_token,
            } => self.reader.list(start_token, page_token.as_deref()).await?,
        };
        let cursor = written::write(&place)?;
        if matches!(position, Position::Listing | Position::Behind) {
            self.stage = Stage::At(place);
        }
        let Gathered { changes, failed } = gathered;
        Ok(Page {
            changes,
            failed,
            cursor,
            position,
        })
    }
}

impl<A: Ask> Pager for DrivePager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => self.start(from).await.map(Some),
            Stage::At(place) => self.read(place).await.map(Some),
            Stage::Done => Ok(None),
        }
    }
}

/// Fetches single files again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    let reader = &Reader::new(source);
    items::refetch(
        source.api.per_user(),
        keys,
        fault::concerns_item,
        async |key| {
            let method = Method::FilesGet;
            let path = format!("{}/{}", wire::FILES, segment(&key.id));
            let query = [("supportsAllDrives", "true"), ("fields", wire::FILE_FIELDS)];
            let file = record::read(source.get(method, &path, &query).await?);
            let file = file.map_err(|Misread(why)| fault::malformed(method.name(), why))?;
            let wanted = reader.wanted(key.clone(), file);
            Ok(wanted.unwrap_or(Change::Delete(key)))
        },
    )
    .await
}
