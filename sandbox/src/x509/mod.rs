//! As much of X.509 as the vendors need: a certificate's key, its dates and its thumbprints, and how to make one.

mod issue;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rsa::PublicEncryptingKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;

use crate::instruments::clock::seconds_of;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What is kept of a certificate.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) sha1: Vec<u8>,
    pub(crate) sha256: Vec<u8>,
    /// `SubjectPublicKeyInfo`, DER.
    pub(crate) public_key: Vec<u8>,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    der: Vec<u8>,
}

impl Certificate {
    /// Reads the first certificate of a PEM file.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
        let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
        let text: String = body.split_whitespace().collect();
        Self::from_der(&STANDARD.decode(text).ok()?)
    }

    /// The certificate as a PEM file has it.
    pub(crate) fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// How long its key is in bits, if it is one of RSA.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        let key = PublicEncryptingKey::from_der(&self.public_key).ok()?;
        Some(key.key_size_bits())
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        let certificate = Element::only(der, SEQUENCE)?;
        let body = Element::first(certificate.content, SEQUENCE)?.0.content;
        let mut parts = Elements(body);
        let mut part = parts.next()?;
        if part.tag == VERSION {
            part = parts.next()?;
        }
        let (_serial, _signature, _issuer) = (part, parts.next()?, parts.next()?);
        let mut validity = Elements(parts.next()?.content);
        let _subject = parts.next()?;
        let key = parts.next().filter(|key| key.tag == SEQUENCE)?;
        Some(Self {
            sha1: digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec(),
            sha256: digest(&SHA256, der).as_ref().to_vec(),
            public_key: key.whole.to_vec(),
            not_before: seconds(&validity.next()?)?,
            not_after: seconds(&validity.next()?)?,
            der: der.to_vec(),
        })
    }
}

/// A block of a PEM file.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// One value of DER.
#[derive(Debug)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first value and what comes after it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        let (&short, mut rest) = rest.split_first()?;
        let mut length = usize::from(short);
        if short >= 0x80 {
            let (digits, tail) = rest.split_at_checked(usize::from(short & 0x7f))?;
            let add = |sum: usize, byte: &u8| sum.checked_mul(256)?.checked_add((*byte).into());
            length = digits.iter().try_fold(0, add)?;
            rest = tail;
        }
        let (content, after) = rest.split_at_checked(length)?;
        let whole = bytes.get(..bytes.len() - after.len())?;
        Some((
            Self {
                tag,
                content,
                whole,
            },
            after,
        ))
    }

    fn first(bytes: &'a [u8], tag: u8) -> Option<(Self, &'a [u8])> {
        Self::read(bytes).filter(|(element, _)| element.tag == tag)
    }

    fn only(bytes: &'a [u8], tag: u8) -> Option<Self> {
        let (element, after) = Self::first(bytes, tag)?;
        after.is_empty().then_some(element)
    }
}

struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (element, rest) = Element::read(self.0)?;
        self.0 = rest;
        Some(element)
    }
}

fn seconds(element: &Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content)
        .ok()?
        .strip_suffix('Z')?;
    let full = match element.tag {
        // Two digits of a year before 2050.
        UTC_TIME => {
            let century = if text < "50" { "20" } else { "19" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    DateTime::strptime("%Y%m%d%H%M%S", full)
        .ok()
        .map(seconds_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=sandbox`.
    const PEM: &str = include_str!("certificate.pem");

    #[test]
    fn a_certificate_gives_thumbprints_key_and_dates() {
        let certificate = Certificate::from_pem(PEM).unwrap();
        assert_eq!((certificate.sha1.len(), certificate.sha256.len()), (20, 32));
        assert_eq!(certificate.public_key.first(), Some(&SEQUENCE));
        let years = (certificate.not_after - certificate.not_before) / (365 * 86_400);
        assert_eq!(years, 100);
        assert_eq!(
            certificate.rsa_bits(),
            None,
            "it is one of an elliptic curve"
        );
        let again = Certificate::from_pem(&certificate.pem()).unwrap();
        assert_eq!(again.sha256, certificate.sha256);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let broken = PEM.replace('M', "A");
        for text in ["", "-----BEGIN CERTIFICATE-----", &broken] {
            assert!(Certificate::from_pem(text).is_none());
        }
        assert!(Certificate::from_der(&[0x30, 0x82, 0xff]).is_none());
        assert!(Certificate::from_der(&[0x30, 0x8f, 1, 1]).is_none());
    }

    #[test]
    fn both_forms_of_time_are_read() {
        let at = |tag, content| {
            seconds(&Element {
                tag,
                content,
                whole: content,
            })
        };
        assert_eq!(at(UTC_TIME, b"700101000000Z"), Some(0));
        assert_eq!(
            at(GENERALIZED_TIME, b"20700101000000Z"),
            Some(3_155_760_000)
        );
        assert_eq!(at(UTC_TIME, b"yesterday"), None);
    }
}
