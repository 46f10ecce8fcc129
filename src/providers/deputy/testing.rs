//! An account in a street of our making, and a ledger in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::DeputySession;
use super::home::{Home, Neighbours, Target, mark};
use super::ledger::{Ledger, LedgerError, LedgerStore};
use crate::model::clock::ManualClock;
use crate::model::email::Email;

/// Who lives beside the account.
pub(super) struct Street {
    pub(super) target: Target,
    pub(super) namesakes: Vec<String>,
}

impl Default for Street {
    fn default() -> Self {
        Self {
            target: Target::Found,
            namesakes: Vec::new(),
        }
    }
}

impl Neighbours for Street {
    fn namesakes(&self, _: &Email) -> Vec<String> {
        self.namesakes.clone()
    }

    fn target(&self, _: &str) -> Target {
        self.target
    }
}

/// A ledger in memory.
#[derive(Default)]
pub(super) struct Book {
    ledger: Mutex<Ledger>,
    forbidden: Mutex<bool>,
    conflicts: Mutex<u32>,
}

impl Book {
    pub(super) fn ledger(&self) -> Ledger {
        self.ledger.lock().unwrap().clone()
    }

    /// Nobody may read it any more.
    pub(super) fn forbid(&self) {
        *self.forbidden.lock().unwrap() = true;
    }

    /// The next writes come too late.
    pub(super) fn interfere(&self, times: u32) {
        *self.conflicts.lock().unwrap() = times;
    }
}

#[async_trait]
impl LedgerStore for Book {
    async fn read(&self) -> Result<Ledger, LedgerError> {
        if *self.forbidden.lock().unwrap() {
            let name = "revops/bot-keys".to_owned();
            return Err(LedgerError::Forbidden { verb: "get", name });
        }
        Ok(self.ledger())
    }

    async fn write(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        let mut conflicts = self.conflicts.lock().unwrap();
        let mut kept = self.ledger.lock().unwrap();
        if *conflicts > 0 || kept.version != ledger.version {
            *conflicts = conflicts.saturating_sub(1);
            return Err(LedgerError::Conflict("revops/bot-keys".to_owned()));
        }
        let version = ledger.version.as_deref().unwrap_or("0");
        let version = version.parse::<u32>().unwrap() + 1;
        *kept = ledger.clone();
        kept.version = Some(version.to_string());
        Ok(())
    }
}

/// Opens an account.
pub(super) fn session(spec: serde_json::Value, street: Street) -> (DeputySession, Arc<Book>) {
    let book = Arc::new(Book::default());
    let session = DeputySession {
        spec: serde_json::from_value(spec).unwrap(),
        home: Some(Home {
            mark: mark("uid"),
            ledger: book.clone(),
            neighbours: Arc::new(street),
        }),
        clock: Arc::new(ManualClock::new("2026-11-22T12:00:00Z".parse().unwrap())),
    };
    (session, book)
}
