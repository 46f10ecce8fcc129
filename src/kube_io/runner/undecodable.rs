//! What is done about an object that is not what its kind promises: it is told so, and let go if it is deleted.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::{Resource, ResourceExt};
use serde_json::{Map, Value, json};

use super::steps::{Steps, kind};
use crate::kube_io::FINALIZER;
use crate::kube_io::conditions::{ConditionStatus, Conditions};
use crate::kube_io::events::Severity;
use crate::kube_io::finalizer;
use crate::kube_io::key::ObjectKey;
use crate::kube_io::reconciler::{Next, Reconciler};
use crate::kube_io::status::{self, Apply, WriteError};
use crate::telemetry::metrics::Outcome;

const REASON: &str = "Undecodable";

/// Says on the object what is wrong with it.
pub(super) async fn report<R: Reconciler>(
    steps: &Steps<R>,
    metadata: &ObjectMeta,
    error: &str,
) -> Result<(Outcome, Next), WriteError> {
    let (Some(namespace), Some(name)) = (&metadata.namespace, &metadata.name) else {
        return Ok((Outcome::Undecodable, Next::OnChange));
    };
    let resource = ApiResource::erase::<R::Kind>(&());
    let client = steps.runtime.client.clone();
    let api: Api<DynamicObject> = Api::namespaced_with(client, namespace, &resource);
    // Live, for the status that the cache could not decode.
    let Some(object) = api.get_opt(name).await? else {
        return Err(WriteError::Gone);
    };
    if let Some(deleted) = &object.metadata.deletion_timestamp {
        return let_go(steps, &api, &object, deleted.0).await;
    }
    say(steps, &api, &object, error).await?;
    Ok((Outcome::Undecodable, Next::OnChange))
}

async fn say<R: Reconciler>(
    steps: &Steps<R>,
    api: &Api<DynamicObject>,
    object: &DynamicObject,
    error: &str,
) -> Result<(), WriteError> {
    let message = format!(
        "The object is not what this version of Deputy understands ({error}). Correct it, or check that the CRDs and the operator are of one version."
    );
    let stored = status_of(object);
    let now = steps.runtime.clock.now();
    let conditions = judged(&stored, object.metadata.generation, now, &message);
    steps.count(&ObjectKey::of(object), &conditions);
    let status = with_conditions(stored.clone(), object.metadata.generation, &conditions);
    if status == stored {
        return Ok(());
    }
    let wanted = Apply::new::<R::Kind>(object.resource_version(), &status);
    status::apply(api, &object.name_any(), &wanted).await?;
    steps.runtime.metrics.status_written(kind::<R>());
    let events = &steps.runtime.events;
    let reference = reference::<R>(object);
    events
        .publish(&reference, Severity::Warning, REASON, &message)
        .await;
    Ok(())
}

/// Nobody can tell what is to be cleaned up; a newer version of the operator might. It gets a while to.
async fn let_go<R: Reconciler>(
    steps: &Steps<R>,
    api: &Api<DynamicObject>,
    object: &DynamicObject,
    deleted: Timestamp,
) -> Result<(Outcome, Next), WriteError> {
    if !finalizer::is_on(object) {
        return Ok((Outcome::Undecodable, Next::OnChange));
    }
    let since = steps.runtime.clock.now().duration_since(deleted);
    let since = Duration::try_from(since).unwrap_or_default();
    if let Some(left) = steps
        .settings
        .orphan_after
        .checked_sub(since)
        .filter(|left| !left.is_zero())
    {
        return Ok((Outcome::Undecodable, Next::After(left)));
    }
    finalizer::remove(api, object).await?;
    steps.runtime.metrics.orphaned(kind::<R>());
    let note = format!(
        "The object could not be decoded, so nothing outside of the cluster was cleaned up; {FINALIZER} was removed after a wait."
    );
    let events = &steps.runtime.events;
    let reference = reference::<R>(object);
    events
        .publish(&reference, Severity::Warning, "Orphaned", &note)
        .await;
    Ok((Outcome::Undecodable, Next::OnChange))
}

fn judged(
    status: &Map<String, Value>,
    generation: Option<i64>,
    now: Timestamp,
    message: &str,
) -> Vec<Condition> {
    let stored: Vec<Condition> = status
        .get("conditions")
        .and_then(|list| serde_json::from_value(list.clone()).ok())
        .unwrap_or_default();
    let mut conditions = Conditions::new(&stored, generation, now);
    conditions.clear("Reconciling");
    conditions.set("Ready", ConditionStatus::False, REASON, message);
    conditions.set("Stalled", ConditionStatus::True, REASON, message);
    conditions.into_vec()
}

fn status_of(object: &DynamicObject) -> Map<String, Value> {
    match object.data.get("status") {
        Some(Value::Object(status)) => status.clone(),
        _ => Map::new(),
    }
}

/// Keeps all else in the status: to apply without a field would remove it.
fn with_conditions(
    mut status: Map<String, Value>,
    generation: Option<i64>,
    conditions: &[Condition],
) -> Map<String, Value> {
    status.insert("conditions".to_owned(), json!(conditions));
    status.insert("observedGeneration".to_owned(), json!(generation));
    status
}

fn reference<R: Reconciler>(object: &DynamicObject) -> ObjectReference {
    object.object_ref(&ApiResource::erase::<R::Kind>(&()))
}
