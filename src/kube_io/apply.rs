//! Applies an object in the name of a field manager of its own, and never against another one's will.
//!
//! It says whether the object was made by this or had been there: of two that make the same object at once, only one has made it.

use http_body_util::{BodyExt as _, Limited};
use kube::api::{Patch, PatchParams};
use kube::client::Body;
use kube::core::{Request, Status};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::conditions::capped;

/// More than an API server gives back of one object.
const MOST_BYTES: usize = 4 << 20;

/// What was applied.
#[derive(Debug)]
pub struct Applied<K> {
    /// The object as it is now.
    pub object: K,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// Why nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The object has changed since the version that it was made from, or is gone. To be made again from the new one.
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

/// Applies an object in a namespace.
pub async fn apply<K>(
    client: &Client,
    namespace: &str,
    name: &str,
    manager: &str,
    manifest: &Value,
) -> Result<Applied<K>, ApplyError>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    let unavailable = |complaint: &str| ApplyError::Unavailable(complaint.to_owned());
    let request = Request::new(K::url_path(&(), Some(namespace)))
        .patch(name, &PatchParams::apply(manager), &Patch::Apply(manifest))
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
    let object = serde_json::from_slice(&body);
    Ok(Applied {
        object: object
            .map_err(|_| unavailable("answered with something that is no such object"))?,
        is_new: status == http::StatusCode::CREATED,
    })
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
        403 => ApplyError::Forbidden(message),
        400 | 422 => ApplyError::Invalid(message),
        _ => ApplyError::Unavailable(format!("answered {code}")),
    }
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
        assert!(matches!(
            refusal(500, b"no JSON"),
            ApplyError::Unavailable(_)
        ));
    }
}
