//! Making a certificate that its own key signs.

use anyhow::Context as _;
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use super::{Certificate, GENERALIZED_TIME, SEQUENCE, UTC_TIME, VERSION};
use crate::instruments::clock::utc;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const SET: u8 = 0x31;
/// `sha256WithRSAEncryption`, with its empty parameters.
const ALGORITHM: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
/// The type `commonName`.
const COMMON_NAME: &[u8] = b"\x06\x03\x55\x04\x03";
/// 2050-01-01T00:00:00Z; before it, years have two digits (RFC 5280, 4.1.2.5).
const LONG_YEARS: i64 = 2_524_608_000;

impl Certificate {
    /// A certificate of version 3 for a key, good between two instants (seconds since 1970), which the key itself signs.
    ///
    /// # Errors
    /// The signature cannot be made.
    pub(crate) fn self_signed(
        pair: &RsaKeyPair,
        name: &str,
        from: i64,
        until: i64,
    ) -> anyhow::Result<Self> {
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        let name = [COMMON_NAME, &element(UTF8_STRING, &[name.as_bytes()])].concat();
        let name = element(SEQUENCE, &[&element(SET, &[&element(SEQUENCE, &[&name])])]);
        let serial = (fastrand::u64(..) >> 1 | 1 << 62).to_be_bytes();
        let body = element(
            SEQUENCE,
            &[
                &element(VERSION, &[&element(INTEGER, &[&[2]])]),
                &element(INTEGER, &[&serial]),
                ALGORITHM,
                &name,
                &element(SEQUENCE, &[&time(from), &time(until)]),
                &name,
                public.as_ref(),
            ],
        );
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            &body,
            &mut signature,
        )?;
        let signature = element(BIT_STRING, &[&[0], &signature]);
        let der = element(SEQUENCE, &[&body, ALGORITHM, &signature]);
        Self::from_der(&der).context("the certificate cannot be read again")
    }
}

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let digits = content.len().to_be_bytes();
    let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
    let mut whole = vec![tag];
    match (digits.as_slice(), u8::try_from(digits.len())) {
        ([], _) => whole.push(0),
        ([short], _) if *short < 0x80 => whole.push(*short),
        (long, count) => {
            whole.push(0x80 | count.unwrap_or_default());
            whole.extend_from_slice(long);
        }
    }
    whole.extend(content);
    whole
}

fn time(seconds: i64) -> Vec<u8> {
    let at = utc(seconds.saturating_mul(1000));
    let (tag, text) = if seconds < LONG_YEARS {
        (UTC_TIME, at.strftime("%y%m%d%H%M%SZ"))
    } else {
        (GENERALIZED_TIME, at.strftime("%Y%m%d%H%M%SZ"))
    };
    element(tag, &[text.to_string().as_bytes()])
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::KeySize;

    use super::*;

    #[test]
    fn what_is_made_can_be_read() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let far = 253_402_300_799;
        let made = Certificate::self_signed(&pair, "deputy", 1_793_491_200, far).unwrap();
        assert_eq!((made.not_before, made.not_after), (1_793_491_200, far));
        assert_eq!(made.rsa_bits(), Some(2048));
        let again = Certificate::from_pem(&made.pem()).unwrap();
        assert_eq!(again.public_key, made.public_key);
    }

    #[test]
    fn lengths_take_as_many_digits_as_they_need() {
        assert_eq!(element(4, &[]), [4, 0]);
        assert_eq!(element(4, &[&[7; 127]])[..2], [4, 127]);
        assert_eq!(element(4, &[&[7; 128]])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[&[7; 300]])[..4], [4, 0x82, 1, 44]);
    }
}
