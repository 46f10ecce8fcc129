//! Reading a signed JSON Web Token.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;

/// Accepts padding and its absence: Google's page calls padding an error, its endpoint takes it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
}

/// The claims that the token endpoint looks at.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    #[serde(default)]
    pub(crate) iss: String,
    pub(crate) sub: Option<String>,
    #[serde(default)]
    pub(crate) scope: String,
    #[serde(default)]
    pub(crate) aud: Value,
    pub(crate) iat: Option<i64>,
    pub(crate) exp: Option<i64>,
}

/// An assertion taken apart. Nothing of it has been checked.
#[derive(Debug)]
pub(crate) struct Assertion<'a> {
    pub(crate) header: Header,
    pub(crate) claims: Claims,
    pub(crate) signed: &'a [u8],
    pub(crate) signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
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
