//! What can be found out about an account: that its name is its own, that its keys can be kept, and whom SCIM may provision.

use super::DeputySession;
use super::errors;
use super::home::{Home, Target};
use crate::providers::error::Reason;
use crate::providers::{CheckReport, Finding, Session};

impl DeputySession {
    pub(super) async fn look_around(&self) -> CheckReport {
        CheckReport {
            identity: self.identity(),
            credential: None,
            authenticated: self.ledger().await,
            delegation: Finding::good(
                "Nobody has to delegate anything to an account of Deputy's own.",
            ),
            permissions: self.permissions(),
            least_privilege: None,
            service_identity: Finding::good(
                "Nobody can log in as this account: only its keys open anything.",
            ),
            scopes: Vec::new(),
            excess: Vec::new(),
            remedy_url: None,
            throttled: None,
        }
    }

    async fn ledger(&self) -> Finding {
        let Some(home) = &self.home else {
            let error = errors::homeless("keys.list");
            return Finding::unknown(error.reason, error.to_string());
        };
        match home.ledger.read().await {
            Ok(ledger) => Finding::good(format!("The account has {} key(s).", ledger.keys.len())),
            Err(fault) => Finding::from(&errors::of_ledger("keys.list", &fault)),
        }
    }

    fn permissions(&self) -> Finding {
        let asked = self.wants_the_impossible();
        let found = self.home.as_ref().map(|home| self.neighbourhood(home));
        asked.or(found).unwrap_or_else(|| {
            Finding::unknown(
                Reason::LedgerUnavailable,
                "Whether the name is free and the connection for SCIM is there can be told in a cluster only.",
            )
        })
    }

    fn wants_the_impossible(&self) -> Option<Finding> {
        let wanted = [
            (
                self.spec.notifications,
                "notifications: true: the account has no mailbox that they could go to",
            ),
            (
                self.spec.personal_url,
                "personalUrl: true: this version serves no page of an account's own",
            ),
        ];
        let (_, what) = wanted
            .into_iter()
            .find(|(wanted, _)| *wanted == Some(true))?;
        let message = format!("The spec says {what}. Take it out or say false.");
        Some(Finding::bad(Reason::UnsupportedByProvider, message))
    }

    fn neighbourhood(&self, home: &Home) -> Finding {
        let username = &self.spec.username;
        if let Some(other) = home.neighbours.namesakes(username).first() {
            return Finding::bad(
                Reason::UsernameTaken,
                format!(
                    "The connection {other} has the username {username} already. Choose another one."
                ),
            );
        }
        let Some(scim) = &self.spec.scim else {
            return Finding::good(
                "The name is the account's own. Its keys may provision nobody: the spec has no scim.",
            );
        };
        of_target(&scim.connection_ref.name, home)
    }
}

fn of_target(name: &str, home: &Home) -> Finding {
    match home.neighbours.target(name) {
        Target::Found => Finding::good(format!(
            "The name is the account's own, and its SCIM keys may provision the people of the connection {name}."
        )),
        Target::Missing => Finding::bad(
            Reason::TargetNotFound,
            format!(
                "spec.provider.deputy.scim names the connection {name}, and there is none of that name in this namespace. Make it, or correct the name."
            ),
        ),
        Target::HasNoPeople => Finding::bad(
            Reason::TargetNotFound,
            format!(
                "spec.provider.deputy.scim names the connection {name}, which is an account of Deputy's own and has no people. Name the connection whose people are to be provisioned."
            ),
        ),
        Target::AdmitsNobody => Finding::bad(
            Reason::TargetAdmitsNobody,
            format!(
                "spec.provider.deputy.scim names the connection {name}, whose allowedUsers admits nobody, so nobody could be provisioned. Add whom it may admit there."
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Street, session};
    use super::*;
    use crate::model::account::Known;
    use serde_json::json;

    async fn found(spec: serde_json::Value, street: Street) -> (Known, Reason, String) {
        let report = session(spec, street).0.look_around().await;
        let found = report.permissions;
        (found.verdict, found.reason, found.message)
    }

    #[tokio::test]
    async fn each_fault_of_an_account_has_its_reason() {
        let target = |target| Street {
            target,
            namesakes: Vec::new(),
        };
        let named = |name: &str| Street {
            target: Target::Found,
            namesakes: vec![name.to_owned()],
        };
        let scim =
            json!({"username": "bot@acme.example", "scim": {"connectionRef": {"name": "acme"}}});
        for (spec, street, verdict, reason, says) in [
            (
                scim.clone(),
                target(Target::Found),
                Known::True,
                Reason::Verified,
                "acme",
            ),
            (
                scim.clone(),
                target(Target::Missing),
                Known::False,
                Reason::TargetNotFound,
                "none of that name",
            ),
            (
                scim.clone(),
                target(Target::HasNoPeople),
                Known::False,
                Reason::TargetNotFound,
                "has no people",
            ),
            (
                scim.clone(),
                target(Target::AdmitsNobody),
                Known::False,
                Reason::TargetAdmitsNobody,
                "allowedUsers",
            ),
            (
                scim,
                named("other/bot"),
                Known::False,
                Reason::UsernameTaken,
                "other/bot",
            ),
            (
                json!({"username": "bot@acme.example"}),
                target(Target::Missing),
                Known::True,
                Reason::Verified,
                "no scim",
            ),
            (
                json!({"username": "bot@acme.example", "notifications": true}),
                target(Target::Found),
                Known::False,
                Reason::UnsupportedByProvider,
                "no mailbox",
            ),
            (
                json!({"username": "bot@acme.example", "personalUrl": true}),
                target(Target::Found),
                Known::False,
                Reason::UnsupportedByProvider,
                "no page",
            ),
        ] {
            let (verdict_, reason_, message) = found(spec, street).await;
            assert_eq!((verdict_, reason_), (verdict, reason), "{message}");
            assert!(message.contains(says), "{message}");
        }
    }

    #[tokio::test]
    async fn a_ledger_that_cannot_be_read_is_said() {
        let (session, ledger) = session(json!({"username": "bot@acme.example"}), Street::default());
        assert_eq!(
            session.look_around().await.authenticated.verdict,
            Known::True
        );
        ledger.forbid();
        let found = session.look_around().await.authenticated;
        assert_eq!(
            (found.verdict, found.reason),
            (Known::False, Reason::PermissionDenied)
        );
        assert!(
            found.message.contains("scim.enabled=true"),
            "{}",
            found.message
        );
    }
}
