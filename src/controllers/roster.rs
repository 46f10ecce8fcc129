//! The accounts of the people of one connection, looked up together and remembered for a while.
//!
//! Only listed people are asked for, and only they are remembered.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::model::account::RemoteUser;
use crate::model::clock::Clock;
use crate::model::email::Email;
use crate::providers::{Class, Directory, Error, Reason};

/// What is remembered of the people of a connection.
pub struct Roster {
    clock: Arc<dyn Clock>,
    keep: SignedDuration,
    // Held over a look-up on purpose: everyone who waits is answered by the one request that is under way.
    known: Mutex<HashMap<Email, (RemoteUser, Timestamp)>>,
}

impl Roster {
    /// Remembers accounts for `keep`.
    pub fn new(clock: Arc<dyn Clock>, keep: SignedDuration) -> Self {
        Self {
            clock,
            keep,
            known: Mutex::default(),
        }
    }

    /// Returns the account of `email`. Where it has to be asked for, everyone of `listed` who is not known is asked for too,
    /// and everyone who is not in `listed` is forgotten.
    ///
    /// # Errors
    /// As [`Directory::find`] has it for this person. Failures are not remembered.
    pub async fn account(
        &self,
        directory: &dyn Directory,
        email: &Email,
        listed: &[Email],
    ) -> Result<RemoteUser, Error> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        known
            .retain(|email, (_, at)| listed.contains(email) && now.duration_since(*at) < self.keep);
        if let Some((account, _)) = known.get(email) {
            return Ok(account.clone());
        }
        let wanted: Vec<_> = listed
            .iter()
            .filter(|email| !known.contains_key(email))
            .cloned()
            .collect();
        let mut answer = Err(not_answered());
        for (found, account) in directory.find(&wanted).await {
            if &found == email {
                answer = account.clone();
            }
            if let Ok(account) = account {
                known.insert(found, (account, now));
            }
        }
        answer
    }

    /// Forgets a person, so that the next look-up asks the vendor.
    pub async fn forget(&self, email: &Email) {
        self.known.lock().await.remove(email);
    }
}

fn not_answered() -> Error {
    Error {
        class: Class::Retry,
        reason: Reason::MalformedReply,
        provider: "",
        operation: "directory",
        status: None,
        code: None,
        meaning: "The directory did not answer for this person.".into(),
        remedy: String::new(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::account::{Known, UserId};
    use crate::model::clock::ManualClock;

    #[derive(Default)]
    struct Counting(AtomicUsize);

    #[async_trait::async_trait]
    impl Directory for Counting {
        async fn find(&self, wanted: &[Email]) -> Vec<(Email, Result<RemoteUser, Error>)> {
            self.0.fetch_add(wanted.len(), Ordering::SeqCst);
            let account = |email: &Email| RemoteUser {
                id: UserId::new(email.as_str()),
                primary_email: email.clone(),
                aliases: vec![],
                suspended: Known::False,
                archived: Known::False,
                licensed: Known::True,
                mailbox: Known::True,
                calendar: Known::True,
                drive: Known::True,
            };
            wanted
                .iter()
                .map(|email| (email.clone(), Ok(account(email))))
                .collect()
        }
    }

    #[tokio::test]
    async fn one_look_up_serves_everyone_until_it_is_old() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let roster = Roster::new(Arc::new(clock.clone()), SignedDuration::from_hours(1));
        let directory = Counting::default();
        let listed: Vec<Email> = ["a@x.example", "b@x.example"]
            .iter()
            .map(|email| email.parse().unwrap())
            .collect();
        for email in &listed {
            roster.account(&directory, email, &listed).await.unwrap();
        }
        assert_eq!(directory.0.load(Ordering::SeqCst), 2);
        clock.advance(SignedDuration::from_hours(2));
        roster
            .account(&directory, &listed[0], &listed[..1])
            .await
            .unwrap();
        assert_eq!(
            directory.0.load(Ordering::SeqCst),
            3,
            "b is no longer listed and not asked for"
        );
    }
}
