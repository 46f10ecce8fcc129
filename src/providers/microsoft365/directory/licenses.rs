//! The licences of accounts: their ids stand in each entry, their names in the list of what the tenant has bought.
//!
//! Source: learn.microsoft.com/graph/api/resources/assignedlicense and …/subscribedsku-list, read 2026-11-27.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::People;
use crate::model::account::{License, RemoteUser};
use crate::model::email::Email;
use crate::providers::Error;
use crate::providers::microsoft365::api::{Method, Target, Whom};
use crate::providers::microsoft365::roles;
use crate::providers::microsoft365::wire::{Skus, User};

/// What the tenant has bought is called, by id.
#[derive(Default)]
pub(super) struct Names(Mutex<BTreeMap<String, String>>);

impl Names {
    /// Returns whether they have been read.
    pub(super) fn are_known(&self) -> bool {
        !self.with(|names| names.is_empty())
    }

    fn of(&self, id: &str) -> Option<String> {
        self.with(|names| names.get(&id.to_ascii_lowercase()).cloned())
    }

    fn note(&self, skus: Skus) {
        let pairs = skus.value.into_iter();
        let pairs = pairs.map(|sku| (sku.sku_id.to_ascii_lowercase(), sku.sku_part_number));
        self.with(|names| *names = pairs.collect());
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns the licences of an entry; none where it does not tell.
pub(super) fn of(user: &User) -> Option<Vec<License>> {
    let assigned = user.assigned_licenses.as_ref()?;
    let license = |id: &str| License {
        id: id.to_owned(),
        name: None,
    };
    Some(assigned.iter().map(|one| license(&one.sku_id)).collect())
}

/// Returns why licences do not tell of `sku`: of an id they always do.
pub(super) fn untold(can_name: bool, consent: &str, sku: &str) -> Option<String> {
    (!can_name && !is_id(sku)).then(|| {
        format!(
            "Licences stand with their ids, and what is called {sku} cannot be looked up. List its SKU ID in licensing.skus, or \
             consent to {}: {consent}",
            roles::LICENSE_ASSIGNMENT_READ_ALL
        )
    })
}

/// A GUID.
fn is_id(sku: &str) -> bool {
    let is_of_one = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    sku.len() == 36 && sku.bytes().all(is_of_one)
}

impl People {
    /// Adds the names of licences where they may be read. That they cannot be now leaves the ids.
    pub(super) async fn name_licenses(&self, found: &mut [(Email, Result<RemoteUser, Error>)]) {
        let mut held: Vec<&mut License> = found
            .iter_mut()
            .filter_map(|(_, user)| user.as_mut().ok()?.licenses.as_mut())
            .flatten()
            .collect();
        let is_named = |license: &&mut License| self.names.of(&license.id).is_some();
        if self.api.may(Method::SkusList) && !(self.names.are_known() && held.iter().all(is_named))
        {
            self.read_names().await;
        }
        for license in &mut held {
            license.name = self.names.of(&license.id);
        }
    }

    async fn read_names(&self) {
        let query = [("$select", "skuId,skuPartNumber")];
        let target = Target::Path("subscribedSkus", &query);
        let read = self.api.get::<Skus>(Method::SkusList, Whom::TENANT, target);
        match read.await {
            Ok(skus) => self.names.note(skus),
            Err(error) => tracing::debug!(%error, "the names of licences could not be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_told_always_and_a_name_where_names_are_read() {
        let id = "6fd2c87f-b296-42f0-b197-1e91e994b900";
        assert_eq!(untold(false, "", id), None);
        assert_eq!(untold(true, "", "ENTERPRISEPACK"), None);
        let why = untold(
            false,
            "https://login.example/adminconsent",
            "ENTERPRISEPACK",
        )
        .unwrap();
        for part in [
            "ENTERPRISEPACK",
            "SKU ID",
            "LicenseAssignment.Read.All",
            "adminconsent",
        ] {
            assert!(why.contains(part), "{why}");
        }
    }
}
