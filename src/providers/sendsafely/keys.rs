//! Keys of the account itself: made and ended in the console, and adopted from the Secret.
//!
//! There is an API that makes keys, and it asks for the password of the account: a service account has none.
//!
//! Source: the vendor's clients (`PUT /auth-api/generate-key/`), read 2026-11-22; sendsafely.zendesk.com articles
//! 4420419051405 (service accounts) and 204583665 (API keys), read 2026-11-27.

use async_trait::async_trait;

use super::api::{Api, Method};
use super::key::{ENTRIES, KEY};
use super::spec::SendSafelySpec;
use super::wire::Verified;
use crate::model::email::Email;
use crate::model::key::Purpose;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::rows::{Answer, row};
use crate::providers::{Clients, KeyAdopter, Pace, RemoteKey};

/// Verifies keys that an administrator has put into the Secret's slots.
pub(super) struct Adopter {
    spec: SendSafelySpec,
    pace: Pace,
    clients: Clients,
}

impl Adopter {
    pub(super) fn new(spec: &SendSafelySpec, pace: Pace, clients: &Clients) -> Self {
        Self {
            spec: spec.clone(),
            pace,
            clients: clients.clone(),
        }
    }

    fn api(&self, entries: &Credentials) -> Result<Api, Error> {
        super::api(&self.spec, entries, self.pace, &self.clients)
    }

    /// A key of another account would do other things than the one that it replaces.
    fn admitted(&self, owner: &str) -> Result<(), Error> {
        let wanted = self.spec.account.as_ref();
        let is_wanted = |wanted: &Email| owner.parse::<Email>().is_ok_and(|owner| owner == *wanted);
        if wanted.is_none_or(is_wanted) {
            return Ok(());
        }
        Err(foreign(&self.spec, owner))
    }
}

/// A key of another account than the one that the spec names.
pub(super) fn foreign(spec: &SendSafelySpec, owner: &str) -> Error {
    let wanted = spec.account.as_ref().map_or("", Email::as_str);
    let answer = Answer {
        operation: Method::VerifyCredentials.name(),
        ..Answer::default()
    };
    let meaning = format!("The key belongs to {owner}, and the spec names {wanted}.");
    let remedy = "Store a key of the account that the spec names, or correct spec.provider.sendsafely.account.";
    super::errors::VENDOR.error(
        row(Class::Invalid, Reason::KeyForeign, meaning, remedy),
        answer,
    )
}

#[async_trait]
impl KeyAdopter for Adopter {
    fn purposes(&self) -> &'static [Purpose] {
        &[Purpose::Api]
    }

    fn entries(&self) -> &'static [&'static str] {
        ENTRIES
    }

    async fn verify(&self, entries: &Credentials) -> Result<RemoteKey, Error> {
        let api = self.api(entries)?;
        let verified: Verified = api.ask(Method::VerifyCredentials, &[], None).await?;
        self.admitted(&verified.message)?;
        Ok(RemoteKey {
            // The vendor has no name for a key but the key itself, which is shown to nobody.
            id: entries
                .filtered(|name| name == KEY)
                .fingerprint()
                .to_string(),
            name: Some(verified.message),
            created_at: None,
            expires_at: None,
        })
    }

    fn how_to_make(&self) -> String {
        format!(
            "At https://{} open the Enterprise Console, find {}, View, Profile, API Access Keys, Generate New Key. The secret is \
             shown once: store both halves as next-api-key and next-api-secret.",
            self.spec.host,
            self.account()
        )
    }

    fn how_to_revoke(&self) -> String {
        format!(
            "At https://{} open the Enterprise Console, find {}, View, Profile, API Access Keys, and revoke the old key. Deputy \
             tries it until SendSafely says that it is dead.",
            self.spec.host,
            self.account()
        )
    }
}

impl Adopter {
    fn account(&self) -> &str {
        let account = self.spec.account.as_ref();
        account.map_or("the service account", Email::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{FakePortal, credentials, spec};
    use super::*;
    use crate::providers::Keys;
    use crate::providers::Session as _;

    async fn verified(portal: &FakePortal, spec: SendSafelySpec) -> Result<RemoteKey, Error> {
        let session = portal.open(spec);
        let Some(Keys::Adopted(adopter)) = session.keys() else {
            panic!("keys are adopted")
        };
        adopter.verify(&credentials("next")).await
    }

    #[tokio::test]
    async fn a_key_is_verified_with_itself_and_shown_to_nobody() {
        let portal = FakePortal::start().await;
        portal.answer_verify("bot@acme.example").await;
        let key = verified(&portal, spec()).await.unwrap();
        assert_eq!(key.name.as_deref(), Some("bot@acme.example"));
        assert!(key.id.starts_with("sha256:"), "{}", key.id);
        assert_eq!(
            portal.keys().await,
            ["next-key-canary"],
            "and not with the connection's own"
        );
    }

    #[tokio::test]
    async fn only_the_vendors_word_makes_a_key_dead() {
        let portal = FakePortal::start().await;
        portal
            .refuse("AUTHENTICATION_FAILED", "Invalid API Key")
            .await;
        let error = verified(&portal, spec()).await.unwrap_err();
        assert_eq!(
            (error.class, error.reason),
            (Class::Park, Reason::KeyRevoked)
        );

        let portal = FakePortal::start().await;
        portal
            .refuse("AUTHENTICATION_FAILED", "Invalid Request Timestamp")
            .await;
        let error = verified(&portal, spec()).await.unwrap_err();
        assert_eq!(error.reason, Reason::ClockSkew);
    }

    #[tokio::test]
    async fn a_key_of_another_account_is_not_taken() {
        let portal = FakePortal::start().await;
        portal.answer_verify("boss@acme.example").await;
        let spec = SendSafelySpec {
            account: Some("bot@acme.example".parse().unwrap()),
            ..spec()
        };
        let error = verified(&portal, spec).await.unwrap_err();
        assert_eq!(
            (error.class, error.reason),
            (Class::Invalid, Reason::KeyForeign)
        );
        assert!(error.to_string().contains("boss@acme.example"), "{error}");
    }

    #[tokio::test]
    async fn the_steps_fit_into_a_condition_and_name_the_portal() {
        let portal = FakePortal::start().await;
        let session = portal.open(spec());
        let Some(Keys::Adopted(adopter)) = session.keys() else {
            panic!("keys are adopted")
        };
        for steps in [adopter.how_to_make(), adopter.how_to_revoke()] {
            assert!(steps.len() <= 300, "{} bytes: {steps}", steps.len());
            assert!(steps.contains("https://acme.sendsafely.com"), "{steps}");
        }
    }
}
