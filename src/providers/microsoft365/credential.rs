//! The credential: a certificate or a secret from the Secret's entries, or the operator's own projected token.
//!
//! Source: learn.microsoft.com/entra/identity-platform/certificate-credentials and
//! …/entra/workload-id/workload-identity-federation, read 2026-11-22.

use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::{SecretSlice, SecretString};

use super::NAME;
use super::spec::{Federated, Microsoft365Spec};
use crate::http::auth::{Certificate, CertificateFault, Proof, read_secret_text};
use crate::http::shortened;
use crate::model::secret::Credentials;
use crate::providers::error::{Class, Error, Reason};

/// The entry with a client secret.
pub(super) const SECRET: &str = "client-secret";
/// The entries with a certificate and its key, as `kubernetes.io/tls` has them.
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
/// Where AKS' workload identity puts the projected token.
const TOKEN_FILE: &str = "/var/run/secrets/azure/tokens/azure-identity-token";

/// What the application proves itself with. It has no `Debug` of a value.
#[derive(Clone)]
pub(super) struct Credential {
    /// What is sent.
    pub(super) proof: Proof,
}

impl Credential {
    /// Reads the credential. Makes no request, and looks at no token file yet.
    ///
    /// # Errors
    /// [`Class::Invalid`], with a reason and a remedy for each way in which the entries can be wrong.
    pub(super) fn read(spec: &Microsoft365Spec, credentials: &Credentials) -> Result<Self, Error> {
        let proof = if let Some(federated) = &spec.federated {
            Proof::TokenFile(token_file(federated))
        } else if let Some(chain) = credentials.get(CERTIFICATE) {
            Proof::Certificate(certificate(chain, credentials.get(KEY))?)
        } else if let Some(secret) = credentials.get(SECRET) {
            Proof::Secret(secret_text(secret)?)
        } else {
            return Err(missing(credentials));
        };
        Ok(Self { proof })
    }

    /// Returns when a certificate began and ends. Of a secret only the vendor knows, and a federated token renews itself.
    pub(super) fn validity(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match &self.proof {
            Proof::Certificate(certificate) => (certificate.not_before(), certificate.not_after()),
            Proof::Secret(_) | Proof::TokenFile(_) => (None, None),
        }
    }

    /// Returns what it is, for a message.
    pub(super) fn name(&self) -> &'static str {
        match self.proof {
            Proof::Secret(_) => "client secret",
            Proof::Certificate(_) => "certificate",
            Proof::TokenFile(_) => "federated token",
        }
    }

    /// Returns what to do where it cannot sign or be read.
    pub(super) fn unusable(&self) -> Error {
        match &self.proof {
            Proof::TokenFile(path) => invalid(
                Reason::KeyMissing,
                format!("There is no token in {}.", path.display()),
                "Mount a projected service account token there (audience api://AzureADTokenExchange), or correct \
                 spec.provider.microsoft365.federated.tokenFile.",
            ),
            Proof::Secret(_) | Proof::Certificate(_) => invalid(
                Reason::KeyMalformed,
                format!("The {} cannot be used.", self.name()),
                "Store it again.",
            ),
        }
    }
}

fn token_file(federated: &Federated) -> PathBuf {
    federated
        .token_file
        .clone()
        .unwrap_or_else(|| PathBuf::from(TOKEN_FILE))
}

fn certificate(
    chain: &SecretSlice<u8>,
    key: Option<&SecretSlice<u8>>,
) -> Result<Certificate, Error> {
    let Some(key) = key else {
        return Err(invalid(
            Reason::KeyMissing,
            format!("The Secret has {CERTIFICATE} and no {KEY}."),
            "Store the certificate's private key beside it, in PEM form.",
        ));
    };
    Certificate::read(chain, key).map_err(|fault| {
        let entry = match fault {
            CertificateFault::NoCertificate | CertificateFault::BadCertificate => CERTIFICATE,
            CertificateFault::NoKey | CertificateFault::BadKey | CertificateFault::KeyOfAnother => {
                KEY
            }
        };
        invalid(
            Reason::KeyMalformed,
            format!("The Secret's entry {entry} cannot be used: {fault}."),
            "Store certificate and key again, both in PEM form. The key has to be RSA of at least 2048 bits.",
        )
    })
}

fn secret_text(secret: &SecretSlice<u8>) -> Result<SecretString, Error> {
    read_secret_text(secret).ok_or_else(|| {
        invalid(
            Reason::KeyEmpty,
            format!("The Secret's entry {SECRET} is empty or is no text."),
            "Store the secret's Value (not its Secret ID) as the portal showed it when it was made.",
        )
    })
}

fn missing(credentials: &Credentials) -> Error {
    let names: Vec<&str> = credentials.names().take(20).collect();
    let present = if names.is_empty() {
        "it is empty, or none is named".to_owned()
    } else {
        format!("it has {}", shortened(&names.join(", "), 300))
    };
    invalid(
        Reason::KeyMissing,
        format!("The Secret has neither {SECRET} nor {CERTIFICATE} and {KEY}; {present}."),
        "Store one of them, or set spec.provider.microsoft365.federated to do without a Secret.",
    )
}

fn invalid(reason: Reason, meaning: String, remedy: &str) -> Error {
    Error {
        class: Class::Invalid,
        reason,
        provider: NAME,
        operation: "open",
        status: None,
        code: None,
        meaning,
        remedy: remedy.to_owned(),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{KEY_PEM, certificate_pem, spec};
    use super::*;

    fn read(entries: &[(&str, &str)]) -> Result<Credential, Error> {
        let entries = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Credential::read(&spec(), &Credentials::new(entries))
    }

    #[test]
    fn the_entries_decide_and_a_certificate_comes_first() {
        let pem = certificate_pem();
        let certificate = [(CERTIFICATE, pem.as_str()), (KEY, KEY_PEM)];
        let both = [certificate[0], certificate[1], (SECRET, "canary")];
        for (entries, name) in [
            (&certificate[..], "certificate"),
            (&both[..], "certificate"),
            (&[(SECRET, "canary\n")][..], "client secret"),
        ] {
            assert_eq!(read(entries).unwrap().name(), name);
        }
        assert!(read(&certificate).unwrap().validity().1.is_some());
        let federated = Microsoft365Spec {
            federated: Some(Federated::default()),
            ..spec()
        };
        let credential = Credential::read(&federated, &Credentials::default()).unwrap();
        assert_eq!(credential.name(), "federated token");
        assert!(credential.unusable().meaning.contains(TOKEN_FILE));
    }

    #[test]
    fn each_fault_says_which_entry_and_shows_nothing() {
        let pem = certificate_pem();
        for (entries, reason, says) in [
            (&[][..], Reason::KeyMissing, "it is empty"),
            (
                &[("key.json", "canary")],
                Reason::KeyMissing,
                "it has key.json",
            ),
            (&[(SECRET, " \n")], Reason::KeyEmpty, SECRET),
            (&[(CERTIFICATE, pem.as_str())], Reason::KeyMissing, KEY),
            (
                &[(CERTIFICATE, "canary"), (KEY, KEY_PEM)],
                Reason::KeyMalformed,
                "tls.crt",
            ),
            (
                &[(CERTIFICATE, pem.as_str()), (KEY, "canary")],
                Reason::KeyMalformed,
                "tls.key",
            ),
        ] {
            let error = read(entries).err().unwrap();
            assert_eq!((error.class, error.reason), (Class::Invalid, reason));
            assert!(error.meaning.contains(says), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
