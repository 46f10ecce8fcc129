//! Pages of files and of their changes.

use jiff::Timestamp;

use super::cursor::DrivePlace;
use super::record;
use super::wire::{CHANGES, ChangesPage, FILE_FIELDS, FILES, Files, SCOPE, START, Start};
use super::wire::{WireChange, WireFile};
use crate::model::record::{File, Record};
use crate::model::row::{Change, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};
use crate::providers::google::export::items::{self, Gathered, Item, Misread};
use crate::providers::google::export::{fault, window};
use crate::providers::{Error, Position};

/// Most items on a page: the vendor's limit.
const PAGE_ITEMS: &str = "1000";

/// Reads one person's files.
pub(super) struct Reader<'a, A> {
    source: Source<'a, A>,
    /// The first instant that is wanted.
    start: Option<Timestamp>,
}

/// What a page came to, and what follows it.
type Read = (Gathered, DrivePlace, Position);

impl<'a, A: Ask> Reader<'a, A> {
    /// Makes a reader for a request.
    pub(super) fn new(source: Source<'a, A>) -> Self {
        Self {
            start: window::start(source.request.since),
            source,
        }
    }

    /// Pins where the changes stand, for a listing to begin.
    pub(super) async fn pin(&self) -> Result<DrivePlace, Error> {
        let query = [("supportsAllDrives", "true"), ("fields", "startPageToken")];
        let method = Method::StartPageToken;
        let start: Start = self.source.get(method, START, &query).await?;
        Ok(DrivePlace::Listing {
            start_token: start.start_page_token,
            page_token: None,
        })
    }

    /// Reads a page of the listing.
    pub(super) async fn list(
        &self,
        start_token: String,
        token: Option<&str>,
    ) -> Result<Read, Error> {
        let method = Method::FilesList;
        let reply = self.ask_files(method, token).await?;
        let mut gathered = Gathered::default();
        for item in &reply.files {
            match parse(item) {
                Ok((key, file)) => gathered.changes.extend(self.wanted(key, file)),
                Err(misread) => {
                    let key = RecordKey::plain(items::id(method, item)?);
                    items::fail(&mut gathered, method, key, misread)?;
                }
            }
        }
        let Some(next) = reply.next_page_token else {
            let place = DrivePlace::Following { token: start_token };
            return Ok((gathered, place, Position::Listed));
        };
        differs(method, token, &next)?;
        let place = DrivePlace::Listing {
            start_token,
            page_token: Some(next),
        };
        Ok((gathered, place, Position::Listing))
    }

    async fn ask_files(&self, method: Method, token: Option<&str>) -> Result<Files, Error> {
        let fields = format!("nextPageToken,files({FILE_FIELDS})");
        let mut query = vec![
            ("corpora", "user"),
            ("pageSize", PAGE_ITEMS),
            ("fields", &fields),
        ];
        query.extend(SCOPE);
        query.extend(token.map(|token| ("pageToken", token)));
        self.source.get(method, FILES, &query).await
    }

    /// Reads a page of the changes.
    pub(super) async fn follow(&self, token: &str) -> Result<Read, Error> {
        let method = Method::ChangesList;
        let reply = self.ask_changes(method, token).await?;
        let mut gathered = Gathered::default();
        for change in reply.changes {
            self.gather(method, change, &mut gathered)?;
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

    async fn ask_changes(&self, method: Method, token: &str) -> Result<ChangesPage, Error> {
        let fields =
            format!("nextPageToken,newStartPageToken,changes(fileId,removed,file({FILE_FIELDS}))");
        let mut query = vec![
            ("pageToken", token),
            ("pageSize", PAGE_ITEMS),
            ("includeRemoved", "true"),
            ("fields", &fields),
        ];
        query.extend(SCOPE);
        self.source.get(method, CHANGES, &query).await
    }

    fn gather(&self, method: Method, change: WireChange, into: &mut Gathered) -> Result<(), Error> {
        let Some(id) = change.file_id else {
            return Ok(());
        };
        let key = RecordKey::plain(id);
        let Some(item) = change.file.filter(|_| !change.removed) else {
            into.changes.push(Change::Delete(key));
            return Ok(());
        };
        match parse(&item) {
            Ok((_, file)) => {
                let wanted = self.wanted(key.clone(), file);
                into.changes.push(wanted.unwrap_or(Change::Delete(key)));
                Ok(())
            }
            Err(misread) => items::fail(into, method, key, misread),
        }
    }

    /// Returns the change that stores a file, unless it is too old to be wanted.
    pub(super) fn wanted(&self, key: RecordKey, file: File) -> Option<Change> {
        let too_old = window::is_before(file.modified_at, self.start);
        (!too_old).then(|| Change::Upsert(key, Record::File(Box::new(file))))
    }
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
