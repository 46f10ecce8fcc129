//! What the cloud console and the admin console know: projects, service accounts, keys and delegation.

use std::collections::{BTreeSet, HashMap};

use anyhow::ensure;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::scenario::GoogleScenario;

/// The APIs that a project can enable.
pub(crate) const APIS: &[&str] = &["gmail", "calendar", "drive", "admin", "licensing"];

/// A service account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) client_id: String,
    pub(crate) project: String,
    pub(crate) disabled: bool,
    pub(crate) deleted: bool,
}

#[derive(Debug)]
struct Key {
    account: String,
    public: Vec<u8>,
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    projects: HashMap<String, BTreeSet<String>>,
    service: HashMap<String, Account>,
    keys: HashMap<String, Key>,
    delegation: HashMap<String, BTreeSet<String>>,
}

impl Accounts {
    pub(crate) fn new(scenario: &GoogleScenario) -> anyhow::Result<Self> {
        let mut accounts = Self::default();
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

    /// Keeps the public half of a key.
    pub(crate) fn keep(&mut self, key: &NewKey, account: &Account) {
        let stored = Key {
            account: account.email.clone(),
            public: key.public.clone(),
        };
        self.keys.insert(key.id.clone(), stored);
    }

    pub(crate) fn delete_key(&mut self, id: &str) -> bool {
        self.keys.remove(id).is_some()
    }

    /// Whether one of the account's keys made the signature; with `kid`, only that one counts.
    pub(crate) fn verify(
        &self,
        email: &str,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> bool {
        let candidates = self
            .keys
            .iter()
            .filter(|(id, key)| key.account == email && kid.is_none_or(|kid| kid == id.as_str()));
        candidates.into_iter().any(|(_, key)| {
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.public);
            public.verify(signed, signature).is_ok()
        })
    }
}

/// A key that has just been made. Making it takes a while, so no lock is held meanwhile.
pub(crate) struct NewKey {
    id: String,
    public: Vec<u8>,
    private: Vec<u8>,
}

impl NewKey {
    /// Makes an RSA key of 2048 bits.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = pair.as_der()?;
        Ok(Self {
            id: format!(
                "{:016x}{:016x}{:08x}",
                fastrand::u64(..),
                fastrand::u64(..),
                fastrand::u32(..)
            ),
            public: pair.public_key().as_ref().to_vec(),
            private: private.as_ref().to_vec(),
        })
    }

    /// The file that the console lets one download.
    pub(crate) fn file(&self, account: &Account, url: &str) -> Value {
        let certificate = account.email.replace('@', "%40");
        json!({
            "type": "service_account",
            "project_id": format!("sandbox-{}", account.project),
            "private_key_id": self.id,
            "private_key": pem(&self.private),
            "client_email": account.email,
            "client_id": account.client_id,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": format!("{url}/google/token"),
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url":
                format!("https://www.googleapis.com/robot/v1/metadata/x509/{certificate}"),
            "universe_domain": "googleapis.com",
        })
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}
