//! Applies an object in the name of a field manager of its own: never against another one's will, and never over something
//! that has not been seen.
//!
//! An apply by itself makes what is not there and changes what is, so each one says what it expects ([`Place`]): of two that
//! make the same object at once only one has made it, and what has been deleted meanwhile is not made again.

use http_body_util::{BodyExt as _, Limited};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams};
use kube::client::Body;
use kube::core::{Request, Status};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::conditions::capped;

/// More than an API server gives back of one object.
const MOST_BYTES: usize = 4 << 20;

/// What is expected where an object is applied.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// Nothing.
    Free,
    /// This object, as it was read.
    Taken(&'a ObjectMeta),
}

impl Place<'_> {
    /// Writes the expectation into a manifest.
    ///
    /// An API server makes an object whatever version the manifest has, and changes a custom resource only for its present
    /// version, which 0 never is. The UID is what keeps it from making an object that has been deleted. Seen of
    /// kube-apiserver 1.36.3 on 2026-11-27; `tests/scim/places.rs` looks again.
    fn expect_in(self, manifest: &mut Value) {
        let (uid, version) = match self {
            Self::Free => (None, Some("0")),
            Self::Taken(seen) => (seen.uid.as_deref(), seen.resource_version.as_deref()),
        };
        if let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), json!(version));
            metadata.insert("uid".to_owned(), json!(uid));
        }
    }
}

/// Why nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The place is not as expected: there is an object already, or it has changed or gone since it was read.
    #[error("the object has changed meanwhile")]
    Late,
    /// Somebody else manages a field that would change.
    #[error("{0}")]
    Managed(String),
    /// The operator's own account may not, or a policy of the cluster is against it.
    #[error("{0}")]
    Forbidden(String),
    /// The object is not what its kind admits.
    #[error("{0}")]
    Invalid(String),
    /// The API server did not answer as it should. May pass.
    #[error("the API server {0}")]
    Unavailable(String),
}

/// Applies an object in a namespace, where that is as expected. Returns it as it is then.
pub async fn apply<K>(
    client: &Client,
    (namespace, name): (&str, &str),
    manager: &str,
    place: Place<'_>,
    mut manifest: Value,
) -> Result<K, ApplyError>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    place.expect_in(&mut manifest);
    let unavailable = |complaint: &str| ApplyError::Unavailable(complaint.to_owned());
    let request = Request::new(K::url_path(&(), Some(namespace)))
        .patch(name, &PatchParams::apply(manager), &Patch::Apply(&manifest))
        .map_err(|_| unavailable("was not asked: the request could not be made"))?;
    let reply = client.send(request.map(Body::from)).await;
    let reply = reply.map_err(|_| unavailable("cannot be reached"))?;
    let status = reply.status();
    let body = Limited::new(reply.into_body(), MOST_BYTES).collect().await;
    let body = body
        .map_err(|_| unavailable("broke off its answer"))?
        .to_bytes();
    if !status.is_success() {
        return Err(refusal(status.as_u16(), &body));
    }
    serde_json::from_slice(&body)
        .map_err(|_| unavailable("answered with something that is no such object"))
}

fn refusal(code: u16, body: &[u8]) -> ApplyError {
    let status: Option<Status> = serde_json::from_slice(body).ok();
    let message = status
        .as_ref()
        .map(|status| capped(&status.message))
        .unwrap_or_default();
    match code {
        409 => match managers(status) {
            Some(who) => ApplyError::Managed(who),
            None => ApplyError::Late,
        },
        404 => ApplyError::Late,
        422 if is_of_another_object(status.as_ref()) => ApplyError::Late,
        403 => ApplyError::Forbidden(message),
        400 | 422 => ApplyError::Invalid(message),
        _ => ApplyError::Unavailable(format!("answered {code}")),
    }
}

/// Returns whether what was expected is what the API server objects to.
fn is_of_another_object(status: Option<&Status>) -> bool {
    let details = status.and_then(|status| status.details.as_ref());
    let mut causes = details.into_iter().flat_map(|details| &details.causes);
    causes.any(|cause| {
        matches!(
            cause.field.as_str(),
            "metadata.resourceVersion" | "metadata.uid"
        )
    })
}

/// Returns who manages what, where that is why the object was not applied.
fn managers(status: Option<Status>) -> Option<String> {
    let causes = status?.details?.causes;
    let of_managers = causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict");
    let told: Vec<_> = of_managers
        .map(|cause| format!("{} ({})", cause.field, cause.message))
        .collect();
    (!told.is_empty()).then(|| capped(&told.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_field_is_told_from_being_late() {
        let body = br#"{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "Apply failed",
            "reason": "Conflict", "code": 409, "details": {"causes": [{"reason": "FieldManagerConflict",
            "message": "conflict with \"argocd\" using deputy.dev/v1alpha1", "field": ".spec.enabled"}]}}"#;
        let ApplyError::Managed(who) = refusal(409, body) else {
            panic!("is somebody else's");
        };
        assert!(
            who.contains(".spec.enabled") && who.contains("argocd"),
            "{who}"
        );
        let body = br#"{"status": "Failure", "message": "the object has been modified", "reason": "Conflict", "code": 409}"#;
        assert_eq!(refusal(409, body), ApplyError::Late);
        assert_eq!(refusal(404, b""), ApplyError::Late);
        let body = br#"{"status": "Failure", "message": "must be specified for an update", "reason": "Invalid", "code": 422,
            "details": {"causes": [{"reason": "FieldValueInvalid", "message": "Invalid value: 0", "field": "metadata.resourceVersion"}]}}"#;
        assert_eq!(refusal(422, body), ApplyError::Late);
        let body = br#"{"status": "Failure", "message": "too long", "reason": "Invalid", "code": 422,
            "details": {"causes": [{"reason": "FieldValueTooLong", "message": "Too long", "field": "spec.email"}]}}"#;
        assert_eq!(
            refusal(422, body),
            ApplyError::Invalid("too long".to_owned())
        );
        assert!(matches!(
            refusal(500, b"no JSON"),
            ApplyError::Unavailable(_)
        ));
    }
}
