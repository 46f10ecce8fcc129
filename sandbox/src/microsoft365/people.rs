//! The people of the tenant.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::calendar::store::Calendar;
use super::drive::store::Drive;
use super::graph::chain::Chains;
use super::mail::mailbox::Mailbox;

/// What an administrator can change about a person.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// The user principal name and the primary address.
    pub(crate) email: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) licensed: bool,
    /// Part numbers of the licences; none: one with everything, if licensed.
    pub(crate) licenses: Option<Vec<String>>,
    pub(crate) mailbox: bool,
    /// The mailbox has no room left.
    pub(crate) mailbox_full: bool,
    pub(crate) shared: bool,
    pub(crate) drive: bool,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
}

impl Profile {
    /// The primary address and the aliases.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let own = std::iter::once(&self.email);
        own.chain(&self.aliases).cloned().collect()
    }
}

/// A person and what is theirs. Locks are taken in the order of the fields, and none is held across an await.
#[derive(Debug)]
pub(crate) struct User {
    /// Never changes; e-mail addresses do.
    pub(crate) id: String,
    pub(crate) seed: u64,
    /// The id of the person's drive.
    pub(crate) drive_id: String,
    pub(crate) profile: RwLock<Profile>,
    pub(crate) chains: Mutex<Chains>,
    pub(crate) mailbox: Mutex<Mailbox>,
    pub(crate) calendar: Mutex<Calendar>,
    pub(crate) drive: Mutex<Drive>,
}

impl User {
    pub(crate) fn email(&self) -> String {
        self.profile.read().email.clone()
    }
}

/// Everyone.
#[derive(Debug, Default)]
pub(crate) struct People {
    domains: Vec<String>,
    by_id: HashMap<String, Arc<User>>,
    by_address: HashMap<String, Arc<User>>,
    by_drive: HashMap<String, Arc<User>>,
    /// In the order of arrival.
    order: Vec<Arc<User>>,
}

impl People {
    pub(crate) fn new(domains: Vec<String>) -> Self {
        Self {
            domains,
            ..Self::default()
        }
    }

    /// A person by id.
    fn by_id(&self, key: &str) -> Option<&Arc<User>> {
        self.by_id.get(&key.to_lowercase())
    }

    /// A person by id or user principal name, as the directory and `SharePoint` find people.
    pub(crate) fn by_principal(&self, key: &str) -> Option<&Arc<User>> {
        let named = || {
            let user = self.by_address.get(&key.to_lowercase())?;
            let principal = user.profile.read().email.eq_ignore_ascii_case(key);
            principal.then_some(user)
        };
        self.by_id(key).or_else(named)
    }

    /// A person by id, primary address or alias, as Exchange finds mailboxes.
    pub(crate) fn find(&self, key: &str) -> Option<&Arc<User>> {
        self.by_id(key)
            .or_else(|| self.by_address.get(&key.to_lowercase()))
    }

    /// The owner of a drive.
    pub(crate) fn by_drive(&self, id: &str) -> Option<&Arc<User>> {
        self.by_drive.get(id)
    }

    /// Everyone, in the order of arrival.
    pub(crate) fn all(&self) -> &[Arc<User>] {
        &self.order
    }

    /// Adds a person; the error says which of the addresses or ids is taken.
    pub(crate) fn add(&mut self, user: User) -> Result<Arc<User>, String> {
        let addresses = user.profile.read().addresses();
        self.check_free(&addresses, None)?;
        if self.by_id(&user.id).is_some() {
            return Err(format!("the id {} is taken", user.id));
        }
        let user = Arc::new(user);
        self.address(&user, &addresses);
        self.by_id.insert(user.id.to_lowercase(), user.clone());
        self.by_drive.insert(user.drive_id.clone(), user.clone());
        self.order.push(user.clone());
        Ok(user)
    }

    fn address(&mut self, user: &Arc<User>, addresses: &[String]) {
        let entries = addresses
            .iter()
            .map(|address| (address.to_lowercase(), user.clone()));
        self.by_address.extend(entries);
    }

    /// Gives a person other addresses.
    pub(crate) fn readdress(
        &mut self,
        user: &Arc<User>,
        email: String,
        aliases: Vec<String>,
    ) -> Result<(), String> {
        let mut wanted = vec![email.clone()];
        wanted.extend(aliases.iter().cloned());
        self.check_free(&wanted, Some(&user.id))?;
        self.by_address.retain(|_, known| known.id != user.id);
        self.address(user, &wanted);
        let mut profile = user.profile.write();
        profile.email = email;
        profile.aliases = aliases;
        Ok(())
    }

    pub(crate) fn delete(&mut self, user: &User) {
        self.by_address.retain(|_, known| known.id != user.id);
        self.by_id.remove(&user.id.to_lowercase());
        self.by_drive.remove(&user.drive_id);
        self.order.retain(|known| known.id != user.id);
    }

    fn check_free(&self, addresses: &[String], owner: Option<&String>) -> Result<(), String> {
        for address in addresses {
            let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
            let known = |known: &String| known.eq_ignore_ascii_case(domain);
            if !self.domains.iter().any(known) {
                return Err(format!("{address} is in none of the tenant's domains"));
            }
            let holder = self.by_address.get(&address.to_lowercase());
            if holder.is_some_and(|holder| Some(&holder.id) != owner) {
                return Err(format!("the address {address} is taken"));
            }
        }
        Ok(())
    }
}
