//! File metadata: listed once, then followed through the changes. Content is never asked for.
//!
//! ```text
//! changes.getStartPageToken (pins the place) ─► files.list … ─► Listed ─► changes.list … ─► Current
//! ```

mod record;
#[cfg(test)]
mod tests;
mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::wire::{CHANGES, Changes, FILE_FIELDS, FILES, Files, SCOPE, START, Start, WireFile};
use super::ask::{Ask, Source, segment};
use super::cursor::{self, Place};
use super::items::{self, Gathered, Item, Misread};
use super::pager::Pager;
use super::{fault, window};
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::record::{File, Record};
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::{Error, Page, Position};

/// Most items on a page: the vendor's limit.
const PAGE_ITEMS: &str = "1000";

/// A place in the stream of a person's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum DrivePlace {
    /// In a full listing.
    Listing {
        /// Where the changes stood before the listing's first request.
        start_token: String,
        /// The page to read next; none for the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page_token: Option<String>,
    },
    /// At this place of the changes.
    Following {
        /// The page to read next.
        token: String,
    },
}

impl Place for DrivePlace {
    const DATASET: Dataset = Dataset::Drive;
}

/// Makes the pages of one person's files.
pub(super) struct DrivePager<'a, A> {
    source: Source<'a, A>,
    start: Option<Timestamp>,
    stage: Stage,
}

enum Stage {
    Start(Option<Cursor>),
    At {
        place: DrivePlace,
        /// Whether a listing's page token was stored: then the vendor may have forgotten it.
        resumed: bool,
    },
    Done,
}

impl<'a, A: Ask> DrivePager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, from: Option<Cursor>) -> Self {
        Self {
            start: window::start(source.request.since),
            source,
            stage: Stage::Start(from),
        }
    }

    async fn begin(&self, from: Option<Cursor>) -> Result<DrivePlace, Error> {
        if let Some(from) = from {
            return cursor::read(from);
        }
        let query = [("supportsAllDrives", "true"), ("fields", "startPageToken")];
        let start: Start = self
            .source
            .get(Method::StartPageToken, START, &query)
            .await?;
        Ok(DrivePlace::Listing {
            start_token: start.start_page_token,
            page_token: None,
        })
    }

    async fn read(&mut self, place: DrivePlace, resumed: bool) -> Result<Page, Error> {
        let (gathered, place, position) = match place {
            DrivePlace::Following { token } => self.follow(&token).await?,
            DrivePlace::Listing {
                start_token,
                page_token,
            } => self.list(start_token, page_token, resumed).await?,
        };
        let cursor = cursor::write(&place)?;
        if matches!(position, Position::Listing | Position::Behind) {
            self.stage = Stage::At {
                place,
                resumed: false,
            };
        }
        Ok(Page {
            changes: gathered.changes,
            failed: gathered.failed,
            cursor,
            position,
        })
    }

    async fn list(
        &self,
        start_token: String,
        page_token: Option<String>,
        resumed: bool,
    ) -> Result<(Gathered, DrivePlace, Position), Error> {
        let mut reply = self.files(page_token.as_deref()).await;
        if resumed && reply.as_ref().is_err_and(|it| it.status == Some(400)) {
            reply = self.files(None).await;
        }
        let reply = reply?;
        let mut gathered = Gathered::default();
        for item in &reply.files {
            match parse(item) {
                Ok((key, file)) => gathered.changes.extend(self.wanted(key, file)),
                Err(misread) => {
                    let key = RecordKey::plain(items::id(Method::FilesList, item)?);
                    gathered.fail(Method::FilesList, key, misread)?;
                }
            }
        }
        let Some(next) = reply.next_page_token else {
            let place = DrivePlace::Following { token: start_token };
            return Ok((gathered, place, Position::Listed));
        };
        differs(Method::FilesList, page_token.as_deref(), &next)?;
        let place = DrivePlace::Listing {
            start_token,
            page_token: Some(next),
        };
        Ok((gathered, place, Position::Listing))
    }

    async fn files(&self, page_token: Option<&str>) -> Result<Files, Error> {
        let fields = format!("nextPageToken,files({FILE_FIELDS})");
        let mut query = vec![
            ("corpora", "user"),
            ("pageSize", PAGE_ITEMS),
            ("fields", &fields),
        ];
        query.extend(SCOPE);
        query.extend(page_token.map(|token| ("pageToken", token)));
        self.source.get(Method::FilesList, FILES, &query).await
    }

    async fn follow(&self, token: &str) -> Result<(Gathered, DrivePlace, Position), Error> {
        let fields =
            format!("nextPageToken,newStartPageToken,changes(fileId,removed,file({FILE_FIELDS}))");
        let mut query = vec![
            ("pageToken", token),
            ("pageSize", PAGE_ITEMS),
            ("includeRemoved", "true"),
            ("fields", &fields),
        ];
        query.extend(SCOPE);
        let method = Method::ChangesList;
        let reply: Changes = self.source.get(method, CHANGES, &query).await?;
        let mut gathered = Gathered::default();
        for change in reply.changes {
            let Some(id) = change.file_id else { continue };
            let key = RecordKey::plain(id);
            match change.file.filter(|_| !change.removed) {
                None => gathered.changes.push(Change::Delete(key)),
                Some(item) => match parse(&item) {
                    Ok((_, file)) => {
                        let wanted = self.wanted(key.clone(), file);
                        gathered.changes.push(wanted.unwrap_or(Change::Delete(key)));
                    }
                    Err(misread) => gathered.fail(method, key, misread)?,
                },
            }
        }
        let (token, position) = match (reply.next_page_token, reply.new_start_page_token) {
            (Some(next), _) => {
                differs(method, Some(token), &next)?;
                (next, Position::Behind)
            }
            (None, Some(start)) => (start, Position::Current),
            (None, None) => return Err(fault::malformed(method.name(), "it has no token")),
        };
        Ok((gathered, DrivePlace::Following { token }, position))
    }

    fn wanted(&self, key: RecordKey, file: File) -> Option<Change> {
        wanted(key, file, self.start)
    }
}

impl<A: Ask> Pager for DrivePager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => {
                let resumed = from.is_some();
                let place = self.begin(from).await?;
                self.read(place, resumed).await.map(Some)
            }
            Stage::At { place, resumed } => self.read(place, resumed).await.map(Some),
            Stage::Done => Ok(None),
        }
    }
}

/// Returns the change that stores a file, unless it is too old to be wanted.
fn wanted(key: RecordKey, file: File, start: Option<Timestamp>) -> Option<Change> {
    let too_old = window::is_before(file.modified_at, start);
    (!too_old).then(|| Change::Upsert(key, Record::File(Box::new(file))))
}

fn parse(item: &Item) -> Result<(RecordKey, File), Misread> {
    let wire: WireFile = items::read(item)?;
    let key = RecordKey::plain(wire.id.clone());
    Ok((key, record::read(wire)?))
}

/// A page that names itself as the next one would be read for ever.
fn differs(method: Method, token: Option<&str>, next: &str) -> Result<(), Error> {
    if token == Some(next) {
        let what = "the next page has the token of this one";
        return Err(fault::malformed(method.name(), what));
    }
    Ok(())
}

/// Fetches single files again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    let start = window::start(source.request.since);
    items::refetch(source.api, keys, async |key: RecordKey| {
        let method = Method::FilesGet;
        let path = format!("{FILES}/{}", segment(&key.id));
        let query = [("supportsAllDrives", "true"), ("fields", FILE_FIELDS)];
        let wire: WireFile = source.get(method, &path, &query).await?;
        let file =
            record::read(wire).map_err(|Misread(why)| fault::malformed(method.name(), why))?;
        Ok(wanted(key.clone(), file, start).unwrap_or(Change::Delete(key)))
    })
    .await
}
