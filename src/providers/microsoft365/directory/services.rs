//! What an account has: asked of the services themselves only where the directory's entry leaves it open.
//!
//! Source: learn.microsoft.com/graph/api/resources/mailboxsettings (userPurpose), read 2026-11-22. A shared or room
//! mailbox is a disabled account without a licence whose mailbox is alive; a person's mailbox dies with the licence.

use super::People;
use super::account::{EXCHANGE, SHAREPOINT, addresses, has_plan};
use super::licenses;
use crate::model::account::{Known, RemoteUser, UserId};
use crate::providers::error::{Error, Reason};
use crate::providers::microsoft365::NAME;
use crate::providers::microsoft365::api::{Method, Target, Whom};
use crate::providers::microsoft365::wire::{Anything, Settings, User};
use crate::providers::reading::fault;
use crate::providers::reading::path::segment;

/// What is known of a mailbox.
struct Mailbox {
    /// Whether there is one.
    is_there: Known,
    /// Whether it belongs to no one person; none where that is not known.
    is_shared: Option<bool>,
}

/// Makes a person of an entry: what it says, and nothing that only the services know. A drive is `False` here where no plan
/// gives one; there may be one all the same.
///
/// # Errors
/// The entry has no address.
pub(super) fn entered(user: &User) -> Result<RemoteUser, Error> {
    let mut addresses = addresses(user).into_iter();
    let Some(primary_email) = addresses.next() else {
        let what = "an account has no address";
        return Err(fault::malformed(NAME, Method::UsersGet.name(), what));
    };
    let known = |fact: Option<bool>| fact.map_or(Known::Unknown, Known::from);
    let has_drive = has_plan(user, SHAREPOINT).filter(|has_plan| !has_plan);
    Ok(RemoteUser {
        id: UserId::new(user.id.clone()),
        aliases: addresses.collect(),
        suspended: known(user.account_enabled.map(|enabled| !enabled)),
        archived: Known::False,
        licensed: known(has_plan(user, EXCHANGE)),
        licenses: licenses::of(user),
        mailbox: Known::Unknown,
        calendar: Known::Unknown,
        drive: known(has_drive),
        primary_email,
    })
}

impl People {
    /// Asks the services about what an entry leaves open.
    ///
    /// # Errors
    /// What kept us from knowing; that a service is off or refused is no error.
    pub(super) async fn ask_services(&self, entry: RemoteUser) -> Result<RemoteUser, Error> {
        let whom = Whom {
            key: entry.id.as_str(),
            name: entry.primary_email.as_str(),
        };
        let is_disabled = entry.suspended == Known::True;
        let is_unlicensed = entry.licensed == Known::False;
        let mailbox = if is_disabled || is_unlicensed {
            self.look_at_mailbox(whom, &entry).await?
        } else {
            Mailbox {
                is_there: Known::Unknown,
                is_shared: None,
            }
        };
        let is_shared = mailbox.is_shared == Some(true);
        // A disabled account without a licence is a shared mailbox if it has one: where that is refused, who knows.
        let is_in_doubt = is_unlicensed && mailbox.is_there == Known::Unknown;
        let suspended = match (is_disabled, is_shared, is_in_doubt) {
            (true, true, _) => Known::False,
            (true, false, true) => Known::Unknown,
            _ => entry.suspended,
        };
        let drive = match (entry.drive, suspended) {
            (Known::False, Known::False | Known::Unknown) => self.look_at_drive(whom).await?,
            _ => Known::Unknown,
        };
        Ok(RemoteUser {
            suspended,
            // A shared mailbox needs no licence, unless the connection lists those that count.
            licensed: if is_shared {
                Known::True
            } else {
                entry.licensed
            },
            mailbox: mailbox.is_there,
            calendar: mailbox.is_there,
            drive,
            ..entry
        })
    }

    async fn look_at_mailbox(&self, whom: Whom<'_>, entry: &RemoteUser) -> Result<Mailbox, Error> {
        let is_disabled = entry.suspended == Known::True;
        if is_disabled && self.api.may(Method::SettingsGet) {
            let path = format!("users/{}/mailboxSettings", segment(whom.key));
            let query = [("$select", "userPurpose")];
            let target = Target::Path(&path, &query);
            let settings = self.api.get::<Settings>(Method::SettingsGet, whom, target);
            match judged(settings.await)? {
                Judged::There(settings) => return Ok(purpose(&settings)),
                Judged::Off => return Ok(Mailbox::none()),
                Judged::Refused => {}
            }
        }
        let is_there = self.look_at_inbox(whom).await?;
        let is_alone = is_disabled && entry.licensed == Known::False;
        Ok(Mailbox {
            is_there,
            is_shared: (is_alone && is_there == Known::True).then_some(true),
        })
    }

    async fn look_at_inbox(&self, whom: Whom<'_>) -> Result<Known, Error> {
        let user = segment(whom.key);
        let (method, path) = if self.api.may(Method::CalendarGet) && !self.api.may(Method::InboxGet)
        {
            (Method::CalendarGet, format!("users/{user}/calendar"))
        } else {
            (Method::InboxGet, format!("users/{user}/mailFolders/inbox"))
        };
        self.look_at(method, whom, &path).await
    }

    async fn look_at_drive(&self, whom: Whom<'_>) -> Result<Known, Error> {
        if !self.api.may(Method::DriveGet) {
            return Ok(Known::Unknown);
        }
        let path = format!("users/{}/drive", segment(whom.key));
        self.look_at(Method::DriveGet, whom, &path).await
    }

    async fn look_at(&self, method: Method, whom: Whom<'_>, path: &str) -> Result<Known, Error> {
        let query = [("$select", "id")];
        let target = Target::Path(path, &query);
        let looked = self.api.get::<Anything>(method, whom, target).await;
        Ok(match judged(looked)? {
            Judged::There(_) => Known::True,
            Judged::Off => Known::False,
            Judged::Refused => Known::Unknown,
        })
    }
}

impl Mailbox {
    fn none() -> Self {
        Self {
            is_there: Known::False,
            is_shared: Some(false),
        }
    }
}

fn purpose(settings: &Settings) -> Mailbox {
    let is_shared = settings
        .user_purpose
        .as_deref()
        .map(|purpose| matches!(purpose, "shared" | "room" | "equipment"));
    Mailbox {
        is_there: Known::True,
        is_shared,
    }
}

/// What a service answered.
enum Judged<T> {
    There(T),
    /// It is off for this person.
    Off,
    /// It may not be looked at, which says nothing of whether it is there.
    Refused,
}

fn judged<T>(answered: Result<T, Error>) -> Result<Judged<T>, Error> {
    match answered {
        Ok(answer) => Ok(Judged::There(answer)),
        Err(error) => match error.reason {
            Reason::MailboxNotEnabled | Reason::DriveNotEnabled | Reason::UserNotFound => {
                Ok(Judged::Off)
            }
            Reason::ScopeNotAuthorized
            | Reason::PermissionDenied
            | Reason::BlockedByPolicy
            | Reason::UserNotAccessible
            | Reason::ItemGone => Ok(Judged::Refused),
            _ => Err(error),
        },
    }
}
