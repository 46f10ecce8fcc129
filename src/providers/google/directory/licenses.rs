//! Who has a licence, where the connection was given the scope for it, which is a read-write one: there is no other.
//!
//! Source: developers.google.com/workspace/admin/licensing/v1/how-tos/products, read 2026-11-22.

use std::collections::BTreeSet;

use super::{Found, People};
use crate::model::account::Known;
use crate::model::email::Email;
use crate::providers::error::{Class, Error};
use crate::providers::google::api::Method;
use crate::providers::google::wire::{License, Licenses};

/// Google Workspace; archived users have a product of their own, which is no licence to read anything.
const PRODUCT: &str = "Google-Apps";
/// The editions, the common ones first.
const SKUS: &[&str] = &[
    "1010020020",
    "1010020026",
    "1010020028",
    "1010020025",
    "1010020027",
    "1010020029",
    "1010020030",
    "1010020031",
    "1010020034",
    "1010060003",
    "1010070001",
];
/// People up to which each one's licence is looked up by itself.
const FEW: usize = 2;
/// Pages beyond which something is wrong.
const MAX_PAGES: usize = 5_000;

impl People {
    /// Replaces what a mailbox suggests by what the licences say. Where they cannot be read, it is unknown.
    pub(super) async fn add_licenses(&self, admin: &Email, found: &mut [Found]) {
        if !self.api.may(Method::LicensesList) {
            return;
        }
        let people = found.iter().filter_map(|(_, user)| user.as_ref().ok());
        let people: BTreeSet<Email> = people.map(|user| user.primary_email.clone()).collect();
        let licensed = match self.tenant() {
            Some(tenant) if people.len() > FEW => self.list_licensed(admin, tenant, &people).await,
            _ => self.look_up_licensed(admin, &people).await,
        };
        for user in found.iter_mut().filter_map(|(_, user)| user.as_mut().ok()) {
            user.licensed = match &licensed {
                Ok(licensed) => licensed.contains(&user.primary_email).into(),
                Err(_) => Known::Unknown,
            };
        }
    }

    async fn list_licensed(
        &self,
        admin: &Email,
        tenant: &str,
        people: &BTreeSet<Email>,
    ) -> Result<BTreeSet<Email>, Error> {
        let path = format!("apps/licensing/v1/product/{PRODUCT}/users");
        let mut licensed = BTreeSet::new();
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = vec![("customerId", tenant), ("maxResults", "1000")];
            query.push(("fields", "nextPageToken,items(userId)"));
            query.extend(next.as_deref().map(|token| ("pageToken", token)));
            let page: Licenses = self
                .api
                .get(Method::LicensesList, admin, &path, &query)
                .await?;
            let emails = page.items.iter().filter_map(|item| item.user_id.parse().ok());
            licensed.extend(emails.filter(|email| people.contains(email)));
            next = page.next_page_token.filter(|token| !token.is_empty());
            if next.is_none() || licensed.len() == people.len() {
                break;
            }
        }
        Ok(licensed)
    }

    async fn look_up_licensed(
        &self,
        admin: &Email,
        people: &BTreeSet<Email>,
    ) -> Result<BTreeSet<Email>, Error> {
        let mut licensed = BTreeSet::new();
        for email in people {
            if self.is_licensed(admin, email).await? {
                licensed.insert(email.clone());
            }
        }
        Ok(licensed)
    }

    async fn is_licensed(&self, admin: &Email, email: &Email) -> Result<bool, Error> {
        let user: String = url::form_urlencoded::byte_serialize(email.as_str().as_bytes()).collect();
        let query = [("fields", "userId")];
        for sku in SKUS {
            let path = format!("apps/licensing/v1/product/{PRODUCT}/sku/{sku}/user/{user}");
            match self.api.get::<License>(Method::LicensesGet, admin, &path, &query).await {
                Ok(_) => return Ok(true),
                Err(error) if error.class == Class::Gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
