//! Whether a person's account can be synced at all. Pure.

use super::job::Job;
use super::licenses::Judged;
use crate::controllers::fact::Fact;
use crate::model::account::{Known, RemoteUser};
use crate::model::dataset::Dataset;
use crate::providers::Reason;

/// What was found.
pub(super) struct Eligibility {
    /// What the condition says.
    pub(super) fact: Fact,
    /// Whether any stream may run.
    pub(super) may_sync: bool,
}

pub(super) fn eligibility(account: &RemoteUser, license: &Judged, job: &Job) -> Eligibility {
    if let Some(fact) = shut_out(account, license, job) {
        return Eligibility {
            fact,
            may_sync: false,
        };
    }
    if job.require_license && license.is_there == Known::Unknown {
        return Eligibility {
            fact: license_unknown(license),
            may_sync: false,
        };
    }
    let off = job
        .plan
        .datasets
        .iter()
        .find(|dataset| is_switched_off(account, **dataset));
    let fact = match off {
        Some(dataset) => switched_off(*dataset, account),
        None if account.suspended == Known::Unknown => not_all_known(),
        None => Fact::good("Eligible", "The account exists and is active."),
    };
    Eligibility {
        fact,
        may_sync: true,
    }
}

/// Returns whether the vendor has switched the service behind a stream off for this person.
pub(super) fn is_switched_off(account: &RemoteUser, dataset: Dataset) -> bool {
    let service = match dataset {
        Dataset::Mail => account.mailbox,
        Dataset::Calendar => account.calendar,
        Dataset::Drive => account.drive,
        // Whoever has an account has these.
        Dataset::Packages | Dataset::Activity => Known::Unknown,
    };
    service == Known::False
}

fn shut_out(account: &RemoteUser, license: &Judged, job: &Job) -> Option<Fact> {
    let who = &account.primary_email;
    let alias = job.connected_email.as_ref();
    if account.suspended == Known::True {
        return Some(Fact::bad(
            Reason::UserSuspended.as_str(),
            format!(
                "The account of {who} is suspended. Restore it in the vendor's console, or disable this SyncedUser."
            ),
        ));
    }
    if account.archived == Known::True {
        return Some(Fact::bad(
            Reason::UserArchived.as_str(),
            format!(
                "The account of {who} is archived. Unarchive it in the vendor's console, or disable this SyncedUser."
            ),
        ));
    }
    if job.require_license && license.is_there == Known::False {
        return Some(Fact::bad(
            Reason::UserNotLicensed.as_str(),
            license.why.clone(),
        ));
    }
    let alias =
        alias.filter(|alias| account.suspended != Known::Unknown && !account.answers_to(alias))?;
    Some(Fact::bad(
        Reason::AliasNotFound.as_str(),
        format!(
            "connectedEmail {alias} is no address of the account {who}. Choose one of its own, or leave it out."
        ),
    ))
}

fn switched_off(dataset: Dataset, account: &RemoteUser) -> Fact {
    let reason = match dataset {
        Dataset::Mail => Reason::MailboxNotEnabled,
        Dataset::Calendar => Reason::CalendarNotEnabled,
        Dataset::Drive => Reason::DriveNotEnabled,
        Dataset::Packages | Dataset::Activity => Reason::UserNotAccessible,
    };
    Fact::bad(
        reason.as_str(),
        format!(
            "{} is off for {}. Switch it on in the vendor's console, or take the stream out of spec.streams. The other streams go on.",
            dataset.name(),
            account.primary_email
        ),
    )
}

fn license_unknown(license: &Judged) -> Fact {
    Fact {
        transient: false,
        ..Fact::unknown("LicenseUnknown", license.why.clone())
    }
}

fn not_all_known() -> Fact {
    Fact::unknown(
        "DirectoryNotReadable",
        "Whether the account is active and licensed cannot be known without access to the directory. What the person's own \
         services answered is enough to sync.",
    )
}
