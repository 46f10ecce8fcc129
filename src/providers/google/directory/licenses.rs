//! Who has a licence, where the connection was given the scope for it, which is a read-write one: there is no other.
//!
//! Source: developers.google.com/workspace/admin/licensing/v1/how-tos/products, read 2026-11-22.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, People};
use crate::model::account::{self, Known};
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
/// What is asked of a licence.
const FIELDS: &str = "userId,skuId,skuName";

/// Who has which licences.
type Held = BTreeMap<Email, Vec<account::License>>;

/// Returns why the licences that are read do not tell of `sku`: they are those of one product. A name is that of an edition.
pub(super) fn untold(can_read: bool, sku: &str) -> Option<String> {
    if !can_read {
        return Some(
            "Add the scope https://www.googleapis.com/auth/apps.licensing to spec.provider.google.scopes and delegate it."
                .to_owned(),
        );
    }
    let is_id = sku.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && !SKUS.contains(&sku)).then(|| {
        format!(
            "{sku} is no edition of Google Workspace that is known here, and licences of other products are not read. Correct \
             licensing.skus."
        )
    })
}

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
            let held = licensed.as_ref().ok();
            let held = held.map(|all| all.get(&user.primary_email).cloned().unwrap_or_default());
            user.licensed = held
                .as_ref()
                .map_or(Known::Unknown, |held| (!held.is_empty()).into());
            user.licenses = held;
        }
    }

    async fn list_licensed(
        &self,
        admin: &Email,
        tenant: &str,
        people: &BTreeSet<Email>,
    ) -> Result<Held, Error> {
        let path = format!("apps/licensing/v1/product/{PRODUCT}/users");
        let fields = format!("nextPageToken,items({FIELDS})");
        let mut licensed = Held::new();
        let mut next: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut query = vec![("customerId", tenant), ("maxResults", "1000")];
            query.push(("fields", &fields));
            query.extend(next.as_deref().map(|token| ("pageToken", token)));
            let page: Licenses = self
                .api
                .get(Method::LicensesList, admin, &path, &query)
                .await?;
            for item in page.items {
                let email = item.user_id.parse().ok();
                if let Some(email) = email.filter(|email| people.contains(email)) {
                    licensed.entry(email).or_default().push(license(item));
                }
            }
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
    ) -> Result<Held, Error> {
        let mut licensed = Held::new();
        for email in people {
            let held = self.license_of(admin, email).await?;
            licensed.extend(held.map(|license| (email.clone(), vec![license])));
        }
        Ok(licensed)
    }

    /// Returns somebody's edition: nobody has two of the same product.
    async fn license_of(
        &self,
        admin: &Email,
        email: &Email,
    ) -> Result<Option<account::License>, Error> {
        let user: String =
            url::form_urlencoded::byte_serialize(email.as_str().as_bytes()).collect();
        let query = [("fields", FIELDS)];
        for sku in SKUS {
            let path = format!("apps/licensing/v1/product/{PRODUCT}/sku/{sku}/user/{user}");
            match self
                .api
                .get::<License>(Method::LicensesGet, admin, &path, &query)
                .await
            {
                Ok(found) => return Ok(Some(license(found))),
                Err(error) if error.class == Class::Gone => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

fn license(wire: License) -> account::License {
    account::License {
        id: wire.sku_id,
        name: wire.sku_name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_tell_of_editions_and_of_nothing_else() {
        assert_eq!(untold(true, "1010020028"), None);
        assert_eq!(untold(true, "Google Workspace Business Standard"), None);
        // Cloud Identity is a product of its own.
        let why = untold(true, "1010010001").unwrap();
        assert!(why.contains("1010010001"), "{why}");
        let why = untold(false, "1010020028").unwrap();
        assert!(why.contains("auth/apps.licensing"), "{why}");
    }
}
