//! When the credential ends: a certificate says so itself, a secret's end is the vendor's to tell.

use jiff::Timestamp;

use super::Check;
use crate::http::auth::Proof;
use crate::providers::error::{Error, Reason};
use crate::providers::microsoft365::api::{Method, Target, Whom};
use crate::providers::microsoft365::wire::{Application, PasswordCredential};
use crate::providers::report::{Finding, Identity};

/// How a credential is renewed.
const RENEW: &str = "Make a new one (App registrations, Certificates & secrets) and store it in the Secret; both are good \
                     until the old one is removed.";

impl Check<'_> {
    /// Judges the end of the credential, and notes it in the identity. None: it is not one that ends.
    pub(super) async fn expiry(&self, identity: &mut Identity) -> Option<Finding> {
        let credential = self.api.tokens.credential();
        match &credential.proof {
            Proof::TokenFile(_) => None,
            Proof::Certificate(_) => identity.key_expires_at.map(|ends| self.judge_expiry(ends)),
            Proof::Secret(_) => Some(match self.our_secret().await {
                Ok(secret) => {
                    identity.key_created_at = secret.start_date_time;
                    identity.key_expires_at = secret.end_date_time;
                    let ends = secret.end_date_time;
                    ends.map_or_else(
                        || unknown("It shows no end."),
                        |ends| self.judge_expiry(ends),
                    )
                }
                Err(why) => unknown(&why),
            }),
        }
    }

    pub(super) fn judge_expiry(&self, ends: Timestamp) -> Finding {
        Finding::of_expiry(ends, self.clock.now(), RENEW)
    }

    /// Reads the registration's entry of the secret. Of several that begin alike the one that ends first counts.
    async fn our_secret(&self) -> Result<PasswordCredential, String> {
        if !self.api.may(Method::ApplicationsGet) {
            return Err(
                "When a client secret ends is readable with Application.Read.All only.".into(),
            );
        }
        let path = format!("applications(appId='{}')", self.spec.client_id);
        let query = [("$select", "passwordCredentials")];
        let target = Target::Path(&path, &query);
        let read = self
            .api
            .get::<Application>(Method::ApplicationsGet, Whom::TENANT, target);
        let application = read.await.map_err(|error: Error| error.to_string())?;
        let proof = &self.api.tokens.credential().proof;
        let is_ours = |one: &PasswordCredential| {
            let hint = one.hint.as_deref().unwrap_or_default();
            proof.begins_with(hint)
        };
        let ours = application.password_credentials.into_iter();
        ours.filter(is_ours)
            .min_by_key(|one| one.end_date_time)
            .ok_or_else(|| "The registration shows no secret that begins like this one.".into())
    }
}

fn unknown(why: &str) -> Finding {
    let message = format!(
        "{why} Look at App registrations, Certificates & secrets, or use a certificate or a federated credential."
    );
    Finding::unknown(
        Reason::ExpiryUnknown,
        crate::http::shortened(&message, 1_000),
    )
}
