//! Who is who: from the directory where an administrator is named, else by probing each person's own services.
//!
//! ```text
//! wanted ─┬─► directory: single look-ups, or pages of everybody, whichever takes fewer requests ─┐
//!         └─► no directory: mailbox, calendar, file store of each person                         ├─► RemoteUser
//!                                    licences, where the connection has a scope for them ────────┘
//! ```
//!
//! Of a page of everybody, all who are not wanted are dropped before the next page is read.

mod licenses;
mod listing;
mod probing;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::StreamExt as _;

use super::NAME;
use super::api::{Api, Method};
use super::spec::GoogleSpec;
use super::wire::{USER_FIELDS, User};
use crate::http::auth::Token;
use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::email::Email;
use crate::providers::Directory;
use crate::providers::error::{Class, Error, Reason};

/// The people of one tenant.
pub(super) struct People {
    api: Arc<Api>,
    admin: Option<Email>,
    /// The tenant's id as the YAML has it; none for the administrator's own.
    customer: Option<String>,
    /// The tenant's id as the directory has it.
    seen_customer: OnceLock<String>,
    /// How many people the tenant had when it was last listed in full; 0 while that is not known.
    size: AtomicUsize,
}

type Found = (Email, Result<RemoteUser, Error>);

impl People {
    pub(super) fn new(api: Arc<Api>, spec: &GoogleSpec) -> Self {
        Self {
            api,
            admin: spec.admin_email.clone(),
            customer: spec.customer.clone().filter(|id| id != "my_customer"),
            seen_customer: OnceLock::new(),
            size: AtomicUsize::new(0),
        }
    }

    /// Looks whether the directory opens to the administrator, with a token at hand, and learns the tenant's id.
    ///
    /// # Errors
    /// As the vendor's table has it; [`Reason::UserOfAnotherTenant`] where the YAML names another tenant.
    pub(super) async fn look_at(&self, token: &Token, admin: &Email) -> Result<(), Error> {
        let query = [("fields", USER_FIELDS)];
        let path = user_path(admin);
        let user: User = self
            .api
            .get_with(token, Method::UsersGet, admin, &path, &query)
            .await?;
        let Some(theirs) = user.customer_id else {
            return Ok(());
        };
        match &self.customer {
            Some(ours) if *ours != theirs => Err(another_tenant(admin, &theirs)),
            _ => {
                self.seen_customer.get_or_init(|| theirs);
                Ok(())
            }
        }
    }

    /// The administrator, where the directory can be read as them.
    fn reader(&self) -> Option<&Email> {
        let is_possible = self.api.grants.might(Method::UsersGet);
        self.admin.as_ref().filter(|_| is_possible)
    }

    /// The tenant's id, where it is known.
    pub(super) fn tenant(&self) -> Option<&str> {
        let seen = || self.seen_customer.get().map(String::as_str);
        self.customer.as_deref().or_else(seen)
    }

    async fn look_up(&self, admin: &Email, wanted: &[Email]) -> Vec<Found> {
        let one = |email: Email| async move {
            let user = self.look_up_one(admin, &email).await;
            (email, user)
        };
        futures::stream::iter(wanted.iter().cloned().map(one))
            .buffered(self.api.per_user())
            .collect()
            .await
    }

    async fn look_up_one(&self, admin: &Email, email: &Email) -> Result<RemoteUser, Error> {
        let query = [("fields", USER_FIELDS)];
        let path = user_path(email);
        match self.api.get(Method::UsersGet, admin, &path, &query).await {
            Ok(user) => self.admit(email, user),
            Err(error) if error.reason == Reason::AdminNotPrivileged => {
                Err(self.whose_fault(admin, email, error).await)
            }
            Err(error) => Err(error),
        }
    }

    /// The directory answers alike where the administrator may read nobody and where the person is somebody else's. If it
    /// opens for the administrator's own entry, it is the latter.
    async fn whose_fault(&self, admin: &Email, email: &Email, error: Error) -> Error {
        let query = [("fields", USER_FIELDS)];
        let path = user_path(admin);
        let own = self.api.get::<User>(Method::UsersGet, admin, &path, &query);
        match own.await {
            Ok(_) => out_of_reach(admin, email),
            Err(_) => error,
        }
    }

    /// Makes a person of a directory's entry, unless it is another tenant's.
    fn admit(&self, asked: &Email, user: User) -> Result<RemoteUser, Error> {
        match (self.tenant(), &user.customer_id) {
            (Some(ours), Some(theirs)) if ours != theirs => Err(another_tenant(asked, theirs)),
            (None, Some(theirs)) => {
                // The directory opens to the administrator's own tenant.
                self.seen_customer.get_or_init(|| theirs.clone());
                remote_user(user)
            }
            _ => remote_user(user),
        }
    }

    fn known_size(&self) -> Option<usize> {
        Some(self.size.load(Ordering::Relaxed)).filter(|size| *size > 0)
    }
}

#[async_trait]
impl Directory for People {
    async fn find(&self, wanted: &[Email]) -> Vec<(Email, Result<RemoteUser, Error>)> {
        let Some(admin) = self.reader() else {
            return self.probe(wanted).await;
        };
        let mut found = if listing::is_cheaper(wanted.len(), self.known_size()) {
            self.list(admin, wanted).await
        } else {
            self.look_up(admin, wanted).await
        };
        self.add_licenses(admin, &mut found).await;
        found
    }

    fn untold(&self, sku: &str) -> Option<String> {
        let can_read = self.reader().is_some() && self.api.may(Method::LicensesList);
        licenses::untold(can_read, sku)
    }
}

fn user_path(email: &Email) -> String {
    let key: String = url::form_urlencoded::byte_serialize(email.as_str().as_bytes()).collect();
    format!("admin/directory/v1/users/{key}")
}

/// A mailbox comes with a licence that has one, so that its being set up stands for the licence until the licences
/// themselves are asked for.
fn remote_user(user: User) -> Result<RemoteUser, Error> {
    let known = |fact: Option<bool>| fact.map_or(Known::Unknown, Known::from);
    let Ok(primary_email) = user.primary_email.parse() else {
        return Err(unreadable());
    };
    let aliases = user.aliases.iter().chain(&user.non_editable_aliases);
    Ok(RemoteUser {
        id: UserId::new(user.id),
        primary_email,
        aliases: aliases.filter_map(|alias| alias.parse().ok()).collect(),
        suspended: known(user.suspended),
        archived: known(user.archived),
        licensed: known(user.is_mailbox_setup),
        licenses: None,
        mailbox: known(user.is_mailbox_setup),
        calendar: Known::Unknown,
        drive: Known::Unknown,
    })
}

fn another_tenant(email: &Email, theirs: &str) -> Error {
    let theirs = crate::http::shortened(theirs, 40);
    people_error(
        Class::Park,
        Reason::UserOfAnotherTenant,
        format!("{email} belongs to the tenant {theirs}, not to this connection's."),
        "Use a connection of that tenant, or correct spec.provider.google.customer.",
    )
}

fn out_of_reach(admin: &Email, email: &Email) -> Error {
    people_error(
        Class::Park,
        Reason::UserOfAnotherTenant,
        format!(
            "{email} belongs to another tenant, or to a part of this one that {admin} may not read."
        ),
        "Use a connection of that tenant, or correct the address; for a part of this one, widen the administrator's role.",
    )
}

fn not_found(email: &Email) -> Error {
    people_error(
        Class::Park,
        Reason::UserNotFound,
        format!("The directory has nobody with the address {email}."),
        "Correct the address, or create or restore the account.",
    )
}

fn unreadable() -> Error {
    people_error(
        Class::Retry,
        Reason::MalformedReply,
        "The directory's entry has no primary address.".to_owned(),
        "It is tried again.",
    )
}

fn people_error(class: Class, reason: Reason, meaning: String, remedy: &str) -> Error {
    Error {
        class,
        reason,
        provider: NAME,
        operation: "users.get",
        status: None,
        code: None,
        meaning,
        remedy: remedy.to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests;
