//! Whether a mailbox opens, tested in the order account, mailbox, permission.

use super::Check;
use crate::model::email::Email;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::microsoft365::api::{Method, Target, Whom};
use crate::providers::microsoft365::directory::{addresses, not_found};
use crate::providers::microsoft365::wire::Anything;
use crate::providers::reading::path::segment;

/// People who are tried, one after the other, until one's mailbox says yes or no.
const MAX_PEOPLE: usize = 3;

/// What mailboxes said.
pub(super) enum Opened {
    /// One opened.
    Yes,
    /// One is there and was refused.
    Refused(Error),
    /// Nothing can be concluded.
    Unknown(Error),
    /// There is nobody to try, or none of them has a mailbox.
    Nobody,
}

impl Check<'_> {
    /// Tries the mailboxes of `people`. Somebody who is not there, or has no mailbox, says nothing of the permission and
    /// is passed over.
    pub(super) async fn open_a_mailbox(&self, method: Method, people: &[Email]) -> Opened {
        let mut outcome = Opened::Nobody;
        for email in people.iter().take(MAX_PEOPLE) {
            outcome = match self.open_mailbox(method, email).await {
                Ok(()) => return Opened::Yes,
                Err(error) => match judged(error) {
                    Some(verdict) => verdict,
                    None => continue,
                },
            };
            if matches!(outcome, Opened::Unknown(_)) {
                break;
            }
        }
        outcome
    }

    /// Asks for the id of somebody's inbox, calendar or settings: nothing of its content.
    pub(super) async fn open_mailbox(&self, method: Method, email: &Email) -> Result<(), Error> {
        let whom = self.person(email).await?;
        let whom = Whom {
            key: &whom,
            name: email.as_str(),
        };
        let user = segment(whom.key);
        let (path, field) = match method {
            Method::CalendarGet => (format!("users/{user}/calendar"), "id"),
            Method::SettingsGet => (format!("users/{user}/mailboxSettings"), "userPurpose"),
            _ => (format!("users/{user}/mailFolders/inbox"), "id"),
        };
        let query = [("$select", field)];
        let target = Target::Path(&path, &query);
        let opened = self.api.get::<Anything>(method, whom, target).await;
        opened.map(|Anything {}| ())
    }

    /// Returns the account's id where the directory may be read, else the address, which the vendor takes as well.
    ///
    /// Who is listed by an alias is nobody to test with: the account's own name may be one that is denied.
    async fn person(&self, email: &Email) -> Result<String, Error> {
        if !self.api.may(Method::UsersGet) {
            return Ok(email.as_str().to_owned());
        }
        let user = self.people.look_up_one(email).await?;
        match addresses(&user).first() {
            Some(primary) if primary == email => Ok(user.id),
            _ => Err(not_found(email)),
        }
    }
}

/// Returns what a failure says of the permission; none where it says nothing.
fn judged(error: Error) -> Option<Opened> {
    match (error.class, error.reason) {
        (Class::Retry | Class::Throttled, _) => Some(Opened::Unknown(error)),
        (_, Reason::UserNotFound | Reason::MailboxNotEnabled | Reason::UserNotAccessible) => None,
        (_, Reason::PermissionDenied | Reason::BlockedByPolicy | Reason::ScopeNotAuthorized) => {
            Some(Opened::Refused(error))
        }
        _ => Some(Opened::Unknown(error)),
    }
}
