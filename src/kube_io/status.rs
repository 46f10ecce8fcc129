//! The one place that writes a status: whole, by server-side apply, and only if it differs from what is stored.

use kube::api::{Api, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use serde::Serialize;

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

/// Writes the status of an object unless it is the stored one already; returns the object as it then is.
pub(super) async fn write<K: Object>(
    api: &Api<K>,
    object: &K,
    status: &StatusOf<K>,
) -> Result<Option<K>, WriteError> {
    if object.status() == Some(status) {
        return Ok(None);
    }
    let name = object.name_any();
    let body = Apply::new::<K>(object, status);
    let params = PatchParams::apply(FIELD_MANAGER).force();
    let written = api
        .patch_status(&name, &params, &Patch::Apply(&body))
        .await?;
    Ok(Some(written))
}

/// What is applied: nothing but the status, to this very object and none that later has its name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Apply<'a, S> {
    api_version: String,
    kind: String,
    metadata: Identity<'a>,
    status: &'a S,
}

#[derive(Debug, Serialize)]
struct Identity<'a> {
    uid: Option<&'a str>,
}

impl<'a, S: Serialize> Apply<'a, S> {
    pub(super) fn new<K: Resource<DynamicType = ()>>(
        object: &'a impl Resource,
        status: &'a S,
    ) -> Self {
        Self {
            api_version: K::api_version(&()).into_owned(),
            kind: K::kind(&()).into_owned(),
            metadata: Identity {
                uid: object.meta().uid.as_deref(),
            },
            status,
        }
    }
}
