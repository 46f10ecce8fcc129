//! What the cloud console and the admin console know: projects, service accounts, keys and delegation.

use std::collections::{BTreeSet, HashMap};

use anyhow::ensure;

use super::keys::Keys;
use crate::scenario::GoogleScenario;

/// The APIs that a project can enable.
pub(crate) const APIS: &[&str] = &["gmail", "calendar", "drive", "admin", "licensing", "iam"];

/// A service account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) client_id: String,
    pub(crate) project: String,
    pub(crate) disabled: bool,
    pub(crate) deleted: bool,
    /// Whether it has the role Service Account Key Admin on itself.
    pub(crate) key_admin: bool,
}

impl Account {
    /// The name of its project, which is not its number.
    pub(crate) fn project_id(&self) -> String {
        format!("sandbox-{}", self.project)
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    projects: HashMap<String, BTreeSet<String>>,
    service: HashMap<String, Account>,
    pub(crate) keys: Keys,
    delegation: HashMap<String, BTreeSet<String>>,
}

impl Accounts {
    pub(crate) fn new(scenario: &GoogleScenario) -> anyhow::Result<Self> {
        let constraints = scenario.org_policies.iter().cloned().collect();
        let mut accounts = Self {
            keys: Keys::new(constraints, scenario.key_propagation_ms)?,
            ..Self::default()
        };
        for project in &scenario.projects {
            let wrong = accounts.enable(&project.number, &project.apis);
            ensure!(
                wrong.is_none(),
                "project {}: no such API: {wrong:?}",
                project.number
            );
        }
        for given in &scenario.service_accounts {
            let known = accounts.projects.contains_key(&given.project);
            ensure!(
                known,
                "service account {}: no such project: {}",
                given.email,
                given.project
            );
            accounts.delegation.insert(
                given.client_id.clone(),
                given.delegated_scopes.iter().cloned().collect(),
            );
            accounts.service.insert(
                given.email.clone(),
                Account {
                    email: given.email.clone(),
                    client_id: given.client_id.clone(),
                    project: given.project.clone(),
                    disabled: false,
                    deleted: false,
                    key_admin: given.key_admin,
                },
            );
        }
        Ok(accounts)
    }

    /// Enables exactly these APIs; gives back the first that does not exist, and then changes nothing.
    pub(crate) fn enable(&mut self, project: &str, apis: &[String]) -> Option<String> {
        let wrong = apis.iter().find(|api| !APIS.contains(&api.as_str()));
        if wrong.is_none() {
            self.projects
                .insert(project.to_owned(), apis.iter().cloned().collect());
        }
        wrong.cloned()
    }

    pub(crate) fn has_project(&self, project: &str) -> bool {
        self.projects.contains_key(project)
    }

    pub(crate) fn enabled(&self, project: &str, api: &str) -> bool {
        self.projects
            .get(project)
            .is_some_and(|apis| apis.contains(api))
    }

    pub(crate) fn account(&self, email: &str) -> Option<&Account> {
        self.service.get(email)
    }

    /// A service account by address or unique id.
    pub(crate) fn named(&self, key: &str) -> Option<&Account> {
        let by_id = || {
            self.service
                .values()
                .find(|account| account.client_id == key)
        };
        self.account(key).or_else(by_id)
    }

    pub(crate) fn account_mut(&mut self, email: &str) -> Option<&mut Account> {
        self.service.get_mut(email)
    }

    /// The scopes delegated to a client, if any service account has this client id.
    pub(crate) fn delegation_mut(&mut self, client: &str) -> Option<&mut BTreeSet<String>> {
        self.delegation.get_mut(client)
    }

    pub(crate) fn delegated(&self, client: &str, scope: &str) -> bool {
        self.delegation
            .get(client)
            .is_some_and(|scopes| scopes.contains(scope))
    }
}
