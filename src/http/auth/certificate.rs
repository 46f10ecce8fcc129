//! A certificate and its private key, which signs assertions with PS256.
//!
//! The signing itself is rustls' own provider: the TLS stack and this share one cryptographic library.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls::SignatureScheme;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_cert::der::{Decode as _, Encode as _};

/// A certificate with the key that belongs to it. It has no `Debug` of its key.
#[derive(Clone)]
pub struct Certificate {
    key: Arc<dyn SigningKey>,
    thumbprint: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.thumbprint)
    }
}

/// Why a certificate or its key cannot be used. Says nothing of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// There is no certificate in it.
    #[error("there is no certificate in PEM form in it")]
    NoCertificate,
    /// The certificate cannot be read.
    #[error("the certificate is damaged")]
    BadCertificate,
    /// There is no private key in it.
    #[error("there is no private key in PEM form in it")]
    NoKey,
    /// The key is not one that can sign PS256.
    #[error("the private key is not an RSA key of at least 2048 bits")]
    BadKey,
    /// The key belongs to another certificate.
    #[error("the private key is not the certificate's")]
    KeyOfAnother,
}

impl Certificate {
    /// Reads the first certificate of a PEM chain and its key. Makes no request.
    ///
    /// # Errors
    /// What is wrong with either; that they belong together is proved.
    pub fn read(chain: &SecretSlice<u8>, key: &SecretSlice<u8>) -> Result<Self, CertificateFault> {
        let der = CertificateDer::from_pem_slice(chain.expose_secret())
            .map_err(|_| CertificateFault::NoCertificate)?;
        let parsed =
            x509_cert::Certificate::from_der(&der).map_err(|_| CertificateFault::BadCertificate)?;
        let private = PrivateKeyDer::from_pem_slice(key.expose_secret())
            .map_err(|_| CertificateFault::NoKey)?;
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&private)
            .map_err(|_| CertificateFault::BadKey)?;
        if key
            .choose_scheme(&[SignatureScheme::RSA_PSS_SHA256])
            .is_none()
        {
            return Err(CertificateFault::BadKey);
        }
        let tbs = parsed.tbs_certificate;
        let public = tbs.subject_public_key_info.to_der();
        let public = public.map_err(|_| CertificateFault::BadCertificate)?;
        if key.public_key().is_some_and(|ours| ours.as_ref() != public) {
            return Err(CertificateFault::KeyOfAnother);
        }
        let at = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            Timestamp::from_second(seconds).ok()
        };
        Ok(Self {
            key,
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&der)),
            not_before: at(tbs.validity.not_before),
            not_after: at(tbs.validity.not_after),
        })
    }

    /// Returns the SHA-256 of the certificate, as `x5t#S256` has it.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Returns when it begins to be good.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// Returns when it ends.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.not_after
    }

    /// Signs claims: a JWT with `alg` PS256 and `x5t#S256` (RFC 7515, 4.1.8; RFC 7518, 3.5).
    ///
    /// Takes about a millisecond of a core.
    pub(super) fn assertion(&self, claims: &Value) -> Option<SecretString> {
        let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let with_key = self.key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256])?;
        let signature = with_key.sign(signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The key that tests sign with.
    pub(crate) const KEY: &str = include_str!("../testdata/key.pem");

    /// Makes a certificate of the tests' key that ends on 2 January 2030.
    pub(crate) fn certificate_pem() -> String {
        let key = rcgen::KeyPair::from_pem(KEY).unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["deputy".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 1, 2);
        params.self_signed(&key).unwrap().pem()
    }

    fn secret(text: &str) -> SecretSlice<u8> {
        text.as_bytes().to_vec().into()
    }

    #[test]
    fn it_signs_ps256_and_names_itself_by_its_sha_256() {
        let certificate = Certificate::read(&secret(&certificate_pem()), &secret(KEY)).unwrap();
        assert_eq!(
            certificate.not_after(),
            Some("2030-01-02T00:00:00Z".parse().unwrap())
        );
        let jwt = certificate.assertion(&json!({"iss": "me"})).unwrap();
        let jwt = jwt.expose_secret();
        let header = jwt.split('.').next().unwrap();
        let header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        assert_eq!(header["alg"], "PS256");
        assert_eq!(header["x5t#S256"], certificate.thumbprint());
        let claims: Value = super::super::claims::unverified(jwt).unwrap();
        assert_eq!(claims, json!({"iss": "me"}));
        verify(&certificate_pem(), jwt);
    }

    /// Verifies as a vendor would, with the certificate alone.
    fn verify(pem: &str, jwt: &str) {
        use rustls::client::danger::ServerCertVerifier as _;
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = rustls::RootCertStore { roots: vec![] };
        let mut roots = roots;
        roots.add(der.clone()).unwrap();
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let signature = rustls_signature(&URL_SAFE_NO_PAD.decode(signature).unwrap());
        verifier
            .verify_tls13_signature(signed.as_bytes(), &der, &signature)
            .unwrap();
    }

    /// rustls reads a signature only as TLS has it: scheme, length, bytes.
    fn rustls_signature(bytes: &[u8]) -> rustls::DigitallySignedStruct {
        use rustls::internal::msgs::codec::{Codec as _, Reader};
        let mut wire = vec![0x08, 0x04];
        wire.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
        wire.extend(bytes);
        rustls::DigitallySignedStruct::read(&mut Reader::init(&wire)).unwrap()
    }

    #[test]
    fn each_fault_has_its_name() {
        let good = certificate_pem();
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let other_certificate = rcgen::CertificateParams::default()
            .self_signed(&other)
            .unwrap()
            .pem();
        let other_key = other.serialize_pem();
        for (chain, key, fault) in [
            ("", KEY, CertificateFault::NoCertificate),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                KEY,
                CertificateFault::BadCertificate,
            ),
            (&good, "", CertificateFault::NoKey),
            (&good, &good, CertificateFault::NoKey),
            (&good, &other_key, CertificateFault::BadKey),
            (&other_certificate, KEY, CertificateFault::KeyOfAnother),
        ] {
            let read = Certificate::read(&secret(chain), &secret(key));
            assert_eq!(read.unwrap_err(), fault);
        }
    }
}
