//! How the exporter asks the vendor: the connection's [`Api`], bound to the person whose data is read.

use serde::de::DeserializeOwned;

use crate::model::email::Email;
use crate::providers::google::api::{Api, Method};
pub(super) use crate::providers::reading::path::segment;
use crate::providers::{Error, ExportRequest};

/// What the exporter needs of an API. Tests have a vendor of their own behind it.
pub(in crate::providers::google) trait Ask:
    Send + Sync + 'static
{
    /// Asks for a resource, as [`Api::get`] does.
    fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        subject: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Returns whether the connection has a scope for `method`, as far as is known without asking.
    fn may(&self, method: Method) -> bool;

    /// Returns how many requests may be under way for one person, at least 1.
    fn per_user(&self) -> usize;
}

impl Ask for Api {
    async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        subject: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        Self::get(self, method, subject, path, query).await
    }

    fn may(&self, method: Method) -> bool {
        Self::may(self, method)
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
}

impl<A> Clone for Source<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Source<'_, A> {}

impl<A: Ask> Source<'_, A> {
    /// Asks for a resource as the person.
    pub(super) async fn get<T: DeserializeOwned + Send>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let subject = &self.request.subject;
        self.api.get(method, subject, path, query).await
    }
}
