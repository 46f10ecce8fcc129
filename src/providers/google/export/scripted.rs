//! A vendor of a test's own, and a destination that keeps what it is given.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ask::Ask;
use super::fault;
use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::Privacy;
use crate::model::record::Record;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::{Class, Error, ExportRequest, Exporter, Position, Reason};

/// Parameters of a request.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
}

impl Asked<'_> {
    /// Returns a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| *value)
    }

    /// Returns the last segment of the path.
    pub(super) fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    fn line(&self) -> String {
        let pairs = self.query.iter();
        let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<_> = pairs.collect();
        format!("{} {}?{}", self.method.name(), self.path, pairs.join("&"))
    }
}

/// What a test answers with.
pub(super) trait Answer: Send + 'static {
    /// Returns the reply's JSON.
    fn answer(&mut self, asked: &Asked<'_>) -> Result<Value, Error>;
}

impl<F: FnMut(&Asked<'_>) -> Result<Value, Error> + Send + 'static> Answer for F {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<Value, Error> {
        self(asked)
    }
}

/// A vendor that answers as the test says and remembers what it was asked.
pub(super) struct Scripted<V> {
    pub(super) vendor: Mutex<V>,
    pub(super) log: Mutex<Vec<String>>,
    /// Methods that no scope is granted for.
    pub(super) denied: Vec<Method>,
}

impl<V: Answer> Scripted<V> {
    pub(super) fn new(vendor: V) -> Self {
        Self {
            vendor: Mutex::new(vendor),
            log: Mutex::default(),
            denied: Vec::new(),
        }
    }

    /// Returns and forgets what was asked.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

impl<V: Answer> Ask for Scripted<V> {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        _: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let asked = Asked {
            method,
            path,
            query,
        };
        self.log.lock().unwrap().push(asked.line());
        let reply = self.vendor.lock().unwrap().answer(&asked)?.to_string();
        tokio::task::yield_now().await;
        serde_json::from_str(&reply).map_err(|_| fault::malformed(method.name(), "unreadable"))
    }

    fn may(&self, method: Method) -> bool {
        !self.denied.contains(&method)
    }

    fn per_user(&self) -> usize {
        3
    }
}

/// An error of a class, with a status.
pub(super) fn error(class: Class, reason: Reason, status: u16) -> Error {
    Error {
        class,
        reason,
        status: Some(status),
        ..fault::malformed("test", "test")
    }
}

/// The vendor has no such item.
pub(super) fn gone() -> Error {
    error(Class::Gone, Reason::ItemGone, 404)
}

/// The vendor no longer knows the cursor.
pub(super) fn expired() -> Error {
    error(Class::Expired, Reason::CursorExpired, 410)
}

/// A request for one person's data.
pub(super) fn request(dataset: Dataset, privacy: Privacy) -> ExportRequest {
    let email: Email = "peter@acme.example".parse().unwrap();
    ExportRequest {
        user: RemoteUser {
            id: UserId::new("1183"),
            primary_email: email.clone(),
            aliases: Vec::new(),
            suspended: Known::False,
            archived: Known::False,
            licensed: Known::Unknown,
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
pub(super) struct Store {
    pub(super) rows: BTreeMap<RecordKey, Record>,
    pub(super) failed: Vec<FailedItem>,
    pub(super) cursor: Option<Cursor>,
    pub(super) positions: Vec<Position>,
    /// How often each key was changed.
    pub(super) changes: Vec<Change>,
}

impl Store {
    /// Stores what is read until the stream ends or `most` pages are stored, and returns where that is.
    pub(super) async fn read<E: Exporter>(
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
    pub(super) async fn read_all<E: Exporter>(
        &mut self,
        exporter: &E,
        request: &ExportRequest,
    ) -> Result<(), Error> {
        while self.read(exporter, request, usize::MAX).await? != Some(Position::Current) {}
        Ok(())
    }

    fn apply(&mut self, change: Change) {
        self.changes.push(change.clone());
        match change {
            Change::Upsert(key, record) => drop(self.rows.insert(key, record)),
            Change::Delete(key) => drop(self.rows.remove(&key)),
        }
    }
}
