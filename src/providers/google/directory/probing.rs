//! People without a directory: each one's own mailbox, calendar and file store tell what they can.
//!
//! What cannot be known that way stays unknown: whether an account is suspended, its aliases, its licences and its
//! immutable id, in whose place stands the address.

use futures::StreamExt as _;

use super::{Found, People};
use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::email::Email;
use crate::providers::error::{Error, Reason};
use crate::providers::google::api::Method;
use crate::providers::google::wire::{Anything, MailProfile};

/// People who are probed at once.
const AT_ONCE: usize = 8;

impl People {
    /// Probes each person.
    pub(super) async fn probe(&self, wanted: &[Email]) -> Vec<Found> {
        let one = |email: Email| async move {
            let user = self.probe_one(&email).await;
            (email, user)
        };
        futures::stream::iter(wanted.iter().cloned().map(one))
            .buffered(AT_ONCE)
            .collect()
            .await
    }

    async fn probe_one(&self, email: &Email) -> Result<RemoteUser, Error> {
        let (mailbox, primary_email) = self.probe_mailbox(email).await?;
        let calendar = self.probe_calendar(email).await?;
        let drive = self.probe_drive(email).await?;
        let primary_email = primary_email.unwrap_or_else(|| email.clone());
        let aliases = if primary_email == *email {
            Vec::new()
        } else {
            vec![email.clone()]
        };
        Ok(RemoteUser {
            id: UserId::new(format!("address:{primary_email}")),
            primary_email,
            aliases,
            suspended: Known::Unknown,
            archived: Known::Unknown,
            licensed: Known::Unknown,
            licenses: None,
            mailbox,
            calendar,
            drive,
        })
    }

    async fn probe_mailbox(&self, email: &Email) -> Result<(Known, Option<Email>), Error> {
        if !self.api.may(Method::Profile) {
            return Ok((Known::Unknown, None));
        }
        let path = "gmail/v1/users/me/profile";
        let query = [("fields", "emailAddress")];
        let profile = self
            .api
            .get::<MailProfile>(Method::Profile, email, path, &query);
        match profile.await {
            Ok(profile) => Ok((Known::True, Some(profile.email_address))),
            Err(error) => verdict(error).map(|known| (known, None)),
        }
    }

    /// The properties of the primary calendar, or where no scope opens them, the list of calendars.
    async fn probe_calendar(&self, email: &Email) -> Result<Known, Error> {
        let (method, path, query) = if self.api.may(Method::CalendarsGet) {
            (
                Method::CalendarsGet,
                "calendar/v3/calendars/primary",
                vec![("fields", "id")],
            )
        } else {
            let query = vec![("maxResults", "1"), ("fields", "kind")];
            (
                Method::CalendarListList,
                "calendar/v3/users/me/calendarList",
                query,
            )
        };
        self.probe_service(email, method, path, &query).await
    }

    async fn probe_drive(&self, email: &Email) -> Result<Known, Error> {
        let query = [("fields", "kind")];
        self.probe_service(email, Method::About, "drive/v3/about", &query)
            .await
    }

    async fn probe_service(
        &self,
        email: &Email,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Known, Error> {
        if !self.api.may(method) {
            return Ok(Known::Unknown);
        }
        match self.api.get::<Anything>(method, email, path, query).await {
            Ok(_) => Ok(Known::True),
            Err(error) => verdict(error),
        }
    }
}

/// What a failed probe says: the service is off, or nothing is known of it, or nothing is known of the person.
fn verdict(error: Error) -> Result<Known, Error> {
    match error.reason {
        Reason::MailboxNotEnabled | Reason::CalendarNotEnabled | Reason::DriveNotEnabled => {
            Ok(Known::False)
        }
        Reason::ScopeNotAuthorized
        | Reason::ScopeInvalid
        | Reason::ApiDisabled
        | Reason::PermissionDenied
        | Reason::BlockedByPolicy
        | Reason::ItemGone => Ok(Known::Unknown),
        _ => Err(error),
    }
}
