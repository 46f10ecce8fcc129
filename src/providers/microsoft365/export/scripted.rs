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
use crate::providers::microsoft365::api::{Link, Method, Target, Whom};
use crate::providers::{Class, Error, ExportRequest, Exporter, Position, Reason};

/// The place that all links of a scripted vendor are below.
pub(super) const PLACE: &str = "https://graph.vendor.example/v1.0";

/// A request, as a test sees it.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    /// The path below the person, or the link.
    pub(super) path: String,
    pub(super) query: &'a [(&'a str, &'a str)],
}

impl Asked<'_> {
    /// Returns a parameter; of a link, what follows its `=`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| *key == name);
        let of_link = || {
            let (_, query) = self.path.split_once('?')?;
            query.strip_prefix(name)?.strip_prefix('=')
        };
        found.map(|(_, value)| *value).or_else(of_link)
    }

    /// Returns a segment of the path, without what follows it.
    pub(super) fn segment(&self, at: usize) -> &str {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split('/').nth(at).unwrap_or_default()
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
}

impl<V: Answer> Scripted<V> {
    pub(super) fn new(vendor: V) -> Self {
        Self {
            vendor: Mutex::new(vendor),
            log: Mutex::default(),
        }
    }

    /// Returns and forgets what was asked: the vendor's name of each operation and its path.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

impl<V: Answer> Ask for Scripted<V> {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        whom: Whom<'_>,
        target: Target<'_>,
    ) -> Result<T, Error> {
        assert_eq!(whom.key, "u1");
        let (path, query) = match target {
            Target::Path(path, query) => (path.to_owned(), query),
            Target::Link(link) => {
                let text = serde_json::to_value(link).unwrap();
                (text.as_str().unwrap().to_owned(), &[] as &[(&str, &str)])
            }
        };
        let path = path.strip_prefix("users/u1/").unwrap().to_owned();
        let asked = Asked {
            method,
            path,
            query,
        };
        let line = format!("{} {}", method.name(), asked.path);
        self.log.lock().unwrap().push(line);
        let reply = self.vendor.lock().unwrap().answer(&asked)?.to_string();
        tokio::task::yield_now().await;
        serde_json::from_str(&reply).map_err(|_| fault::malformed(method.name(), "unreadable"))
    }

    fn link(&self, method: Method, absolute: &str) -> Result<Link, Error> {
        let rest = absolute
            .strip_prefix(PLACE)
            .and_then(|rest| rest.strip_prefix('/'));
        let rest = rest.ok_or_else(|| fault::malformed(method.name(), "leads away"))?;
        Ok(serde_json::from_value(Value::String(rest.to_owned())).unwrap())
    }

    fn per_user(&self) -> usize {
        3
    }
}

/// Makes a link to a path below the person.
pub(super) fn link(path: &str) -> String {
    format!("{PLACE}/users/u1/{path}")
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

/// The vendor does not answer such a question.
pub(super) fn refused() -> Error {
    error(Class::Park, Reason::RequestRefused, 400)
}

/// A request for one person's data.
pub(super) fn request(dataset: Dataset, privacy: Privacy) -> ExportRequest {
    let email: Email = "peter@acme.example".parse().unwrap();
    ExportRequest {
        user: RemoteUser {
            id: UserId::new("u1"),
            primary_email: email.clone(),
            aliases: Vec::new(),
            suspended: Known::False,
            archived: Known::False,
            licensed: Known::True,
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

    /// Reads until the vendor's present state, in a new generation where the cursor is no longer good.
    pub(super) async fn read_all<E: Exporter>(
        &mut self,
        exporter: &E,
        request: &ExportRequest,
    ) -> Result<(), Error> {
        loop {
            match self.read(exporter, request, usize::MAX).await {
                Ok(Some(Position::Current)) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.class == Class::Expired => self.begin_anew(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Begins a new generation. What it does not see is swept, for which dropping everything stands here.
    pub(super) fn begin_anew(&mut self) {
        self.rows.clear();
        self.cursor = None;
    }

    /// Returns the ids of all rows.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.rows.keys().map(|key| key.id.as_str()).collect()
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Upsert(key, record) => drop(self.rows.insert(key, record)),
            Change::Delete(key) => drop(self.rows.remove(&key)),
        }
    }
}
