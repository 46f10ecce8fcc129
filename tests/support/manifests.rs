//! Applying YAML as a user would, with strict validation: an unknown or doubled field is an error.

use kube::api::{DynamicObject, Patch, PatchParams, ValidationDirective};
use kube::discovery::{Scope, pinned_kind};
use kube::{Api, Client, core::GroupVersionKind};

/// Parses every document of a YAML stream; documents without content are left out.
pub(crate) fn parse(yaml: &str) -> Vec<DynamicObject> {
    let documents: Vec<Option<DynamicObject>> =
        serde_saphyr::from_multiple(yaml).expect("is a stream of Kubernetes objects");
    documents.into_iter().flatten().collect()
}

/// Applies objects in their order and returns them as stored. Those without a namespace go into the given one.
pub(crate) async fn apply(
    client: &Client,
    namespace: &str,
    objects: &[DynamicObject],
) -> Result<Vec<DynamicObject>, kube::Error> {
    apply_with(client, namespace, objects, &parameters()).await
}

/// Has the API server judge objects without storing them.
pub(crate) async fn dry_run(
    client: &Client,
    namespace: &str,
    objects: &[DynamicObject],
) -> Result<Vec<DynamicObject>, kube::Error> {
    apply_with(client, namespace, objects, &parameters().dry_run()).await
}

fn parameters() -> PatchParams {
    let mut parameters = PatchParams::apply("deputy-tests").force();
    parameters.field_validation = Some(ValidationDirective::Strict);
    parameters
}

async fn apply_with(
    client: &Client,
    namespace: &str,
    objects: &[DynamicObject],
    parameters: &PatchParams,
) -> Result<Vec<DynamicObject>, kube::Error> {
    let mut stored = Vec::new();
    for object in objects {
        let api = api_of(client, namespace, object).await?;
        let name = object
            .metadata
            .name
            .as_deref()
            .expect("an object has a name");
        stored.push(api.patch(name, parameters, &Patch::Apply(object)).await?);
    }
    Ok(stored)
}

async fn api_of(
    client: &Client,
    namespace: &str,
    object: &DynamicObject,
) -> Result<Api<DynamicObject>, kube::Error> {
    let types = object.types.as_ref().expect("an object has a kind");
    let kind = GroupVersionKind::try_from(types).expect("is a kind");
    let (resource, capabilities) = pinned_kind(client, &kind).await?;
    let namespace = object.metadata.namespace.as_deref().unwrap_or(namespace);
    Ok(match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => Api::namespaced_with(client.clone(), namespace, &resource),
    })
}
