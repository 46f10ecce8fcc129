//! Accounts, their keys and contact groups.

use std::collections::{BTreeMap, BTreeSet};

use super::scenario::{GroupScenario, UserScenario};
use crate::random::{hash, uuid};

/// Recipients of a dropzone; for more, one writes to the vendor's support.
pub(crate) const MOST_RECIPIENTS: usize = 75;

/// An account.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) admin: bool,
    pub(crate) service_account: bool,
    pub(crate) active: bool,
    /// Who gets what arrives in its dropzone.
    pub(crate) dropzone_recipients: Vec<String>,
    /// Encrypts its secrets, so it is one itself.
    pub(crate) client_key: String,
}

impl User {
    pub(crate) fn first_name(&self) -> &str {
        self.name
            .split_once(' ')
            .map_or(&self.name, |(first, _)| first)
    }

    pub(crate) fn last_name(&self) -> &str {
        self.name.split_once(' ').map_or("", |(_, last)| last)
    }
}

/// An API key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) secret: String,
    /// The account's address.
    pub(crate) owner: String,
    pub(crate) description: String,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    /// The name and the password for SCIM, once the key is used for that.
    pub(crate) scim: Option<(String, String)>,
}

/// A contact group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    /// None: it is the company's.
    pub(crate) owner: Option<String>,
    pub(crate) members: Vec<String>,
}

/// Everybody.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    users: BTreeMap<String, User>,
    keys: BTreeMap<String, Key>,
    groups: Vec<Group>,
}

impl Accounts {
    /// Adds an account; the error says why not.
    pub(crate) fn add(&mut self, given: &UserScenario) -> Result<User, String> {
        let email = given.email.to_lowercase();
        if !is_address(&email) {
            return Err(format!("{email} is no address"));
        }
        if self.users.contains_key(&email) {
            return Err(format!("the address {email} is taken"));
        }
        let name = || {
            let local = email.split('@').next().unwrap_or_default();
            local.replace('.', " ")
        };
        let user = User {
            id: given.id.clone().unwrap_or_else(|| uuid(hash(&email))),
            name: given.name.clone().unwrap_or_else(name),
            admin: given.admin,
            service_account: given.service_account,
            active: given.active,
            dropzone_recipients: given.dropzone.recipients.clone(),
            client_key: canary(24),
            email: email.clone(),
        };
        self.users.insert(email, user.clone());
        Ok(user)
    }

    pub(crate) fn add_group(&mut self, given: &GroupScenario) -> Result<(), String> {
        let owner = given.owner.as_ref();
        if let Some(stranger) = owner.filter(|owner| self.user(owner).is_none()) {
            return Err(format!("group {}: no such account: {stranger}", given.name));
        }
        self.groups.push(Group {
            id: uuid(hash(&format!("group {}", given.name))),
            name: given.name.clone(),
            owner: owner.map(|owner| owner.to_lowercase()),
            members: given.members.clone(),
        });
        Ok(())
    }

    pub(crate) fn user(&self, email: &str) -> Option<&User> {
        self.users.get(&email.to_lowercase())
    }

    pub(crate) fn user_mut(&mut self, email: &str) -> Option<&mut User> {
        self.users.get_mut(&email.to_lowercase())
    }

    pub(crate) fn remove(&mut self, email: &str) -> bool {
        let email = email.to_lowercase();
        self.keys.retain(|_, key| key.owner != email);
        self.users.remove(&email).is_some()
    }

    /// Everybody, by address.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The company's groups, and with an owner that owner's instead.
    pub(crate) fn groups<'a>(&'a self, owner: Option<&'a str>) -> impl Iterator<Item = &'a Group> {
        let of = move |group: &&Group| group.owner.as_deref() == owner;
        self.groups.iter().filter(of)
    }

    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    /// The keys of an account and their ids.
    pub(crate) fn keys_of<'a>(
        &'a self,
        email: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Key)> {
        self.keys.iter().filter(move |(_, key)| key.owner == email)
    }

    /// Makes a key and gives back its id.
    pub(crate) fn make_key(&mut self, owner: &User, description: String, now: i64) -> String {
        let id = random(22);
        let key = Key {
            secret: canary(22),
            owner: owner.email.clone(),
            description,
            created: now,
            scim: None,
        };
        self.keys.insert(id.clone(), key);
        id
    }

    pub(crate) fn revoke(&mut self, id: &str) -> Option<Key> {
        self.keys.remove(id)
    }

    /// Revokes all keys of an account and gives back their ids.
    pub(crate) fn revoke_all(&mut self, email: &str) -> BTreeSet<String> {
        let ids: BTreeSet<String> = self.keys_of(email).map(|(id, _)| id.clone()).collect();
        self.keys.retain(|id, _| !ids.contains(id));
        ids
    }

    /// Makes a key one for SCIM, and gives back the name and the password, which are told once only.
    pub(crate) fn use_for_scim(&mut self, id: &str) -> Result<(String, String), &'static str> {
        let key = self.keys.get_mut(id).ok_or("no such key")?;
        if key.scim.is_some() {
            return Err("the password has been shown already");
        }
        let credentials = (format!("scim-{}", random(12)), canary(22));
        key.scim = Some(credentials.clone());
        Ok(credentials)
    }

    /// Whose SCIM credentials these are.
    pub(crate) fn scim_owner(&self, name: &str, password: &str) -> Option<&User> {
        let fits = |key: &&Key| {
            let known = key.scim.as_ref();
            known.is_some_and(|known| known.0 == name && known.1 == password)
        };
        let key = self.keys.values().find(fits)?;
        self.user(&key.owner)
    }
}

/// Whether a text can be an e-mail address.
pub(crate) fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace)
    })
}

fn random(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}

/// Something that must not turn up anywhere.
pub(crate) fn canary(length: usize) -> String {
    format!("sandbox-canary-{}", random(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scim_credentials_are_told_once_and_die_with_their_key() {
        let mut accounts = Accounts::default();
        let given: UserScenario =
            serde_json::from_str(r#"{"email": "Deputy@acme.example", "admin": true}"#).unwrap();
        let user = accounts.add(&given).unwrap();
        assert!(accounts.add(&given).is_err(), "the address is taken");
        let id = accounts.make_key(&user, String::new(), 0);
        let (name, password) = accounts.use_for_scim(&id).unwrap();
        assert!(accounts.use_for_scim(&id).is_err());
        assert!(accounts.scim_owner(&name, &password).is_some());
        assert!(accounts.scim_owner(&name, "other").is_none());
        assert!(accounts.revoke(&id).is_some());
        assert!(accounts.scim_owner(&name, &password).is_none());
    }

    #[test]
    fn addresses_have_a_form() {
        assert!(is_address("a@b.example"));
        for text in ["", "a", "a@b", "@b.example", "a b@c.example"] {
            assert!(!is_address(text), "{text}");
        }
    }
}
