//! Whether the application can do more than it is for: more roles, or more people's mailboxes.

use super::{Check, words};
use crate::model::dataset::Dataset;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::microsoft365::api::Method;
use crate::providers::microsoft365::spec::LeastPrivilegeProbe;
use crate::providers::report::{CheckRequest, Finding};

impl Check<'_> {
    /// Judges the roles beyond what is asked for, and the decoy where one is named.
    pub(super) async fn least_privilege(
        &self,
        request: &CheckRequest,
        excess: &[String],
        wanted: &[String],
    ) -> Option<Finding> {
        let decoy = match &self.spec.least_privilege_probe {
            Some(probe) => Some(self.probe(probe, request).await),
            None => None,
        };
        match decoy {
            Some(wide) if wide.reason == Reason::TenantWide => Some(wide),
            _ if !excess.is_empty() => Some(words::excess(&self.links(), excess, wanted)),
            Some(finding) => Some(finding),
            None => Some(Finding::good(
                "No role is granted beyond what is asked for. Whether the application is confined to some mailboxes is \
                 found out with leastPrivilegeProbe.mailbox.",
            )),
        }
    }

    async fn probe(&self, probe: &LeastPrivilegeProbe, request: &CheckRequest) -> Finding {
        let only_calendar = request.datasets.contains(&Dataset::Calendar)
            && !request.datasets.contains(&Dataset::Mail);
        let method = if only_calendar {
            Method::CalendarGet
        } else {
            Method::InboxGet
        };
        let mailbox = &probe.mailbox;
        match self.open_mailbox(method, mailbox).await {
            Ok(()) => words::tenant_wide(mailbox, &self.links()),
            Err(error) => judged(&error, mailbox),
        }
    }
}

fn judged(error: &Error, mailbox: &crate::model::email::Email) -> Finding {
    match (error.class, error.reason) {
        (Class::Retry | Class::Throttled, reason) => Finding::unknown(reason, error.to_string()),
        (_, Reason::PermissionDenied | Reason::BlockedByPolicy | Reason::ScopeNotAuthorized) => {
            Finding::good(format!(
                "The mailbox of {mailbox} is refused, as it has to be: the application is confined."
            ))
        }
        (_, reason) => Finding::unknown(
            reason,
            format!("The decoy {mailbox} proves nothing. {error} Name one with a mailbox."),
        ),
    }
}
