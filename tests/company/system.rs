//! The systems that a company may use. All that tests need to know of the one or the other is here.

use serde_json::{Value, json};

use super::dialect::Dialect;
use super::place::Rows;
use super::{ACCOUNT, PETER, PETER_ID, SCOPES, Size, google, microsoft365, sendsafely, truth};
use crate::support::sandbox::Sandbox;
use crate::support::{portal, tenant};

/// A system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Google Workspace.
    Google,
    /// Microsoft 365.
    Microsoft365,
    /// `SendSafely`.
    SendSafely,
}

impl System {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Google, Self::Microsoft365, Self::SendSafely];

    /// Its name in YAML and in the sandbox's paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Microsoft365 => "microsoft365",
            Self::SendSafely => "sendsafely",
        }
    }

    /// The company as the vendor has it.
    pub(crate) fn scenario(self, size: Size) -> Value {
        match self {
            Self::Google => super::scenario(size),
            Self::Microsoft365 => microsoft365::scenario(size),
            Self::SendSafely => sendsafely::scenario(size),
        }
    }

    /// Makes a credential, as the console gives it.
    pub(crate) async fn make_key(self, sandbox: &Sandbox) -> Value {
        match self {
            Self::Google => sandbox.google().make_key(ACCOUNT).await,
            Self::Microsoft365 => sandbox.microsoft365().make_secret(tenant::CLIENT).await,
            Self::SendSafely => sandbox.sendsafely().make_key(portal::BOT).await,
        }
    }

    /// The Secret with that credential.
    pub(crate) fn secret(self, name: &str, key: &Value) -> Value {
        match self {
            Self::Google => super::secret(name, "key.json", &key.to_string()),
            Self::Microsoft365 => {
                let value = key["value"].as_str().expect("a secret has a value");
                super::secret(name, "client-secret", value)
            }
            Self::SendSafely => {
                let mut secret = super::secret(name, "", "");
                secret["stringData"] = portal::entries("", key);
                secret
            }
        }
    }

    /// The provider's part of a connection.
    pub(crate) fn provider(self, sandbox: &Sandbox) -> Value {
        let own = match self {
            Self::Google => json!({"adminEmail": "it-admin@acme.example", "scopes": SCOPES}),
            Self::Microsoft365 => json!({"tenant": tenant::TENANT, "clientId": tenant::CLIENT}),
            Self::SendSafely => return portal::provider(sandbox),
        };
        let mut provider = json!({ self.name(): own });
        provider[self.name()]["endpoint"] = json!(format!("{}{}", sandbox.url(), self.name()));
        provider[self.name()]["quotaProfile"] = json!("unlimited");
        provider
    }

    /// How the vendor speaks.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Google => google::DIALECT,
            Self::Microsoft365 => microsoft365::DIALECT,
            Self::SendSafely => sendsafely::DIALECT,
        }
    }

    /// What nobody may see of a credential.
    pub(crate) fn secrets(self, key: &Value) -> Vec<String> {
        match self {
            Self::Google => google::secrets(key),
            Self::Microsoft365 => microsoft365::secrets(key),
            Self::SendSafely => sendsafely::secrets(key),
        }
    }

    /// The kinds of data that people have there.
    pub(crate) fn datasets(self) -> Vec<&'static str> {
        let datasets = self.dialect().datasets.iter();
        datasets.map(|dataset| dataset.name()).collect()
    }

    /// Adds people to a company: each with an address and so many of what the dialect lists, and nothing that is not about it.
    pub(crate) fn add_people(self, company: &mut Value, people: &[(&str, u32)]) {
        let person = |&(email, count): &(&str, u32)| match self {
            Self::SendSafely => portal::employee(email, count),
            Self::Google | Self::Microsoft365 => {
                json!({"email": email, "files": {"generate": {"files": count}}})
            }
        };
        let users = company[self.name()]["users"].as_array_mut();
        users
            .expect("a company has people")
            .extend(people.iter().map(person));
    }

    /// Lets the privileged account make and end its own keys.
    pub(crate) fn permit_keys(self, company: &mut Value) {
        match self {
            Self::Google => google::permit_keys(company),
            Self::Microsoft365 => microsoft365::permit_keys(company),
            // They are made by hand.
            Self::SendSafely => {}
        }
    }

    /// The immutable id of the person who is synced.
    pub(crate) fn peters_id(self) -> &'static str {
        match self {
            Self::Google => PETER_ID,
            Self::Microsoft365 => microsoft365::PETER_ID,
            // A person is their address.
            Self::SendSafely => PETER,
        }
    }

    /// The cursors that can become too old.
    pub(crate) fn cursors(self) -> &'static [&'static str] {
        match self {
            Self::Google => &["history", "calendar"],
            Self::Microsoft365 => &["mail", "calendar", "drive"],
            Self::SendSafely => &[],
        }
    }

    /// What is true of a person.
    pub(crate) async fn state(self, sandbox: &Sandbox, person: &str) -> Value {
        match self {
            Self::Google => sandbox.google().state(person).await,
            Self::Microsoft365 => microsoft365::state(sandbox, person).await,
            Self::SendSafely => sendsafely::state(sandbox, person).await,
        }
    }

    /// The rows of a dataset that there must be of a person in this state.
    pub(crate) fn rows(self, state: &Value, dataset: &str) -> Rows {
        match self {
            Self::Google => truth::rows(state, dataset),
            Self::Microsoft365 => microsoft365::rows(state, dataset),
            Self::SendSafely => sendsafely::rows(state, dataset),
        }
    }
}
