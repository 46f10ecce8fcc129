//! A vendor of a test's own, and a destination that keeps what it is given.
//!
//! Each system binds [`Scripted`] to its own way of asking, in a few lines, and says what a [`Asked`] is there.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault;
use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::{Class, Error, ExportRequest, Exporter, Position, Reason};

/// A request, as a test sees it; `M` is what the system calls its operations.
pub(in crate::providers) struct Asked<'a, M> {
    /// The operation.
    pub(in crate::providers) method: M,
    /// The path, or a link with its query.
    pub(in crate::providers) path: &'a str,
    /// The query, where it is not a part of the path.
    pub(in crate::providers) query: &'a [(&'a str, &'a str)],
}

impl<M> Asked<'_, M> {
    /// Returns a parameter; of a link, what follows its `=`.
    pub(in crate::providers) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| *key == name);
        let of_link = || {
            let (_, query) = self.path.split_once('?')?;
            query.strip_prefix(name)?.strip_prefix('=')
        };
        found.map(|(_, value)| *value).or_else(of_link)
    }

    /// Returns a segment of the path, without what follows it.
    pub(in crate::providers) fn segment(&self, at: usize) -> &str {
        self.segments().nth(at).unwrap_or_default()
    }

    /// Returns the last segment of the path.
    pub(in crate::providers) fn id(&self) -> &str {
        self.segments().next_back().unwrap_or_default()
    }

    fn segments(&self) -> std::str::Split<'_, char> {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split('/')
    }
}

/// What a test answers with.
pub(in crate::providers) trait Answer<M>: Send + 'static {
    /// Returns the reply's JSON.
    fn answer(&mut self, asked: &Asked<'_, M>) -> Result<Value, Error>;
}

impl<M, F> Answer<M> for F
where
    F: FnMut(&Asked<'_, M>) -> Result<Value, Error> + Send + 'static,
{
    fn answer(&mut self, asked: &Asked<'_, M>) -> Result<Value, Error> {
        self(asked)
    }
}

/// A vendor that answers as the test says and remembers what it was asked.
pub(in crate::providers) struct Scripted<V, M> {
    /// Who answers.
    pub(in crate::providers) vendor: Mutex<V>,
    /// What was asked.
    pub(in crate::providers) log: Mutex<Vec<String>>,
    /// Operations that nothing is granted for.
    pub(in crate::providers) denied: Vec<M>,
}

impl<V: Answer<M>, M> Scripted<V, M> {
    /// A vendor that has not been asked yet.
    pub(in crate::providers) fn new(vendor: V) -> Self {
        Self {
            vendor: Mutex::new(vendor),
            log: Mutex::default(),
            denied: Vec::new(),
        }
    }

    /// Returns and forgets what was asked.
    pub(in crate::providers) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Writes a request down as `line` and returns the answer. `name` is the vendor's name of the operation.
    pub(in crate::providers) async fn reply<T: DeserializeOwned>(
        &self,
        name: &'static str,
        line: String,
        asked: &Asked<'_, M>,
    ) -> Result<T, Error> {
        self.log.lock().unwrap().push(line);
        let reply = self.vendor.lock().unwrap().answer(asked)?.to_string();
        tokio::task::yield_now().await;
        serde_json::from_str(&reply).map_err(|_| malformed(name, "unreadable"))
    }
}

fn malformed(operation: &'static str, what: &str) -> Error {
    fault::malformed("scripted", operation, what)
}

/// An error of a class, with a status.
pub(in crate::providers) fn error(class: Class, reason: Reason, status: u16) -> Error {
    Error {
        class,
        reason,
        status: Some(status),
        ..malformed("test", "test")
    }
}

/// The vendor has no such item.
pub(in crate::providers) fn gone() -> Error {
    error(Class::Gone, Reason::ItemGone, 404)
}

/// The vendor no longer knows the cursor.
pub(in crate::providers) fn expired() -> Error {
    error(Class::Expired, Reason::CursorExpired, 410)
}

/// The vendor does not answer such a question.
pub(in crate::providers) fn refused() -> Error {
    error(Class::Park, Reason::RequestRefused, 400)
}

/// A request for the data of the person with the id `user`.
pub(in crate::providers) fn request(
    user: &str,
    dataset: Dataset,
    privacy: Privacy,
) -> ExportRequest {
    let email: Email = "peter@acme.example".parse().unwrap();
    ExportRequest {
        user: RemoteUser {
            id: UserId::new(user),
            primary_email: email.clone(),
            aliases: Vec::new(),
            suspended: Known::False,
            archived: Known::False,
            licensed: Known::Unknown,
            licenses: None,
            mailbox: Known::True,
            calendar: Known::True,
            drive: Known::True,
        },
        subject: email,
        dataset,
        privacy,
        since: None,
    }
}

/// A destination: rows and cursor, stored together.
#[derive(Default)]
pub(in crate::providers) struct Store {
    /// What is stored.
    pub(in crate::providers) rows: BTreeMap<RecordKey, Record>,
    /// What could not be read.
    pub(in crate::providers) failed: Vec<FailedItem>,
    /// Where to go on.
    pub(in crate::providers) cursor: Option<Cursor>,
    /// Where each page left the stream.
    pub(in crate::providers) positions: Vec<Position>,
    /// Every change, in its order.
    pub(in crate::providers) changes: Vec<Change>,
}

impl Store {
    /// Stores what is read until the stream ends or `most` pages are stored, and returns where that is.
    pub(in crate::providers) async fn read<E: Exporter>(
        &mut self,
        exporter: &E,
        request: &ExportRequest,
        most: usize,
    ) -> Result<Option<Position>, Error> {
        let mut pages = exporter.pages(request, self.cursor.clone()).take(most);
        let mut position = None;
        while let Some(page) = pages.next().await {
            let page = page?;
            position = Some(page.position);
            self.positions.push(page.position);
            self.failed.extend(page.failed);
            page.changes
                .into_iter()
                .for_each(|change| self.apply(change));
            self.cursor = Some(page.cursor);
        }
        Ok(position)
    }

    /// Reads until the vendor's present state.
    pub(in crate::providers) async fn read_all<E: Exporter>(
        &mut self,
        exporter: &E,
        request: &ExportRequest,
    ) -> Result<(), Error> {
        let is_there = |at| matches!(at, Some(Position::Current | Position::Compared));
        while !is_there(self.read(exporter, request, usize::MAX).await?) {}
        Ok(())
    }

    /// Reads until the vendor's present state, in a new generation where the cursor is no longer good.
    pub(in crate::providers) async fn read_anew<E: Exporter>(
        &mut self,
        exporter: &E,
        request: &ExportRequest,
    ) -> Result<(), Error> {
        loop {
            match self.read_all(exporter, request).await {
                Err(error) if error.class == Class::Expired => self.begin_anew(),
                other => return other,
            }
        }
    }

    /// Begins a new generation. What it does not see is swept, for which dropping everything stands here.
    pub(in crate::providers) fn begin_anew(&mut self) {
        self.rows.clear();
        self.cursor = None;
    }

    /// Returns the ids of all rows.
    pub(in crate::providers) fn ids(&self) -> Vec<&str> {
        self.rows.keys().map(|key| key.id.as_str()).collect()
    }

    fn apply(&mut self, change: Change) {
        self.changes.push(change.clone());
        match change {
            Change::Upsert(key, record) => drop(self.rows.insert(key, record)),
            Change::Delete(key) => drop(self.rows.remove(&key)),
        }
    }
}
