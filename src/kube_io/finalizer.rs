//! The finalizer is added and removed by patches that apply only to the state they were made for.

use kube::api::{Api, Patch, PatchParams};
use kube::{Resource, ResourceExt};
use serde_json::json;

use super::reconciler::Object;
use super::status::WriteError;
use super::{FIELD_MANAGER, FINALIZER};

/// Tells whether an object carries our finalizer.
pub(super) fn is_on(object: &impl Resource) -> bool {
    position(object).is_some()
}

/// Adds our finalizer; returns the object as it then is.
pub(super) async fn add<K: Object>(api: &Api<K>, object: &K) -> Result<K, WriteError> {
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    // The resourceVersion makes it a conflict if anybody wrote since: a merge patch replaces the whole list.
    let patch = json!({"metadata": {
        "uid": object.uid(),
        "resourceVersion": object.resource_version(),
        "finalizers": finalizers,
    }});
    let name = object.name_any();
    Ok(api.patch(&name, &params(), &Patch::Merge(patch)).await?)
}

/// Removes our finalizer, and never anybody else's.
pub(super) async fn remove<K>(api: &Api<K>, object: &impl Resource) -> Result<(), WriteError>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let (Some(index), Some(name)) = (position(object), &object.meta().name) else {
        return Ok(());
    };
    let path = format!("/metadata/finalizers/{index}");
    let operations = json!([
        {"op": "test", "path": "/metadata/uid", "value": object.meta().uid},
        {"op": "test", "path": path, "value": FINALIZER},
        {"op": "remove", "path": path},
    ]);
    let steps = serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
    match api
        .patch_metadata(name, &params(), &Patch::Json::<()>(steps))
        .await
    {
        Ok(_) => Ok(()),
        // What a failed test is answered with.
        Err(kube::Error::Api(status)) if status.is_invalid() => Err(WriteError::Conflict),
        Err(error) => match WriteError::from(error) {
            WriteError::Gone => Ok(()),
            other => Err(other),
        },
    }
}

fn position(object: &impl Resource) -> Option<usize> {
    let finalizers = object.meta().finalizers.as_ref()?;
    finalizers
        .iter()
        .position(|finalizer| finalizer == FINALIZER)
}

fn params() -> PatchParams {
    PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}
