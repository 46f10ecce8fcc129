//! What an account has: asked of the services themselves only where the directory's entry leaves it open.
//!
//! Source: learn.microsoft.com/graph/api/resources/mailboxsettings (userPurpose), read 2026-11-22. A shared or room
//! mailbox is a disabled account without a licence whose mailbox is alive; a person's mailbox dies with the licence.

use super::People;
use super::account::{EXCHANGE, SHAREPOINT, addresses, has_plan};
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

impl People {
    /// Makes a person of an entry.
    ///
    /// # Errors
    /// What kept us from knowing; that a service is off or refused is no error.
    pub(super) async fn complete(&self, user: &User) -> Result<RemoteUser, Error> {
        let mut addresses = addresses(user).into_iter();
        let Some(primary_email) = addresses.next() else {
            let what = "an account has no address";
            return Err(fault::malformed(NAME, Method::UsersGet.name(), what));
        };
        let whom = Whom {
            key: &user.id,
            name: primary_email.as_str(),
        };
        let is_enabled = user.account_enabled;
        let licensed = has_plan(user, EXCHANGE);
        let mailbox = if is_enabled == Some(false) || licensed == Some(false) {
            self.look_at_mailbox(user, whom, licensed).await?
        } else {
            Mailbox {
                is_there: Known::Unknown,
                is_shared: None,
            }
        };
        let is_shared = mailbox.is_shared == Some(true);
        // A disabled account without a licence is a shared mailbox if it has one: where that is refused, who knows.
        let is_in_doubt = licensed == Some(false) && mailbox.is_there == Known::Unknown;
        let suspended = is_enabled
            .map(|enabled| !enabled && !is_shared)
            .filter(|suspended| !(*suspended && is_in_doubt));
        let drive = match (has_plan(user, SHAREPOINT), suspended) {
            (Some(false), Some(false) | None) => self.look_at_drive(whom).await?,
            _ => Known::Unknown,
        };
        let known = |fact: Option<bool>| fact.map_or(Known::Unknown, Known::from);
        Ok(RemoteUser {
            id: UserId::new(user.id.clone()),
            aliases: addresses.collect(),
            suspended: known(suspended),
            archived: Known::False,
            // A shared mailbox needs no licence.
            licensed: if is_shared {
                Known::True
            } else {
                known(licensed)
            },
            mailbox: mailbox.is_there,
            calendar: mailbox.is_there,
            drive,
            primary_email,
        })
    }

    async fn look_at_mailbox(
        &self,
        user: &User,
        whom: Whom<'_>,
        licensed: Option<bool>,
    ) -> Result<Mailbox, Error> {
        let is_disabled = user.account_enabled == Some(false);
        if is_disabled && self.api.may(Method::SettingsGet) {
            let path = format!("users/{}/mailboxSettings", segment(&user.id));
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
        let is_alone = is_disabled && licensed == Some(false);
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
