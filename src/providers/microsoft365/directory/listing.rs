//! Everybody, page by page, of whom only those who are wanted are kept.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::account::addresses;
use super::{Found, People, not_found};
use crate::model::email::Email;
use crate::providers::error::Error;
use crate::providers::microsoft365::api::{Method, Target, Whom};
use crate::providers::microsoft365::wire::{USER_FIELDS, User, Users};
use crate::providers::reading::fault;

/// People on a page, the vendor's most.
const PAGE: usize = 999;
/// Wanted people up to which each is looked up by itself while the tenant's size is not known.
const FEW: usize = 10;
/// Pages beyond which something is wrong: ten million people.
const MAX_PAGES: usize = 10_000;

/// Returns whether listing everybody takes fewer requests than looking each one up.
pub(super) fn is_cheaper(wanted: usize, size: Option<usize>) -> bool {
    match size {
        Some(size) => size.div_ceil(PAGE) < wanted,
        None => wanted > FEW,
    }
}

impl People {
    pub(super) fn known_size(&self) -> Option<usize> {
        Some(self.size.load(Ordering::Relaxed)).filter(|size| *size > 0)
    }

    /// Lists until everybody who is wanted is found or there are no more people. Whoever is not found then is looked up
    /// once more by themselves where the listing failed or was given up.
    pub(super) async fn list(&self, wanted: &[Email]) -> Vec<Found> {
        let mut users: HashMap<Email, User> = HashMap::new();
        let ended = self.collect(wanted, &mut users).await;
        let one = |email: &Email| {
            let user = match (users.remove(email), &ended) {
                (Some(user), _) => Ok(user),
                (None, Ok(())) => Err(not_found(email)),
                (None, Err(error)) => Err(error.clone()),
            };
            (email.clone(), user)
        };
        wanted.iter().map(one).collect()
    }

    async fn collect(
        &self,
        wanted: &[Email],
        users: &mut HashMap<Email, User>,
    ) -> Result<(), Error> {
        let (method, top) = (Method::UsersList, PAGE.to_string());
        let query = [("$select", USER_FIELDS), ("$top", &top)];
        let mut link = None;
        let mut count = 0;
        for _ in 0..MAX_PAGES {
            let target = link
                .as_ref()
                .map_or(Target::Path("users", &query), Target::Link);
            let page: Users = self.api.get(method, Whom::TENANT, target).await?;
            count += page.value.len();
            for user in page.value {
                for email in addresses(&user) {
                    if wanted.contains(&email) {
                        users.insert(email, user.clone());
                    }
                }
            }
            let Some(next) = page.next_link else {
                self.size.store(count, Ordering::Relaxed);
                return Ok(());
            };
            if users.len() == wanted.len() {
                return Ok(());
            }
            link = Some(self.api.link(method, &next)?);
        }
        let what = "the list of people does not end";
        Err(fault::malformed(super::NAME, method.name(), what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewer_requests_win() {
        for (wanted, size, lists) in [
            (1, None, false),
            (10, None, false),
            (11, None, true),
            (1, Some(100), false),
            (2, Some(100), true),
            (2, Some(1_000), false),
            (51, Some(50_000), false),
            (52, Some(50_000), true),
        ] {
            assert_eq!(is_cheaper(wanted, size), lists, "{wanted} of {size:?}");
        }
    }
}
