//! Examples, read through the types so that they cannot rot, and printed as YAML that a user can apply.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Error, Value, json};

use super::{ApiKey, ServiceAccountConnection, SyncedUser};
use crate::model::dataset::Dataset;
use crate::providers::registry::ProviderSpec;

/// A file of examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The file's name.
    pub name: String,
    /// What it shows.
    pub about: String,
    /// The objects, as they are applied.
    pub objects: Vec<Value>,
}

/// Returns all examples: for each system a connection and, where it has any, its people; and a key.
///
/// # Errors
/// Where an example is not what its kind admits; a test keeps that from happening.
pub fn all() -> Result<Vec<Example>, Error> {
    let mut all = Vec::new();
    for (name, provider) in ProviderSpec::EXAMPLES.iter().copied() {
        let spec = provider();
        let provider: ProviderSpec = serde_json::from_value(json!({name: spec}))?;
        let streams = provider.datasets();
        if streams.is_empty() {
            all.push(account(name, &spec)?);
        } else {
            all.push(connection(name, &spec, streams)?);
            all.push(users(name, streams)?);
            all.push(own_key(name)?);
        }
    }
    all.push(key()?);
    Ok(all)
}

fn connection(provider: &str, spec: &Value, streams: &[Dataset]) -> Result<Example, Error> {
    let object = checked::<ServiceAccountConnection>(json!({
        "apiVersion": "deputy.dev/v1alpha1",
        "kind": "ServiceAccountConnection",
        "metadata": {"name": format!("acme-{provider}"), "namespace": "revops"},
        "spec": {
            "provider": {provider: spec},
            "credentialsSecretRef": {"name": format!("acme-{provider}-key")},
            "access": {"owner": "alice@acme.example", "admins": ["bob@acme.example"]},
            "allowedUsers": ["*@acme.example"],
            "deniedUsers": ["ceo@acme.example"],
            "allowedNamespaces": {"matchLabels": {"deputy.dev/tenant": "acme"}},
            "licensing": licensing(streams),
            "privacy": privacy(streams),
            "sync": {
                "streams": streams,
                "interval": "5m",
                "since": "2026-01-01",
                "concurrency": {"users": 8, "perUser": 4},
                "rateLimit": {"requestsPerSecond": 200},
            },
            "destination": {
                "objectStore": {"url": "s3://acme-warehouse/deputy", "credentialsSecretRef": {"name": "warehouse"}},
            },
            "validation": {"interval": "1h"},
        },
    }))?;
    Ok(Example {
        name: format!("connection-{provider}.yaml"),
        about: "A connection with everything that can be said of it. Only provider and credentialsSecretRef are needed to \
                verify it; allowedUsers and destination to sync anyone."
            .into(),
        objects: vec![object],
    })
}

fn account(provider: &str, spec: &Value) -> Result<Example, Error> {
    let object = checked::<ServiceAccountConnection>(json!({
        "apiVersion": "deputy.dev/v1alpha1",
        "kind": "ServiceAccountConnection",
        "metadata": {"name": format!("acme-{provider}"), "namespace": "revops"},
        "spec": {
            "provider": {provider: spec},
            "access": {"owner": "alice@acme.example", "admins": ["bob@acme.example"]},
            "destination": {
                "objectStore": {"url": "s3://acme-inbox/deputy", "credentialsSecretRef": {"name": "inbox"}},
            },
        },
    }))?;
    Ok(Example {
        name: format!("connection-{provider}.yaml"),
        about: "An account that nobody can log in as. Its ApiKeys open the SCIM endpoint, by which an identity provider makes and \
                ends the SyncedUsers of another connection: see api-key.yaml. Its Dropzone takes files, into the destination."
            .into(),
        objects: vec![object],
    })
}

/// Whoever has no mailbox has no licence that could be asked for.
fn licensing(streams: &[Dataset]) -> Value {
    if streams.contains(&Dataset::Mail) {
        json!({"requireLicense": true, "seats": 250})
    } else {
        json!({"seats": 250})
    }
}

fn privacy(streams: &[Dataset]) -> Value {
    if streams.contains(&Dataset::Mail) {
        json!({
            "mail": {"level": "Metadata"},
            "calendar": {"level": "Metadata"},
            "excludeDomains": ["lawyers.example"],
            "excludeLabels": ["Personal"],
        })
    } else {
        json!({"excludeDomains": ["lawyers.example"]})
    }
}

fn users(provider: &str, streams: &[Dataset]) -> Result<Example, Error> {
    let has_mail = streams.contains(&Dataset::Mail);
    let connection = json!({"name": format!("acme-{provider}")});
    let user = |name: &str, spec: Value| {
        checked::<SyncedUser>(json!({
            "apiVersion": "deputy.dev/v1alpha1",
            "kind": "SyncedUser",
            "metadata": {"name": name, "namespace": "revops"},
            "spec": spec,
        }))
    };
    let (alias, levels) = if has_mail {
        let levels = json!({"mail": {"level": "Metadata"}, "calendar": {"level": "FreeBusy"}});
        (json!("spidey@acme.example"), levels)
    } else {
        (Value::Null, Value::Null)
    };
    let mut peter = json!({
        "connectionRef": connection,
        "email": "peter.parker@acme.example",
        "connectedEmail": alias,
        "enabled": true,
        "streams": streams.split_last().map(|(_, fewer)| fewer),
        "privacy": levels,
        "interval": "15m",
        "deletionPolicy": "Delete",
    });
    if let Some(fields) = peter.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    let mary = json!({
        "connectionRef": connection, "email": "mary.jane@acme.example", "enabled": true,
    });
    Ok(Example {
        name: format!("users-{provider}.yaml"),
        about: format!(
            "Two people: one with less than the connection allows{}, one with all of it.",
            if has_mail {
                " and an alias to sync as"
            } else {
                ""
            }
        ),
        objects: vec![user("peter-parker", peter)?, user("mary-jane", mary)?],
    })
}

fn key() -> Result<Example, Error> {
    let object = checked::<ApiKey>(json!({
        "apiVersion": "deputy.dev/v1alpha1",
        "kind": "ApiKey",
        "metadata": {"name": "okta-scim", "namespace": "revops"},
        "spec": {
            "connectionRef": {"name": "acme-deputy"},
            "purpose": "SCIM",
            "description": "Okta provisioning",
            "rotation": {"interval": "2160h", "overlap": "24h"},
            "expiresAfter": "4320h",
            "secretName": "okta-scim-key",
            "deletionPolicy": "Revoke",
        },
    }))?;
    Ok(Example {
        name: "api-key.yaml".into(),
        about: "A key that is replaced every 90 days, a day before the old one is revoked.".into(),
        objects: vec![object],
    })
}

/// A key of the connection itself, which goes on with the new one.
fn own_key(provider: &str) -> Result<Example, Error> {
    let name = format!("acme-{provider}");
    let object = checked::<ApiKey>(json!({
        "apiVersion": "deputy.dev/v1alpha1",
        "kind": "ApiKey",
        "metadata": {"name": name, "namespace": "revops"},
        "spec": {
            "connectionRef": {"name": name},
            "purpose": "API",
            "rotation": {"interval": "720h", "overlap": "24h"},
            "expiresAfter": "1440h",
            "secretName": format!("{name}-key"),
        },
    }))?;
    Ok(Example {
        name: format!("key-{provider}.yaml"),
        about: "The key that the connection itself uses, to be replaced every 30 days: by Deputy where the system has an API for it, \
                else by hand, when the condition KeyCurrent says so. Do not keep that Secret in Git."
            .into(),
        objects: vec![object],
    })
}

/// Reads the object as its kind and gives it back, so that what is printed is what the operator understands.
fn checked<K: DeserializeOwned + Serialize>(object: Value) -> Result<Value, Error> {
    serde_json::from_value::<K>(object.clone())?;
    Ok(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_what_its_kind_admits() {
        let names: Vec<_> = all()
            .unwrap()
            .into_iter()
            .map(|example| example.name)
            .collect();
        assert_eq!(
            names,
            [
                "connection-google.yaml",
                "users-google.yaml",
                "key-google.yaml",
                "connection-microsoft365.yaml",
                "users-microsoft365.yaml",
                "key-microsoft365.yaml",
                "connection-sendsafely.yaml",
                "users-sendsafely.yaml",
                "key-sendsafely.yaml",
                "connection-deputy.yaml",
                "api-key.yaml"
            ]
        );
    }
}
