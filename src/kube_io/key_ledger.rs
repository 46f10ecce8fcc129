//! The ledger of an account's keys, in a Secret of its own: one entry for each key, and of each key only what may be kept.
//!
//! It is a Secret rather than something that more people may read, because it tells when which key was used.

use std::collections::BTreeMap;

use async_trait::async_trait;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::PostParams;
use kube::{Api, Client};

use super::FIELD_MANAGER;
use crate::providers::deputy::ledger::{Ledger, LedgerEntry, LedgerError, LedgerStore};

/// What tells a ledger from other Secrets.
const LABEL: &str = "deputy.dev/ledger";
/// The Secret's type: nobody takes it for a credential.
const TYPE: &str = "deputy.dev/ledger";

/// The ledger of one account.
#[derive(Clone)]
pub struct SecretLedger {
    api: Api<Secret>,
    namespace: String,
    owner: OwnerReference,
}

/// Returns the name of the Secret that keeps an account's keys.
pub fn name_of(account: &str) -> String {
    format!("{account}-keys")
}

impl SecretLedger {
    /// The ledger of the account that `owner` is, which takes the ledger along when it is deleted.
    pub fn new(client: Client, namespace: &str, owner: OwnerReference) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            owner,
        }
    }

    fn name(&self) -> String {
        name_of(&self.owner.name)
    }

    fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name())
    }

    fn fault(&self, verb: &'static str, error: &kube::Error) -> LedgerError {
        let name = self.full_name();
        match error {
            kube::Error::Api(status) if status.is_conflict() || status.is_not_found() => {
                LedgerError::Conflict(name)
            }
            kube::Error::Api(status) if status.is_forbidden() => {
                LedgerError::Forbidden { verb, name }
            }
            // Nothing of a reply's body may get into the message.
            kube::Error::Api(status) => LedgerError::Unavailable {
                name,
                complaint: format!("answered {} {}", status.code, status.reason),
            },
            _ => LedgerError::Unavailable {
                name,
                complaint: "did not answer as it should".to_owned(),
            },
        }
    }

    fn is_own(&self, meta: &ObjectMeta) -> bool {
        let labels = meta.labels.as_ref();
        let mut owners = meta.owner_references.iter().flatten();
        labels.is_some_and(|labels| labels.contains_key(LABEL))
            && owners.any(|owner| owner.uid == self.owner.uid)
    }

    fn entries(
        &self,
        data: BTreeMap<String, ByteString>,
    ) -> Result<BTreeMap<String, LedgerEntry>, LedgerError> {
        let read =
            |(id, ByteString(bytes)): (String, ByteString)| match serde_json::from_slice(&bytes) {
                Ok(entry) => Ok((id, entry)),
                Err(_) => Err(LedgerError::Damaged {
                    name: self.full_name(),
                    entry: id.chars().take(100).collect(),
                }),
            };
        data.into_iter().map(read).collect()
    }

    fn secret(&self, ledger: &Ledger) -> Result<Secret, LedgerError> {
        let mut data = BTreeMap::new();
        for (id, entry) in &ledger.keys {
            let bytes = serde_json::to_vec(entry).map_err(|_| LedgerError::Damaged {
                name: self.full_name(),
                entry: id.clone(),
            })?;
            data.insert(id.clone(), ByteString(bytes));
        }
        Ok(Secret {
            metadata: ObjectMeta {
                name: Some(self.name()),
                labels: Some([(LABEL.to_owned(), "keys".to_owned())].into()),
                owner_references: Some(vec![self.owner.clone()]),
                resource_version: ledger.version.clone(),
                ..ObjectMeta::default()
            },
            type_: Some(TYPE.to_owned()),
            data: Some(data),
            ..Secret::default()
        })
    }
}

#[async_trait]
impl LedgerStore for SecretLedger {
    async fn read(&self) -> Result<Ledger, LedgerError> {
        let found = self.api.get_opt(&self.name()).await;
        let Some(secret) = found.map_err(|error| self.fault("get", &error))? else {
            return Ok(Ledger::default());
        };
        if !self.is_own(&secret.metadata) {
            return Err(LedgerError::Foreign(self.full_name()));
        }
        Ok(Ledger {
            keys: self.entries(secret.data.unwrap_or_default())?,
            version: secret.metadata.resource_version,
        })
    }

    async fn write(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        let secret = self.secret(ledger)?;
        let how = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        // A version makes it a comparison, and none makes it a creation: either fails where somebody was faster.
        let (verb, written) = match ledger.version {
            None => ("create", self.api.create(&how, &secret).await),
            Some(_) => (
                "update",
                self.api.replace(&self.name(), &how, &secret).await,
            ),
        };
        written
            .map(|_| ())
            .map_err(|error| self.fault(verb, &error))
    }
}
