//! Keys of an account: made here, and kept as hashes.
//!
//! A key's id begins with `dep_`, its secret with `deps_`, so that scanners for leaked secrets know them. The token of both, for
//! clients that take one text only, is `<id>.<secret>`.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::DeputySession;
use super::errors;
use super::home::Home;
use super::ledger::{Ledger, LedgerEntry, LedgerError, MOST_KEYS};
use crate::model::key::Purpose;
use crate::model::secret::{Credentials, Digest};
use crate::providers::error::Error;
use crate::providers::{IssuedKey, KeyIssuer, KeyRequest, RemoteKey};

/// The names of a key's entries: its id, its secret, and both in one.
pub const ENTRIES: [&str; 3] = [ID, SECRET, TOKEN];
const ID: &str = "api-key";
const SECRET: &str = "api-secret";
const TOKEN: &str = "token";

/// How often a write that came too late is made again.
const ATTEMPTS: usize = 5;

#[async_trait]
impl KeyIssuer for DeputySession {
    fn purposes(&self) -> &'static [Purpose] {
        &[Purpose::Api, Purpose::Scim]
    }

    fn entries(&self) -> &'static [&'static str] {
        &ENTRIES
    }

    async fn draft(&self, _: &KeyRequest) -> Result<Option<Credentials>, Error> {
        let home = self.home("keys.draft")?;
        material(&home.mark).map(Some)
    }

    async fn issue(
        &self,
        request: &KeyRequest,
        draft: Option<&Credentials>,
    ) -> Result<IssuedKey, Error> {
        let home = self.home("keys.issue")?;
        let entries = match draft {
            Some(draft) => draft.clone(),
            None => material(&home.mark)?,
        };
        let (id, sha256) = read("keys.issue", &entries)?;
        let entry = LedgerEntry {
            sha256,
            name: request.name.clone(),
            purpose: request.purpose,
            created_at: self.clock.now(),
            expires_at: request.expires_at,
            last_used_at: None,
        };
        let change = |ledger: &mut Ledger| enter(ledger, &id, &entry);
        let entry = rewrite(home, "keys.issue", change).await?;
        Ok(IssuedKey {
            key: remote(&id, &entry),
            entries,
        })
    }

    async fn list(&self) -> Result<Vec<RemoteKey>, Error> {
        let ledger = self.home("keys.list")?.ledger.read().await;
        let ledger = ledger.map_err(|fault| errors::of_ledger("keys.list", &fault))?;
        let keys = ledger.keys.iter();
        Ok(keys.map(|(id, entry)| remote(id, entry)).collect())
    }

    async fn recognize(&self, entries: &Credentials) -> Result<Option<RemoteKey>, Error> {
        let Ok((id, sha256)) = read("keys.recognize", entries) else {
            return Ok(None);
        };
        let ledger = self.home("keys.recognize")?.ledger.read().await;
        let ledger = ledger.map_err(|fault| errors::of_ledger("keys.recognize", &fault))?;
        let found = ledger.keys.get(&id);
        let found = found.filter(|entry| entry.sha256.matches(&sha256));
        Ok(found.map(|entry| remote(&id, entry)))
    }

    /// Asks the ledger as the server does for every request.
    async fn verify(&self, entries: &Credentials) -> Result<(), Error> {
        let (id, sha256) = read("keys.verify", entries)?;
        let ledger = self.home("keys.verify")?.ledger.read().await;
        let ledger = ledger.map_err(|fault| errors::of_ledger("keys.verify", &fault))?;
        let admitted = ledger.admit(&id, &sha256, self.clock.now());
        admitted
            .map(|_| ())
            .map_err(|refusal| errors::of_refusal(&refusal))
    }

    async fn revoke(&self, id: &str) -> Result<(), Error> {
        let home = self.home("keys.revoke")?;
        let change = |ledger: &mut Ledger| Ok((ledger.keys.remove(id).is_some(), ()));
        rewrite(home, "keys.revoke", change).await
    }
}

impl DeputySession {
    fn home(&self, operation: &'static str) -> Result<&Home, Error> {
        self.home
            .as_ref()
            .ok_or_else(|| errors::homeless(operation))
    }
}

/// Makes an id and a secret of 256 bits.
fn material(mark: &str) -> Result<Credentials, Error> {
    let (mut id, mut secret) = ([0_u8; 8], [0_u8; 32]);
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    for bytes in [id.as_mut_slice(), secret.as_mut_slice()] {
        random.fill(bytes).map_err(|_| errors::no_randomness())?;
    }
    let id = format!("dep_{mark}_{:016x}", u64::from_be_bytes(id));
    let secret = format!("deps_{}", URL_SAFE_NO_PAD.encode(secret));
    let token = format!("{id}.{secret}");
    let entries = [(ID, id), (SECRET, secret), (TOKEN, token)];
    Ok(Credentials::new(entries.map(|(name, value)| {
        (name.to_owned(), value.into_bytes())
    })))
}

/// Reads the id and the secret's hash out of a key's entries.
fn read(operation: &'static str, entries: &Credentials) -> Result<(String, Digest), Error> {
    let id = entries
        .identifier(ID)
        .ok_or_else(|| errors::no_key(operation, ID))?;
    let secret = entries
        .digest(SECRET)
        .ok_or_else(|| errors::no_key(operation, SECRET))?;
    Ok((id.to_owned(), secret))
}

/// Enters a key, or finds the one that an earlier try has entered. Returns whether there is anything to write.
fn enter(ledger: &mut Ledger, id: &str, entry: &LedgerEntry) -> Result<(bool, LedgerEntry), Error> {
    match ledger.keys.get(id) {
        Some(there) if there.sha256.matches(&entry.sha256) => Ok((false, there.clone())),
        Some(_) => Err(errors::id_is_taken()),
        None if ledger.keys.len() >= MOST_KEYS => Err(errors::too_many()),
        None => {
            ledger.keys.insert(id.to_owned(), entry.clone());
            Ok((true, entry.clone()))
        }
    }
}

/// Reads, changes and writes a ledger, again where somebody else was faster.
async fn rewrite<T>(
    home: &Home,
    operation: &'static str,
    change: impl Fn(&mut Ledger) -> Result<(bool, T), Error>,
) -> Result<T, Error> {
    let mut late = None;
    for _ in 0..ATTEMPTS {
        let read = home.ledger.read().await;
        let mut ledger = read.map_err(|fault| errors::of_ledger(operation, &fault))?;
        let (is_changed, result) = change(&mut ledger)?;
        if !is_changed {
            return Ok(result);
        }
        match home.ledger.write(&ledger).await {
            Ok(()) => return Ok(result),
            Err(fault @ LedgerError::Conflict(_)) => late = Some(fault),
            Err(fault) => return Err(errors::of_ledger(operation, &fault)),
        }
    }
    let fault = late.unwrap_or_else(|| LedgerError::Conflict(String::new()));
    Err(errors::of_ledger(operation, &fault))
}

fn remote(id: &str, entry: &LedgerEntry) -> RemoteKey {
    RemoteKey {
        id: id.to_owned(),
        name: Some(entry.name.clone()),
        created_at: Some(entry.created_at),
        expires_at: entry.expires_at,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::home::mark;
    use super::super::testing::{Street, session};
    use super::*;
    use crate::providers::{Class, Reason};

    fn request() -> KeyRequest {
        KeyRequest {
            name: "deputy-okta-1".to_owned(),
            purpose: Purpose::Scim,
            description: None,
            expires_at: Some("2026-12-22T12:00:00Z".parse().unwrap()),
        }
    }

    fn spec() -> serde_json::Value {
        json!({"username": "bot@acme.example"})
    }

    #[tokio::test]
    async fn a_draft_makes_one_key_however_often_it_is_issued() {
        let (account, book) = session(spec(), Street::default());
        let draft = account.draft(&request()).await.unwrap().unwrap();
        let first = account.issue(&request(), Some(&draft)).await.unwrap();
        let again = account.issue(&request(), Some(&draft)).await.unwrap();
        assert_eq!(first.key, again.key);
        assert_eq!(
            account.list().await.unwrap(),
            std::slice::from_ref(&first.key)
        );
        assert_eq!(
            book.ledger().version.as_deref(),
            Some("1"),
            "the second try writes nothing"
        );
        assert!(first.key.id.starts_with(&format!("dep_{}_", mark("uid"))));
        assert_eq!(first.entries.names().collect::<Vec<_>>(), ENTRIES);
        assert_eq!(
            account.recognize(&first.entries).await.unwrap(),
            Some(first.key)
        );
    }

    #[tokio::test]
    async fn a_revoked_key_opens_nothing_and_may_be_revoked_again() {
        let (account, book) = session(spec(), Street::default());
        let issued = account.issue(&request(), None).await.unwrap();
        account.verify(&issued.entries).await.unwrap();
        account.revoke(&issued.key.id).await.unwrap();
        let refused = account.verify(&issued.entries).await.unwrap_err();
        assert_eq!(
            (refused.class, refused.reason),
            (Class::Park, Reason::KeyRevoked)
        );
        account.revoke(&issued.key.id).await.unwrap();
        assert!(book.ledger().keys.is_empty());
    }

    #[tokio::test]
    async fn a_write_that_came_too_late_is_made_again() {
        let (account, book) = session(spec(), Street::default());
        book.interfere(2);
        account.issue(&request(), None).await.unwrap();
        assert_eq!(book.ledger().keys.len(), 1);
        book.interfere(100);
        let late = account.issue(&request(), None).await.unwrap_err();
        assert_eq!(late.class, Class::Retry);
    }

    #[tokio::test]
    async fn there_are_never_more_keys_than_a_request_can_read() {
        let (account, _) = session(spec(), Street::default());
        for _ in 0..MOST_KEYS {
            account.issue(&request(), None).await.unwrap();
        }
        let refused = account.issue(&request(), None).await.unwrap_err();
        assert_eq!(refused.reason, Reason::QuotaExhausted);
    }
}
