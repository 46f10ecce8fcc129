//! Who is who, and what each can be synced of: the account first, then the mailbox, then the permission. A mailbox that
//! is refused says nothing of an account without one, and one that is missing says nothing of permissions.
//!
//! ```text
//! wanted ─► single look-ups, or pages of everybody, whichever takes fewer requests ─► accounts
//!                            admitted, and disabled or without a plan for the service ─► its mailbox, its drive
//! ```
//!
//! Of a page of everybody, all who are not wanted are dropped before the next page is read.

mod account;
mod licenses;
mod listing;
mod services;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use async_trait::async_trait;
use futures::StreamExt as _;

pub(in crate::providers::microsoft365) use self::account::addresses;
use self::account::quoted;
use self::licenses::Names;
use super::NAME;
use super::api::{Api, Method, Target, Whom};
use super::wire::{USER_FIELDS, User, Users};
use crate::model::account::RemoteUser;
use crate::model::email::Email;
use crate::providers::Directory;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::reading::path::segment;

/// People who are looked up at once.
const AT_ONCE: usize = 8;

/// The people of one tenant.
pub(super) struct People {
    api: Arc<Api>,
    /// How many people the tenant had when it was last listed in full; 0 while that is not known.
    size: AtomicUsize,
    names: Names,
}

type Found = (Email, Result<User, Error>);

impl People {
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self {
            api,
            size: AtomicUsize::new(0),
            names: Names::default(),
        }
    }

    async fn look_up(&self, wanted: &[Email]) -> Vec<Found> {
        let one = |email: Email| async move {
            let user = self.look_up_one(&email).await;
            (email, user)
        };
        let people = futures::stream::iter(wanted.iter().cloned().map(one));
        people.buffered(AT_ONCE).collect().await
    }

    /// Looks for an account by its sign-in name, and where nobody has it, by any address.
    pub(super) async fn look_up_one(&self, email: &Email) -> Result<User, Error> {
        let path = format!("users/{}", segment(email.as_str()));
        let query = [("$select", USER_FIELDS)];
        let whom = Whom {
            key: "",
            name: email.as_str(),
        };
        let named = self
            .api
            .get(Method::UsersGet, whom, Target::Path(&path, &query));
        match named.await {
            Err(error) if error.reason == Reason::UserNotFound => self.look_up_alias(email).await,
            user => user,
        }
    }

    async fn look_up_alias(&self, email: &Email) -> Result<User, Error> {
        let address = quoted(email.as_str());
        let filter = format!("proxyAddresses/any(p:p eq 'smtp:{address}')");
        let query = [("$select", USER_FIELDS), ("$filter", &filter)];
        let target = Target::Path("users", &query);
        let users: Users = self
            .api
            .get(Method::UsersList, Whom::TENANT, target)
            .await?;
        let is_theirs = |user: &User| addresses(user).contains(email);
        let found = users.value.into_iter().find(is_theirs);
        found.ok_or_else(|| not_found(email))
    }
}

#[async_trait]
impl Directory for People {
    async fn find(&self, wanted: &[Email]) -> Vec<(Email, Result<RemoteUser, Error>)> {
        let found = if listing::is_cheaper(wanted.len(), self.known_size()) {
            self.list(wanted).await
        } else {
            self.look_up(wanted).await
        };
        let person = |(email, user): Found| (email, user.and_then(|user| services::entered(&user)));
        let mut found: Vec<_> = found.into_iter().map(person).collect();
        self.name_licenses(&mut found).await;
        found
    }

    async fn settle(&self, account: RemoteUser) -> Result<RemoteUser, Error> {
        self.ask_services(account).await
    }

    fn untold(&self, sku: &str) -> Option<String> {
        let can_name = self.names.are_known() && self.api.may(Method::SkusList);
        licenses::untold(can_name, self.api.tokens.consent_url(), sku)
    }
}

pub(super) fn not_found(email: &Email) -> Error {
    Error {
        class: Class::Park,
        reason: Reason::UserNotFound,
        provider: NAME,
        operation: Method::UsersGet.name(),
        status: None,
        code: None,
        meaning: format!("The directory has nobody with the address {email}."),
        remedy: "Correct the address, or create or restore the account.".to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests;
