//! How a vendor says what every vendor says. A system's own dialect stands beside what else is its own.

use deputy::model::dataset::Dataset;
use deputy::providers::{Purpose, Reason};
use serde_json::Value;
use url::Url;

/// What a test must know of a vendor to strike its replies, and what is to come of that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    /// The kinds of data that Deputy reads of it.
    pub(crate) datasets: &'static [Dataset],
    /// One of them, each page of whose listing is one request.
    pub(crate) listed: Dataset,
    /// Where tokens are; none where every request is signed.
    pub(crate) token: Option<&'static str>,
    /// Where that listing is, and no other request that it needs.
    pub(crate) listing: &'static str,
    /// More items than a page of that listing has.
    pub(crate) more_than_a_page: u32,
    /// A page of it: with an item of this id, and with what follows. The URL is the vendor's.
    pub(crate) page: fn(&Url, Option<&str>, Next<'_>) -> Value,
    /// The body of a refusal with this status and these words.
    pub(crate) refusal: fn(u16, &str) -> Value,
    /// How it fails under load beside 429 and 5xx: what a fault of the sandbox does.
    pub(crate) overloaded: fn() -> Vec<Value>,
    /// What a 401 means that stays.
    pub(crate) unauthenticated: Reason,
    /// What a 403 means.
    pub(crate) denied: Reason,
    /// What keys it makes by API for; nothing where it makes none.
    pub(crate) purposes: &'static [Purpose],
    /// What comes of a page that goes on elsewhere: a link is refused here, a mark is sent back and refused by the vendor.
    pub(crate) elsewhere: Reason,
}

/// What follows a page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next<'a> {
    /// Nothing.
    End,
    /// A page that the vendor knows by this mark.
    Mark(&'a str),
    /// A page at another place, by its whole address.
    At(&'a Url),
}
