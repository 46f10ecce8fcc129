//! Reading signed JSON Web Tokens.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Accepts padding and its absence, as the vendors' endpoints do.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    /// The SHA-1 thumbprint of the signer's certificate, base64url.
    pub(crate) x5t: Option<String>,
    /// The SHA-256 thumbprint of the signer's certificate, base64url.
    #[serde(rename = "x5t#S256")]
    pub(crate) x5t_s256: Option<String>,
}

/// An assertion taken apart. Nothing of it has been checked.
#[derive(Debug)]
pub(crate) struct Assertion<'a, C> {
    pub(crate) header: Header,
    pub(crate) claims: C,
    pub(crate) signed: &'a [u8],
    pub(crate) signature: Vec<u8>,
}

impl<'a, C: DeserializeOwned> Assertion<'a, C> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: serde_json::from_slice(&BASE64URL.decode(header).ok()?).ok()?,
            claims: serde_json::from_slice(&BASE64URL.decode(claims).ok()?).ok()?,
            signed: signed.as_bytes(),
            signature: BASE64URL.decode(signature).ok()?,
        })
    }
}

/// The bytes of a base64url text.
pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}
