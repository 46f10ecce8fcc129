//! Asks the vendor and the destination.

use std::sync::Arc;

use jiff::Timestamp;

use super::decide::Decision;
use super::resolve::Closed;
use crate::api::{ServiceAccountConnection, SyncedUser};
use crate::controllers::allowance::listed;
use crate::controllers::effective;
use crate::controllers::fact::Fact;
use crate::controllers::links::Link;
use crate::model::account::Known;
use crate::providers::{CheckReport, CheckRequest, Finding, Session};

/// People whom a delegation may be tested with: more than a few would help nobody.
const TESTERS: usize = 3;

/// What a pass has found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Findings {
    /// It could not be opened.
    Closed(Closed),
    /// It was not looked at, since the last verification still counts.
    Unchanged,
    /// It was verified.
    Verified(Box<Verified>),
}

/// What a verification has found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verified {
    /// By the vendor.
    pub(super) report: CheckReport,
    /// Of the account's own settings; none where the spec says nothing of them.
    pub(super) settings: Option<Finding>,
    /// By the destination; none where there is none.
    pub(super) destination: Option<Fact>,
    /// When.
    pub(super) at: Timestamp,
}

pub(super) async fn act(
    object: &ServiceAccountConnection,
    opened: &Result<Arc<Link>, Closed>,
    users: &[Arc<SyncedUser>],
    decision: Decision,
    now: Timestamp,
) -> Findings {
    let link = match opened {
        Ok(link) => link,
        Err(closed) => return Findings::Closed(closed.clone()),
    };
    let Decision::Verify { look_for_excess } = decision else {
        return Findings::Unchanged;
    };
    // Only whom the connection itself admits: a person's object alone is no mandate.
    let people = listed(&object.spec, users).take(TESTERS).collect();
    let request = CheckRequest {
        look_for_excess,
        ..effective::check_request(&object.spec, people)
    };
    let report = link.session.check(&request).await;
    let settings = settings(link.session.as_ref(), &report).await;
    let destination = match &link.destination {
        Some(destination) => Some(reachable(destination.check().await)),
        None => None,
    };
    Findings::Verified(Box::new(Verified {
        report,
        settings,
        destination,
        at: now,
    }))
}

/// Brings the account's settings about, once the account is known to be the right one.
async fn settings(session: &dyn Session, report: &CheckReport) -> Option<Finding> {
    let settings = session.settings()?;
    if report.authenticated.verdict != Known::True {
        let message = "Nothing is set before the credential opens the account.";
        return Some(Finding::unknown(report.authenticated.reason, message));
    }
    Some(settings.apply().await)
}

fn reachable(checked: Result<(), crate::destinations::Error>) -> Fact {
    match checked {
        Ok(()) => Fact::good("Reachable", "The destination can be read and written."),
        Err(error) => Fact::from(&error),
    }
}
