//! The next page of ids, asked for before it is wanted.

use std::vec::IntoIter;

use futures::FutureExt as _;
use futures::future::{BoxFuture, MaybeDone, maybe_done, pending};

use crate::providers::Error;

/// A page of ids whose messages are being fetched.
pub(super) struct OpenPage {
    pub(super) ids: IntoIter<String>,
    /// The token of the page after it.
    pub(super) next: Option<String>,
    /// Whether all messages so far were too old.
    pub(super) too_old: bool,
}

type Listed = Result<OpenPage, Error>;

/// A page that was asked for ahead, or none.
#[derive(Default)]
pub(super) struct Ahead<'a>(Option<MaybeDone<BoxFuture<'a, Listed>>>);

impl<'a> Ahead<'a> {
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Asks for the page. Nothing moves unless somebody waits in [`Ahead::arrive`] or [`Ahead::take`].
    pub(super) fn ask(&mut self, page: impl Future<Output = Listed> + Send + 'a) {
        self.0 = Some(maybe_done(page.boxed()));
    }

    /// Waits until the page has come. Never ends where it has, or where none was asked for.
    pub(super) async fn arrive(&mut self) {
        match &mut self.0 {
            Some(page @ MaybeDone::Future(_)) => page.await,
            _ => pending().await,
        }
    }

    /// Returns the ids of the page that has come.
    pub(super) fn ids(&mut self) -> Option<&mut IntoIter<String>> {
        match &mut self.0 {
            Some(MaybeDone::Done(Ok(page))) => Some(&mut page.ids),
            _ => None,
        }
    }

    /// Takes the page, once it has come, where one was asked for.
    pub(super) async fn take(&mut self) -> Option<Listed> {
        match self.0.take()? {
            MaybeDone::Future(page) => Some(page.await),
            MaybeDone::Done(page) => Some(page),
            MaybeDone::Gone => None,
        }
    }
}
