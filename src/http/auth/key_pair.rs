//! A key pair that is made here, and a certificate of its public half that a vendor can be given.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, PKCS_RSA_SHA256, RsaKeySize};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::SecretSlice;
use x509_cert::der::{Decode as _, Encode as _};

/// The end of a certificate that has none, as seconds since 1970: 9999-12-31T23:59:59Z, which is beyond what a [`Timestamp`]
/// holds. Source: RFC 5280, 4.1.2.5.
const NO_END_SECONDS: u64 = 253_402_300_799;

/// A new RSA key of 2048 bits. It has no `Debug` of its private half.
pub struct KeyPair {
    /// PKCS#8, in PEM form.
    pub private_key: SecretSlice<u8>,
    /// Signed with the key itself, in PEM form.
    pub certificate: String,
}

/// What a certificate says of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// The common name.
    pub subject: Option<String>,
    /// The public key, as the certificate has it.
    pub public_key: Vec<u8>,
    /// When it begins to be good.
    pub not_before: Option<Timestamp>,
    /// When it ends; none where it does not.
    pub not_after: Option<Timestamp>,
}

impl KeyPair {
    /// Makes one. Takes about a tenth of a second of a core. None where this machine fails to.
    ///
    /// `subject` has room for 64 characters. Without an end the certificate says that there is none.
    pub fn generate(subject: &str, begins: Timestamp, ends: Option<Timestamp>) -> Option<Self> {
        let key = rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).ok()?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, subject);
        let mut params = CertificateParams::default();
        params.distinguished_name = name;
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let at = |seconds: u64| epoch + Duration::from_secs(seconds);
        let seconds = |time: Timestamp| u64::try_from(time.as_second()).ok();
        params.not_before = at(seconds(begins)?);
        params.not_after = at(ends.map_or(Some(NO_END_SECONDS), seconds)?);
        let certificate = params.self_signed(&key).ok()?.pem();
        Some(Self {
            private_key: key.serialize_pem().into_bytes().into(),
            certificate,
        })
    }
}

impl Certified {
    /// Reads a certificate in PEM form. None where it is none.
    pub fn read(pem: &[u8]) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(pem).ok()?;
        let tbs = x509_cert::Certificate::from_der(&der).ok()?.tbs_certificate;
        let at = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            Timestamp::from_second(seconds).ok()
        };
        Some(Self {
            subject: common_name(&tbs.subject),
            public_key: tbs.subject_public_key_info.to_der().ok()?,
            not_before: at(tbs.validity.not_before),
            not_after: at(tbs.validity.not_after),
        })
    }
}

/// Reads `2.5.4.3` of a name.
fn common_name(name: &x509_cert::name::Name) -> Option<String> {
    let parts = name.0.iter().flat_map(|part| part.0.iter());
    let mut named = parts.filter(|part| part.oid.to_string() == "2.5.4.3");
    let value = named.next()?.value.value();
    Some(std::str::from_utf8(value).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::Certificate;

    #[test]
    fn it_is_a_certificate_of_its_own_key_with_the_name_and_the_end_that_were_asked_for() {
        let begins = "2026-11-27T12:00:00Z".parse().unwrap();
        let ends = "2027-11-27T12:34:56Z".parse().unwrap();
        let pair = KeyPair::generate("deputy-okta-6a2c1a4e-4", begins, Some(ends)).unwrap();
        let read = Certified::read(pair.certificate.as_bytes()).unwrap();
        assert_eq!(read.subject.as_deref(), Some("deputy-okta-6a2c1a4e-4"));
        assert_eq!(
            (read.not_before, read.not_after),
            (Some(begins), Some(ends))
        );
        let chain = pair.certificate.into_bytes().into();
        Certificate::read(&chain, &pair.private_key).expect("they belong together");
    }

    #[test]
    fn one_without_an_end_says_so() {
        let begins = "2026-11-27T12:00:00Z".parse().unwrap();
        let pair = KeyPair::generate("deputy", begins, None).unwrap();
        let read = Certified::read(pair.certificate.as_bytes()).unwrap();
        assert_eq!(read.not_after, None);
        assert!(Certified::read(b"canary").is_none());
    }
}
