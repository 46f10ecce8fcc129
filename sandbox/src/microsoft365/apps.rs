//! App registrations: credentials, consented roles and what Exchange adds or takes away.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::ensure;
use serde_json::Value;

use super::roles;
use super::scenario::{
    AccessPolicy, AppScenario, Audience, ExchangeRbac, Federated, Microsoft365Scenario,
};
use crate::random::{hash, mix, uuid};
use crate::x509::Certificate;

/// Seconds that a secret from the portal lives unless it is said.
pub(crate) const SECRET_LIFE: i64 = 180 * 86_400;

#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) name: Option<String>,
    pub(crate) value: String,
    /// Seconds since 1970.
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// When all of Entra knows it, in milliseconds since 1970.
    pub(crate) known_from: i64,
    /// When it was to end.
    pub(crate) planned: i64,
}

impl Secret {
    /// A secret that Entra knows already. Real values have 40 characters, among them `8Q~`.
    pub(crate) fn new(name: Option<String>, start: i64, end: i64) -> Self {
        let random = |count| {
            std::iter::repeat_with(fastrand::alphanumeric)
                .take(count)
                .collect::<String>()
        };
        Self {
            name,
            value: format!("{}8Q~sandbox-canary-{}", random(3), random(19)),
            start,
            end,
            known_from: 0,
            planned: end,
        }
    }

    /// Whether all of Entra knows it; the time is in seconds since 1970.
    pub(crate) fn is_known(&self, now: i64) -> bool {
        self.known_from <= now.saturating_mul(1000)
    }

    /// Lets it end before `now`.
    pub(crate) fn expire(&mut self, now: i64) {
        self.end = now - 1;
    }

    /// Lets it end when it was to end.
    pub(crate) fn revive(&mut self) {
        self.end = self.planned;
    }
}

/// An application and its service principal.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    pub(crate) deleted: bool,
    /// Consented roles and when that was, in milliseconds since 1970.
    pub(crate) roles: BTreeMap<String, i64>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) federated: Vec<Federated>,
    pub(crate) exchange_rbac: Option<ExchangeRbac>,
    pub(crate) access_policy: Option<AccessPolicy>,
    pub(crate) audience: Audience,
    /// Whether its service principal is an owner of it, as `Application.ReadWrite.OwnedBy` needs.
    pub(crate) owns_itself: bool,
}

impl Registration {
    /// The id of the service principal, or of something that belongs to it.
    pub(crate) fn object_id(&self, what: &str) -> String {
        uuid(mix(hash(&self.client_id), hash(what)))
    }

    /// Replaces the consented roles; gives back the first that does not exist, and then changes nothing.
    pub(crate) fn consent(&mut self, wanted: &BTreeSet<String>, now: i64) -> Option<String> {
        let wrong = wanted.iter().find(|role| roles::id_of(role).is_none());
        if wrong.is_none() {
            let since = |role: &String| *self.roles.get(role).unwrap_or(&now);
            self.roles = wanted
                .iter()
                .map(|role| (role.clone(), since(role)))
                .collect();
        }
        wrong.cloned()
    }

    /// Keeps a secret under a new id.
    pub(crate) fn keep(&mut self, secret: Secret) -> String {
        let id = uuid(fastrand::u64(..));
        self.secrets.insert(id.clone(), secret);
        id
    }

    /// Whether Exchange lets it at a mailbox that has these addresses by its own grants.
    pub(crate) fn rbac_covers(&self, addresses: &[String]) -> bool {
        let scope = self.exchange_rbac.as_ref().map(|rbac| &rbac.scope);
        match scope {
            None => false,
            Some(None) => true,
            Some(Some(scope)) => overlap(scope, addresses),
        }
    }

    /// Whether Exchange's policy, if there is one, lets Entra's roles count for a mailbox.
    pub(crate) fn policy_admits(&self, addresses: &[String]) -> bool {
        self.access_policy
            .as_ref()
            .is_none_or(|policy| overlap(&policy.restrict_to, addresses))
    }
}

fn overlap(listed: &[String], addresses: &[String]) -> bool {
    listed
        .iter()
        .any(|listed| addresses.iter().any(|own| own.eq_ignore_ascii_case(listed)))
}

/// All applications, and the issuers that they are federated with.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    by_client: HashMap<String, Registration>,
    issuers: HashMap<String, Value>,
}

impl Apps {
    pub(crate) fn new(scenario: &Microsoft365Scenario, now: i64) -> anyhow::Result<Self> {
        let mut apps = Self::default();
        for given in &scenario.apps {
            let registration = registration(given, now)?;
            apps.by_client
                .insert(given.client_id.to_lowercase(), registration);
        }
        for given in &scenario.issuers {
            apps.trust(given.issuer.clone(), given.jwks.clone());
        }
        Ok(apps)
    }

    pub(crate) fn find(&self, client_id: &str) -> Option<&Registration> {
        self.by_client.get(&client_id.to_lowercase())
    }

    /// An application by the id of its object in the directory.
    pub(crate) fn by_object(&self, id: &str) -> Option<&Registration> {
        let mut all = self.by_client.values();
        all.find(|app| app.object_id("application").eq_ignore_ascii_case(id))
    }

    pub(crate) fn find_mut(&mut self, client_id: &str) -> Option<&mut Registration> {
        self.by_client.get_mut(&client_id.to_lowercase())
    }

    /// The keys that an issuer publishes.
    pub(crate) fn jwks(&self, issuer: &str) -> Option<&Value> {
        self.issuers.get(issuer)
    }

    pub(crate) fn trust(&mut self, issuer: String, jwks: Value) {
        self.issuers.insert(issuer, jwks);
    }
}

fn registration(given: &AppScenario, now: i64) -> anyhow::Result<Registration> {
    let mut registration = Registration {
        client_id: given.client_id.clone(),
        name: given.display_name.clone(),
        enabled: given.enabled,
        deleted: false,
        roles: BTreeMap::new(),
        secrets: BTreeMap::new(),
        certificates: Vec::new(),
        federated: given.federated.clone(),
        exchange_rbac: given.exchange_rbac.clone(),
        access_policy: given.access_policy.clone(),
        audience: given.sign_in_audience,
        owns_itself: given.owns_itself,
    };
    let wrong = registration.consent(&given.roles.iter().cloned().collect(), now);
    ensure!(
        wrong.is_none(),
        "app {}: no such role: {wrong:?}",
        given.client_id
    );
    if let Some(rbac) = &given.exchange_rbac {
        check_rbac(rbac).map_err(anyhow::Error::msg)?;
    }
    Ok(registration)
}

/// The error names the first role that Exchange does not have.
pub(crate) fn check_rbac(rbac: &ExchangeRbac) -> Result<(), String> {
    let wrong = rbac
        .roles
        .iter()
        .find(|role| !roles::is_exchange_role(role));
    wrong.map_or(Ok(()), |role| Err(format!("no such Exchange role: {role}")))
}
