//! Keys of service accounts: who made them, how long they are good, and what they have signed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::accounts::Account;
use crate::x509::{Certificate, pem};

/// 9999-12-31T23:59:59Z: a key that Google makes does not end.
const FOREVER: i64 = 253_402_300_799;

/// Nobody may have Google make a key.
pub(crate) const NO_CREATION: &str = "iam.disableServiceAccountKeyCreation";
/// Nobody may upload a key.
pub(crate) const NO_UPLOAD: &str = "iam.disableServiceAccountKeyUpload";

/// Who made a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Google,
    User,
}

/// The public half of a key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) certificate: Certificate,
    pub(crate) origin: Origin,
    pub(crate) disabled: bool,
    /// When the rest of Google knows it, in milliseconds since 1970.
    pub(crate) known_from: i64,
}

impl Key {
    /// A key that somebody has the private half of.
    pub(crate) fn uploaded(certificate: Certificate, account: &Account) -> Self {
        Self {
            id: new_id(),
            account: account.email.clone(),
            certificate,
            origin: Origin::User,
            disabled: false,
            known_from: 0,
        }
    }

    /// Whether the rest of Google has heard of it.
    pub(crate) fn is_known(&self, now: i64) -> bool {
        self.known_from <= now
    }

    fn is_good(&self, now: i64) -> bool {
        // The clock can be set back to before the time when Google made a key; that is no reason to refuse it.
        let from = match self.origin {
            Origin::Google => i64::MIN,
            Origin::User => self.certificate.not_before,
        };
        let life = from..=self.certificate.not_after;
        !self.disabled && self.is_known(now) && life.contains(&now.div_euclid(1000))
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = &self.certificate.public_key;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
        key.verify(message, signature).is_ok()
    }
}

/// All keys, and what the organisation allows.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_id: BTreeMap<String, Key>,
    constraints: BTreeSet<String>,
    /// How long a new key stays unknown to the rest of Google.
    pub(crate) propagation_ms: i64,
}

impl Keys {
    pub(crate) fn new(constraints: BTreeSet<String>, propagation_ms: i64) -> anyhow::Result<Self> {
        let mut keys = Self {
            propagation_ms,
            ..Self::default()
        };
        let wrong = keys.constrain(constraints);
        ensure!(wrong.is_none(), "no such constraint: {wrong:?}");
        Ok(keys)
    }

    /// Enforces exactly these constraints; gives back the first that does not exist, and then changes nothing.
    pub(crate) fn constrain(&mut self, wanted: BTreeSet<String>) -> Option<String> {
        let known = |name: &&String| [NO_CREATION, NO_UPLOAD].contains(&name.as_str());
        let wrong = wanted.iter().find(|name| !known(name)).cloned();
        if wrong.is_none() {
            self.constraints = wanted;
        }
        wrong
    }

    pub(crate) fn forbidden(&self, constraint: &str) -> bool {
        self.constraints.contains(constraint)
    }

    /// Keeps a key that the rest of Google knows already.
    pub(crate) fn keep(&mut self, key: Key) {
        self.by_id.insert(key.id.clone(), key);
    }

    /// Keeps a key that the rest of Google is still to hear of; `now` in milliseconds since 1970.
    pub(crate) fn announce(&mut self, key: Key, now: i64) {
        let known_from = match self.propagation_ms {
            0 => 0,
            wait => now.saturating_add(wait),
        };
        self.keep(Key { known_from, ..key });
    }

    pub(crate) fn delete(&mut self, id: &str) -> Option<Key> {
        self.by_id.remove(id)
    }

    pub(crate) fn of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Key> {
        self.by_id
            .values()
            .filter(move |key| key.account == account)
    }

    pub(crate) fn find(&self, account: &str, id: &str) -> Option<&Key> {
        self.by_id.get(id).filter(|key| key.account == account)
    }

    pub(crate) fn find_mut(&mut self, account: &str, id: &str) -> Option<&mut Key> {
        let key = self.by_id.get_mut(id);
        key.filter(|key| key.account == account)
    }

    /// Whether a good key of the account made the signature; with `kid`, only that one counts.
    pub(crate) fn verify(
        &self,
        account: &str,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
        now: i64,
    ) -> bool {
        let named = |key: &&Key| kid.is_none_or(|kid| kid == key.id);
        let mut candidates = self.of(account).filter(named);
        candidates.any(|key| key.is_good(now) && key.signed(message, signature))
    }
}

/// A key that Google has just made. Making it takes a while, so no lock is held meanwhile.
pub(crate) struct NewKey {
    pub(crate) key: Key,
    private: Vec<u8>,
}

impl NewKey {
    /// Makes an RSA key of 2048 bits; `now` in milliseconds since 1970.
    pub(crate) fn generate(account: &Account, now: i64) -> anyhow::Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = pair.as_der()?;
        let from = now.div_euclid(1000);
        let certificate = Certificate::self_signed(&pair, &account.client_id, from, FOREVER)?;
        Ok(Self {
            key: Key {
                origin: Origin::Google,
                ..Key::uploaded(certificate, account)
            },
            private: private.as_ref().to_vec(),
        })
    }

    /// The file that the console lets one download.
    pub(crate) fn file(&self, account: &Account, url: &str) -> Value {
        let certificate = account.email.replace('@', "%40");
        json!({
            "type": "service_account",
            "project_id": account.project_id(),
            "private_key_id": self.key.id,
            "private_key": pem("PRIVATE KEY", &self.private),
            "client_email": account.email,
            "client_id": account.client_id,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": format!("{url}/google/token"),
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url":
                format!("https://www.googleapis.com/robot/v1/metadata/x509/{certificate}"),
            "universe_domain": "googleapis.com",
        })
    }
}

fn new_id() -> String {
    let (high, low) = (fastrand::u128(..), fastrand::u32(..));
    format!("{high:032x}{low:08x}")
}
