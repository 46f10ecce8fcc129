//! The vendors: one folder each, and what all of them can be asked for.
//!
//! ```text
//! spec + credentials ─► Provider::open ─► Session ─┬─► mandate    what an administrator has to grant
//!                                                  ├─► check      is the credential good, what may it do
//!                                                  ├─► directory  who is who
//!                                                  ├─► exporter   pages of records and where to go on
//!                                                  └─► keys       keys of the privileged account itself
//! ```
//!
//! To add a system: a folder with `mod` (the [`Provider`]), `spec` (what the YAML says), `wire` (the vendor's
//! JSON, each fact with its page and date), `errors` (the vendor's error table as one match), `directory` and
//! `export`; one line in the registry; one module in the sandbox. What is the same for all of them stands in
//! `reading` (pages), in `rows` (error tables) and in `http` (tokens, quotas, endpoints).

pub mod deputy;
pub mod error;
pub mod google;
pub mod keys;
pub mod mandate;
pub mod microsoft365;
mod reading;
pub mod registry;
pub mod report;
mod rows;
pub mod sendsafely;
#[cfg(test)]
mod testing;

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::http;
use crate::model::account::RemoteUser;
use crate::model::clock::Clock;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::model::email::Email;
use crate::model::privacy::Privacy;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::model::secret::Credentials;

pub use error::{Class, Error, Reason};
pub use keys::{IssuedKey, KeyAdopter, KeyIssuer, KeyRequest, Keys, Purpose, RemoteKey};
pub use mandate::Mandate;
pub use report::{CheckReport, CheckRequest, Finding, Identity};

/// What every provider works with.
#[derive(Clone)]
pub struct Clients {
    /// The one HTTP stack.
    pub http: http::Client,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where an account of Deputy's own lives. None outside of a cluster, and for every other system.
    pub home: Option<deputy::home::Home>,
}

/// How much of a vendor's quota a connection may use at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Requests per second over the whole connection; none means only the vendor's own quotas count.
    pub requests_per_second: Option<f64>,
    /// Requests under way for one person, at least 1.
    pub per_user: usize,
}

/// One system, as code: how to open a connection to it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// What the YAML says of a connection to this system.
    type Spec: Send + Sync;

    /// The name in YAML, metrics and folders.
    const NAME: &'static str;

    /// The kinds of data that people have there. None: a connection to it has no people, and needs no destination.
    const DATASETS: &'static [Dataset];

    /// Returns what the YAML of a typical connection says, for the examples.
    fn example() -> serde_json::Value;

    /// Reads the credentials and returns a session. Makes no request.
    ///
    /// # Errors
    /// [`Class::Invalid`] where the spec or the credentials cannot be used, with the reason and remedy of each case.
    async fn open(
        spec: &Self::Spec,
        credentials: &Credentials,
        pace: Pace,
        clients: &Clients,
    ) -> Result<Arc<dyn Session>, Error>;
}

/// An opened connection. Cheap to share; holds tokens and limiters for all who use it.
#[async_trait]
pub trait Session: Send + Sync {
    /// Returns who the credential is, as far as it says so itself.
    fn identity(&self) -> Identity;

    /// Returns the vendor's immutable id of the company, once it is known: rows of two are never mixed. Makes no request.
    fn tenant(&self) -> Option<String> {
        self.identity().tenant
    }

    /// Returns what an administrator has to grant for what is asked. Makes no request.
    fn mandate(&self, request: &CheckRequest) -> Mandate;

    /// Finds out what the credential may do now. Failures are findings, never an `Err`.
    async fn check(&self, request: &CheckRequest) -> CheckReport;

    /// Returns the people of the tenant.
    fn directory(&self) -> Option<&dyn Directory>;

    /// Returns the data of people.
    fn exporter(&self) -> Option<&dyn Exporter>;

    /// Returns what the YAML says of the privileged account itself; none where it says nothing.
    fn settings(&self) -> Option<&dyn Settings> {
        None
    }

    /// Returns the keys of the privileged account; none where the vendor has no way to make or to hand over one.
    fn keys(&self) -> Option<Keys<'_>> {
        None
    }
}

/// What the YAML says of the privileged account itself.
#[async_trait]
pub trait Settings: Send + Sync {
    /// Compares it with what the vendor has, and writes what differs: nothing where nothing does.
    ///
    /// Failures are findings. What the vendor has no way to set or to tell is unknown, with the place where it is set by hand.
    async fn apply(&self) -> Finding;
}

/// The people of a tenant. Only those who are asked for are kept or shown.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Finds each of `wanted` by any of its addresses, in as few requests as the vendor allows, and asks nothing but
    /// the directory where there is one: somebody may turn out to have an address that must not be touched.
    ///
    /// # Errors
    /// Per address: [`Reason::UserNotFound`] where there is nobody, else whatever kept us from knowing.
    async fn find(&self, wanted: &[Email]) -> Vec<(Email, Result<RemoteUser, Error>)>;

    /// Settles what the directory leaves open of an account, such as whether its mailbox is alive, by asking the services
    /// themselves. Only for an account all of whose addresses are admitted.
    ///
    /// # Errors
    /// Whatever kept us from knowing; that a service is off or refused is no error.
    async fn settle(&self, account: RemoteUser) -> Result<RemoteUser, Error> {
        Ok(account)
    }

    /// Returns why the licences of accounts do not tell of the one that the YAML calls `sku`, and what to do about it; none
    /// where they do.
    fn untold(&self, sku: &str) -> Option<String>;
}

/// What one run reads.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// Whose data.
    pub user: RemoteUser,
    /// The address to act as: the primary one, or the alias that the YAML chose.
    pub subject: Email,
    /// Which kind.
    pub dataset: Dataset,
    /// How much of it. Exclusions are applied by the caller; the provider asks for the fields they need.
    pub privacy: Privacy,
    /// Nothing older than this day, UTC.
    pub since: Option<jiff::civil::Date>,
}

/// Where a page leaves its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// In a full listing.
    Listing,
    /// A full listing has just been completed. It is the last page of its stream of pages.
    Listed,
    /// Behind the vendor's present state; more pages follow.
    Behind,
    /// At the vendor's present state. It is the last page of its stream of pages.
    Current,
    /// The same, and everything was read to know it: the cursor is to be stored although nothing may have changed, or the next
    /// run would have to read everything again.
    Compared,
}

/// One fetch: some changes and where to go on after them.
#[derive(Debug, Clone)]
pub struct Page {
    /// At most a few thousand; in the order in which they are to be applied.
    pub changes: Vec<Change>,
    /// Items that could not be read. The cursor is beyond them.
    pub failed: Vec<FailedItem>,
    /// Where to go on once the changes are stored.
    pub cursor: Cursor,
    /// Where that is.
    pub position: Position,
}

/// What is to be known of a stream that is synced all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// Why, in one word.
    pub reason: Reason,
    /// What it means and what to do about it.
    pub message: &'static str,
}

/// The data of people, page by page.
#[async_trait]
pub trait Exporter: Send + Sync {
    /// Returns the kinds of data that this session can read.
    fn datasets(&self) -> &'static [Dataset];

    /// Returns pages from `from`, or from the start of a full listing where it is `None`.
    ///
    /// The pages of a full listing end with [`Position::Listed`], whose cursor stands **before** the listing's first
    /// request, so that nothing that changed meanwhile is missed. Going on from there gives changes, until
    /// [`Position::Current`] or [`Position::Compared`].
    ///
    /// # Errors
    /// [`Class::Expired`] only where the vendor says, without doubt, that the cursor is no longer good. All else is
    /// an error of its own kind and leaves the cursor as it is. Transient failures were retried within bounds.
    ///
    /// # Cancel
    /// Safe to drop between and within pages: reads change nothing.
    fn pages<'a>(
        &'a self,
        request: &'a ExportRequest,
        from: Option<Cursor>,
    ) -> BoxStream<'a, Result<Page, Error>>;

    /// Returns what is to be known of a stream that stands at `cursor`, where it is not read as it should be. Makes no request.
    fn advice(&self, _dataset: Dataset, _cursor: &Cursor) -> Option<Advice> {
        None
    }

    /// Fetches single items again: a change for each that could be read or is gone, a failed item for the rest.
    async fn refetch(
        &self,
        request: &ExportRequest,
        keys: &[RecordKey],
    ) -> Result<(Vec<Change>, Vec<FailedItem>), Error>;
}
