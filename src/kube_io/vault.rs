//! Secrets that are written: only what changes of them, and only over the version that was read.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::FIELD_MANAGER;
use super::secret::{SecretError, classify, complaint};
use crate::model::secret::Credentials;

/// A Secret as it was read.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The version that was read.
    pub version: Option<String>,
    /// All entries, also those of others.
    pub entries: Credentials,
    /// All annotations, also those of others.
    pub annotations: BTreeMap<String, String>,
    /// Whose it is.
    pub owners: Vec<OwnerReference>,
}

/// What is to be written. All else stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Entries to write.
    pub set: Credentials,
    /// Entries to remove.
    pub remove: BTreeSet<String>,
    /// Annotations to write, or to remove where there is no value.
    pub annotations: BTreeMap<String, Option<String>>,
    /// Whose it is to be: all of them; none where that stays.
    pub owners: Option<Vec<OwnerReference>>,
}

/// A place for one Secret.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Reads it, live; none where there is none.
    ///
    /// # Errors
    /// Any but [`SecretError::NotFound`].
    async fn load(&self) -> Result<Option<Stored>, SecretError>;

    /// Changes what was read, or creates it where nothing was, in one atomic write; returns it as it then is.
    ///
    /// # Errors
    /// [`SecretError::Changed`] where it is no longer what was read: nothing is written then.
    async fn store(&self, over: Option<&Stored>, change: &Change) -> Result<Stored, SecretError>;
}

/// A Secret of a cluster.
pub struct SecretVault {
    api: Api<Secret>,
    namespace: String,
    name: String,
}

impl SecretVault {
    /// Names the Secret. Makes no request.
    pub fn new(client: Client, namespace: &str, name: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    async fn create(&self, change: &Change) -> Result<Secret, kube::Error> {
        let entries = change
            .set
            .iter()
            .map(|(name, value)| (name.to_owned(), ByteString(value.expose_secret().to_vec())));
        let annotations = change.annotations.iter();
        let annotations =
            annotations.filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        let mut secret = Secret {
            data: Some(entries.collect()),
            ..Secret::default()
        };
        secret.metadata.name = Some(self.name.clone());
        secret.metadata.annotations = Some(annotations.collect());
        secret.metadata.owner_references.clone_from(&change.owners);
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        self.api.create(&params, &secret).await
    }

    async fn patch(&self, over: &Stored, change: &Change) -> Result<Secret, kube::Error> {
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let patch = Patch::Merge(patch(over, change));
        self.api.patch(&self.name, &params, &patch).await
    }

    fn unwritten(&self, error: &kube::Error) -> SecretError {
        let (namespace, name) = (self.namespace.clone(), self.name.clone());
        match error {
            // One that has gone since it was read has changed, too.
            kube::Error::Api(status)
                if status.is_conflict() || status.is_already_exists() || status.is_not_found() =>
            {
                SecretError::Changed { namespace, name }
            }
            kube::Error::Api(status) if status.is_forbidden() => {
                SecretError::NotWritable { namespace, name }
            }
            kube::Error::Api(status) if status.is_invalid() || status.code == 400 => {
                SecretError::Refused {
                    namespace,
                    name,
                    complaint: complaint(error),
                }
            }
            other => classify(other, &self.namespace, &self.name),
        }
    }
}

/// A merge patch changes nothing that it does not name; the version makes it a conflict if anybody wrote since.
fn patch(over: &Stored, change: &Change) -> Value {
    let set = change.set.iter().map(|(name, value)| {
        (
            name.to_owned(),
            json!(ByteString(value.expose_secret().to_vec())),
        )
    });
    let removed = change.remove.iter().map(|name| (name.clone(), Value::Null));
    let mut metadata = json!({
        "resourceVersion": over.version,
        "annotations": change.annotations,
    });
    if let (Some(owners), Some(metadata)) = (&change.owners, metadata.as_object_mut()) {
        metadata.insert("ownerReferences".to_owned(), json!(owners));
    }
    json!({"metadata": metadata, "data": removed.chain(set).collect::<Map<_, _>>()})
}

#[async_trait]
impl Vault for SecretVault {
    async fn load(&self) -> Result<Option<Stored>, SecretError> {
        match self.api.get_opt(&self.name).await {
            Ok(found) => Ok(found.map(Stored::from)),
            Err(error) => Err(classify(&error, &self.namespace, &self.name)),
        }
    }

    async fn store(&self, over: Option<&Stored>, change: &Change) -> Result<Stored, SecretError> {
        let written = match over {
            Some(over) => self.patch(over, change).await,
            None => self.create(change).await,
        };
        written
            .map(Stored::from)
            .map_err(|error| self.unwritten(&error))
    }
}

impl From<Secret> for Stored {
    fn from(secret: Secret) -> Self {
        let entries = secret.data.unwrap_or_default();
        Self {
            version: secret.metadata.resource_version,
            entries: Credentials::new(entries.into_iter().map(|(name, value)| (name, value.0))),
            annotations: secret.metadata.annotations.unwrap_or_default(),
            owners: secret.metadata.owner_references.unwrap_or_default(),
        }
    }
}

impl Stored {
    /// Returns it as it is after a change, with another version: what a store that keeps it in memory needs.
    #[cfg(test)]
    pub(crate) fn changed(over: Option<&Self>, change: &Change, version: u64) -> Self {
        let mut entries = over.map(|over| over.entries.clone()).unwrap_or_default();
        entries = entries.filtered(|name| !change.remove.contains(name));
        let mut annotations = over
            .map(|over| over.annotations.clone())
            .unwrap_or_default();
        for (name, value) in &change.annotations {
            match value {
                Some(value) => annotations.insert(name.clone(), value.clone()),
                None => annotations.remove(name),
            };
        }
        let owners = over.map(|over| over.owners.clone()).unwrap_or_default();
        Self {
            version: Some(version.to_string()),
            entries: entries.with(change.set.clone()),
            annotations,
            owners: change.owners.clone().unwrap_or(owners),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_only_what_changes_and_the_version_that_it_changes() {
        let over = Stored {
            version: Some("7".into()),
            entries: Credentials::new([("theirs".to_owned(), b"x".to_vec())]),
            annotations: BTreeMap::new(),
            owners: Vec::new(),
        };
        let change = Change {
            set: Credentials::new([("key.json".to_owned(), b"{}".to_vec())]),
            remove: BTreeSet::from(["next-key.json".to_owned()]),
            annotations: BTreeMap::from([
                ("a".to_owned(), Some("1".to_owned())),
                ("b".to_owned(), None),
            ]),
            owners: None,
        };
        assert_eq!(
            patch(&over, &change),
            json!({
                "metadata": {"resourceVersion": "7", "annotations": {"a": "1", "b": null}},
                "data": {"key.json": "e30=", "next-key.json": null},
            })
        );
    }
}
