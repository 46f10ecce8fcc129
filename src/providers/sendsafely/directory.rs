//! Who is who. SendSafely has no API that lists accounts or looks one up, and names people by their addresses everywhere: in
//! packages, in its log, and in what can be filtered by. So a person is their address, nobody is asked about, and whether
//! there is such an account at all is not known.
//!
//! Source: the vendor's clients for Java, Windows, Python and Node, read 2026-11-22: none has such a call.

use async_trait::async_trait;

use crate::model::account::{Known, RemoteUser, UserId};
use crate::model::email::Email;
use crate::providers::{Directory, Error};

/// The people of a company: whoever is asked for.
pub(super) struct People;

#[async_trait]
impl Directory for People {
    async fn find(&self, wanted: &[Email]) -> Vec<(Email, Result<RemoteUser, Error>)> {
        let person = |email: &Email| (email.clone(), Ok(person(email)));
        wanted.iter().map(person).collect()
    }

    fn untold(&self, _sku: &str) -> Option<String> {
        Some("SendSafely has no API that tells of licences. Take licensing.skus out of the connection.".to_owned())
    }
}

fn person(email: &Email) -> RemoteUser {
    RemoteUser {
        id: UserId::new(email.as_str()),
        primary_email: email.clone(),
        aliases: Vec::new(),
        suspended: Known::Unknown,
        archived: Known::Unknown,
        licensed: Known::Unknown,
        licenses: None,
        mailbox: Known::Unknown,
        calendar: Known::Unknown,
        drive: Known::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_person_is_an_address_and_nothing_more_is_known() {
        let wanted: Vec<Email> = vec!["Peter@acme.example".parse().unwrap()];
        let found = People.find(&wanted).await;
        let (email, person) = &found[0];
        let person = person.as_ref().unwrap();
        assert_eq!(email.as_str(), "peter@acme.example");
        assert_eq!(person.id.as_str(), "peter@acme.example");
        assert_eq!(
            (person.suspended, person.licensed),
            (Known::Unknown, Known::Unknown)
        );
    }
}
