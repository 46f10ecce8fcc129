//! The people of all customers.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::calendar::store::Calendars;
use super::drive::store::Drive;
use super::gmail::mailbox::Mailbox;
use crate::scenario::Customer;
use crate::visit::Visits;

/// What an administrator can change about a person.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub(crate) primary: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) name: String,
    pub(crate) admin: bool,
    pub(crate) suspended: bool,
    pub(crate) archived: bool,
    pub(crate) mailbox: bool,
    pub(crate) calendar: bool,
    pub(crate) drive: bool,
    pub(crate) licenses: Vec<String>,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) deleted: Option<i64>,
}

impl Profile {
    /// Whether the person can act, and a service account for the person.
    pub(crate) fn active(&self) -> bool {
        !self.suspended && !self.archived && self.deleted.is_none()
    }

    pub(crate) fn has_address(&self, address: &str) -> bool {
        let mut all = std::iter::once(&self.primary).chain(&self.aliases);
        all.any(|known| known.eq_ignore_ascii_case(address))
    }
}

/// A person and what is theirs. Each part has its own lock, and none is held across an await.
#[derive(Debug)]
pub(crate) struct User {
    /// Never changes; e-mail addresses do.
    pub(crate) id: String,
    /// The customer's position in [`People`].
    pub(crate) customer: usize,
    pub(crate) seed: u64,
    pub(crate) profile: RwLock<Profile>,
    pub(crate) mailbox: Mutex<Mailbox>,
    pub(crate) calendars: Mutex<Calendars>,
    pub(crate) drive: Mutex<Drive>,
    /// Gmail calls in flight.
    pub(crate) visits: Visits,
}

impl User {
    pub(crate) fn primary(&self) -> String {
        self.profile.read().primary.clone()
    }
}

/// Everyone.
#[derive(Debug)]
pub(crate) struct People {
    customers: Vec<Customer>,
    by_id: HashMap<String, Arc<User>>,
    by_address: HashMap<String, String>,
    /// In the order of arrival, deleted people included.
    order: Vec<Arc<User>>,
}

impl People {
    pub(crate) fn new(customers: Vec<Customer>) -> Self {
        Self {
            customers,
            by_id: HashMap::new(),
            by_address: HashMap::new(),
            order: Vec::new(),
        }
    }

    pub(crate) fn customers(&self) -> &[Customer] {
        &self.customers
    }

    /// The customer that an address's domain belongs to.
    pub(crate) fn customer_of(&self, address: &str) -> Option<usize> {
        let (_, domain) = address.rsplit_once('@')?;
        self.customers.iter().position(|customer| {
            customer
                .domains
                .iter()
                .any(|known| known.eq_ignore_ascii_case(domain))
        })
    }

    /// A person by primary address or alias.
    pub(crate) fn by_address(&self, address: &str) -> Option<&Arc<User>> {
        self.by_id
            .get(self.by_address.get(&address.to_lowercase())?)
    }

    /// A person by primary address, alias or id.
    pub(crate) fn find(&self, key: &str) -> Option<&Arc<User>> {
        self.by_address(key).or_else(|| self.by_id.get(key))
    }

    /// Everyone, deleted people included, in the order of arrival.
    pub(crate) fn all(&self) -> &[Arc<User>] {
        &self.order
    }

    /// Adds a person; the error says which of the addresses or ids is taken.
    pub(crate) fn add(&mut self, user: User) -> Result<Arc<User>, String> {
        let addresses = addresses(&user.profile.read());
        self.check_free(&addresses, None)?;
        if self.by_id.contains_key(&user.id) {
            return Err(format!("the id {} is taken", user.id));
        }
        let user = Arc::new(user);
        for address in addresses {
            self.by_address.insert(address, user.id.clone());
        }
        self.by_id.insert(user.id.clone(), user.clone());
        self.order.push(user.clone());
        Ok(user)
    }

    /// Gives a person other addresses.
    pub(crate) fn readdress(
        &mut self,
        user: &User,
        primary: String,
        aliases: Vec<String>,
    ) -> Result<(), String> {
        let wanted: Vec<String> = std::iter::once(&primary)
            .chain(&aliases)
            .map(|address| address.to_lowercase())
            .collect();
        self.check_free(&wanted, Some(&user.id))?;
        self.by_address.retain(|_, id| *id != user.id);
        for address in wanted {
            self.by_address.insert(address, user.id.clone());
        }
        let mut profile = user.profile.write();
        profile.primary = primary;
        profile.aliases = aliases;
        Ok(())
    }

    /// Deletes a person, who stays visible to `showDeleted` only.
    pub(crate) fn delete(&mut self, user: &User, now: i64) {
        self.by_address.retain(|_, id| *id != user.id);
        self.by_id.remove(&user.id);
        user.profile.write().deleted = Some(now);
    }

    fn check_free(&self, addresses: &[String], owner: Option<&String>) -> Result<(), String> {
        for address in addresses {
            if self.customer_of(address).is_none() {
                return Err(format!("{address} is in no customer's domain"));
            }
            if self
                .by_address
                .get(address)
                .is_some_and(|id| Some(id) != owner)
            {
                return Err(format!("the address {address} is taken"));
            }
        }
        Ok(())
    }
}

fn addresses(profile: &Profile) -> Vec<String> {
    std::iter::once(&profile.primary)
        .chain(&profile.aliases)
        .map(|a| a.to_lowercase())
        .collect()
}
