//! Secrets are read when they are needed, one by one, and never kept in a cache.

use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client};

use crate::model::secret::Credentials;

/// Why a Secret could not be read. [`strum::IntoStaticStr`] gives the reason of a condition.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr)]
pub enum SecretError {
    /// There is none of that name. Not retried: its coming is noticed.
    #[strum(serialize = "SecretNotFound")]
    #[error("There is no Secret {namespace}/{name}.")]
    NotFound {
        /// Where it was looked for.
        namespace: String,
        /// What was looked for.
        name: String,
    },
    /// The operator's own account may not read it. Retried seldom.
    #[strum(serialize = "SecretForbidden")]
    #[error("Deputy may not read the Secret {namespace}/{name}.")]
    Forbidden {
        /// Where it was looked for.
        namespace: String,
        /// What was looked for.
        name: String,
    },
    /// The operator's own account may not write it. Retried seldom.
    #[strum(serialize = "SecretNotWritable")]
    #[error("Deputy may not write the Secret {namespace}/{name}.")]
    NotWritable {
        /// Where it would be.
        namespace: String,
        /// What would be written.
        name: String,
    },
    /// Somebody else has written it since it was read. Retried at once.
    #[strum(serialize = "SecretChanged")]
    #[error("The Secret {namespace}/{name} has changed meanwhile.")]
    Changed {
        /// Where it is.
        namespace: String,
        /// What it is called.
        name: String,
    },
    /// The API server does not take what was to be written: it is immutable, or an admission policy stands against it.
    #[strum(serialize = "SecretRefused")]
    #[error(
        "The API server does not take the Secret {namespace}/{name} as it was to be written ({complaint})."
    )]
    Refused {
        /// Where it would be.
        namespace: String,
        /// What would be written.
        name: String,
        /// What the API server said, as a status code.
        complaint: String,
    },
    /// The API server did not answer as it should. Retried.
    #[strum(serialize = "SecretUnavailable")]
    #[error("The Secret {namespace}/{name} could not be read: the API server {complaint}.")]
    Unavailable {
        /// Where it was looked for.
        namespace: String,
        /// What was looked for.
        name: String,
        /// What the API server did. The error itself is not kept: it may quote what was read.
        complaint: String,
    },
}

impl SecretError {
    /// Returns the reason for a condition.
    pub fn reason(&self) -> &'static str {
        self.into()
    }

    /// Returns what to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotFound { namespace, name } => format!(
                "Create it: kubectl -n {namespace} create secret generic {name} --from-file=…, or correct the name in the spec. It is noticed at once."
            ),
            Self::Forbidden { namespace, name } => format!(
                "Grant `get` on secrets to Deputy's service account in the namespace {namespace} (for this one: resourceNames: [{name}])."
            ),
            Self::NotWritable { namespace, name } => format!(
                "Grant `create` and `patch` on secrets to Deputy's service account in the namespace {namespace} (patch for this one alone: \
                 resourceNames: [{name}]); the chart does it with apiKeys.enabled."
            ),
            Self::Refused { .. } => {
                "See whether the Secret is immutable (then delete it, or name another one), or which admission policy stands against it."
                    .to_owned()
            }
            Self::Changed { .. } | Self::Unavailable { .. } => {
                "Nothing, if it passes; it is tried again by itself.".to_owned()
            }
        }
    }
}

/// Reads a Secret, live.
pub async fn read(client: Client, namespace: &str, name: &str) -> Result<Credentials, SecretError> {
    let api: Api<Secret> = Api::namespaced(client, namespace);
    let secret = api
        .get(name)
        .await
        .map_err(|error| classify(&error, namespace, name))?;
    let entries = secret.data.unwrap_or_default();
    Ok(Credentials::new(
        entries.into_iter().map(|(name, value)| (name, value.0)),
    ))
}

pub(super) fn classify(error: &kube::Error, namespace: &str, name: &str) -> SecretError {
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    match error {
        kube::Error::Api(status) if status.is_not_found() => {
            SecretError::NotFound { namespace, name }
        }
        kube::Error::Api(status) if status.is_forbidden() => {
            SecretError::Forbidden { namespace, name }
        }
        _ => SecretError::Unavailable {
            namespace,
            name,
            complaint: complaint(error),
        },
    }
}

/// Nothing of a reply's body may get into the message.
pub(super) fn complaint(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => {
            format!("answered {} {}", status.code, status.reason)
        }
        kube::Error::SerdeError(_) => "answered with something that is no Secret".to_owned(),
        _ => "cannot be reached".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::core::Status;

    fn api_error(code: u16, reason: &str) -> kube::Error {
        kube::Error::Api(Box::new(Status::failure("canary", reason).with_code(code)))
    }

    #[test]
    fn each_failure_has_its_own_reason_and_remedy() {
        let cases = [
            (404, "NotFound", "SecretNotFound", "Create it"),
            (403, "Forbidden", "SecretForbidden", "Grant `get`"),
            (401, "Unauthorized", "SecretUnavailable", "Nothing"),
            (503, "ServiceUnavailable", "SecretUnavailable", "Nothing"),
        ];
        for (code, said, reason, remedy) in cases {
            let error = classify(&api_error(code, said), "revops", "key");
            assert_eq!(error.reason(), reason);
            assert!(error.remedy().starts_with(remedy), "{}", error.remedy());
            assert!(error.to_string().contains("revops/key"), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
