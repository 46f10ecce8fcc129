//! How the exporter asks the vendor: the connection's [`Api`], bound to the person whose data is read.

use serde::de::DeserializeOwned;

use super::fault;
use crate::model::clock::Clock;
use crate::providers::microsoft365::api::{Api, Link, Method, Target, Whom};
use crate::providers::reading::path::segment;
use crate::providers::{Error, ExportRequest};

/// What the exporter needs of an API. Tests have a vendor of their own behind it.
pub(in crate::providers::microsoft365) trait Ask:
    Send + Sync + 'static
{
    /// Asks for a resource, as [`Api::get`] does.
    fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        whom: Whom<'_>,
        target: Target<'_>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Takes a link of a reply over, as [`Api::link`] does.
    fn link(&self, method: Method, absolute: &str) -> Result<Link, Error>;

    /// Returns how many requests may be under way for one person, at least 1.
    fn per_user(&self) -> usize;
}

impl Ask for Api {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        whom: Whom<'_>,
        target: Target<'_>,
    ) -> Result<T, Error> {
        Self::get(self, method, whom, target).await
    }

    fn link(&self, method: Method, absolute: &str) -> Result<Link, Error> {
        Self::link(self, method, absolute)
    }

    fn per_user(&self) -> usize {
        Self::per_user(self)
    }
}

/// One person's data at the vendor, for one run.
pub(super) struct Source<'a, A> {
    /// The vendor.
    pub(super) api: &'a A,
    /// What is read.
    pub(super) request: &'a ExportRequest,
    /// The time.
    pub(super) clock: &'a dyn Clock,
}

impl<A> Clone for Source<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Source<'_, A> {}

impl<A: Ask> Source<'_, A> {
    /// Returns a path of the person's, who is named by the immutable id.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("users/{}/{rest}", segment(self.request.user.id.as_str()))
    }

    /// Asks for a resource of the person's.
    pub(super) async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        target: Target<'_>,
    ) -> Result<T, Error> {
        let whom = Whom {
            key: self.request.user.id.as_str(),
            name: self.request.subject.as_str(),
        };
        self.api.get(method, whom, target).await
    }

    /// Takes over the link at the end of a page: where the next one is, or where a later round begins.
    ///
    /// # Errors
    /// The page has neither, or one that leads to itself: it would be read for ever.
    pub(super) fn onward(
        &self,
        method: Method,
        (next, delta): (Option<&str>, Option<&str>),
        this: Option<&Link>,
    ) -> Result<Onward, Error> {
        match (next, delta) {
            (Some(next), _) => {
                let next = self.api.link(method, next)?;
                if Some(&next) == this {
                    let what = "the next page is this one";
                    return Err(fault::malformed(method.name(), what));
                }
                Ok(Onward::More(next))
            }
            (None, Some(delta)) => Ok(Onward::Done(self.api.link(method, delta)?)),
            (None, None) => Err(fault::malformed(method.name(), "a page has no link")),
        }
    }
}

/// What follows a page.
pub(super) enum Onward {
    /// Another page.
    More(Link),
    /// Nothing, for now; a later round begins here.
    Done(Link),
}
