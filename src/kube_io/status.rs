//! The one place that writes a status: whole, by server-side apply, and only if it differs from what is stored.

use std::fmt::Debug;

use kube::api::{Api, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FIELD_MANAGER;
use super::reconciler::{Object, StatusOf};

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The object is gone, or another one has its name. Nothing to do.
    #[error("the object is gone")]
    Gone,
    /// Somebody else wrote meanwhile. To be tried again with the new state.
    #[error("the object has changed meanwhile")]
    Conflict,
    /// The API server did not take it. To be tried again.
    #[error("the API server did not take it: {0}")]
    Refused(#[source] Box<kube::Error>),
}

impl From<kube::Error> for WriteError {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.is_not_found() => Self::Gone,
            kube::Error::Api(status) if status.is_conflict() => Self::Conflict,
            _ => Self::Refused(Box::new(error)),
        }
    }
}

/// How often a write is repeated because the object changed meanwhile.
const ATTEMPTS: u32 = 3;

/// Writes the status of an object unless it is the stored one already; returns the object as it then is.
///
/// A change that somebody else made meanwhile does not stand in the way, but the object's end does: what is meant for
/// one object never reaches another that has got its name since.
pub(super) async fn write<K: Object>(
    api: &Api<K>,
    object: &K,
    status: &StatusOf<K>,
) -> Result<Option<K>, WriteError> {
    if object.status() == Some(status) {
        return Ok(None);
    }
    let name = object.name_any();
    let mut version = object.resource_version();
    for _ in 0..ATTEMPTS {
        match apply(api, &name, &Apply::new::<K>(version, status)).await {
            Err(WriteError::Conflict) => {
                let live = api.get_metadata(&name).await?;
                if live.metadata.uid != object.meta().uid {
                    return Err(WriteError::Gone);
                }
                version = live.metadata.resource_version;
            }
            written => return written.map(Some),
        }
    }
    Err(WriteError::Conflict)
}

/// Applies a status as our own, whoever had it before.
pub(super) async fn apply<K, S>(
    api: &Api<K>,
    name: &str,
    status: &Apply<'_, S>,
) -> Result<K, WriteError>
where
    K: Clone + Debug + DeserializeOwned,
    S: Serialize + Debug,
{
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let patch = Patch::Apply(status);
    Ok(api.patch_status(name, &params, &patch).await?)
}

/// What is applied: nothing but the status, and only to the version that it was made for.
///
/// A `uid` would say more plainly what is meant, but for a status the API server does not look at it (seen on 1.36.3).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Apply<'a, S> {
    api_version: String,
    kind: String,
    metadata: Version,
    status: &'a S,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    resource_version: Option<String>,
}

impl<'a, S: Serialize> Apply<'a, S> {
    pub(super) fn new<K: Resource<DynamicType = ()>>(
        resource_version: Option<String>,
        status: &'a S,
    ) -> Self {
        Self {
            api_version: K::api_version(&()).into_owned(),
            kind: K::kind(&()).into_owned(),
            metadata: Version { resource_version },
            status,
        }
    }
}
