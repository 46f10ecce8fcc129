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
    known: Mutex<HashMap<Email, Entry>>,
}

/// What is remembered of a person.
struct Entry {
    account: RemoteUser,
    at: Timestamp,
    /// Nothing is left open that the services themselves could answer.
    is_settled: bool,
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
    /// and everyone who is not in `listed` is forgotten. What the directory leaves open of the account is settled only
    /// where `admits` says so of it.
    ///
    /// # Errors
    /// As [`Directory::find`] and [`Directory::settle`] have it for this person. Failures are not remembered.
    pub async fn account(
        &self,
        directory: &dyn Directory,
        email: &Email,
        listed: &[Email],
        admits: impl Fn(&RemoteUser) -> bool,
    ) -> Result<RemoteUser, Error> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        known.retain(|email, entry| {
            listed.contains(email) && now.duration_since(entry.at) < self.keep
        });
        if !known.contains_key(email) {
            find(directory, email, listed, &mut known, now).await?;
        }
        let entry = known.get_mut(email).ok_or_else(not_answered)?;
        if !entry.is_settled && admits(&entry.account) {
            entry.account = directory.settle(entry.account.clone()).await?;
            entry.is_settled = true;
        }
        Ok(entry.account.clone())
    }

    /// Forgets a person, so that the next look-up asks the vendor.
    pub async fn forget(&self, email: &Email) {
        self.known.lock().await.remove(email);
    }
}

/// Asks for everyone of `listed` who is not known.
async fn find(
    directory: &dyn Directory,
    email: &Email,
    listed: &[Email],
    known: &mut HashMap<Email, Entry>,
    at: Timestamp,
) -> Result<(), Error> {
    let unknown = listed.iter().filter(|email| !known.contains_key(email));
    let wanted: Vec<_> = unknown.cloned().collect();
    let mut failed = None;
    for (found, account) in directory.find(&wanted).await {
        match account {
            Ok(account) => {
                let entry = Entry {
                    account,
                    at,
                    is_settled: false,
                };
                known.insert(found, entry);
            }
            Err(error) if &found == email => failed = Some(error),
            Err(_) => {}
        }
    }
    failed.map_or(Ok(()), Err)
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

    /// Counts who is asked for, and whose services are.
    #[derive(Default)]
    struct Counting(AtomicUsize, AtomicUsize);

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
                licenses: None,
                mailbox: Known::True,
                calendar: Known::True,
                drive: Known::True,
            };
            wanted
                .iter()
                .map(|email| (email.clone(), Ok(account(email))))
                .collect()
        }

        async fn settle(&self, account: RemoteUser) -> Result<RemoteUser, Error> {
            self.1.fetch_add(1, Ordering::SeqCst);
            Ok(account)
        }

        fn untold(&self, _: &str) -> Option<String> {
            None
        }
    }

    #[tokio::test]
    async fn services_are_asked_once_and_only_about_whom_the_lists_admit() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let roster = Roster::new(Arc::new(clock), SignedDuration::from_hours(1));
        let directory = Counting::default();
        let email: Email = "a@x.example".parse().unwrap();
        let listed = [email.clone()];
        for (admitted, settled) in [(false, 0), (true, 1), (true, 1)] {
            let account = roster.account(&directory, &email, &listed, |_| admitted);
            account.await.unwrap();
            assert_eq!(directory.1.load(Ordering::SeqCst), settled);
        }
        assert_eq!(directory.0.load(Ordering::SeqCst), 1);
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
            let account = roster.account(&directory, email, &listed, |_| true);
            account.await.unwrap();
        }
        assert_eq!(directory.0.load(Ordering::SeqCst), 2);
        clock.advance(SignedDuration::from_hours(2));
        roster
            .account(&directory, &listed[0], &listed[..1], |_| true)
            .await
            .unwrap();
        assert_eq!(
            directory.0.load(Ordering::SeqCst),
            3,
            "b is no longer listed and not asked for"
        );
    }
}
