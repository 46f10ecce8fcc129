//! Everybody, page by page, of whom only those who are wanted are kept.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::{Found, People, not_found};
use crate::model::email::Email;
use crate::providers::error::Error;
use crate::providers::google::api::Method;
use crate::providers::google::wire::{USER_FIELDS, User, Users};

/// People on a page, the vendor's most.
const PAGE: usize = 500;
/// Wanted people up to which each is looked up by itself while the tenant's size is not known.
const FEW: usize = 10;
/// Pages beyond which something is wrong: five million people.
const MAX_PAGES: usize = 10_000;

/// Returns whether listing everybody takes fewer requests than looking each one up.
pub(super) fn is_cheaper(wanted: usize, size: Option<usize>) -> bool {
    match size {
        Some(size) => size.div_ceil(PAGE) < wanted,
        None => wanted > FEW,
    }
}

impl People {
    /// Lists until everybody who is wanted is found. Where it turns out that this takes more requests than looking
    /// each one up, it does that for the rest.
    pub(super) async fn list(&self, admin: &Email, wanted: &[Email]) -> Vec<Found> {
        let mut sought = Sought::new(wanted);
        let mut next = None;
        for page in 1..=MAX_PAGES {
            let users = match self.page(admin, next.as_deref()).await {
                Ok(users) => users,
                Err(error) => return self.failed(sought, &error),
            };
            sought.count += users.users.len();
            for user in users.users {
                sought.take(user);
            }
            next = users.next_page_token.filter(|token| !token.is_empty());
            if next.is_none() {
                self.size.store(sought.count, Ordering::Relaxed);
                return self.complete(sought);
            }
            if sought.missing() == 0 {
                return self.complete(sought);
            }
            if page >= wanted.len() {
                break;
            }
        }
        let rest = sought.rest();
        let mut found = self.complete(sought);
        found.retain(|(email, _)| !rest.contains(email));
        found.extend(self.look_up(admin, &rest).await);
        found
    }

    async fn page(&self, admin: &Email, token: Option<&str>) -> Result<Users, Error> {
        let fields = format!("nextPageToken,users({USER_FIELDS})");
        let mut query = vec![
            ("customer", self.customer.as_deref().unwrap_or("my_customer")),
            ("maxResults", "500"),
            ("projection", "basic"),
            ("fields", &fields),
        ];
        query.extend(token.map(|token| ("pageToken", token)));
        let path = "admin/directory/v1/users";
        self.api.get(Method::UsersList, admin, path, &query).await
    }

    fn complete(&self, sought: Sought<'_>) -> Vec<Found> {
        let Sought { wanted, mut users, .. } = sought;
        let one = |email: &Email| {
            let user = match users.remove(email) {
                Some(user) => self.admit(email, user),
                None => Err(not_found(email)),
            };
            (email.clone(), user)
        };
        wanted.iter().map(one).collect()
    }

    fn failed(&self, sought: Sought<'_>, error: &Error) -> Vec<Found> {
        let rest = sought.rest();
        let mut found = self.complete(sought);
        for (email, user) in &mut found {
            if rest.contains(email) {
                *user = Err(error.clone());
            }
        }
        found
    }
}

/// Whom we look for, and who was found so far.
struct Sought<'a> {
    wanted: &'a [Email],
    users: HashMap<Email, User>,
    count: usize,
}

impl<'a> Sought<'a> {
    fn new(wanted: &'a [Email]) -> Self {
        Self {
            wanted,
            users: HashMap::new(),
            count: 0,
        }
    }

    /// Keeps an entry under each wanted address that it answers to.
    fn take(&mut self, user: User) {
        let addresses = std::iter::once(&user.primary_email)
            .chain(&user.aliases)
            .chain(&user.non_editable_aliases);
        let mut ours: Vec<Email> = addresses.filter_map(|text| text.parse().ok()).collect();
        ours.retain(|email| self.wanted.contains(email));
        for email in ours {
            self.users.insert(email, user.clone());
        }
    }

    fn missing(&self) -> usize {
        self.rest().len()
    }

    fn rest(&self) -> Vec<Email> {
        let is_missing = |email: &&Email| !self.users.contains_key(*email);
        self.wanted.iter().filter(is_missing).cloned().collect()
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
            (2, Some(501), false),
            (3, Some(501), true),
            (99, Some(50_000), false),
            (101, Some(50_000), true),
        ] {
            assert_eq!(is_cheaper(wanted, size), lists, "{wanted} of {size:?}");
        }
    }
}
