//! A vendor and an API server in memory, that may be left at any effect.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;

use crate::controllers::api_key::slots::in_use;
use crate::kube_io::secret::SecretError;
use crate::kube_io::vault::{Change, Stored, Vault};
use crate::model::key::Purpose;
use crate::model::secret::Credentials;
use crate::providers::{
    Class, Error, IssuedKey, KeyAdopter, KeyIssuer, KeyRequest, Reason, RemoteKey,
};

/// How the vendor's keys are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::controllers::api_key) enum Kind {
    /// From material that is ours.
    Drafts,
    /// By the vendor.
    MakesItself,
}

/// Where the process ends: before or after the effect of this number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Crash {
    Before(usize),
    After(usize),
}

#[derive(Default)]
struct State {
    keys: BTreeMap<String, Key>,
    made: usize,
    secret: Option<Stored>,
    versions: u64,
    effects: usize,
    crash: Option<Crash>,
    has_crashed: bool,
    is_tampered: bool,
    has_been_in_use: bool,
    refuses_to_revoke: bool,
    refuses_new_keys: bool,
    knows_nobody: bool,
    failing: u8,
}

#[derive(Clone)]
struct Key {
    name: Option<String>,
    value: Vec<u8>,
    is_alive: bool,
}

/// The vendor and the API server.
pub(in crate::controllers::api_key) struct World {
    kind: Kind,
    state: Mutex<State>,
}

const ENTRY: &str = "key";

fn one(value: &[u8]) -> Credentials {
    Credentials::new([(ENTRY.to_owned(), value.to_vec())])
}

fn error(class: Class, reason: Reason) -> Error {
    Error {
        class,
        reason,
        provider: "fake",
        operation: "keys",
        status: None,
        code: None,
        meaning: "It does not.".to_owned(),
        remedy: String::new(),
        retry_after: None,
    }
}

impl State {
    fn value(&self) -> Option<Vec<u8>> {
        let secret = self.secret.as_ref()?;
        Some(secret.entries.get(ENTRY)?.expose_secret().to_vec())
    }

    fn of(&self, entries: &Credentials) -> Option<(&String, &Key)> {
        let value = entries.get(ENTRY)?.expose_secret();
        self.keys.iter().find(|(_, key)| key.value == value)
    }

    fn remote(&self, id: &str) -> RemoteKey {
        RemoteKey {
            id: id.to_owned(),
            name: self.keys[id].name.clone(),
            created_at: None,
            expires_at: None,
        }
    }

    fn make(&mut self, name: &str, value: Vec<u8>) -> RemoteKey {
        self.made += 1;
        let id = format!("id-{}", self.made);
        let key = Key {
            name: Some(name.to_owned()),
            value,
            is_alive: true,
        };
        self.keys.insert(id.clone(), key);
        self.remote(&id)
    }
}

impl World {
    pub(in crate::controllers::api_key) fn new(kind: Kind) -> Self {
        Self {
            kind,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Ends the process at an effect, counted from the first one.
    pub(super) fn crash_at(&self, crash: Option<Crash>) {
        self.state().crash = crash;
    }

    /// The same, counted from now.
    pub(super) fn crash_in(&self, crash: Crash) {
        let now = self.effects();
        self.crash_at(Some(match crash {
            Crash::Before(at) => Crash::Before(now + at),
            Crash::After(at) => Crash::After(now + at),
        }));
    }

    pub(super) fn effects(&self) -> usize {
        self.state().effects
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.state().has_crashed
    }

    /// Begins an effect, and never comes back where the process ends before it.
    pub(super) async fn effect(&self) {
        let at = self.state().effects;
        self.end_if(Crash::Before(at)).await;
        self.state().effects += 1;
    }

    /// Has done an effect, and never comes back where the process ends after it.
    pub(super) async fn effect_done(&self) {
        let at = self.state().effects - 1;
        self.end_if(Crash::After(at)).await;
    }

    async fn end_if(&self, crash: Crash) {
        let ends = self.state().crash == Some(crash);
        if ends {
            self.state().has_crashed = true;
            std::future::pending::<()>().await;
        }
    }

    /// Fails where it has been told to; `done` says whether the effect has been had.
    fn chance(&self, done: bool) -> Result<(), Error> {
        let mut state = self.state();
        if state.failing == 0 || state.failing.is_multiple_of(2) != done {
            return Ok(());
        }
        state.failing -= 1;
        Err(error(Class::Retry, Reason::ProviderUnavailable))
    }

    pub(super) fn fail(&self, requests: u8) {
        self.state().failing = requests;
    }

    pub(super) fn refuse_to_revoke(&self, refuses: bool) {
        self.state().refuses_to_revoke = refuses;
    }

    pub(super) fn refuse_new_keys(&self, refuses: bool) {
        self.state().refuses_new_keys = refuses;
    }

    pub(super) fn forget_whose(&self) {
        self.state().knows_nobody = true;
    }

    /// Puts a key into the Secret as an administrator would.
    pub(super) fn put_foreign_key(&self) {
        let mut state = self.state();
        let key = Key {
            name: None,
            value: b"foreign".to_vec(),
            is_alive: true,
        };
        state.keys.insert("foreign".to_owned(), key);
        state.versions += 1;
        let change = Change {
            set: one(b"foreign"),
            ..Change::default()
        };
        let stored = Stored::changed(state.secret.as_ref(), &change, state.versions);
        state.secret = Some(stored);
    }

    /// Makes a key in the console and stores it in a slot.
    pub(in crate::controllers::api_key) fn hand_over(&self, slot: &str, id: &str) {
        let mut state = self.state();
        let key = Key {
            name: None,
            value: id.as_bytes().to_vec(),
            is_alive: true,
        };
        state.keys.insert(id.to_owned(), key);
        state.versions += 1;
        let change = Change {
            set: one(id.as_bytes()).prefixed(slot),
            ..Change::default()
        };
        let stored = Stored::changed(state.secret.as_ref(), &change, state.versions);
        state.secret = Some(stored);
    }

    /// Puts an entry and an annotation into the Secret that are nobody's key.
    pub(super) fn put_foreign_entry(&self, name: &str) {
        let mut state = self.state();
        state.versions += 1;
        let change = Change {
            set: Credentials::new([(name.to_owned(), b"x".to_vec())]),
            annotations: BTreeMap::from([(name.to_owned(), Some("x".to_owned()))]),
            ..Change::default()
        };
        let stored = Stored::changed(state.secret.as_ref(), &change, state.versions);
        state.secret = Some(stored);
    }

    /// Returns the names of the annotations that are ours.
    pub(super) fn notes(&self) -> Vec<String> {
        let state = self.state();
        let notes = state
            .secret
            .iter()
            .flat_map(|secret| secret.annotations.keys());
        notes
            .filter(|name| name.starts_with("deputy.dev/"))
            .cloned()
            .collect()
    }

    /// Ends a key in the console.
    pub(in crate::controllers::api_key) fn end_by_hand(&self, id: &str) {
        self.state().keys.get_mut(id).unwrap().is_alive = false;
    }

    /// Returns the names of the Secret's entries.
    pub(in crate::controllers::api_key) fn names(&self) -> Vec<String> {
        let state = self.state();
        let secret = state.secret.as_ref();
        let names = secret.into_iter().flat_map(|secret| secret.entries.names());
        names.map(str::to_owned).collect()
    }

    pub(super) fn delete_secret(&self) {
        let mut state = self.state();
        state.secret = None;
        state.is_tampered = true;
    }

    pub(super) fn tamper(&self) {
        let mut state = self.state();
        state.versions += 1;
        state.is_tampered = true;
        let change = Change {
            set: one(b"nonsense"),
            ..Change::default()
        };
        let version = state.versions;
        if let Some(stored) = state.secret.take() {
            state.secret = Some(Stored::changed(Some(&stored), &change, version));
        }
    }

    /// Returns the ids of living keys.
    pub(super) fn alive(&self) -> Vec<String> {
        let state = self.state();
        let alive = state.keys.iter().filter(|(_, key)| key.is_alive);
        alive.map(|(id, _)| id.clone()).collect()
    }

    /// Returns the id of the key that a reader of the Secret gets.
    pub(in crate::controllers::api_key) fn held(&self) -> Option<String> {
        let state = self.state();
        let value = state.value()?;
        Some(state.of(&one(&value))?.0.clone())
    }

    pub(super) fn fingerprint(&self) -> Option<String> {
        let state = self.state();
        let entries = in_use(&state.secret.as_ref()?.entries);
        Some(entries.fingerprint().to_string())
    }

    pub(super) fn has_nothing_waiting(&self) -> bool {
        let state = self.state();
        let entries = &state.secret.as_ref().unwrap().entries;
        entries.names().eq(in_use(entries).names())
    }

    /// Whoever reads the Secret gets a living key, from the first one on, unless somebody else has spoilt it.
    pub(super) fn check_reader(&self) {
        let mut state = self.state();
        let held = state.value();
        let is_good = held
            .as_ref()
            .is_some_and(|value| state.of(&one(value)).is_some_and(|(_, key)| key.is_alive));
        if is_good {
            state.has_been_in_use = true;
            state.is_tampered = false;
        }
        let is_lost = state.has_been_in_use && !state.is_tampered && !is_good;
        assert!(!is_lost, "the Secret holds a dead key");
    }
}

#[async_trait]
impl Vault for World {
    async fn load(&self) -> Result<Option<Stored>, SecretError> {
        Ok(self.state().secret.clone())
    }

    async fn store(&self, over: Option<&Stored>, change: &Change) -> Result<Stored, SecretError> {
        self.effect().await;
        let stored = {
            let mut state = self.state();
            let is_current = over.and_then(|over| over.version.clone())
                == state
                    .secret
                    .as_ref()
                    .and_then(|secret| secret.version.clone());
            if !is_current {
                return Err(SecretError::Changed {
                    namespace: "revops".into(),
                    name: "okta-key".into(),
                });
            }
            state.versions += 1;
            let stored = Stored::changed(state.secret.as_ref(), change, state.versions);
            state.secret = Some(stored.clone());
            stored
        };
        self.effect_done().await;
        Ok(stored)
    }
}

#[async_trait]
impl KeyIssuer for World {
    fn purposes(&self) -> &'static [Purpose] {
        &[Purpose::Api]
    }

    fn entries(&self) -> &'static [&'static str] {
        &[ENTRY]
    }

    async fn draft(&self, request: &KeyRequest) -> Result<Option<Credentials>, Error> {
        let material = format!("{} {}", request.name, self.effects());
        let draft = Credentials::new([("private".to_owned(), material.into_bytes())]);
        Ok(Some(draft).filter(|_| self.kind == Kind::Drafts))
    }

    async fn issue(
        &self,
        request: &KeyRequest,
        draft: Option<&Credentials>,
    ) -> Result<IssuedKey, Error> {
        self.effect().await;
        self.chance(false)?;
        let issued = {
            let mut state = self.state();
            let value = match draft.and_then(|draft| draft.get("private")) {
                Some(material) => material.expose_secret().to_vec(),
                None => format!("made {}", state.made).into_bytes(),
            };
            let entries = one(&value);
            let found = state.of(&entries).map(|(id, _)| id.clone());
            let key = match found {
                Some(id) => state.remote(&id),
                None => state.make(&request.name, value),
            };
            IssuedKey { key, entries }
        };
        self.chance(true)?;
        self.effect_done().await;
        Ok(issued)
    }

    async fn list(&self) -> Result<Vec<RemoteKey>, Error> {
        self.chance(false)?;
        Ok(self
            .alive()
            .iter()
            .map(|id| self.state().remote(id))
            .collect())
    }

    async fn recognize(&self, entries: &Credentials) -> Result<Option<RemoteKey>, Error> {
        let state = self.state();
        let found = state.of(entries).map(|(id, _)| state.remote(id));
        Ok(found.filter(|_| !state.knows_nobody))
    }

    async fn verify(&self, entries: &Credentials) -> Result<(), Error> {
        self.effect().await;
        self.chance(false)?;
        let is_good = {
            let state = self.state();
            let found = state.of(entries).is_some_and(|(_, key)| key.is_alive);
            found && !state.refuses_new_keys
        };
        self.effect_done().await;
        if is_good {
            return Ok(());
        }
        Err(error(Class::Park, Reason::KeyRevoked))
    }

    async fn revoke(&self, id: &str) -> Result<(), Error> {
        self.effect().await;
        self.chance(false)?;
        {
            let mut state = self.state();
            if state.refuses_to_revoke {
                return Err(error(Class::Park, Reason::PermissionDenied));
            }
            if let Some(key) = state.keys.get_mut(id) {
                key.is_alive = false;
            }
        }
        self.chance(true)?;
        self.effect_done().await;
        Ok(())
    }
}

#[async_trait]
impl KeyAdopter for World {
    fn purposes(&self) -> &'static [Purpose] {
        &[Purpose::Api]
    }

    fn entries(&self) -> &'static [&'static str] {
        &[ENTRY]
    }

    async fn verify(&self, entries: &Credentials) -> Result<RemoteKey, Error> {
        let state = self.state();
        match state.of(entries) {
            Some((id, key)) if key.is_alive => Ok(state.remote(id)),
            _ => Err(error(Class::Park, Reason::KeyRevoked)),
        }
    }

    fn how_to_make(&self) -> String {
        "Make one in the console.".to_owned()
    }

    fn how_to_revoke(&self) -> String {
        "End it in the console.".to_owned()
    }
}
