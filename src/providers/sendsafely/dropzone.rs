//! What the YAML says of the account itself: the Dropzone's recipients are kept as it says; the rest has no API, and is told.
//!
//! ```text
//! recipients at the vendor ─► missing: added ─► too many: taken away ─► the same: nothing is written
//! ```
//!
//! Source: the vendor's clients (`/user/dropzone-recipients/`) and sendsafely.zendesk.com articles 36637900255629 (75
//! recipients) and 360035692331, read 2026-11-22.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::IgnoredAny;
use serde_json::json;

use super::api::{Api, Method};
use super::spec::SendSafelySpec;
use super::wire::Recipients;
use crate::model::email::Email;
use crate::providers::error::{Error, Reason};
use crate::providers::{Finding, Settings};

/// The settings of one account.
pub(super) struct Dropzone {
    api: Arc<Api>,
    /// Who is to be told; none where they are left as they are.
    recipients: Option<BTreeSet<Email>>,
    /// What the YAML says beyond that, by its name there.
    by_hand: Vec<&'static str>,
}

impl Dropzone {
    /// Returns the settings that the spec speaks of; none where it speaks of none.
    pub(super) fn of(spec: &SendSafelySpec, api: &Arc<Api>) -> Option<Self> {
        let zone = spec.dropzone.clone().unwrap_or_default();
        let said = [
            ("dropzone.enabled", zone.enabled.is_some()),
            ("dropzone.expiryDays", zone.expiry_days.is_some()),
            ("dropzone.label", zone.label.is_some()),
            ("dropzone.allowedTypes", zone.allowed_types.is_some()),
            ("notifications", spec.notifications.is_some()),
            ("personalUrl", spec.personal_url.is_some()),
        ];
        let by_hand = said.into_iter().filter(|(_, said)| *said);
        let settings = Self {
            api: Arc::clone(api),
            recipients: zone.recipients.map(|all| all.into_iter().collect()),
            by_hand: by_hand.map(|(name, _)| name).collect(),
        };
        (settings.recipients.is_some() || !settings.by_hand.is_empty()).then_some(settings)
    }

    /// Makes the recipients those of the spec, and returns how many there are.
    async fn keep_recipients(&self, wanted: &BTreeSet<Email>) -> Result<usize, Error> {
        let found: Recipients = self.api.ask(Method::Recipients, &[], None).await?;
        let found = found.recipient_email_addresses;
        let is_there = |email: &&Email| found.iter().any(|text| is_same(text, email));
        // Whoever is too many goes first, so that those who are missing have room.
        for text in &found {
            if !wanted.iter().any(|email| is_same(text, email)) {
                self.write(Method::RecipientsRemove, text).await?;
            }
        }
        for email in wanted.iter().filter(|email| !is_there(email)) {
            match self.write(Method::RecipientsAdd, email.as_str()).await {
                Err(error) if error.code.as_deref() == Some("DUPLICATE_EMAIL") => {}
                other => other?,
            }
        }
        Ok(wanted.len())
    }

    async fn write(&self, method: Method, email: &str) -> Result<(), Error> {
        let body = json!({"userEmail": email});
        self.api.ask::<IgnoredAny>(method, &[], Some(&body)).await?;
        Ok(())
    }

    /// What is set by hand is never told as verified.
    fn told(&self, recipients: Option<usize>) -> Finding {
        let kept = recipients.map_or_else(String::new, |count| {
            format!("The Dropzone has exactly the {count} recipients of the spec. ")
        });
        if self.by_hand.is_empty() {
            return Finding::good(kept.trim_end());
        }
        Finding::unknown(
            Reason::UnsupportedByProvider,
            format!(
                "{kept}SendSafely has no API for {}: Deputy neither sets nor verifies it. By the vendor's word, notifications, \
                 personal URL and Dropzone of a service account are off until somebody switches them on. To set it by hand: \
                 https://{}, Enterprise Console, the account, View, Profile.",
                self.by_hand.join(", "),
                self.api.host
            ),
        )
    }
}

fn is_same(text: &str, email: &Email) -> bool {
    text.parse::<Email>().is_ok_and(|found| found == *email)
}

#[async_trait]
impl Settings for Dropzone {
    async fn apply(&self) -> Finding {
        let Some(wanted) = &self.recipients else {
            return self.told(None);
        };
        match self.keep_recipients(wanted).await {
            Ok(count) => self.told(Some(count)),
            Err(error) => Finding::from(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::spec::DropzoneSpec;
    use super::super::testing::{FakePortal, spec};
    use super::*;
    use crate::model::account::Known;
    use crate::providers::Session as _;

    const RECIPIENTS: &str = "/api/v2.0/user/dropzone-recipients/";

    fn wanting(zone: DropzoneSpec) -> SendSafelySpec {
        SendSafelySpec {
            dropzone: Some(zone),
            ..spec()
        }
    }

    fn recipients(all: &[&str]) -> DropzoneSpec {
        DropzoneSpec {
            recipients: Some(all.iter().map(|text| text.parse().unwrap()).collect()),
            ..DropzoneSpec::default()
        }
    }

    async fn applied(portal: &FakePortal, spec: SendSafelySpec) -> Finding {
        portal.open(spec).settings().unwrap().apply().await
    }

    async fn writes(portal: &FakePortal) -> Vec<(String, Value)> {
        let sent = portal.sent(RECIPIENTS).await;
        let writes = sent.iter().filter(|one| one.method.as_str() != "GET");
        let write = |one: &wiremock::Request| (one.method.to_string(), one.body_json().unwrap());
        writes.map(write).collect()
    }

    #[tokio::test]
    async fn the_recipients_become_those_of_the_spec() {
        let portal = FakePortal::start().await;
        let found = json!({"recipientEmailAddresses": ["Old@acme.example", "A@acme.example"]});
        portal.answer(RECIPIENTS, found).await;
        let spec = wanting(recipients(&["a@acme.example", "b@acme.example"]));
        let finding = applied(&portal, spec).await;
        assert_eq!(finding.verdict, Known::True, "{}", finding.message);
        assert_eq!(
            writes(&portal).await,
            [
                (
                    "DELETE".to_owned(),
                    json!({"userEmail": "Old@acme.example"})
                ),
                ("PUT".to_owned(), json!({"userEmail": "b@acme.example"})),
            ]
        );
    }

    #[tokio::test]
    async fn nothing_is_written_where_nothing_differs() {
        let portal = FakePortal::start().await;
        let found = json!({"recipientEmailAddresses": ["a@acme.example"]});
        portal.answer(RECIPIENTS, found).await;
        applied(&portal, wanting(recipients(&["A@acme.example"]))).await;
        assert!(writes(&portal).await.is_empty());
    }

    #[tokio::test]
    async fn a_full_dropzone_says_who_can_widen_it() {
        let portal = FakePortal::start().await;
        let none = json!({"recipientEmailAddresses": []});
        portal.answer_to("GET", RECIPIENTS, none).await;
        portal.refuse("LIMIT_EXCEEDED", "").await;
        let finding = applied(&portal, wanting(recipients(&["a@acme.example"]))).await;
        assert_eq!(
            (finding.verdict, finding.reason),
            (Known::False, Reason::QuotaExhausted)
        );
        assert!(finding.message.contains("support"), "{}", finding.message);
    }

    #[tokio::test]
    async fn what_has_no_api_is_told_and_never_verified() {
        let portal = FakePortal::start().await;
        let spec = SendSafelySpec {
            notifications: Some(false),
            ..wanting(DropzoneSpec {
                enabled: Some(true),
                expiry_days: Some(30),
                ..DropzoneSpec::default()
            })
        };
        let finding = applied(&portal, spec).await;
        assert_eq!(
            (finding.verdict, finding.reason),
            (Known::Unknown, Reason::UnsupportedByProvider)
        );
        for part in [
            "dropzone.enabled, dropzone.expiryDays, notifications",
            "https://acme.sendsafely.com",
        ] {
            assert!(finding.message.contains(part), "{}", finding.message);
        }
        assert!(portal.sent(RECIPIENTS).await.is_empty());
    }

    #[tokio::test]
    async fn a_spec_that_says_nothing_of_the_account_leaves_it_alone() {
        let portal = FakePortal::start().await;
        assert!(portal.open(spec()).settings().is_none());
    }
}
