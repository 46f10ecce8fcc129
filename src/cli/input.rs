//! Reads the same YAML that a cluster would be given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt;
use serde_json::Value;

use crate::api::{ServiceAccountConnection, SyncedUser};
use crate::controllers::{allowance, effective};
use crate::model::email::Email;
use crate::model::secret::{Credentials, SecretRef};
use crate::providers::CheckRequest;

/// Files larger than this are not read: nothing that belongs here is.
const MOST_BYTES: u64 = 4 << 20;

/// Where the YAML and the credentials come from.
#[derive(Debug, clap::Args)]
pub(super) struct InputArgs {
    /// A YAML file with the connection, and with people and Secrets where they are needed. May be given several times.
    #[arg(short, long, required = true, value_name = "FILE")]
    file: Vec<PathBuf>,

    /// An entry of the credentials Secret, from a file: `key.json=path/to/key.json`. Takes the place of the Secret that the connection
    /// names. May be given several times.
    #[arg(long, value_name = "ENTRY=FILE", value_parser = entry)]
    credential: Vec<(String, PathBuf)>,
}

/// What was read.
pub(super) struct Input {
    /// The one connection.
    pub(super) connection: ServiceAccountConnection,
    /// People of the connection, in the order of the files.
    pub(super) users: Vec<Arc<SyncedUser>>,
    secrets: BTreeMap<String, Credentials>,
}

fn entry(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("write it as ENTRY=FILE")?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

impl InputArgs {
    /// Reads the files.
    pub(super) fn read(&self) -> anyhow::Result<Input> {
        let mut connections = Vec::new();
        let (mut users, mut secrets) = (Vec::new(), BTreeMap::new());
        for file in &self.file {
            for object in objects(file)? {
                let kind = object
                    .get("kind")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let complaint = || format!("{}: a {kind} that cannot be read", file.display());
                match kind {
                    "ServiceAccountConnection" => connections
                        .push(serde_json::from_value(object.clone()).with_context(complaint)?),
                    "SyncedUser" => {
                        let user: SyncedUser =
                            serde_json::from_value(object.clone()).with_context(complaint)?;
                        users.push(Arc::new(user));
                    }
                    "Secret" => {
                        let secret: Secret =
                            serde_json::from_value(object.clone()).with_context(complaint)?;
                        secrets.insert(secret.name_any(), credentials(secret));
                    }
                    _ => {}
                }
            }
        }
        let connection = one(connections)?;
        users.retain(|user: &Arc<SyncedUser>| {
            user.spec.connection_ref.name == connection.name_any()
        });
        self.put_credentials(&connection, &mut secrets)?;
        Ok(Input {
            connection,
            users,
            secrets,
        })
    }

    fn put_credentials(
        &self,
        connection: &ServiceAccountConnection,
        secrets: &mut BTreeMap<String, Credentials>,
    ) -> anyhow::Result<()> {
        if self.credential.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::new();
        for (name, path) in &self.credential {
            entries.push((name.clone(), bytes(path)?));
        }
        let Some(name) = &connection.spec.credentials_secret_ref else {
            bail!("the connection names no Secret that --credential could stand for");
        };
        secrets.insert(name.name.clone(), Credentials::new(entries));
        Ok(())
    }
}

impl Input {
    /// Returns the connection's credentials; none of them where it names no Secret.
    pub(super) fn credentials(&self) -> anyhow::Result<Credentials> {
        match &self.connection.spec.credentials_secret_ref {
            Some(name) => self.secret(name).cloned(),
            None => Ok(Credentials::default()),
        }
    }

    /// Returns whom the vendor may be asked about: the same people as the operator would.
    pub(super) fn listed(&self) -> Vec<Email> {
        allowance::listed(&self.connection.spec, &self.users).collect()
    }

    /// Returns what is to be found out about the connection.
    pub(super) fn request(&self) -> CheckRequest {
        effective::check_request(&self.connection.spec, self.listed())
    }

    /// Returns the entries of a Secret.
    pub(super) fn secret(&self, name: &SecretRef) -> anyhow::Result<&Credentials> {
        self.secrets.get(&name.name).ok_or_else(|| {
            anyhow!(
                "the Secret {} is in none of the files; add it, or give its entries with --credential ENTRY=FILE",
                name.name
            )
        })
    }
}

fn one(mut connections: Vec<ServiceAccountConnection>) -> anyhow::Result<ServiceAccountConnection> {
    match (connections.pop(), connections.len()) {
        (Some(connection), 0) => Ok(connection),
        (None, _) => bail!("there is no ServiceAccountConnection in the files"),
        (Some(_), more) => bail!(
            "there are {} ServiceAccountConnections in the files: give one",
            more + 1
        ),
    }
}

fn objects(file: &Path) -> anyhow::Result<Vec<Value>> {
    let text =
        String::from_utf8(bytes(file)?).map_err(|_| anyhow!("{} is not UTF-8", file.display()))?;
    // What the parser says of a Secret could quote it, so only the place of the mistake is told.
    serde_saphyr::from_multiple(&text).map_err(|error| match error.location() {
        Some(at) => anyhow!("{} is not YAML, at line {}", file.display(), at.line()),
        None => anyhow!("{} is not YAML", file.display()),
    })
}

fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(file)
        .with_context(|| file.display().to_string())?
        .len();
    if size > MOST_BYTES {
        bail!(
            "{} has {size} bytes, which is more than any credential or manifest",
            file.display()
        );
    }
    std::fs::read(file).with_context(|| file.display().to_string())
}

fn credentials(secret: Secret) -> Credentials {
    let data = secret
        .data
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name, value.0));
    let text = secret.string_data.unwrap_or_default();
    let text = text
        .into_iter()
        .map(|(name, value)| (name, value.into_bytes()));
    Credentials::new(data.chain(text))
}
