//! Where an account of Deputy's own lives: its ledger in the cluster, and the connections beside it.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Client, Resource, ResourceExt};

use super::cluster::Cluster;
use crate::api::ServiceAccountConnection;
use crate::kube_io::key::ObjectKey;
use crate::kube_io::key_ledger::SecretLedger;
use crate::model::email::Email;
use crate::providers::deputy::home::{Home, Neighbours, Target, mark};
use crate::providers::deputy::spec::DeputySpec;
use crate::providers::registry::ProviderSpec;

/// Returns where the account of a connection lives. Asks nobody.
pub fn home_of(object: &ServiceAccountConnection, cluster: &Cluster) -> Home {
    Home {
        mark: mark(&object.uid().unwrap_or_default()),
        ledger: Arc::new(ledger_of(object, cluster.client.clone())),
        neighbours: Arc::new(Street {
            cluster: cluster.clone(),
            own: ObjectKey::of(object),
        }),
    }
}

/// Returns the ledger of an account.
pub fn ledger_of(object: &ServiceAccountConnection, client: Client) -> SecretLedger {
    let owner = OwnerReference {
        api_version: ServiceAccountConnection::api_version(&()).into_owned(),
        kind: ServiceAccountConnection::kind(&()).into_owned(),
        name: object.name_any(),
        uid: object.uid().unwrap_or_default(),
        ..OwnerReference::default()
    };
    SecretLedger::new(client, &object.namespace().unwrap_or_default(), owner)
}

/// Returns what the YAML says of an account of Deputy's own; none for every other system.
pub fn account(object: &ServiceAccountConnection) -> Option<&DeputySpec> {
    match &object.spec.provider {
        ProviderSpec::Deputy(spec) => Some(spec),
        _ => None,
    }
}

/// The connections beside an account.
struct Street {
    cluster: Cluster,
    own: ObjectKey,
}

impl Neighbours for Street {
    fn namesakes(&self, username: &Email) -> Vec<String> {
        let all = self.cluster.connections.all();
        let own = all
            .iter()
            .find(|other| ObjectKey::of(&***other) == self.own);
        let age = |object: &ServiceAccountConnection| {
            (
                object.meta().creation_timestamp.clone(),
                ObjectKey::of(object),
            )
        };
        let own_age = own.map(|own| age(own));
        let is_older = |other: &ServiceAccountConnection| Some(age(other)) < own_age;
        let is_namesake = |other: &ServiceAccountConnection| {
            account(other).is_some_and(|a| &a.username == username)
        };
        let older = all
            .iter()
            .filter(|other| is_namesake(other) && is_older(other));
        older
            .map(|other| ObjectKey::of(&**other).to_string())
            .collect()
    }

    fn target(&self, name: &str) -> Target {
        let key = ObjectKey::new(&self.own.namespace, name);
        match self.cluster.connections.get(&key) {
            None => Target::Missing,
            Some(found) if found.spec.provider.datasets().is_empty() => Target::HasNoPeople,
            Some(found) if found.spec.allowed_users.as_ref().is_none_or(Vec::is_empty) => {
                Target::AdmitsNobody
            }
            Some(_) => Target::Found,
        }
    }
}
